"""Move watch: what the registry says of people we know becomes notices once; accepted, dismissed, and taken back as it was."""

import datetime as dt
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from common.npi import with_check_digit
from contacts import actions
from contacts.importing.nppes_moves import said, same_place
from contacts.imports import import_file
from contacts.models import MoveNotice, Practice, Specialty
from notices.models import Notice
from tests import factories
from tests.contacts.registry import BACK, CITY, CODE, FIRST, GONE, LAST, NPI, PHONE, REPLACED, STATE, TYPE, UPDATED, text

LINE, ZIP = "Provider First Line Business Practice Location Address", "Provider Business Practice Location Address Postal Code"
HEAD = (NPI, TYPE, REPLACED, LAST, FIRST, LINE, CITY, STATE, ZIP, PHONE, UPDATED, GONE, BACK, CODE.format(1))
OTHER_NPI = with_check_digit("291000009")


def load(*records, **options):
    return import_file(kind="providers", source=io.BytesIO(text(HEAD, [[row.get(name, "") for name in HEAD] for row in records])),
                       file_name="weekly.csv", by=None, **options)  # fmt: skip


@pytest.fixture
def known(world):
    """The north's provider works at 12 Main Street, 44101, as a cardiologist."""
    world.north_practice.address = "12 Main Street, Suite 4"
    world.north_practice.save()
    provider = world.north_provider
    provider.specialty = Specialty.objects.create(code="207RC0000X", name="Cardiology")
    provider.save()
    return provider


def record(provider, **more):
    told = {
        NPI: provider.npi, TYPE: "1", LAST: provider.last_name.upper(), FIRST: provider.first_name.upper(), LINE: "12 MAIN ST STE 4",
        CITY: "CLEVELAND", STATE: "OH", ZIP: "441010000", PHONE: "2165550100", UPDATED: "11/01/2026", CODE.format(1): "207RC0000X",
    }  # fmt: skip
    return told | more


def moved(provider, **more):
    return record(provider, **{LINE: "900 LAKE AVE", CITY: "AKRON", ZIP: "44301", **more})


def test_the_same_place_spelled_otherwise_is_no_move(world, known):
    load(record(known))
    assert not MoveNotice.objects.exists()
    assert same_place("12 Main St", "44101", world.north_practice)
    assert not same_place("14 Main St", "44101", world.north_practice)
    assert said({"address": "12 Main ST", "zip": "1", "phone": "a"}) == said({"address": "12 MAIN st", "zip": "1", "phone": "b"})


def test_a_move_is_noticed_once_however_often_the_file_comes(world, known):
    found = load(moved(known)).findings
    assert found["change of somebody we know, to be looked at"] == 1
    notice = MoveNotice.objects.get()
    assert (notice.kind, notice.now, notice.registry_on) == ("address", "900 Lake Ave, Akron, OH 44301", dt.date(2026, 11, 1))
    assert notice.was.startswith("12 Main Street, Suite 4")
    [told] = Notice.objects.visible_to(world.nora)
    assert told.text == "The registry tells of changes of 1 provider at your practices"
    assert told.url == reverse("contacts:moves")
    assert not Notice.objects.visible_to(world.sol).exists()
    load(moved(known))
    load(moved(known, **{UPDATED: "11/08/2026", LINE: "900  Lake Ave."}))
    assert MoveNotice.objects.count() == 1, "a later record that says the same asks nothing new"
    load(moved(known, **{UPDATED: "11/15/2026", LINE: "1 ELM ST"}))
    assert MoveNotice.objects.count() == 2


def test_a_dry_run_leaves_nothing(world, known):
    load(moved(known), dry_run=True)
    assert not MoveNotice.objects.exists()
    assert not Notice.objects.exists()


def test_people_of_no_practice_are_not_watched(world):
    load(moved(world.north_provider, **{NPI: OTHER_NPI}))
    assert not MoveNotice.objects.exists()


def test_accepting_a_move_brings_them_to_a_practice_there_and_undo_brings_them_back(world, known):
    load(moved(known))
    notice = MoveNotice.objects.get()
    before = known.affiliations.get()
    actions.accept_move(notice=notice, practice=world.south_practice, by=world.ada)
    [now] = known.affiliations.open()
    assert (now.practice, now.is_primary, now.started_on) == (world.south_practice, True, dt.date(2026, 11, 1))
    before.refresh_from_db()
    assert before.ended_on == timezone.localdate()
    with pytest.raises(PolicyViolation, match="accepted already"):
        actions.accept_move(notice=notice, practice=world.south_practice, by=world.ada)
    actions.undo_move(notice=notice, by=world.ada)
    [now] = known.affiliations.all()
    assert (now.pk, now.practice, now.is_primary, now.ended_on) == (before.pk, world.north_practice, True, None)
    notice.refresh_from_db()
    assert (notice.state, notice.decided_by, notice.undo) == ("open", None, {})
    events = AuditEvent.objects.filter(event__startswith="move.").order_by("pk").values_list("event", flat=True)
    assert list(events) == ["move.accepted", "move.undone"]


def test_a_new_practice_is_made_at_the_address_and_archived_by_undo(as_, world, known):
    load(moved(known))
    notice = MoveNotice.objects.get()
    client = as_("nora")
    page = client.post(notice.get_absolute_url(), {"practice": "", "new_name": ""})
    assert page.status_code == 422
    assert "give the new one its name" in page.content.decode()
    answer = client.post(notice.get_absolute_url(), {"practice": "", "new_name": "Lake Heart", "stays": "on"})
    assert answer.status_code == 302
    made = Practice.objects.get(name="Lake Heart")
    assert (made.address, made.zip, made.city) == ("900 Lake Ave", "44301", "Akron")
    assert {row.practice.name: row.is_primary for row in known.affiliations.open()} == {"North Family Practice": False, "Lake Heart": True}
    assert "Undo" in client.get(answer.headers["Location"]).content.decode()
    client.post(reverse("contacts:move-undo", args=[notice.pk]))
    made.refresh_from_db()
    assert made.archived_at
    assert [row.practice for row in known.affiliations.open() if row.is_primary] == [world.north_practice]


def test_another_specialty_is_kept_or_put_back(world, known):
    load(record(known, **{CODE.format(1): "207RG0100X"}))
    notice = MoveNotice.objects.get()
    assert (notice.kind, notice.was) == ("taxonomy", "Cardiology")
    known.refresh_from_db()
    assert known.specialty.code == "207RG0100X", "the import takes it over"
    actions.dismiss_move(notice=notice, by=world.nora)
    known.refresh_from_db()
    assert known.specialty.code == "207RC0000X"
    actions.undo_move(notice=notice, by=world.nora)
    known.refresh_from_db()
    assert known.specialty.code == "207RG0100X"
    actions.accept_move(notice=notice, by=world.nora)
    load(record(known, **{CODE.format(1): "207RG0100X", UPDATED: "11/20/2026"}))
    assert MoveNotice.objects.count() == 1


def test_a_deactivated_number_ends_where_they_work(world, known):
    load(record(known, **{GONE: "11/10/2026"}))
    notice = MoveNotice.objects.get()
    assert notice.kind == "deactivated"
    actions.accept_move(notice=notice, by=world.dana)
    assert not known.affiliations.open().exists()
    actions.undo_move(notice=notice, by=world.dana)
    assert known.affiliations.open().get().practice == world.north_practice


def test_a_replaced_number_is_told(world, known):
    load(record(known, **{REPLACED: OTHER_NPI}))
    notice = MoveNotice.objects.get()
    assert (notice.kind, notice.now) == ("replaced", f"NPI {OTHER_NPI}")
    actions.accept_move(notice=notice, by=world.ada)


@pytest.mark.parametrize(("who", "status"), [("nora", 200), ("sol", 404), ("past", 404), ("dana", 200), ("ivan", 200), ("elle", 403)])
def test_who_sees_and_decides(as_, world, known, who, status):
    load(moved(known))
    notice = MoveNotice.objects.get()
    client = as_(who)
    assert client.get(notice.get_absolute_url()).status_code == status
    listed = client.get(reverse("contacts:moves"))
    assert listed.status_code == (403 if status == 403 else 200)
    assert (str(known) in listed.content.decode()) == (status == 200)
    if status != 200:
        assert client.post(reverse("contacts:move-dismiss", args=[notice.pk])).status_code == status
        with pytest.raises(PolicyViolation):
            actions.dismiss_move(notice=notice, by=world.cast[who])


def test_files_and_api(as_, world, known):
    load(moved(known))
    client = as_("dana")
    for kind in ("csv", "xlsx"):
        assert client.get(reverse("contacts:moves-export", args=[kind])).status_code == 200
    assert client.get(reverse("contacts:moves-export", args=["pdf"])).status_code == 404
    [row] = client.get("/api/v1/moves/").json()["results"]
    assert row["now"] == "900 Lake Ave, Akron, OH 44301"
    assert client.post(f"/api/v1/moves/{row['id']}/accept/", {}, content_type="application/json").status_code == 400
    done = client.post(f"/api/v1/moves/{row['id']}/accept/", {"practice": world.south_practice.pk}, content_type="application/json")
    assert done.json()["state"] == "accepted"
    assert client.get("/api/v1/moves/").json()["count"] == 0
    assert client.post(f"/api/v1/moves/{row['id']}/undo/").json()["state"] == "open"
    assert as_("sol").get(f"/api/v1/moves/{row['id']}/").status_code == 404


def test_the_list_is_flat(as_, world, known, assert_flat_queries):
    as_("dana")

    def add(count):
        for _ in range(count):
            provider = factories.make_provider(at=world.north_practice)
            MoveNotice.objects.create(provider=provider, kind="deactivated", now="Gone", told={}, mark=f"m{provider.pk}")

    assert_flat_queries(reverse("contacts:moves"), add)
