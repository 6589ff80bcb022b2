"""Work of events that a worker does."""

import datetime as dt

from django.utils import timezone

from common.exceptions import InputError
from events import actions
from events.models import Event
from jobs.actions import Lease, forget_done, handler


@handler("events.send_invitations", own_transaction=True)
def send_invitations(lease: Lease) -> None:
    """Mails to guests who have not heard how the event stands now. Its id is the only argument."""
    event = Event.objects.filter(pk=lease.args[0]).first()
    if event is None:
        raise InputError("This event is gone.")
    lease.progress(0, 1, "Writing to those who are invited")
    actions.send_invitations(event=event, complete=lease.complete)


@handler("events.remind_guests")
def remind_guests(lease: Lease) -> None:
    """Every ten minutes: of which events are guests to be reminded now?"""
    asked = actions.ask_for_reminders(now=timezone.now())
    lease.progress(asked, asked, f"{asked} events tomorrow" if asked else "Nobody is to be reminded now")
    for name in (lease.name, "events.send_reminders"):
        forget_done(name, older_than=dt.timedelta(days=2))


@handler("events.send_reminders", own_transaction=True)
def send_reminders(lease: Lease) -> None:
    """Mails to the guests of an event of tomorrow. Its id is the only argument."""
    event = Event.objects.filter(pk=lease.args[0]).first()
    if event is None:
        raise InputError("This event is gone.")
    lease.progress(0, 1, "Reminding those who are asked")
    actions.send_reminders(event=event, now=timezone.now(), complete=lease.complete)


@handler("events.ask_owners")
def ask_owners(lease: Lease) -> None:
    """Hourly: whoever held an event that is over is asked whether it was held."""
    lease.progress(0, 1, "Asking how events went")
    actions.ask_owners_how_it_went()
