"""What the tiers' cadence promises: whose visit is due when, at which practices, and by whom.

A practice of a tier with a cadence of N days is due N days after the last visit that anybody made there; one that was never visited is due
at once. The same rule as the manager's coverage (reports.queries.coverage). Practices that are archived or want no visits are promised
none.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Min, OuterRef, Q, Subquery
from django.utils import timezone

from contacts.models import Cadence, Practice
from contacts.querysets import PracticeQuerySet
from territories.scope import scope_of
from visits.models import Visit, VisitState

NEVER_OVER = 1.0  # cadences over, of a practice that nobody ever visited: as coverage counts it


@dataclass(frozen=True)
class Due:
    """A practice against its cadence. `due_on` is None for one that was never visited: it is due now, and nobody knows since when.

    `planned_at` is the first planned visit, by whomever, that lies ahead or was not logged yet.
    """

    practice: Practice
    every_days: int
    last_visit_on: dt.date | None
    planned_at: dt.datetime | None

    @property
    def due_on(self) -> dt.date | None:
        return self.last_visit_on + dt.timedelta(days=self.every_days) if self.last_visit_on else None

    def is_due(self, day: dt.date) -> bool:
        return self.due_on is None or self.due_on <= day

    def days_over(self, day: dt.date) -> int | None:
        """Days since it fell due, negative while it is ahead; None for never visited."""
        return (day - self.due_on).days if self.due_on else None

    def cadences_over(self, day: dt.date) -> float:
        """How many whole cadences late, the measure that makes tiers comparable: 0 on the day it falls due, negative before."""
        over = self.days_over(day)
        return NEVER_OVER if over is None else over / self.every_days


def field_of(user: Any) -> PracticeQuerySet:
    """The practices whose visits the person answers for: of whole territories; of overlays only where they have nothing else."""
    seen = Practice.objects.visible_to(user).live().filter(do_not_visit=False)
    scope = scope_of(user)
    return seen if scope.whole or not scope.territory_ids else seen.filter(territory__in=scope.territory_ids)


def dues(practices: PracticeQuerySet) -> list[Due]:
    """Of these practices, those whose tier has a cadence, by name; two queries whatever their number."""
    every = dict(Cadence.objects.values_list("tier", "every_days"))
    visits = Visit.objects.filter(practice=OuterRef("pk"), deleted_at=None).order_by()
    made = visits.made().values("practice").annotate(at=Max("visited_at")).values("at")
    ahead = visits.filter(state=VisitState.PLANNED).values("practice").annotate(at=Min("planned_at")).values("at")
    rows = (
        practices.filter(tier__in=every)
        .select_related("territory", "map_pin")
        .annotate(last_visit_at=Subquery(made), first_planned_at=Subquery(ahead))
        .order_by("name", "pk")
    )
    return [
        Due(row, every[row.tier], timezone.localdate(row.last_visit_at) if row.last_visit_at else None, row.first_planned_at)
        for row in rows
    ]


def dues_of(practices: Collection[int]) -> dict[int, Due]:
    """By practice, for a few of them."""
    return {due.practice.pk: due for due in dues(Practice.objects.filter(Q(pk__in=practices), do_not_visit=False).live())}


def most_over(found: Sequence[Due], day: dt.date) -> list[Due]:
    """What is due by that day, most pressing first."""
    return cadence_order([due for due in found if due.is_due(day)], day)


def cadence_order(found: Sequence[Due], day: dt.date) -> list[Due]:
    """By how late each is in its own cadence, tier by tier where that is alike."""
    return sorted(found, key=lambda due: (-due.cadences_over(day), due.practice.tier, due.practice.name, due.practice.pk))
