"""Reminders: the day before, whoever was asked and did not decline hears once more, with the event for their calendar."""

import datetime as dt
from collections.abc import Callable

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

from accounts.clocks import time_zone_of
from accounts.models import User
from audit.actions import record
from common.calendars import feed
from common.locks import held
from events.agenda import credit_words, invitation_entry
from events.models import Event, EventState, Guest
from events.signing import answer_url
from jobs import actions as jobs
from notices.calendars import host
from notices.digests import local_now
from notices.mailing import gets_mail
from notices.models import MailSettings

FROM_HOUR, UNTIL_HOUR = 9, 20  # of the day before, on the event's clock: nobody outside of the house has told us their quiet hours
JUST_TOLD = dt.timedelta(hours=12)  # whom an invitation or a change reached so shortly before needs no reminder
_AHEAD = dt.timedelta(days=2)


def ask_for_reminders(*, now: dt.datetime, by: User | None = None) -> int:
    """Queue the events whose guests are to be reminded now; returns how many."""
    near = Event.objects.filter(state=EventState.PLANNED, reminds=True, starts_at__gt=now, starts_at__lt=now + _AHEAD)
    asked = 0
    for event in near.order_by("pk"):
        if is_day_before(event, now) and event.guests.to_remind(event.local_start.date(), told_before=now - JUST_TOLD).exists():
            jobs.enqueue("events.send_reminders", event.pk, key=f"event {event.pk} reminders")
            asked += 1
    return asked


def is_day_before(event: Event, now: dt.datetime) -> bool:
    """Between nine and eight in the evening of the day before, where the event is."""
    here = now.astimezone(event.zone)
    return here.date() + dt.timedelta(days=1) == event.local_start.date() and FROM_HOUR <= here.hour < UNTIL_HOUR


def send_reminders(*, event: Event, now: dt.datetime, complete: Callable[[], None], by: User | None = None) -> int:
    """Remind each guest once of the event's day, one worker at a time; returns how many. As with invitations, a mail of which nobody knows
    whether it was taken is handed over again under the same Message-ID.

    A colleague's quiet hours hold; whoever waits for them is asked for again (`ask_for_reminders`).
    """
    sent = 0
    with held(f"event {event.pk} reminders"):
        event = Event.objects.select_related("practice", "owner").get(pk=event.pk)
        on = event.local_start.date()
        if event.state == EventState.PLANNED and event.reminds and is_day_before(event, now):
            for guest in event.guests.to_remind(on, told_before=now - JUST_TOLD).for_list():
                if guest.colleague and not _may_write_to(guest.colleague, now):
                    continue
                _mail(event, guest).send()
                with transaction.atomic():
                    Guest.objects.filter(pk=guest.pk).update(reminded_for_on=on)
                    record("event.reminder_sent", by=by, target=event, guest=guest.pk)
                sent += 1
        complete()
    return sent


@transaction.atomic
def set_reminder(*, guest: Guest, wanted: bool, by: User | None) -> Guest:
    """Whether a guest wants to be reminded of events: said by themselves through their signed address (`by` is None)."""
    guest = Guest.objects.select_for_update().get(pk=guest.pk)
    if guest.wants_reminder != wanted:
        guest.wants_reminder = wanted
        guest.save(update_fields=["wants_reminder"])
        record("event.reminder_wanted" if wanted else "event.reminder_unwanted", by=by, target=guest.event, guest=guest.pk)
    return guest


def _may_write_to(colleague: User, now: dt.datetime) -> bool:
    return gets_mail(colleague) and not MailSettings.of(colleague).is_quiet(local_now(now, time_zone_of(colleague)))


def _mail(event: Event, guest: Guest) -> EmailMultiAlternatives:
    """Words and a file for the calendar. The file asks for nothing: an answer that was given stands."""
    start, out = event.local_start, answer_url(guest)
    words = {
        "event": event,
        "guest": guest,
        "start": start,
        "end": event.local_end,
        "zone": start.tzname(),
        "credits": credit_words(event),
        "answer_url": out,
    }
    mail = EmailMultiAlternatives(
        f"Tomorrow: {event.title}, {start:%-I:%M %p}",
        render_to_string("events/reminder.txt", words),
        f'"{str(event.owner).replace(chr(34), "")}" <{settings.DEFAULT_FROM_EMAIL}>',
        [guest.email],
        reply_to=[event.owner.email],
        headers={
            "Message-ID": f"<{event.uid}.reminder.{start:%Y-%m-%d}.{guest.pk}@{host()}>",
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{out}>",
        },
    )
    mail.attach_alternative(render_to_string("events/reminder.html", words), "text/html")
    mail.attach("event.ics", feed(event.title, [invitation_entry(event)], time_zone=event.time_zone).decode(), "text/calendar")
    return mail
