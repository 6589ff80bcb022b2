"""Facts are a function of what was told: any order of files, any split, any re-send; and an undone import was never there."""

import datetime as dt
import random
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jobs.actions import run
from referrals import actions
from referrals.importing.staging import STAGE
from referrals.models import ImportBatch, Referral, SentAgain, SentRow, StatusEvent
from referrals.states import Told, settle
from tests.factories.referrals import REFERRAL_FILES, draw_world, import_referrals, load, load_contacts, row
from tests.referrals.slow import assert_derived, assert_rollups
from tests.referrals.test_truth import SMALL, assert_true

pytestmark = pytest.mark.django_db
GIVEN = ("ordered", "payer", "line", "to", "report")


@pytest.fixture(autouse=True)
def _uploads(settings: Any, tmp_path: Path) -> None:
    settings.UPLOADS = tmp_path / "uploads"


# Rows that leave ties, so that the last import that sent them has to decide.
ROWS = st.builds(
    lambda key, **cells: row(key, **cells),
    st.sampled_from(["1", "2", "3"]),
    state=st.sampled_from(["new", "appt", "seen", "missed", "off", "refused", "accepted"]),
    appointment=st.sampled_from(["", "2026-06-01", "2026-06-20"]),
    told=st.sampled_from(["", "", "2026-05-10T10:00:00", "2026-05-12T10:00:00"]),
    payer=st.sampled_from(["", "Aetna", "Cigna"]),
    line=st.sampled_from(["", "Cardiology", "Orthopedics"]),
    to=st.sampled_from(["", "Riverbend Cardiology", "Summit Cardiology"]),
    report=st.sampled_from(["", "2026-06-25"]),
    mrn=st.sampled_from(["", "7"]),
)
FILES = st.lists(st.lists(ROWS, min_size=1, max_size=4), min_size=1, max_size=4)


def undo(batch: ImportBatch) -> None:
    job = actions.start_undo(batch=batch, by=None, why="x")
    assert run(job.pk)


def facts() -> dict[str, Any]:
    """All that can be seen of the facts, without ids and clocks."""
    return {
        r.source_key: (
            r.anchor_on, r.state, r.appointment_on, r.seen_on, r.report_on, str(r.payer), str(r.service_line),
            r.destination_name, r.patient_hash, r.flow, r.is_duplicate, r.is_counted, r.seen_by, r.batch.file_name,
            sorted(map(str, r.status_events.values_list("state", "happened_on", "appointment_on", "told_at", "is_inferred"))),
            sorted(map(str, r.status_events.exclude(batch=None).values_list("state", "batch__file_name", "appointment_on", "told_at"))),
            sorted(map(str, SentRow.objects.filter(referral=r).values_list("digest", "batch__file_name", "line"))),
            sorted(map(str, SentAgain.objects.filter(referral=r).values_list("digest", "batch__file_name", "line"))),
        )
        for r in Referral.objects.select_related("payer", "service_line", "batch")
    }  # fmt: skip


def load_named(rows: list[dict[str, str]], number: int) -> ImportBatch:
    """Named by its place among the files, so that two histories can be compared."""
    batch = load(*rows)
    ImportBatch.objects.filter(pk=batch.pk).update(file_name=f"file {number}")
    return batch


def slow_fold(files: list[list[dict[str, str]]]) -> dict[str, Any]:
    """The twin, from METHODS: what each column and the state must be, by looking at every row of every file."""
    seats: dict[tuple[str, ...], tuple[int, int]] = {}
    for turn, rows in enumerate(files):
        turn = files.index(rows)  # a file that comes again is as old as it was
        for line, cells in enumerate(rows):
            content = tuple(sorted(cells.items()))
            seats[content] = max(seats.get(content, (-1, -1)), (turn, line))
    folded = {}
    for key in {cells["id"] for rows in files for cells in rows}:
        mine = [(dict(content), seat) for content, seat in seats.items() if dict(content)["id"] == key]
        states = {"new": "received", "appt": "scheduled", "off": "cancelled", "refused": "rejected", "missed": "no-show"}

        def newness(told: tuple[dict[str, str], tuple[int, int]]) -> Any:
            cells, seat = told
            stage = STAGE[states.get(cells["state"], cells["state"])]  # noqa: B023 - used at once
            return (cells["told"], stage >= 100, cells["appointment"], stage, seat)

        newest = [cells for cells, _ in sorted(mine, key=newness, reverse=True)]
        end = settle(
            Told(
                states.get(cells["state"], cells["state"]),
                dt.date.fromisoformat(cells["appointment"]) if cells["appointment"] else None,
                dt.datetime.fromisoformat(cells["told"]) if cells["told"] else None,
            )
            for cells in newest
        )
        first = {name: next((cells[name] for cells in newest if cells[name]), "") for name in GIVEN}
        folded[key] = (end.state, str(end.appointment_on or ""), *first.values())
    return folded


def as_twin() -> dict[str, Any]:
    return {
        r.source_key: (
            r.state, str(r.appointment_on or ""), str(r.ordered_on), str(r.payer or ""),
            str(r.service_line or ""), r.destination_name, str(r.report_on or ""),
        )
        for r in Referral.objects.select_related("payer", "service_line")
    }  # fmt: skip


HOW = {"deadline": None, "phases": [Phase.explicit, Phase.reuse, Phase.generate], "suppress_health_check": list(HealthCheck)}


def an_undone_import_was_never_there(world: Any, files: list[Any], again: list[int], gone: list[int]) -> None:
    files = [*files, *(files[n] for n in again if n < len(files))]
    with transaction.atomic():
        batches = [load_named(rows, n) for n, rows in enumerate(files)]
        assert as_twin() == slow_fold(files)
        for n in gone:
            if n < len(batches):
                undo(batches[n])
        left = [(n, rows) for n, rows in enumerate(files) if n not in gone]
        assert as_twin() == slow_fold([rows for _, rows in left])
        found = facts()
        assert_derived()
        assert_rollups()
        transaction.set_rollback(True)
    with transaction.atomic():
        for n, rows in left:
            load_named(rows, n)
        assert facts() == found
        transaction.set_rollback(True)


UNDONE = given(
    files=FILES, again=st.lists(st.integers(0, 3), max_size=2), gone=st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True)
)
test_an_undone_import_was_never_there = settings(max_examples=6, **HOW)(UNDONE(an_undone_import_was_never_there))
test_an_undone_import_was_never_there_at_length = pytest.mark.slow(
    settings(max_examples=60, **HOW)(UNDONE(an_undone_import_was_never_there))
)


def clear(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Each row with a time stamp of its own: the source says enough to tell, so that no order of arrival may matter."""
    return [{**cells, "told": f"2026-05-10T10:{n:02}:00"} for n, cells in enumerate(rows)]


def any_order_and_any_split_end_in_the_same(world: Any, rows: list[dict[str, str]], seed: int) -> None:
    dice, ends = random.Random(seed), []
    for _ in range(2):
        with transaction.atomic():
            shuffled = rows * dice.randint(1, 2)
            dice.shuffle(shuffled)
            while shuffled:
                cut = dice.randint(1, len(shuffled))
                load(*shuffled[:cut])
                shuffled = shuffled[cut:]
            ends.append(
                (
                    as_twin(),
                    sorted(map(str, StatusEvent.objects.values_list("referral__source_key", "state", "happened_on", "is_inferred"))),
                )
            )
            assert_rollups()
            transaction.set_rollback(True)
    assert ends[0] == ends[1]


ORDERED = given(rows=st.lists(ROWS, min_size=1, max_size=8).map(clear), seed=st.integers(0, 2**16))
test_any_order_and_any_split = settings(max_examples=6, **HOW)(ORDERED(any_order_and_any_split_end_in_the_same))
test_any_order_and_any_split_at_length = pytest.mark.slow(
    settings(max_examples=60, **HOW)(ORDERED(any_order_and_any_split_end_in_the_same))
)


def test_a_world_in_daily_files_upside_down_and_sent_again(db: None, tmp_path: Path) -> None:
    truth = draw_world(tmp_path, "--seed", "21", *SMALL)
    load_contacts(tmp_path)
    dice = random.Random(21)
    for source, name in REFERRAL_FILES.items():
        file = tmp_path / name
        raw = file.read_bytes()
        head, *rows = raw.splitlines(keepends=True)
        dice.shuffle(rows)
        parts = [rows[start : start + len(rows) // 3 + 1] for start in range(0, len(rows), len(rows) // 3 + 1)]
        for part in [*parts, parts[0]]:
            file.write_bytes(b"".join([head, *part]))
            import_referrals(tmp_path, source)
        file.write_bytes(raw)
    assert_true(truth)
