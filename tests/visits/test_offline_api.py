"""What a phone sends when it is back in reach: everything in one transaction, once, whatever has changed meanwhile."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from concerns.models import Concern
from contacts.actions import merge_providers
from contacts.models import Staff
from notices.models import Notice
from tests.factories import assign, make_provider, make_staff, make_visit
from tests.factories.concerns import make_category
from tests.factories.visits import make_topic
from visits import actions
from visits.models import FieldRules, FollowUp, Visit
from visits.passes import is_pass, pass_for


def _body(world, **fields):
    return {"practice": world.north_practice.pk, "visited_at": timezone.now().isoformat(), "outcome": "met staff"} | fields


def _post(client, body, key=None, phone_time=None):
    headers = {"Idempotency-Key": str(key or uuid.uuid4())} | ({"Phone-Time": phone_time.isoformat()} if phone_time else {})
    return client.post("/api/v1/visits/", body, content_type="application/json", headers=headers)


def test_everything_that_was_said_arrives_in_one_go(as_, world):
    category, topic = make_category("Access"), make_topic("Imaging")
    body = _body(
        world,
        outcome="",
        providers=[world.north_provider.pk],
        new_people=[{"name": "Robin Diaz", "job": "Front desk"}],
        topic_ids=[topic.pk],
        purpose="New line",
        follow_ups=[{"text": "Send the guide", "due_on": "2026-01-05"}, {"text": "Call"}],
        concern={"category": category.pk, "text": "Six weeks for an MRI", "severity": "high"},
        location={"latitude": 41.4, "longitude": -81.7, "accuracy_m": 12.5},
        note="Hi",
    )
    answer = _post(as_("nora"), body, key := uuid.uuid4())
    assert (answer.status_code, answer.json()["client_id"], answer.json()["arrival_notes"]) == (201, str(key), [])
    visit = Visit.objects.get()
    assert (visit.outcome, visit.purpose, visit.latitude, visit.accuracy_m) == ("met provider", "New line", 41.4, 12.5)
    assert {str(person) for person in visit.attendees.all()} == {str(world.north_provider), "Robin Diaz"}
    assert Staff.objects.get(name="Robin Diaz").job == "Front desk"
    assert {item.text: item.due_on for item in FollowUp.objects.all()} == {
        "Send the guide": dt.date(2026, 1, 5),  # a promise whose day passed on the phone is kept
        "Call": timezone.localdate() + dt.timedelta(days=7),
    }
    concern = Concern.objects.get()
    assert (concern.text, concern.severity, list(visit.concerns.all())) == ("Six weeks for an MRI", "high", [concern])
    again = _post(as_("nora"), body, key)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert (Visit.objects.count(), FollowUp.objects.count(), Concern.objects.count(), Staff.objects.count()) == (1, 2, 1, 1)


def test_typed_later_it_is_the_same_visit(as_, world):
    body, key = _body(world), uuid.uuid4()
    assert _post(as_("nora"), {**body, "entered_at": "2026-11-01T10:00:00Z"}, key).status_code == 201
    assert _post(as_("nora"), {**body, "entered_at": "2026-11-01T11:00:00Z"}, key).status_code == 200


def test_a_known_name_is_no_second_person(as_, world):
    kim = make_staff(world.north_practice, "Kim Ortega")
    _post(as_("nora"), _body(world, new_people=[{"name": " kim ortega "}]))
    assert [person.staff for person in Visit.objects.get().attendees.all()] == [kim]


def test_a_concern_that_cannot_be_filed_stays_with_the_visit(as_, world):
    category = make_category("Access", is_active=False)
    answer = _post(as_("nora"), _body(world, note="Hi", concern={"category": category.pk, "text": "Six weeks"}))
    assert answer.status_code == 201
    assert "The concern was kept in the visit's note." in answer.json()["arrival_notes"][0]
    assert Visit.objects.get().note == "Hi\n\nConcern (Access): Six weeks"
    assert not Concern.objects.exists()


@pytest.mark.parametrize("planned", [True, False])
def test_missed_back_on_a_day(as_, world, planned):
    on = timezone.localdate() + dt.timedelta(days=4)
    plan = make_visit(world.north_practice, world.nora, state="planned", planned_at=timezone.now()) if planned else None
    answer = _post(as_("nora"), _body(world, outcome="not available", back_on=on.isoformat(), **({"planned": plan.pk} if plan else {})))
    assert answer.status_code == 201
    missed, again = Visit.objects.get(state="missed"), Visit.objects.get(state="planned")
    assert (missed.back_on, missed.is_unplanned, missed == plan) == (on, not planned, planned)
    assert (timezone.localdate(again.planned_at), again.owner, again.practice) == (on, world.nora, world.north_practice)


def test_a_day_to_come_back_that_was_over_when_it_arrived(as_, world):
    answer = _post(as_("nora"), _body(world, outcome="not available", back_on="2026-01-02"))
    assert "The next try was not planned." in answer.json()["arrival_notes"][0]
    assert Visit.objects.get().state == "missed"


def test_the_provider_was_merged_meanwhile(as_, world):
    old = make_provider("Northrop", at=world.north_practice, npi="")
    merge_providers(survivor=world.north_provider, merged=old, by=world.ada)
    answer = _post(as_("nora"), _body(world, providers=[old.pk]))
    assert answer.status_code == 201
    assert "two records were of one person" in answer.json()["arrival_notes"][0]
    assert [person.provider for person in Visit.objects.get().attendees.all()] == [world.north_provider]
    assert "two records were of one person" in as_("nora").get(Visit.objects.get().get_absolute_url()).content.decode()


def test_the_territory_went_to_somebody_else_meanwhile(as_, world):
    """The liaison held it on the day of the visit: it lands, and says so. Before or after, it is as unknown as ever."""
    today = timezone.localdate()
    world.nora.assignments.update(ended_on=today)
    assign(world.sol, world.north, started_on=today)
    yesterday = timezone.localtime() - dt.timedelta(days=1)
    answer = _post(as_("nora"), _body(world, visited_at=yesterday.isoformat(), providers=[world.north_provider.pk], note="Mine"))
    assert answer.status_code == 201
    assert "went to another territory" in answer.json()["arrival_notes"][0]
    assert Visit.objects.get().owner == world.nora
    assert _post(as_("nora"), _body(world)).status_code == 400
    assert _post(as_("nora"), _body(world, practice=world.south_practice.pk, visited_at=yesterday.isoformat())).status_code == 400


def test_the_practice_moved_and_the_phone_still_holds_its_pass(as_, world):
    world.north_practice.territory = world.south
    world.north_practice.save()
    body = _body(world, providers=[world.north_provider.pk])
    assert _post(as_("nora"), body).status_code == 400
    mine = pass_for(world.nora, world.north_practice.pk, on=timezone.localdate())
    assert _post(as_("nora"), {**body, "field_pass": mine}).status_code == 201
    assert _post(as_("nora"), {**body, "field_pass": mine[:-1] + "x"}).status_code == 400
    assert _post(as_("past"), {**body, "field_pass": mine}).status_code == 400


def test_a_pass_is_good_for_this_month_and_the_next(world):
    said = pass_for(world.nora, 5, on=dt.date(2026, 11, 30))
    days = {"2026-11-01": True, "2026-12-31": True, "2027-01-01": False, "2026-10-31": False}
    assert {day: is_pass(said, world.nora, 5, on=dt.date.fromisoformat(day)) for day in days} == days
    assert not is_pass(said, world.nora, 6, on=dt.date(2026, 11, 30))
    assert not is_pass("é", world.nora, 5, on=dt.date(2026, 11, 30))


def test_a_plan_that_somebody_completed_meanwhile(as_, world):
    plan = make_visit(world.north_practice, world.nora, state="planned")
    actions.cancel_plan(by=world.dana, visit=plan)
    answer = _post(as_("nora"), _body(world, planned=plan.pk))
    assert answer.status_code == 201
    assert answer.json()["id"] != plan.pk
    assert "no longer open" in answer.json()["arrival_notes"][0]


@pytest.mark.parametrize(("days", "words"), [(1, "1 day slow"), (-1, "1 day fast")])
def test_a_clock_that_is_a_day_off_is_set_right(as_, world, days, words):
    """The phone's clock is behind (or ahead) by a day: both times move with it, and people see that they did."""
    off = dt.timedelta(days=days)
    phone_now = timezone.now() - off
    said = {"visited_at": (phone_now - dt.timedelta(hours=2)).isoformat(), "entered_at": (phone_now - dt.timedelta(hours=1)).isoformat()}
    answer = _post(as_("nora"), _body(world, **said, time_is_typed=False), phone_time=phone_now)
    assert answer.status_code == 201
    visit = Visit.objects.get()
    assert abs(visit.visited_at - (timezone.now() - dt.timedelta(hours=2))) < dt.timedelta(minutes=1)
    assert abs(visit.entered_at - (timezone.now() - dt.timedelta(hours=1))) < dt.timedelta(minutes=1)
    assert abs(visit.clock_off_s - off.total_seconds()) < 60
    assert words in as_("nora").get(visit.get_absolute_url()).content.decode()


def test_a_clock_set_right_since_leaves_no_visit_in_the_future(as_, world):
    tomorrow = timezone.localtime() + dt.timedelta(days=1, hours=1)
    answer = _post(as_("nora"), _body(world, visited_at=tomorrow.isoformat(), time_is_typed=True), phone_time=timezone.now())
    assert answer.status_code == 201
    visit = Visit.objects.get()
    assert visit.visited_at <= timezone.now()
    assert visit.clock_off_s < -86000


def test_a_typed_time_is_believed(as_, world):
    typed = timezone.now() - dt.timedelta(hours=30)
    _post(as_("nora"), _body(world, visited_at=typed.isoformat()), phone_time=timezone.localtime() - dt.timedelta(days=1))
    assert abs(Visit.objects.get().visited_at - typed) < dt.timedelta(seconds=1)


def test_what_seems_to_name_a_patient_is_asked_about_and_the_answer_recorded_without_the_text(as_, world):
    body = _body(world, follow_ups=[{"text": "Call about MRN 123456"}])
    refused = _post(as_("nora"), body)
    assert (refused.status_code, refused.json()["asks"]) == (422, "is_none")
    assert not Visit.objects.exists()
    assert _post(as_("nora"), {**body, "is_none": True}).status_code == 201
    event = AuditEvent.objects.get(event="visit.marks_kept")
    assert event.details == {"kinds": ["a record number"]}
    assert "123456" not in str(list(AuditEvent.objects.values()))


def test_the_place_is_shown_to_its_owner_and_managers_and_can_be_switched_off(as_, world):
    place = {"latitude": 41.4993, "longitude": -81.6944, "accuracy_m": 8}
    _post(as_("nora"), _body(world, location=place))
    url = Visit.objects.get().get_absolute_url()
    seen = {who: "41.4993" in as_(who).get(url).content.decode() for who in ("nora", "dana", "ivan")}
    assert seen == {"nora": True, "dana": True, "ivan": False}
    FieldRules.objects.create(pk=1, offers_location=False)
    assert "data-place" not in as_("nora").get("/visits/log/").content.decode()
    _post(as_("nora"), _body(world, location=place))
    assert Visit.objects.latest("pk").latitude is None


def test_two_phones_of_one_person_and_the_same_key_of_two_people(as_, world):
    first, second, key = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    assert {_post(as_("nora"), _body(world), each).status_code for each in (first, second)} == {201}
    assert _post(as_("nora"), _body(world), key).status_code == 201
    assert _post(as_("dana"), _body(world), key).status_code == 201
    assert Visit.objects.count() == 4


def test_what_had_changed_before_it_arrived_rings(as_, world):
    old = make_provider("Northrop", at=world.north_practice, npi="")
    merge_providers(survivor=world.north_provider, merged=old, by=world.ada)
    _post(as_("nora"), _body(world, outcome="", providers=[old.pk]))
    visit = Visit.objects.get()
    notice = Notice.objects.get()
    assert (notice.to, notice.kind, notice.url) == (world.nora, "visit", visit.get_absolute_url())
    assert notice.text.startswith(f"Your visit to North Family Practice of {timezone.localtime(visit.visited_at):%b %-d} has arrived. ")
    assert f"is kept as {world.north_provider} now" in notice.text
    _post(as_("nora"), _body(world))
    assert Notice.objects.count() == 1  # nothing had changed


def test_a_visit_to_what_went_to_another_territory_rings_with_its_liaison(as_, world):
    world.north_practice.territory = world.south
    world.north_practice.save()
    key = pass_for(world.nora, world.north_practice.pk, on=timezone.localdate())
    assert _post(as_("nora"), _body(world, field_pass=key)).status_code == 201
    notice = Notice.objects.get()
    assert notice.to == world.nora
    assert "went to another territory before this visit arrived" in notice.text
    assert as_("nora").get(notice.url).status_code == 200
