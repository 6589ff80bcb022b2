"""What the field did, beside the numbers: visits made, promises overdue, who looks after a practice and who was there last."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max
from django.db.models.functions import TruncMonth
from django.utils import timezone

from contacts.models import Practice
from contacts.querysets import PracticeQuerySet
from reports.periods import Window
from territories.models import Assignment
from visits.models import FollowUp, Visit
from visits.querysets import was_made


@dataclass(frozen=True)
class Outreach:
    """Visits made in the window and in the one before, and by month for the spark."""

    made: int
    made_before: int
    by_month: list[int]


def outreach(*, user: Any, window: Window, territories: Collection[int] | None) -> Outreach:
    start, end = _midnight(window.previous.start), _midnight(window.end)
    rows = Visit.objects.visible_to(user).made().filter(visited_at__gte=start, visited_at__lt=end)
    if territories is not None:
        rows = rows.filter(practice__territory__in=territories)
    found = rows.order_by().annotate(month=TruncMonth("visited_at")).values_list("month").annotate(n=Count("pk"))
    counts = {timezone.localtime(month).date(): n for month, n in found}
    now = [counts.get(month, 0) for month in window.each_month()]
    before = [counts.get(month, 0) for month in window.previous.each_month()]
    return Outreach(sum(now), sum(before), before + now)


def overdue(*, user: Any, territories: Collection[int] | None) -> int:
    rows = FollowUp.objects.visible_to(user).overdue()
    return rows.count() if territories is None else rows.filter(practice__territory__in=territories).count()


@dataclass(frozen=True)
class Contact:
    """A practice as a row of a list: its name, who looks after it, when somebody was there last."""

    pk: int
    name: str
    owner: str
    last_visit_on: dt.date | None
    do_not_visit: bool


def contacts(practice_ids: Collection[int], *, user: Any, parents: Mapping[int, int | None]) -> dict[int, Contact]:
    """The practices that the person sees, in two queries whatever their number."""
    return contacts_of(Practice.objects.visible_to(user).filter(pk__in=practice_ids), parents=parents) if practice_ids else {}


def contacts_of(practices: PracticeQuerySet, *, parents: Mapping[int, int | None]) -> dict[int, Contact]:
    """These practices, which the caller cut to what may be seen."""
    was_there = Max("visits__visited_at", filter=was_made("visits__"))
    owners = primaries()
    return {
        practice.pk: Contact(
            practice.pk,
            practice.name,
            nearest(practice.territory_id, owners, parents),
            timezone.localtime(practice.last_visit).date() if practice.last_visit else None,
            practice.do_not_visit,
        )
        for practice in practices.annotate(last_visit=was_there)
    }


def primaries() -> dict[int, str]:
    """{territory: its primary today}."""
    held = Assignment.objects.today().filter(is_primary=True, service_line=None).select_related("user")
    return {assignment.territory_id: str(assignment.user) for assignment in held}


def nearest(territory: int | None, owners: Mapping[int, str], parents: Mapping[int, int | None]) -> str:
    """The primary of the territory, else of the nearest one above that has somebody."""
    while territory is not None:
        if territory in owners:
            return owners[territory]
        territory = parents.get(territory)
    return ""


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
