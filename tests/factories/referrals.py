"""Files of referrals, loaded by the same path as everybody's; and whole invented worlds with a known truth."""

import csv
import datetime as dt
import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

from django.core.management import call_command

from jobs.actions import run
from referrals import actions
from referrals.models import ImportBatch
from tests import make_world

MAPPING: dict[str, Any] = {
    "name": "Test feed",
    "sees": "our_orders",
    "columns": {
        "source_key": "id",
        "ordered_on": "ordered",
        "referring_name": "from",
        "referring_npi": "from npi",
        "referring_practice": "office",
        "referring_zip": "zip",
        "destination_name": "to",
        "performing_npi": "to npi",
        "service_line": "line",
        "kind": "kind",
        "state": "state",
        "appointment_on": "appointment",
        "report_on": "report",
        "payer": "payer",
        "told_at": "told",
    },
    "format": {"dates": "ymd"},
    "status": {
        "new": "received",
        "appt": "scheduled",
        "seen": "seen",
        "missed": "no-show",
        "off": "cancelled",
        "refused": "rejected",
        "accepted": "accepted",
    },
    "patient": {"identifier": "mrn", "dropped": ["patient"]},
}
HEADERS = [*MAPPING["columns"].values(), "mrn", "patient"]


def row(key: str = "1", **cells: Any) -> dict[str, str]:
    """One row of the test feed: an order of 4 May 2026 unless said otherwise. Underscores stand for the spaces of headers."""
    said = {"id": key, "ordered": dt.date(2026, 5, 4), "state": "new", **{name.replace("_", " "): value for name, value in cells.items()}}
    assert said.keys() <= set(HEADERS), said.keys() - set(HEADERS)
    return {name: "" if value is None else str(value) for name, value in said.items()}


def table(rows: list[dict[str, str]]) -> io.BytesIO:
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADERS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(text.getvalue().encode())


def upload(*rows: dict[str, str], source: str = "feed", sees: str = "our_orders", **mapping: Any) -> ImportBatch:
    return actions.create_batch(
        source=actions.source_named(name=source, by=None),
        file=table(list(rows)),
        file_name="referrals.csv",
        by=None,
        mapping={**MAPPING, "sees": sees, **mapping},
    )


def load(*rows: dict[str, str], **how: Any) -> ImportBatch:
    """Upload and load rows; what they set off (derive, rematch) waits in the queue."""
    batch = upload(*rows, **how)
    run(actions.start_load(batch=batch, by=None).pk)
    batch.refresh_from_db()
    return batch


def draw_world(folder: Path, *arguments: str) -> dict[str, Any]:
    """The files of an invented world in `folder`; returns its truth."""
    with mock.patch.object(sys, "argv", ["make_world", "--out", str(folder), *arguments]), redirect_stdout(io.StringIO()):
        make_world.main()
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text())
    return truth


CONTACT_FILES = ("territories", "providers", "practices", "roster", "network")
REFERRAL_FILES = {"a": "referrals_a.csv", "b": "referrals_b.psv", "c": "referrals_c.tsv"}


def load_contacts(folder: Path, files: tuple[str, ...] = CONTACT_FILES) -> None:
    for name in files:
        file = "nppes" if name == "providers" else name
        call_command(f"import_{name}", str(folder / f"{file}.csv"), stdout=io.StringIO(), stderr=io.StringIO())


def import_referrals(folder: Path, source: str, *options: str) -> dict[str, Any]:
    """What the command's last line says."""
    out = io.StringIO()
    call_command(
        "import_referrals", str(folder / REFERRAL_FILES[source]), "--source", source, "--json", *options, stdout=out, stderr=io.StringIO()
    )
    said: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return said
