"""Work of events that a worker does."""

from common.exceptions import InputError
from events import actions
from events.models import Event
from jobs.actions import Lease, handler


@handler("events.send_invitations", own_transaction=True)
def send_invitations(lease: Lease) -> None:
    """Mails to guests who have not heard how the event stands now. Its id is the only argument."""
    event = Event.objects.filter(pk=lease.args[0]).first()
    if event is None:
        raise InputError("This event is gone.")
    lease.progress(0, 1, "Writing to those who are invited")
    actions.send_invitations(event=event, complete=lease.complete)


@handler("events.ask_owners")
def ask_owners(lease: Lease) -> None:
    """Hourly: whoever held an event that is over is asked whether it was held."""
    lease.progress(0, 1, "Asking how events went")
    actions.ask_owners_how_it_went()
