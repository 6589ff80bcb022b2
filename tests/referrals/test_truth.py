"""Whole invented worlds, whose truth is known, come out to the row: in every group, in any order, sent once or twice."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count, F, Q

from contacts.models import Alignment
from jobs.actions import run_waiting
from referrals.models import DataVersion, Flow, Referral
from referrals.rollups import differences
from tests.factories.referrals import CONTACT_FILES, draw_world, import_referrals, load_contacts

SMALL = ("--providers", "90", "--referrals", "900", "--months", "8")
GROUPS = {
    "by_source": "source__name",
    "by_month": "month",
    "by_service_line": "service_line__name",
    "by_payer": "payer__name",
    "by_territory": "territory__name",
    "by_state": "state",
}


def sums(**by: Any) -> dict[str, Any]:
    n = {flow.value: Count("pk", filter=Q(flow=flow)) for flow in Flow}
    return Referral.objects.counted().filter(**by).aggregate(**n)


def as_truth(n: dict[str, int]) -> dict[str, Any]:
    flows = {name: n[name] for name in ("inbound", "internal", "outbound", "undetermined")}
    return {
        "volume": sum(flows.values()),
        **flows,
        "received": n["inbound"] + n["internal"],
        "leakage_ordered": [n["outbound"], n["internal"] + n["outbound"]],
    }


def grouped(path: str) -> dict[str, Any]:
    n = {f"n_{flow.value}": Count("pk", filter=Q(flow=flow)) for flow in Flow}
    rows = Referral.objects.counted().order_by().values(key=F(path)).annotate(**n)
    return {str(row["key"]): as_truth({flow.value: row[f"n_{flow.value}"] for flow in Flow}) for row in rows}


def assert_true(truth: dict[str, Any]) -> None:
    assert as_truth(sums()) == truth["all"]
    nothing = as_truth(dict.fromkeys(Flow.values, 0))
    for group, path in GROUPS.items():
        found = grouped(path)
        assert found == {key: n for key, n in truth[group].items() if n != nothing}, group
    found = grouped("provider__npi")
    for npi, wanted in truth["top_providers"].items():
        assert found.get(npi, nothing) == wanted, npi
    for name, file in truth["files"].items():
        rows = Referral.objects.filter(source__name=name)
        assert rows.count() == file["referrals"], name
        assert rows.filter(is_duplicate=True).count() == file["duplicates"], name
        assert rows.filter(is_own_follow_up=True).count() == file["own_follow_ups"], name
    counted = Referral.objects.counted()
    assert counted.exclude(report_on=None).count() == truth["reports_received"]
    patients = counted.order_by().values("source__name").annotate(n=Count("patient_hash", distinct=True))
    assert {row["source__name"]: row["n"] for row in patients} == {k: n for k, n in truth["patients_by_source"].items() if n}
    assert differences() == []


def assert_said(said: dict[str, Any], file: dict[str, Any]) -> None:
    assert said["rows"] == file["rows"]
    assert said["new"] + said["changed"] + said["unchanged"] == file["referrals"]
    assert said["rejected"] == file["rejected"]
    assert said["findings"] == {reason: n for reason, n in file["findings"].items() if n}


@pytest.mark.pg15
@pytest.mark.parametrize(
    ("seed", "extra"), [("7", ()), ("11", ("--clean",)), ("12", ("--unknown", "0.4"))], ids=["plain", "clean", "many unknown"]
)
def test_a_world_comes_out_to_the_row(db: None, tmp_path: Path, seed: str, extra: tuple[str, ...]) -> None:
    truth = draw_world(tmp_path, "--seed", seed, *SMALL, *extra)
    load_contacts(tmp_path)
    for source, file in truth["files"].items():
        said = import_referrals(tmp_path, source, "--dry-run")
        assert not Referral.objects.filter(source__name=source).exists()
        assert_said(said, file)
        said = import_referrals(tmp_path, source)
        assert_said(said, file)
        assert (said["new"], said["unmatched"]) == (file["referrals"], 0)
    assert_true(truth)

    versions = DataVersion.objects.count()
    for source, file in truth["files"].items():
        said = import_referrals(tmp_path, source)
        assert (said["new"], said["changed"], said["unchanged"]) == (0, 0, file["referrals"])
    assert DataVersion.objects.count() == versions
    assert_true(truth)


def test_the_order_of_arrival_does_not_matter(db: None, tmp_path: Path) -> None:
    """Referrals first, of the last file first, its rows upside down; then the contacts, one file after the other."""
    truth = draw_world(tmp_path, "--seed", "5", *SMALL)
    file = tmp_path / "referrals_c.tsv"
    head, *rows = file.read_text().splitlines(keepends=True)
    file.write_text("".join([head, *reversed(rows)]))
    for source in "cba":
        assert import_referrals(tmp_path, source)["unmatched"] > 0
    assert Referral.objects.filter(provider=None).count() == Referral.objects.count()
    for name in reversed(CONTACT_FILES):
        load_contacts(tmp_path, (name,))
    load_contacts(tmp_path)
    run_waiting(apps=("contacts", "referrals"))
    assert_true(truth)


def test_alignments_are_dated(db: None, tmp_path: Path) -> None:
    """A practice that joined in June was independent in May: without the dates the truth is missed, so the proof can fail."""
    truth = draw_world(tmp_path, "--seed", "7", *SMALL)
    load_contacts(tmp_path)
    Alignment.objects.exclude(ended_on=None).delete()
    Alignment.objects.update(started_on=None)
    for source in truth["files"]:
        import_referrals(tmp_path, source)
    assert as_truth(sums()) != truth["all"]


def test_without_a_mapping_a_shipped_one_is_picked(db: None, tmp_path: Path) -> None:
    truth = draw_world(tmp_path, "--seed", "2", "--providers", "40", "--referrals", "60", "--months", "3")
    load_contacts(tmp_path)
    said = import_referrals(tmp_path, "b")
    assert said["new"] == truth["files"]["b"]["referrals"]
    assert json.dumps(said)
