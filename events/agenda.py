"""What events add to calendars: to one's own feed, and as invitations to guests."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from common.calendars import Entry
from events.models import Answer, Event, EventState, Guest
from notices.calendars import calendar_source, url_of

BEFORE, MOST = dt.timedelta(days=60), 500


def entry_of(event: Event) -> Entry:
    return Entry(
        uid=str(event.uid),
        sequence=event.sequence,
        revised_at=event.revised_at,
        starts=event.starts_at,
        ends=event.ends_at,
        summary=f"{event.get_kind_display()}: {event.title}",
        location=event.where,
        url=url_of(event.get_absolute_url()),
        is_cancelled=event.state == EventState.CANCELLED,
    )


@calendar_source
def events_of(person: User) -> Iterator[Entry]:
    """Events that one holds or helps with, and those one is asked to and has not declined."""
    asked = Guest.objects.asked().filter(event=OuterRef("pk"), colleague=person).exclude(answer=Answer.NO)
    seen = Event.objects.visible_to(person)
    mine = seen.held_by(person) | seen.filter(Q(Exists(asked)))
    since = timezone.now() - BEFORE
    for event in mine.filter(starts_at__gte=since).select_related("practice").order_by("starts_at", "pk")[:MOST]:
        yield entry_of(event)


def credit_words(event: Event) -> str:
    """1.5 CME credits; blank when there are none."""
    if not event.credits:
        return ""
    amount = f"{event.credits.normalize():f}"
    return f"{amount} CME credit{'' if amount == '1' else 's'}"


def invitation_entry(event: Event) -> Entry:
    """As guests see it: what, by whom, where. No address of PRM, where they have no account."""
    parts = (
        f"Speaker: {event.speaker}" if event.speaker else "",
        event.about,
        credit_words(event),
        event.accreditation,
    )
    return replace(entry_of(event), summary=event.title, description="\n".join(part for part in parts if part), url="")
