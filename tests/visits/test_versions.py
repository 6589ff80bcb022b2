"""An edit says from which version it started: what only one side changed is merged, what both changed is chosen field by field."""

import datetime as dt
import re
import uuid

import pytest
from django.utils import timezone

from tests.factories import make_staff, make_visit
from tests.factories.visits import make_topic
from visits import actions
from visits.models import Attendee, Visit, VisitVersion


@pytest.fixture
def visit(world):
    visit = make_visit(world.north_practice, world.nora, outcome="met staff", note="First", version=1)
    Attendee.objects.create(visit=visit, staff=make_staff(world.north_practice, "Kim"))
    return visit


def _edit(visit, by, **fields):
    now = Visit.objects.get(pk=visit.pk)
    said = {
        "visited_at": now.visited_at,
        "mode": now.mode,
        "outcome": now.outcome,
        "note": now.note,
        "providers": [row.provider for row in now.attendees.all() if row.provider],
        "staff": [row.staff for row in now.attendees.all() if row.staff],
        "topics": list(now.topics.all()),
        **fields,
    }
    return actions.edit_visit(by=by, visit=visit, **said)


def test_each_edit_is_a_version_and_the_first_keeps_what_was_logged(world, visit):
    _edit(visit, world.nora, note="Second", providers=[world.north_provider], staff=[])
    _edit(visit, world.dana, mode="phone")
    _edit(visit, world.dana)  # changes nothing
    rows = list(VisitVersion.objects.order_by("number"))
    assert [(row.number, row.saved_by, row.changed) for row in rows] == [
        (1, world.nora, []),
        (2, world.nora, ["note", "people"]),
        (3, world.dana, ["mode"]),
    ]
    assert [row.values["note"] for row in rows] == ["First", "Second", "Second"]
    visit.refresh_from_db()
    assert (visit.version, visit.note, visit.mode, [str(row) for row in visit.attendees.all()]) == (3, "Second", "phone", ["Pat Northrop"])


def test_what_only_one_side_changed_is_merged(world, visit):
    began = {"visited_at": visit.visited_at, "note": "First", "mode": visit.mode, "topics": []}
    _edit(visit, world.nora, mode="phone", topics=[make_topic("Access")])  # on the laptop
    _edit(visit, world.nora, **{**began, "note": "From the phone"}, version=1)  # begun before that
    visit.refresh_from_db()
    assert (visit.note, visit.mode, [topic.name for topic in visit.topics.all()]) == ("From the phone", "phone", ["Access"])


def test_what_both_changed_is_asked_about(world, visit):
    _edit(visit, world.dana, note="By Dana", mode="phone")
    with pytest.raises(actions.EditConflict) as caught:
        _edit(visit, world.nora, note="By Nora", mode="in person", outcome="issue raised", version=1)
    conflict = caught.value
    assert [(clash.name, clash.mine, clash.theirs) for clash in conflict.clashes] == [("note", "By Nora", "By Dana")]
    assert (conflict.merged["mode"], conflict.merged["outcome"]) == ("phone", "issue raised")
    assert conflict.latest.saved_by == world.dana
    visit.refresh_from_db()
    assert (visit.note, visit.version) == ("By Dana", 2)


def test_the_same_change_on_both_sides_is_none_to_ask_about(world, visit):
    _edit(visit, world.dana, note="Both")
    _edit(visit, world.nora, note="Both", version=1)
    visit.refresh_from_db()
    assert visit.version == 2


def _form(visit, **fields):
    return {
        "version": visit.version,
        "mode": visit.mode,
        "outcome": visit.outcome,
        "visited_at": f"{timezone.localtime(visit.visited_at):%Y-%m-%dT%H:%M}",
        "note": visit.note,
        "people": [f"staff-{row.staff_id}" for row in visit.attendees.all()],
        **fields,
    }


@pytest.mark.parametrize(("keep", "note"), [("mine", "By Nora"), ("theirs", "By Dana")])
def test_the_page_asks_and_keeps_what_is_chosen(as_, world, visit, keep, note):
    url = f"/visits/{visit.pk}/edit/"
    _edit(visit, world.dana, note="By Dana", mode="phone")
    asked = as_("nora").post(url, _form(visit, note="By Nora"))
    page = asked.content.decode()
    assert asked.status_code == 409
    assert "Changed elsewhere: choose what stays" in page
    assert "Yours: By Nora" in page
    assert "Theirs: By Dana" in page
    assert re.search(r'name="version" value="2"', page)
    assert re.search(r'value="phone"[^>]*checked', page)  # what only Dana changed is on the form already
    answer = as_("nora").post(url, _form(visit, note="By Nora", mode="phone", version=2, keep_note=keep))
    assert answer.status_code == 302
    visit.refresh_from_db()
    assert (visit.note, visit.mode) == (note, "phone")
    detail = as_("nora").get(visit.get_absolute_url()).content.decode()
    assert "Version 2: Note" in detail
    assert "<del>First</del>" in detail


def _body(visit, **fields):
    return {
        "version": visit.version,
        "visited_at": visit.visited_at.isoformat(),
        "mode": visit.mode,
        "outcome": visit.outcome,
        "note": visit.note,
        "staff": [row.staff_id for row in visit.attendees.all()],
        **fields,
    }


def _post(client, visit, body, key=None):
    headers = {"Idempotency-Key": str(key or uuid.uuid4())}
    return client.post(f"/api/v1/visits/{visit.pk}/edit/", body, content_type="application/json", headers=headers)


def test_the_api_edits_once_and_tells_a_conflict(as_, world, visit):
    client, key = as_("nora"), uuid.uuid4()
    body = _body(visit, note="From the phone")
    first, again = _post(client, visit, body, key), _post(client, visit, body, key)
    assert (first.status_code, first.json()["client_id"], first.json()["version"]) == (200, str(key), 2)
    assert (again.status_code, again.headers["Idempotent-Replayed"], again.json()["client_id"]) == (200, "true", str(key))
    assert _post(client, visit, {**body, "note": "Other"}, key).status_code == 400
    late = _post(client, visit, _body(visit, note="Begun at version 1"))
    told = late.json()
    assert (late.status_code, told["version"], told["theirs"]) == (409, 2, {"note": "From the phone"})
    assert told["clashes"] == [{"name": "note", "label": "Note", "mine": "Begun at version 1", "theirs": "From the phone"}]
    assert told["told_by"].startswith("Nora, ")
    assert _post(client, visit, _body(visit, note="Begun at version 1", version=2)).status_code == 200
    assert _post(client, visit, _body(visit, version=3, note="MRN 123456")).status_code == 422
    assert _post(client, visit, _body(visit, version=3, providers=[world.south_provider.pk])).status_code == 400
    assert _post(client, visit, _body(visit, version=3, providers=[0])).status_code == 400


@pytest.mark.parametrize(("who", "status"), [("nora", 200), ("sol", 404), ("dana", 200), ("ivan", 403), (None, 401)])
def test_who_edits(as_, world, visit, who, status):
    assert _post(as_(who), visit, _body(visit, note="Changed")).status_code == status


def test_ones_own_visit_can_be_mended_after_its_practice_left(as_, world, visit):
    world.nora.assignments.update(ended_on=dt.date(2020, 2, 2))
    assert _post(as_("nora"), visit, _body(visit, note="Later")).status_code == 200


def test_a_plan_is_not_edited_as_a_visit(as_, world):
    plan = make_visit(world.north_practice, world.nora, state="planned")
    body = {"version": 1, "visited_at": timezone.now().isoformat(), "mode": "phone", "outcome": "met staff"}
    answer = _post(as_("nora"), plan, body)
    assert (answer.status_code, "has not taken place" in answer.json()["detail"]) == (400, True)
