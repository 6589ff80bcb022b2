"""Lists of visits as files."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from visits.models import Visit
from visits.presenters import people_met
from visits.querysets import VisitQuerySet

HEADER = ("date", "time", "state", "practice", "territory", "people met", "mode", "outcome", "topics", "owner", "purpose", "note")


def rows(visits: VisitQuerySet) -> Iterator[tuple[Any, ...]]:
    """Line by line; times are those of the organisation's time zone."""
    for visit in visits.for_list().iterator(chunk_size=500):
        yield _row(visit)


def _row(visit: Visit) -> tuple[Any, ...]:
    at = timezone.localtime(visit.happens_at) if visit.happens_at else None
    return (
        at.date() if at else None,
        f"{at:%H:%M}" if at else None,
        visit.get_state_display(),
        visit.practice.name,
        visit.practice.territory.name if visit.practice.territory else "",
        "; ".join(people_met(visit)),
        visit.get_mode_display(),
        visit.get_outcome_display() if visit.outcome else "",
        "; ".join(topic.name for topic in visit.topics.all()),
        str(visit.owner),
        visit.purpose,
        visit.note,
    )
