"""From the rows of a day plan to what the route is computed from, and back. Reads only."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contacts.visiting import Point, point_of, windows_on
from visits.models import DayPlan, DayStop, VisitState
from visits.queries import hours_of
from visits.queries.days import day_stops
from visits.routing import Lunch, Stop

UNMAPPED = "not on the map: its ZIP code is unknown, so drop a pin"


@dataclass(frozen=True)
class Asked:
    """A day as the solver takes it: stops with a point, those without, and the rows by their key (the id of the DayStop)."""

    plan: DayPlan
    rows: dict[int, DayStop]
    stops: list[Stop]
    points: list[Point]
    unmapped: list[DayStop]

    @property
    def places(self) -> list[tuple[float, float]]:
        """The start, the stops in turn, the end."""
        plan = self.plan
        inner = [(stop.lat, stop.lon) for stop in self.stops]
        return [(plan.start_latitude, plan.start_longitude), *inner, (plan.end_latitude, plan.end_longitude)]

    @property
    def lunch(self) -> Lunch | None:
        """The break, None when the plan has none."""
        plan = self.plan
        return Lunch(plan.lunch_earliest, plan.lunch_latest, plan.lunch_minutes) if plan.lunch_minutes else None

    @property
    def fingerprint(self) -> str:
        """Differs once anything was changed that decides the route."""
        plan = self.plan
        ends = [self.places[0], self.places[-1]]
        told: list[Any] = [plan.start_minute, plan.end_minute, self.lunch, ends, sorted(row.pk for row in self.unmapped)]
        for stop in sorted(self.stops, key=lambda stop: str(stop.key)):  # in whatever order they are driven
            told.append([stop.key, stop.lat, stop.lon, stop.windows, stop.service, stop.value, stop.must_see])
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def asked_for(plan: DayPlan) -> Asked:
    """What is still to be visited on the day: stops that were made or missed are over."""
    rules_minutes = hours_of(plan.owner).visit_minutes
    rows = [stop for stop in day_stops(plan) if is_ahead(stop)]
    hours: dict[int, list[Any]] = {}
    for row in rows:
        hours[row.practice_id] = list(row.practice.visiting_hours.all())
    stops, points, unmapped = [], [], []
    for row in rows:
        point = point_of(row.practice)
        if point is None:
            unmapped.append(row)
            continue
        service = row.practice.visit_minutes or rules_minutes
        windows = windows_on(row.practice, hours[row.practice_id], plan.day_on.weekday())
        if row.visit is not None and row.visit.is_fixed and row.visit.ends_at and row.visit.planned_at:
            service = int((row.visit.ends_at - row.visit.planned_at).total_seconds()) // 60
        if row.fixed_minute is not None:
            windows = [(row.fixed_minute, row.fixed_minute + service)]
        label = row.practice.name
        stops.append(Stop(row.pk, point.latitude, point.longitude, windows, service, row.value, row.must_see, label))
        points.append(point)
    return Asked(plan, {row.pk: row for row in rows}, stops, points, unmapped)


def is_ahead(stop: DayStop) -> bool:
    """Still to be visited: a suggestion, or a visit that is planned."""
    return stop.visit is None or stop.visit.state == VisitState.PLANNED


def square(minutes: Sequence[Sequence[float]]) -> list[list[float]]:
    """From the drives between start, stops and end to those of the solver, where the depot is both: its column leads to the end."""
    last = len(minutes) - 1
    return [[row[last] if there == 0 else row[there] for there in range(last)] for row in minutes[:last]]
