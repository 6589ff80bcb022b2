"""Reads of days in the field: a person's plan, and its stops in the order in which they are driven."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from accounts.models import User
from common.places import miles_apart
from contacts.models import Cadence, Practice
from contacts.visiting import point_of
from visits.models import DayPlan, DayStop, Visit, VisitState


def day_plan_of(owner: User, day_on: dt.date) -> DayPlan | None:
    """The plan of the person's day, None while nobody asked for a route."""
    return DayPlan.objects.filter(owner=owner, day_on=day_on).select_related("owner", "job").first()


def day_stops(plan: DayPlan) -> Sequence[DayStop]:
    """All stops of the plan, those on the route first and in turn, each with its practice and visit.

    A stop whose visit was deleted or canceled since is left out; one that only lost its time (moved to another day) is too.
    """
    gone = Q(visit__deleted_at__isnull=False) | Q(visit__state=VisitState.CANCELLED)
    stops = plan.stops.exclude(gone).select_related("practice__territory", "practice__map_pin", "visit__visit_type")
    stops = stops.prefetch_related("practice__visiting_hours")
    found = [stop for stop in stops if stop.visit is None or stop.visit.state != VisitState.PLANNED or _is_on(stop.visit, plan.day_on)]
    for stop in found:
        stop.plan = plan
    return found


def visits_on(owner: User, day_on: dt.date) -> list[Visit]:
    """What the person has planned for the day, by its time."""
    plans = Visit.objects.filter(owner=owner, deleted_at=None, planned_at__date=day_on).planned()
    return list(plans.select_related("practice", "practice__territory", "practice__map_pin", "owner"))


def _is_on(visit: Visit, day_on: dt.date) -> bool:
    return visit.planned_at is not None and timezone.localdate(visit.planned_at) == day_on


@dataclass(frozen=True)
class Overdue:
    """A practice whose next visit is due by its tier's cadence, how late it is, and how far off the way it lies."""

    practice: Practice
    days_late: int | None
    miles: float

    @property
    def why(self) -> str:
        """6 days overdue, 1.2 miles off the way."""
        late = "never visited" if self.days_late is None else f"{self.days_late} days overdue"
        return f"{late}, {self.miles:.1f} miles off the way"


def overdue_near(plan: DayPlan, places: Sequence[tuple[float, float]], *, miles: float, limit: int = 5) -> list[Overdue]:
    """Practices of the owner's field near a place of the day, due by cadence and planned for no day; the highest tier first."""
    today = timezone.localdate()
    days = dict(Cadence.objects.values_list("tier", "every_days"))
    mine = Visit.objects.filter(practice=OuterRef("pk"), deleted_at=None)
    made = mine.made().order_by("-visited_at").values("visited_at")[:1]
    found = (
        Practice.objects.visible_to(plan.owner)
        .live()
        .filter(tier__in=days, do_not_visit=False)
        .exclude(pk__in=plan.stops.values("practice"))
        .exclude(Exists(mine.filter(state=VisitState.PLANNED)))
        .annotate(last_at=Subquery(made))
        .select_related("map_pin", "territory")
    )
    near = []
    for practice in found:
        point = point_of(practice)
        late = None if practice.last_at is None else (today - timezone.localdate(practice.last_at)).days - days[practice.tier]
        if point is None or (late is not None and late <= 0):
            continue
        off = min((miles_apart((point.latitude, point.longitude), place) for place in places), default=math.inf)
        if off <= miles:
            near.append(Overdue(practice, late, off))
    return sorted(near, key=lambda one: (one.practice.tier, one.miles))[:limit]


def next_stop(user: User) -> Visit | None:
    """What of one's own day comes next: the earliest plan of today that nobody has logged."""
    mine = Visit.objects.visible_to(user).planned().filter(owner=user, planned_at__date=timezone.localdate())
    return mine.select_related("practice").order_by("planned_at", "pk").first()
