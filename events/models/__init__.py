"""Grand rounds, courses, lunches: who is invited, who came, and which entry of the ledger holds what it cost."""

from events.models.events import Audience, Event, EventKind, EventState
from events.models.guests import Answer, Guest, SignInWay
from events.models.spending import EventSpend

__all__ = ["Answer", "Audience", "Event", "EventKind", "EventSpend", "EventState", "Guest", "SignInWay"]
