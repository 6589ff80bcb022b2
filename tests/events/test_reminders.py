"""The day before, guests hear once more: once, unless they declined or want none, outside of a colleague's quiet hours, never at night."""

import datetime as dt

import pytest
from django.core import mail
from django.utils import timezone
from icalendar import Calendar

from events import actions
from events.actions import Outside
from events.models import Event, Guest
from events.signing import answer_url
from jobs.actions import enqueue, run_waiting
from notices.models import MailSettings
from prm import settings as project
from tests.factories import make_provider
from tests.factories.events import make_event


@pytest.fixture
def event(world, monkeypatch):
    """Tomorrow at noon on its own clock, guests invited a week ago; `event.at(hour)` is that hour of the day before."""
    start = (timezone.localtime() + dt.timedelta(days=8)).replace(hour=12, minute=0, second=0, microsecond=0)
    made = make_event(world.nora, practice=world.north_practice, starts_at=start, title="Heart valves")
    doctor = make_provider("Quill", at=world.north_practice, email="quill@example.org")
    actions.invite(event=made, people=[doctor, world.sol], outside=[Outside("Gwen", "gwen@example.org")], by=world.nora)
    run_waiting()
    mail.outbox.clear()
    made.at = lambda hour, days=1: (start - dt.timedelta(days=days)).replace(hour=hour)
    return made


def remind(event: Event, at: dt.datetime) -> list[str]:
    """Who gets a mail when the clock shows this."""
    before = len(mail.outbox)
    if actions.ask_for_reminders(now=at):
        actions.send_reminders(event=event, now=at, complete=lambda: None)
    return sorted(letter.to[0].partition("@")[0] for letter in mail.outbox[before:])


def test_once_the_day_before_with_the_event_for_the_calendar(world, event):
    assert remind(event, event.at(12, days=2)) == []
    assert remind(event, event.at(8)) == [], "not before nine"
    assert remind(event, event.at(9)) == ["gwen", "quill", "sol"]
    letter = next(letter for letter in mail.outbox if letter.to == ["quill@example.org"])
    assert letter.subject == "Tomorrow: Heart valves, 12:00 PM"
    assert answer_url(event.guests.get(email="quill@example.org")) in letter.body
    assert "Please say whether you come, or that you want no reminders:" in letter.body
    assert (letter.reply_to, "Gwen" in letter.body) == ([world.nora.email], False)
    ((html, form),) = letter.alternatives
    assert (form, event.title in html, "Say whether you come" in html, "Gwen" in html) == ("text/html", True, True, False)
    ((name, content, kind),) = letter.attachments
    (entry,) = Calendar.from_ical(content).walk("VEVENT")
    assert (name, kind, str(entry["UID"]), entry["DTSTART"].dt) == ("event.ics", "text/calendar", str(event.uid), event.starts_at)
    assert not entry.get("ATTENDEE"), "it asks for nothing: an answer that was given stands"
    assert remind(event, event.at(9)) == []
    assert remind(event, event.at(15)) == []
    assert set(event.guests.values_list("reminded_for_on", flat=True)) == {event.local_start.date()}


def test_a_worker_that_dies_hands_the_same_mail_over_again(event):
    remind(event, event.at(9))
    first = {letter.to[0]: letter.extra_headers["Message-ID"] for letter in mail.outbox}
    Guest.objects.update(reminded_for_on=None)  # as if it had died before it could say so
    mail.outbox.clear()
    assert remind(event, event.at(10)) == ["gwen", "quill", "sol"]
    assert {letter.to[0]: letter.extra_headers["Message-ID"] for letter in mail.outbox} == first


def test_who_declined_was_taken_back_or_wants_none_hears_nothing(client, world, event):
    gwen, quill, sol = (event.guests.get(email__startswith=name) for name in ("gwen", "quill", "sol"))
    actions.answer_invitation(guest=quill, answer="no", by=None)
    actions.withdraw_invitation(guest=sol, by=world.nora)
    address = answer_url(gwen).partition("//")[2].partition("/")[2]
    assert "You are reminded the day before by mail." in client.get(f"/{address}").content.decode()
    assert gwen.wants_reminder, "a look changes nothing"
    assert client.post(f"/{address}", {"reminder": "off"}).status_code == 302
    assert "You get no reminder of this event." in client.get(f"/{address}").content.decode()
    assert remind(event, event.at(9)) == []
    client.post(f"/{address}", {"reminder": "on"})
    assert remind(event, event.at(9)) == ["gwen"]


def test_quiet_hours_of_a_colleague_wait_and_nobody_is_written_to_at_night(world, event):
    MailSettings.objects.create(person=world.sol, hour=13, quiet_from=19, quiet_until=13)
    assert remind(event, event.at(9)) == ["gwen", "quill"]
    assert remind(event, event.at(12)) == []
    assert remind(event, event.at(14)) == ["sol"]
    Guest.objects.update(reminded_for_on=None)
    assert remind(event, event.at(20)) == []
    assert remind(event, event.at(2)) == []


def test_an_event_that_says_no_is_cancelled_or_was_just_told_of(as_, world, event):
    form = {
        "title": event.title, "kind": "lunch", "audience": "external", "day": f"{event.local_start:%Y-%m-%d}", "starts": "12:00",
        "ends": "13:00", "place": event.place, "practice": world.north_practice.pk, "time_zone": event.time_zone,
    }  # fmt: skip
    client = as_("nora")
    assert 'name="reminds"' in client.get(f"/events/{event.pk}/edit/").content.decode()
    assert client.post(f"/events/{event.pk}/edit/", form).status_code == 302
    assert "None" in client.get(event.get_absolute_url()).content.decode()
    assert remind(event, event.at(9)) == []
    assert client.post(f"/events/{event.pk}/edit/", form | {"reminds": "on"}).status_code == 302
    Guest.objects.update(told_at=event.at(9) - dt.timedelta(hours=3))
    assert remind(event, event.at(9)) == [], "an invitation of this morning is reminder enough"
    Guest.objects.update(told_at=event.at(9) - dt.timedelta(days=3))
    assert remind(event, event.at(9)) == ["gwen", "quill", "sol"]
    assert "Invited and reminded by e-mail" in client.get(event.get_absolute_url()).content.decode()
    Guest.objects.update(reminded_for_on=None)
    actions.cancel_event(event=event, by=world.nora)
    assert remind(event, event.at(9)) == []


def test_an_event_that_moves_is_reminded_of_anew(world, event):
    assert len(remind(event, event.at(9))) == 3
    later = event.starts_at + dt.timedelta(days=7)
    actions.change_event(event=event, by=world.nora, starts_at=later, ends_at=later + dt.timedelta(hours=1))
    run_waiting()
    Guest.objects.update(told_at=event.at(9))
    assert len(remind(Event.objects.get(pk=event.pk), event.at(12, days=-6))) == 3


def test_the_clock_asks_every_ten_minutes_and_the_job_runs(event):
    assert project.CELERY_BEAT_SCHEDULE["remind of events"]["args"] == ["events.remind_guests"]
    tomorrow = (timezone.localtime() + dt.timedelta(hours=12)).replace(microsecond=0)
    Event.objects.filter(pk=event.pk).update(starts_at=tomorrow, ends_at=tomorrow + dt.timedelta(hours=1))
    Guest.objects.update(told_at=timezone.now() - dt.timedelta(days=3))
    mail.outbox.clear()
    enqueue("events.remind_guests")
    enqueue("events.send_reminders", event.pk, key=f"event {event.pk} reminders")
    run_waiting()
    by_hand = actions.ask_for_reminders(now=timezone.now())  # by now everybody was written to, or it is no hour for it
    assert by_hand == 0
    is_hour = actions.reminders.is_day_before(Event.objects.get(pk=event.pk), timezone.now())
    assert len(mail.outbox) == (3 if is_hour else 0)
