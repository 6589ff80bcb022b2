"""Reads of days in the field: a person's plan, and its stops in the order in which they are driven."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from visits.models import DayPlan, DayStop, Visit, VisitState


def day_plan_of(owner: User, day_on: dt.date) -> DayPlan | None:
    """The plan of the person's day, None while nobody asked for a route."""
    return DayPlan.objects.filter(owner=owner, day_on=day_on).select_related("owner", "job").first()


def day_stops(plan: DayPlan) -> Sequence[DayStop]:
    """All stops of the plan, those on the route first and in turn, each with its practice and visit.

    A stop whose visit was deleted or canceled since is left out; one that only lost its time (moved to another day) is too.
    """
    gone = Q(visit__deleted_at__isnull=False) | Q(visit__state=VisitState.CANCELLED)
    stops = plan.stops.exclude(gone).select_related("practice", "practice__territory", "practice__map_pin", "visit")
    found = [stop for stop in stops if stop.visit is None or stop.visit.state != VisitState.PLANNED or _is_on(stop.visit, plan.day_on)]
    for stop in found:
        stop.plan = plan
    return found


def route_of(owner: User, day_on: dt.date) -> Sequence[DayStop]:
    """The stops that are on the route of the person's day, in turn; empty without a plan."""
    plan = day_plan_of(owner, day_on)
    return [stop for stop in day_stops(plan) if stop.place is not None] if plan else []


def visits_on(owner: User, day_on: dt.date) -> list[Visit]:
    """What the person has planned for the day, by its time."""
    plans = Visit.objects.filter(owner=owner, deleted_at=None, planned_at__date=day_on).planned()
    return list(plans.select_related("practice", "practice__territory", "practice__map_pin", "owner"))


def _is_on(visit: Visit, day_on: dt.date) -> bool:
    return visit.planned_at is not None and timezone.localdate(visit.planned_at) == day_on
