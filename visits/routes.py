"""From the rows of a day plan to what the route is computed from, and back. Reads only."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from common.templatetags.prm import clock
from contacts.visiting import Point, minute_of, point_of, windows_on
from visits.feasibility import ENDS_LATE, LUNCH_OFF, findings
from visits.models import DayPlan, DayStop, VisitState
from visits.queries import hours_of
from visits.queries.days import day_stops
from visits.routing import DayRoute, Lunch, Stop

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
        # What the visit is for says more than what visits there take, and that more than what the person's own take.
        of_its_type = row.visit.visit_type.minutes if row.visit and row.visit.visit_type else None
        service = of_its_type or row.practice.visit_minutes or rules_minutes
        windows = windows_on(row.practice, hours[row.practice_id], plan.day_on.weekday())
        if row.visit is not None and row.visit.is_fixed and row.visit.ends_at and row.visit.planned_at:
            service = int((row.visit.ends_at - row.visit.planned_at).total_seconds()) // 60
        if (fixed := fixed_minute(row)) is not None:
            windows = [(fixed, fixed + service)]
        label = row.practice.name
        must_see = row.must_see or is_appointment(row)
        stops.append(Stop(row.pk, point.latitude, point.longitude, windows, service, row.value, must_see, label))
        points.append(point)
    return Asked(plan, {row.pk: row for row in rows}, stops, points, unmapped)


def is_ahead(stop: DayStop) -> bool:
    """Still to be visited: a suggestion, or a visit that is planned."""
    return stop.visit is None or stop.visit.state == VisitState.PLANNED


def is_appointment(row: DayStop) -> bool:
    """The office agreed to the time of the visit: it wins over what was set for the stop by hand."""
    return row.visit is not None and row.visit.is_fixed


def fixed_minute(row: DayStop) -> int | None:
    """The minute at which the visit has to begin: that of the appointment as it stands now, else the one set for this day by hand."""
    if row.visit is not None and row.visit.is_fixed and row.visit.planned_at is not None:
        return minute_of(timezone.localtime(row.visit.planned_at).time())
    return row.fixed_minute


def misfits(asked: Asked, stops: Sequence[Stop], route: DayRoute, travel: Sequence[Sequence[float]]) -> dict[str, Any] | None:
    """What of an order chosen by hand no longer fits, as the checker finds it; None when all of it does.

    `{"stops": {id of the DayStop: words}, "day": [words]}`, such as "arrives 14:10, closes 14:00". `stops` in the order of `travel`.
    """
    plan, by_key, begins = asked.plan, {stop.key: stop for stop in stops}, dict(zip(route.order, route.arrivals, strict=True))
    of_stops: dict[str, str] = {}
    of_day: list[str] = []
    for one in findings(stops, route, travel=travel, day_start=plan.start_minute, day_end=plan.end_minute, lunch=asked.lunch):
        if one.key is not None:
            of_stops[str(one.key)] = _hours_words(by_key[one.key], begins[one.key])
        elif one.says == ENDS_LATE:
            of_day.append(f"back at {clock(round(route.back))}, the day ends at {clock(plan.end_minute)}")
        elif one.says == LUNCH_OFF:
            span = f"{clock(plan.lunch_earliest)} and {clock(plan.lunch_latest)}"
            of_day.append(f"lunch at {clock(round(route.lunch_at or 0))}, not between {span}")
        else:
            of_day.append(one.says)
    return {"stops": of_stops, "day": of_day} if of_stops or of_day else None


def _hours_words(stop: Stop, begins: float) -> str:
    """Arrives 14:10, closes 14:00."""
    if not stop.windows:
        return f"arrives {clock(round(begins))}, sees nobody on this day"
    closes, ends = max(end for _, end in stop.windows), begins + stop.service
    if len(stop.windows) == 1 and closes - stop.windows[0][0] <= stop.service:
        return f"arrives {clock(round(begins))}, the appointment is at {clock(round(stop.windows[0][0]))}"
    if begins >= closes:
        return f"arrives {clock(round(begins))}, closes {clock(round(closes))}"
    if ends > closes:
        return f"until {clock(round(ends))}, closes {clock(round(closes))}"
    return f"arrives {clock(round(begins))}, when nobody is seen"


def square(minutes: Sequence[Sequence[float]]) -> list[list[float]]:
    """From the drives between start, stops and end to those of the solver, where the depot is both: its column leads to the end."""
    last = len(minutes) - 1
    return [[row[last] if there == 0 else row[there] for there in range(last)] for row in minutes[:last]]
