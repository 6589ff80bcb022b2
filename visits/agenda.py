"""What visits add to a person's own calendar: visits and appointments of theirs, and promises that are due."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from django.utils import timezone

from accounts.models import User
from common.calendars import LENGTH, Entry, place_of
from notices.calendars import calendar_source, url_of
from visits.models import FollowUp, Visit, VisitState

BEFORE, MOST = dt.timedelta(days=60), 1000
_CALLED_OFF = (VisitState.CANCELLED, VisitState.MISSED)


def entry_of(visit: Visit) -> Entry:
    """A planned visit or an appointment, cancelled ones included."""
    assert visit.planned_at is not None  # noqa: S101 - only what was planned is asked for
    practice = visit.practice
    people = [str(person) for person in visit.attendees.all()]
    where = visit.place or place_of([practice.name, practice.address, practice.city, f"{practice.state} {practice.zip}".strip()])
    return Entry(
        uid=str(visit.uid),
        sequence=visit.sequence,
        revised_at=visit.revised_at,
        starts=visit.planned_at,
        ends=visit.ends_at,
        summary=f"{'Appointment' if visit.is_fixed else 'Visit'}: {practice.name}",
        location=where,
        description=f"With {', '.join(people)}" if people else "",
        url=url_of(visit.get_absolute_url()),
        is_cancelled=visit.state in _CALLED_OFF,
        is_firm=visit.is_fixed or visit.state == VisitState.DONE,
    )


def _promise(item: FollowUp) -> Entry:
    return Entry(
        uid=str(item.uid),
        sequence=item.sequence,
        revised_at=item.revised_at,
        starts=item.due_on,
        summary=f"Follow-up: {item.practice.name}",
        url=url_of(item.get_absolute_url()),
    )


@calendar_source
def entries_of(person: User) -> Iterator[Entry]:
    """Visits from two months back on, and every open promise."""
    since = timezone.now() - BEFORE
    visits = Visit.objects.visible_to(person).filter(owner=person, planned_at__gte=since).for_list().order_by("planned_at", "pk")
    for visit in visits[:MOST]:
        yield entry_of(visit)
    for item in FollowUp.objects.visible_to(person).open().filter(owner=person).select_related("practice")[:MOST]:
        yield _promise(item)


def invitation_entry(visit: Visit) -> Entry:
    """The appointment as the office sees it: who comes, where, when. No address of PRM, where they have no account."""
    return replace(entry_of(visit), summary=f"Visit by {visit.owner}", description="", url="", is_firm=True)


def clashes_of(visit: Visit) -> list[Visit]:
    """Other appointments of the same person that overlap this one, which is planned."""
    if not visit.is_fixed or visit.planned_at is None or visit.state != VisitState.PLANNED:
        return []
    mine = (
        Visit.objects.filter(owner=visit.owner_id, is_fixed=True, deleted_at=None).planned().exclude(pk=visit.pk).select_related("practice")
    )
    starts, ends = visit.planned_at, visit.ends_at or visit.planned_at + LENGTH
    near = mine.filter(planned_at__lt=ends, planned_at__gt=starts - dt.timedelta(days=1))
    return [other for other in near if other.planned_at and (other.ends_at or other.planned_at + LENGTH) > starts]
