"""Appointments: a time that the office agreed to, who comes, invitations by e-mail that follow every change, and whom one meets."""

import datetime as dt
import email
import email.policy

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from common.exceptions import PolicyViolation
from tests import factories
from tests.factories import make_staff, make_visit
from tests.visits.test_calendar import SECRET, at, check_rfc
from visits import actions
from visits.models import Attendee, AttendeeKind, Invitation, Visit


@pytest.fixture
def office(world):
    """The doctor and the coordinator, both with an address; somebody at the desk without."""
    world.north_provider.email = "doctor@north.example"
    world.north_provider.save()
    world.kim = make_staff(world.north_practice, "Kim Coordinator", email="kim@north.example", job="Referral coordinator")
    world.desk = make_staff(world.north_practice, "Lee Desk")
    return world


@pytest.fixture
def meeting(office):
    return actions.plan_visit(
        by=office.nora, practice=office.north_practice, planned_at=at(3, 10), ends_at=at(3, 11), is_fixed=True, place="Conference room",
        purpose=SECRET, providers=[office.north_provider], staff=[office.kim, office.desk],
    )  # fmt: skip


def change(visit: Visit, **fields):
    kept = {
        "planned_at": visit.planned_at, "ends_at": visit.ends_at, "is_fixed": True, "place": visit.place, "purpose": visit.purpose,
        "owner": visit.owner, "providers": [row.provider for row in visit.attendees.all() if row.provider],
        "staff": [row.staff for row in visit.attendees.all() if row.staff],
    }  # fmt: skip
    return actions.change_plan(by=visit.owner, visit=visit, **{**kept, **fields})


def sent() -> list[tuple[email.message.EmailMessage, Calendar]]:
    """Every mail as a mail program reads it, with its calendar."""
    found = []
    for message in mail.outbox:
        parsed = email.message_from_bytes(message.message().as_bytes(linesep="\r\n"), policy=email.policy.default)  # as over SMTP
        [part] = [part for part in parsed.walk() if part.get_content_type() == "text/calendar"]
        found.append((parsed, check_rfc(part.get_payload(decode=True))))
    mail.outbox.clear()
    return found


def test_an_invitation_as_mail_programs_take_it(office, meeting, run_jobs):
    actions.invite(by=office.nora, visit=meeting, people=[office.north_provider, office.kim])
    run_jobs()
    [(first, calendar), (second, _)] = sent()
    assert [first["To"], second["To"]] == ["doctor@north.example", "kim@north.example"]
    assert first.get_content_type() == "multipart/alternative"
    parts = list(first.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/calendar"]
    assert parts[1]["Content-Type"].params["method"] == "REQUEST"
    assert parts[1]["Content-Type"].params["charset"] == "utf-8"
    assert first["Reply-To"] == office.nora.email
    assert "Nora" in first["From"]
    assert "Conference room" in parts[0].get_content()
    assert str(calendar["method"]) == "REQUEST"
    [event] = calendar.walk("VEVENT")
    assert (str(event["uid"]), event["sequence"]) == (str(meeting.uid), 0)
    assert str(event["organizer"]) == f"mailto:{office.nora.email}"
    assert event["organizer"].params["CN"] == "Nora"
    assert str(event["attendee"]) == "mailto:doctor@north.example"
    wanted = {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE", "CUTYPE": "INDIVIDUAL"}
    assert {name: event["attendee"].params[name] for name in wanted} == wanted
    assert event["dtstart"].dt == at(3, 10)
    whole = first.as_string() + calendar.to_ical().decode()
    assert "Miller" not in whole
    assert reverse("visits:detail", args=[meeting.pk]) not in whole


def test_nobody_is_asked_twice(office, meeting, run_jobs):
    for _ in range(2):
        actions.invite(by=office.nora, visit=meeting, people=[office.kim])
        run_jobs()
    assert len(sent()) == 1
    actions.send_invitations(visit=meeting, complete=lambda: None)
    assert sent() == []


def test_changes_and_the_cancellation_follow(office, meeting, run_jobs):
    actions.invite(by=office.nora, visit=meeting, people=[office.kim])
    run_jobs()
    [(first, _)] = sent()
    change(meeting, purpose="Other words")
    run_jobs()
    assert sent() == []  # what an office does not see changes nothing for it
    change(meeting, planned_at=at(4, 9), ends_at=at(4, 10))
    run_jobs()
    [(moved, calendar)] = sent()
    assert moved["Subject"].startswith("Updated: ")
    assert moved["Message-ID"] != first["Message-ID"]
    [event] = calendar.walk("VEVENT")
    assert (str(event["uid"]), event["sequence"], event["dtstart"].dt) == (str(meeting.uid), 1, at(4, 9))
    actions.cancel_plan(by=office.nora, visit=meeting)
    run_jobs()
    [(off, calendar)] = sent()
    assert off["Subject"].startswith("Cancelled: ")
    assert str(calendar["method"]) == "CANCEL"
    [event] = calendar.walk("VEVENT")
    assert (event["sequence"], str(event["status"])) == (2, "CANCELLED")
    actions.restore_visit(by=office.nora, visit=meeting)
    run_jobs()
    [(_, calendar)] = sent()
    assert (str(calendar["method"]), calendar.walk("VEVENT")[0]["sequence"]) == ("REQUEST", 3)


def test_whoever_no_longer_comes_is_told_and_the_others_too(office, meeting, run_jobs):
    actions.invite(by=office.nora, visit=meeting, people=[office.north_provider, office.kim])
    run_jobs()
    sent()
    change(meeting, staff=[])
    run_jobs()
    told = {message["To"]: str(calendar["method"]) for message, calendar in sent()}
    assert told == {"kim@north.example": "CANCEL", "doctor@north.example": "REQUEST"}
    change(meeting, planned_at=at(5, 9), ends_at=at(5, 10))
    run_jobs()
    assert [message["To"] for message, _ in sent()] == ["doctor@north.example"]


@pytest.mark.parametrize("act", ["miss", "delete", "no appointment"])
def test_what_does_not_take_place_is_cancelled(office, meeting, run_jobs, act):
    actions.invite(by=office.nora, visit=meeting, people=[office.kim])
    run_jobs()
    sent()
    if act == "miss":
        actions.miss_visit(by=office.nora, visit=meeting)
    elif act == "delete":
        actions.delete_visit(by=office.nora, visit=meeting)
    else:
        change(meeting, is_fixed=False, ends_at=None)
    run_jobs()
    assert [str(calendar["method"]) for _, calendar in sent()] == ["CANCEL"]


def test_a_visit_that_took_place_tells_nobody(office, meeting, run_jobs):
    actions.invite(by=office.nora, visit=meeting, people=[office.kim])
    run_jobs()
    sent()
    actions.log_visit(by=office.nora, practice=office.north_practice, visited_at=timezone.now(), planned=meeting, staff=[office.kim])
    run_jobs()
    assert sent() == []


def test_a_worker_that_dies_sends_the_rest_and_the_same_mail_again_at_most(office, meeting, run_jobs, monkeypatch):
    """The mail of which nobody knows whether it was taken carries the Message-ID that it had."""
    from django.core.mail import EmailMessage  # noqa: PLC0415

    actions.invite(by=office.nora, visit=meeting, people=[office.north_provider, office.kim])
    deliver, ids = EmailMessage.send, []

    def die_at_the_second(message, *args, **kwargs):
        ids.append(message.extra_headers["Message-ID"])
        deliver(message)
        if len(ids) == 2:
            raise SystemExit

    monkeypatch.setattr(EmailMessage, "send", die_at_the_second)
    with pytest.raises(SystemExit):
        actions.send_invitations(visit=meeting, complete=lambda: None)
    monkeypatch.setattr(EmailMessage, "send", deliver)
    mail.outbox.clear()
    actions.send_invitations(visit=meeting, complete=lambda: None)
    [(again, _)] = sent()
    assert again["Message-ID"] == ids[1]


@pytest.mark.parametrize(
    ("who", "said"),
    [("desk", "No e-mail address"), ("stranger", "not among those who come"), ("plain", "Fix its time first"), ("sol", "Only Nora")],
)
def test_who_can_be_invited_to_what(office, meeting, who, said):
    people, by = [office.desk], office.nora
    if who == "stranger":
        people = [make_staff(office.north_practice, "Elsewhere", email="x@y.example")]
    elif who == "plain":
        change(meeting, is_fixed=False, ends_at=None)
    elif who == "sol":
        by = office.sol
    with pytest.raises(PolicyViolation, match=said):
        actions.invite(by=by, visit=meeting, people=people)
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"ends_at": at(3, 9), "is_fixed": True}, "ends before it begins"),
        ({"ends_at": at(4, 9), "is_fixed": True}, "the day on which it begins"),
        ({"ends_at": at(3, 11)}, "Only an appointment has an end"),
    ],
)
def test_the_end_fits(office, fields, said):
    with pytest.raises(PolicyViolation, match=said):
        actions.plan_visit(by=office.nora, practice=office.north_practice, planned_at=at(3, 10), **fields)


def body(office, **fields):
    return {
        "practice": office.north_practice.pk, "day": f"{at(3, 0):%Y-%m-%d}", "time": "10:00", "purpose": "", "place": "", **fields,
    }  # fmt: skip


def test_an_appointment_is_planned_changed_and_invited_to_by_hand(as_, office, run_jobs):
    client = as_("nora")
    sent_form = body(office, is_fixed="on", ends="11:00", place="Room 4", people=[f"staff-{office.kim.pk}", f"staff-{office.desk.pk}"])
    page = client.post(reverse("visits:plan"), sent_form, follow=True).content.decode()
    visit = Visit.objects.get()
    assert (visit.is_fixed, visit.planned_at, visit.ends_at, visit.place) == (True, at(3, 10), at(3, 11), "Room 4")
    for words in ("Room 4", "11:00 AM", "Kim Coordinator", "Not invited yet", "No e-mail address known", "office staff"):
        assert words in page
    kim = visit.attendees.get(staff=office.kim)
    page = client.post(reverse("visits:invite", args=[visit.pk]), {"attendee": kim.pk}, follow=True).content.decode()
    assert "1 invitation on the way" in page
    run_jobs()
    assert "Invited, kim@north.example" in client.get(visit.get_absolute_url()).content.decode()
    edit = client.get(reverse("visits:edit", args=[visit.pk])).content.decode()
    assert 'value="11:00"' in edit
    assert "Tick whom to invite first." in client.post(reverse("visits:invite", args=[visit.pk]), follow=True).content.decode()
    assert as_("sol").post(reverse("visits:invite", args=[visit.pk])).status_code == 404
    assert "Appointment" in as_("nora").get(reverse("visits:list")).content.decode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"ends": "11:00"}, "Only an appointment has an end"), ({"ends": "09:00", "is_fixed": "on"}, "It ends before it begins")],
)
def test_a_wrong_end_is_said_at_its_field(as_, office, fields, said):
    answer = as_("nora").post(reverse("visits:plan"), body(office, **fields))
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_two_appointments_at_one_time_are_said(as_, office, meeting):
    client = as_("nora")
    page = client.post(reverse("visits:plan"), body(office, time="10:30", is_fixed="on"), follow=True).content.decode()
    assert "At the same time as the appointment at North Family Practice, 10:00 AM" in page
    page = client.post(reverse("visits:plan"), body(office, time="11:00", is_fixed="on"), follow=True).content.decode()
    assert "At the same time as the appointment at North Family Practice, 10:00 AM" not in page


# Whom one meets


@pytest.mark.parametrize(
    ("kind", "shown"), [("physician", "physician"), ("np", "app"), ("pa", "app"), ("other", "clinician"), (None, "staff")]
)
def test_the_kind_of_attendee_follows_the_record(as_, office, kind, shown):
    visit = make_visit(office.north_practice, office.nora)
    if kind:
        person = factories.make_provider(at=office.north_practice, kind=kind)
        attendee = Attendee.objects.create(visit=visit, provider=person)
    else:
        attendee = Attendee.objects.create(visit=visit, staff=office.kim)
    assert attendee.kind == shown
    found = {kind: as_("nora").get("/api/v1/visits/", {"met": kind}).json()["count"] for kind in AttendeeKind.values}
    assert found == {value: int(value == shown) for value in AttendeeKind.values}
    assert as_("nora").get(f"/api/v1/visits/{visit.pk}/").json()["attendees"][0]["kind"] == shown
    assert AttendeeKind(shown).label.lower() in as_("nora").get(visit.get_absolute_url()).content.decode().lower()
    text = b"".join(as_("dana").get(reverse("visits:export")).streaming_content).decode()
    assert AttendeeKind(shown).label in text


def test_days_of_appointments_are_dates(office, meeting):
    assert timezone.localdate(meeting.planned_at) == timezone.localdate() + dt.timedelta(days=3)
