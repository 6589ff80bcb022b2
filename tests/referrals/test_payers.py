"""Payers renamed, merged and parted: facts and rollups move exactly, files may go on to use the old name, and all of it goes back."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import SavedView
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from introductions.models import NewPhysician, PayerDate
from jobs.actions import run
from jobs.models import Job
from referrals import actions
from referrals.importing import renaming
from referrals.models import ROLLUPS, Capacity, LineMonth, Payer, PayerMerge, Referral, SourceRow
from referrals.rollups import differences
from reports.forms.filters import ReportFilter
from reports.models import ContributionMargin
from territories.models import ServiceLine
from tests.factories import make_organization, make_provider
from tests.factories.referrals import load, row
from tests.referrals.slow import assert_derived, assert_rollups

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _exact(settings: Any, tmp_path: Path) -> Any:
    """After every test here, a recount of the facts finds what the rollups hold."""
    settings.UPLOADS = tmp_path / "uploads"
    yield
    assert_derived()
    assert_rollups()
    assert differences() == []


def payer(name: str) -> Payer:
    return Payer.every.get(name=name)


def state() -> dict[str, Any]:
    """Who pays for which referral, and the rollup by payer."""
    cells = LineMonth.objects.order_by("month", "payer", "territory", "service_line").values_list(*LineMonth.KEYS, *LineMonth.MEASURES)
    return {"facts": dict(Referral.objects.values_list("source_key", "payer__name")), "cells": list(cells)}


def merge(merged: str, survivor: str, by: Any) -> PayerMerge:
    job = actions.start_payer_merge(survivor=payer(survivor), merged=payer(merged), by=by)
    assert run(job.pk), Job.objects.get(pk=job.pk).error
    return PayerMerge.objects.get(merged=payer(merged), unmerged_at=None)


def part(name: str, by: Any) -> None:
    job = actions.start_payer_parting(name=payer(name), by=by)
    assert run(job.pk), Job.objects.get(pk=job.pk).error


def three() -> None:
    """Two months, two lines, and two spellings of one payer."""
    load(
        row("1", payer="BCBS", line="Cardiology"),
        row("2", payer="BCBS", line="Cardiology", ordered="2026-04-02"),
        row("3", payer="Blue Cross", line="Cardiology"),
        row("4", payer="Aetna", line="Cardiology"),
        row("5", line="Cardiology"),
    )


def test_facts_and_rollups_move_and_come_back(world: Any) -> None:
    three()
    before = state()
    done = merge("BCBS", "Blue Cross", world.ada)
    assert done.referrals == 2
    assert state()["facts"] == {"1": "Blue Cross", "2": "Blue Cross", "3": "Blue Cross", "4": "Aetna", "5": None}
    assert not LineMonth.objects.filter(payer=payer("BCBS")).exists()
    assert [row.name for row in Payer.objects.all()] == ["Aetna", "Blue Cross"]
    assert differences() == []
    told = AuditEvent.objects.get(event="payer.merged")
    assert (told.by_label, told.details) == (str(world.ada), {"merged": "BCBS", "referrals": 2})
    part("BCBS", world.ada)
    assert state() == before
    assert PayerMerge.objects.get().unmerged_by == world.ada
    assert AuditEvent.objects.filter(event="payer.unmerged", details__name="BCBS").count() == 1


def test_slices_are_as_exact_as_the_whole(world: Any) -> None:
    three()
    before, told = state(), []

    def progress(done: int, total: int, note: str) -> None:
        told.append((done, total))

    renaming.merge_payers(survivor_id=payer("Blue Cross").pk, merged_id=payer("BCBS").pk, by=world.ada, progress=progress, step=1)
    assert told[1:] == [(1, 2), (2, 2)]
    assert differences() == []
    renaming.part_payer(name_id=payer("BCBS").pk, by=world.ada, progress=progress, step=1)
    assert state() == before


def test_a_file_that_brings_the_old_name_means_the_payer_and_says_so(world: Any) -> None:
    three()
    merge("BCBS", "Blue Cross", world.ada)
    batch = load(
        row("1", payer="BCBS", line="Cardiology", state="seen"), row("6", payer="bcbs", line="Cardiology"), row("7", payer="Aetna")
    )
    assert state()["facts"] | {"2": "", "3": "", "4": "", "5": ""} == {
        **dict.fromkeys("2345", ""),
        "1": "Blue Cross",
        "6": "Blue Cross",
        "7": "Aetna",
    }
    assert batch.findings["another name of a payer"] == 2
    assert [found.sentence for found in SourceRow.objects.filter(reason="another name of a payer")] == ["payer: BCBS is Blue Cross"]
    assert differences() == []
    part("BCBS", world.ada)  # the later file's words lead to their own payer too
    assert state()["facts"] == {"1": "BCBS", "2": "BCBS", "3": "Blue Cross", "4": "Aetna", "5": None, "6": "BCBS", "7": "Aetna"}


def test_merged_twice_in_a_row_and_the_inner_one_taken_back(world: Any) -> None:
    three()
    merge("BCBS", "Blue Cross", world.ada)
    merge("Blue Cross", "Aetna", world.ada)
    assert set(state()["facts"].values()) == {"Aetna", None}
    assert payer("BCBS").standing == payer("Aetna")
    load(row("8", payer="BCBS"))
    assert state()["facts"]["8"] == "Aetna"
    part("BCBS", world.ada)
    assert state()["facts"] == {"1": "BCBS", "2": "BCBS", "3": "Aetna", "4": "Aetna", "5": None, "8": "BCBS"}
    part("Blue Cross", world.ada)
    assert state()["facts"]["3"] == "Blue Cross"


def test_a_correction_stands_through_a_merge(world: Any) -> None:
    three()
    actions.edit_referral(referral=Referral.objects.get(source_key="1"), by=world.ada, payer=payer("Aetna"))
    merge("BCBS", "Blue Cross", world.ada)
    load(row("1", payer="BCBS", line="Cardiology", state="seen"))
    assert state()["facts"]["1"] == "Aetna"
    merge("Aetna", "Blue Cross", world.ada)
    assert state()["facts"]["1"] == "Blue Cross"
    part("Aetna", world.ada)
    assert state()["facts"]["1"] == "Aetna"


def test_what_else_names_the_payer_moves_unless_the_survivor_has_its_own(world: Any) -> None:
    three()
    old, new = payer("BCBS"), payer("Blue Cross")
    line, other = ServiceLine.objects.get(name="Cardiology"), ServiceLine.objects.create(name="Sleep")
    day = dt.date(2026, 1, 1)
    moves = ContributionMargin.objects.create(service_line=other, payer=old, amount=5, started_on=day)
    stays = ContributionMargin.objects.create(service_line=line, payer=old, amount=5, started_on=day)
    ContributionMargin.objects.create(service_line=line, payer=new, amount=7, started_on=day)
    site = Capacity.objects.create(organization=make_organization("Lakeland", alignment="employed"), service_line=line, as_of_on=day)
    site.payers.set([old])
    new_here = NewPhysician.objects.create(provider=make_provider(), start_on=day, led_by=world.dana)
    begins = PayerDate.objects.create(physician=new_here, payer=old, effective_on=day)
    assert not {field.model for field in renaming._links()} & set(ROLLUPS), "rollups follow the facts, and nothing else moves them"
    referrals, moving = renaming.preview(survivor=new, merged=old)
    assert referrals == 2
    assert {(found.what, found.moves, found.stays) for found in moving} == {
        ("contribution margins", 1, 1), ("capacities", 1, 0), ("payer dates", 1, 0),
    }  # fmt: skip
    assert ContributionMargin.objects.filter(payer=old).count() == 2, "a preview moves nothing"
    merge("BCBS", "Blue Cross", world.ada)
    for kept in (moves, stays, begins):
        kept.refresh_from_db()
    assert (moves.payer, stays.payer, begins.payer, list(site.payers.all())) == (new, old, new, [new])
    part("BCBS", world.ada)
    for kept in (moves, stays, begins):
        kept.refresh_from_db()
    assert (moves.payer, stays.payer, begins.payer, list(site.payers.all())) == (old, old, old, [old])


def test_an_old_name_stays_known_after_a_rename_and_the_names_change_places_again(world: Any) -> None:
    three()
    bcbs = payer("BCBS")
    actions.rename_payer(payer=bcbs, name="Blue Shield", by=world.ada)
    load(row("9", payer="BCBS"), row("10", payer="Blue Shield"))
    assert {state()["facts"][key] for key in ("1", "9", "10")} == {"Blue Shield"}
    actions.rename_payer(payer=bcbs, name="BCBS", by=world.ada)
    assert {state()["facts"][key] for key in ("1", "9", "10")} == {"BCBS"}
    assert payer("Blue Shield").standing == bcbs
    with pytest.raises(PolicyViolation, match="merge them"):
        actions.rename_payer(payer=bcbs, name="AETNA", by=world.ada)
    assert AuditEvent.objects.filter(event="payer.renamed").count() == 2


def test_a_name_that_no_file_ever_said_is_forgotten(world: Any) -> None:
    three()
    actions.rename_payer(payer=payer("Aetna"), name="Aetna CVS", by=world.ada)
    part("Aetna", world.ada)
    assert not Payer.every.filter(name="Aetna").exists()
    actions.rename_payer(payer=payer("BCBS"), name="bcbs", by=world.ada)
    assert payer("bcbs").other_names.count() == 0, "case makes no other name"


def test_a_merge_that_cannot_be_is_told_by_the_worker_too(world: Any) -> None:
    three()
    late = actions.start_payer_merge(survivor=payer("BCBS"), merged=payer("Aetna"), by=world.ada)
    merge("BCBS", "Blue Cross", world.ada)
    assert not run(late.pk)
    assert Job.objects.get(pk=late.pk).error == "BCBS is a name of Blue Cross already."
    for survivor, merged in (("Aetna", "Aetna"), ("Aetna", "BCBS")):
        with pytest.raises(PolicyViolation):
            actions.start_payer_merge(survivor=payer(survivor), merged=payer(merged), by=world.ada)
    with pytest.raises(PolicyViolation):
        actions.start_payer_parting(name=payer("Aetna"), by=world.ada)


def test_an_admin_renames_and_merges_on_the_page(world: Any, as_: Any) -> None:
    three()
    client, old, new = as_("ada"), payer("BCBS"), payer("Blue Cross")
    page = reverse("referrals:payer", args=[old.pk])
    assert client.post(page, {"name": "Aetna"}).status_code == 422
    assert client.post(page, {"name": "BCBS of Lakeland"}).status_code == 302
    asked = client.get(page, {"into": new.pk})
    assert asked.status_code == 302
    preview = client.get(asked.url).content.decode()
    assert "2 referrals of BCBS of Lakeland count for Blue Cross" in preview
    sent = client.post(asked.url)
    job = Job.objects.get(name="referrals.merge_payers")
    assert sent.url == reverse("accounts:job", args=[job.pk])
    assert "Waiting" in client.get(reverse("referrals:payers")).content.decode()
    assert run(job.pk)
    listed = client.get(reverse("referrals:payers")).content.decode()
    assert "BCBS, BCBS of Lakeland" in listed
    assert client.get(page).status_code == 404
    back = reverse("referrals:payer-part", args=[old.pk])
    assert "Take it back" in client.get(back).content.decode()
    assert back in client.get(reverse("referrals:payer", args=[new.pk])).content.decode()
    client.post(back)
    assert run(Job.objects.get(name="referrals.part_payer").pk)
    assert state()["facts"]["1"] == "BCBS of Lakeland"
    actions.rename_payer(payer=payer("Aetna"), name="Aetna CVS", by=world.ada)
    refused = client.post(reverse("referrals:payers"), {"name": "aetna"})
    assert (refused.status_code, "This is a name of Aetna CVS." in refused.content.decode()) == (422, True)
    assert as_("dana").get(page).status_code == 403


# ---- by API, as files, and in addresses that were kept


API = "/api/v1/payers/"


def by_api(client: Any, address: str, data: Any = None, method: str = "post") -> Any:
    return getattr(client, method)(f"{API}{address}", data or {}, content_type="application/json")


def test_payers_by_api(world: Any, as_: Any) -> None:
    three()
    told = {row["name"]: row for row in as_("ada").get(API).json()["results"]}
    assert {name: row["referrals"] for name, row in told.items()} == {"BCBS": 2, "Blue Cross": 1, "Aetna": 1}
    assert {row["referrals"] for row in as_("ivan").get(API).json()["results"]} == {None}, "counts are for who keeps them"
    assert as_(None).get(API).status_code == 401
    assert by_api(as_("ivan"), "", {"name": "Cigna"}).status_code == 403
    ada = as_("ada")
    added = by_api(ada, "", {"name": " Cigna  Health "})
    assert (added.status_code, added.json()["name"], added.json()["referrals"]) == (201, "Cigna Health", 0)
    again = by_api(ada, "", {"name": "cigna health"})
    assert (again.status_code, again.json()["detail"]) == (400, "This payer is on the list already.")
    renamed = by_api(ada, f"{added.json()['id']}/", {"name": "Cigna"}, "patch").json()
    assert (renamed["name"], [name["name"] for name in renamed["names"]]) == ("Cigna", ["Cigna Health"])
    assert "This is a name of Cigna" in by_api(ada, "", {"name": "Cigna Health"}).content.decode()
    assert {event.event for event in AuditEvent.objects.filter(event__startswith="payer.")} == {"payer.added", "payer.renamed"}


def test_a_merge_and_its_undo_by_api(world: Any, as_: Any) -> None:
    three()
    ada, old, new = as_("ada"), payer("BCBS"), payer("Blue Cross")
    before = state()
    assert "two different" in by_api(ada, f"{new.pk}/merge/", {"into": new.pk}).content.decode()
    asked = by_api(ada, f"{old.pk}/merge/", {"into": new.pk})
    assert asked.status_code == 202
    assert run(asked.json()["id"])
    gone = ada.get(f"{API}{old.pk}/")
    assert (gone.status_code, gone.json()["merged_into"]) == (410, new.pk)
    survivor = ada.get(f"{API}{new.pk}/").json()
    assert (survivor["referrals"], survivor["names"]) == (3, [{"id": old.pk, "name": "BCBS"}])
    assert by_api(ada, f"{old.pk}/merge/", {"into": new.pk}).status_code == 410
    assert by_api(as_("ivan"), f"{old.pk}/part/").status_code == 403
    parted = by_api(as_("ada"), f"{old.pk}/part/")
    assert parted.status_code == 202
    assert run(parted.json()["id"])
    assert state() == before
    assert by_api(ada, f"{old.pk}/part/").status_code == 400
    assert by_api(ada, "999999/part/").status_code == 404


def test_payers_as_a_file(world: Any, as_: Any) -> None:
    three()
    merge("BCBS", "Blue Cross", world.ada)
    answer = as_("ada").get(reverse("referrals:payers"), {"file": "csv"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "Payer,Also named,Referrals,Id"
    assert lines[2] == f"Blue Cross,BCBS,3,{payer('Blue Cross').pk}"
    assert as_("ada").get(reverse("referrals:payers"), {"file": "xlsx"}).status_code == 200
    assert AuditEvent.objects.filter(event="payers.exported").count() == 2


def test_an_address_that_names_a_merged_payer_follows_the_merge_and_its_undo(world: Any, as_: Any) -> None:
    """As saved views, bookmarks and schedules do: they keep ids."""
    three()
    ivan, old, new = as_("ivan"), payer("BCBS"), payer("Blue Cross")
    ivan.post(reverse("accounts:view-save"), {"page": "referrals:list", "query": f"payer={old.pk}", "name": "Blue"})
    view = SavedView.objects.get()

    def found() -> tuple[int, int, str]:
        page = ivan.get(view.get_absolute_url())
        report = ReportFilter({"payer": str(old.pk)}, territories={}, lines={}, payers=dict(Payer.objects.values_list("pk", "name")))
        chosen = page.context["filter"].form["payer"].value()
        return page.context["page"].paginator.count, int(report.chosen("payer")), str(Payer.every.get(pk=chosen))

    assert found() == (2, old.pk, "BCBS")
    merge("BCBS", "Blue Cross", world.ada)
    assert found() == (3, new.pk, "Blue Cross"), "and the page shows which payer it is now"
    merge("Blue Cross", "Aetna", world.ada)
    assert found() == (4, payer("Aetna").pk, "Aetna")
    part("Blue Cross", world.ada)
    part("BCBS", world.ada)
    assert found() == (2, old.pk, "BCBS")
    assert ivan.get(reverse("referrals:list"), {"payer": "999999"}).context["page"].paginator.count == 0, "of nobody is still nothing"
    assert ivan.get(reverse("referrals:list"), {"payer": "null"}).context["page"].paginator.count == 1
