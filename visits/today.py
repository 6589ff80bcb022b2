"""A person's day: its stops in the order in which they are driven, what became of them, and what is left to do at its end."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from django.db.models import Count, Min, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.models import User
from visits.brief import Brief, briefs_of
from visits.cadence import Due, dues, field_of, most_over
from visits.driving import Drive, place_of, roads, start_of
from visits.models import DayStop, Mode, PlanState, Visit, VisitState, WorkingHours
from visits.queries import hours_of
from visits.reasons import Reason, reasons_for
from visits.workdays import working_days_of

DONE, MISSED, NEXT, LATER = "done", "missed", "next", "later"
ON_THE_ROAD = frozenset({Mode.IN_PERSON, Mode.DROP_OFF})
OFFERED = 2  # overdue practices nearby, after a missed stop
SEASON = 90  # days: the longest closing that is looked beyond
FARTHEST = 25  # minutes of driving to one of them
UNLOGGED_SHOWN = 20


@dataclass(frozen=True)
class Offer:
    """An overdue practice, and the drive to it."""

    due: Due
    drive_minutes: int


@dataclass(frozen=True)
class Stop:
    """One stop: `begins_at` is when it is planned, or took place. `drive_minutes` from the stop before, None where nobody knows.

    `brief` is None for a practice that went to somebody else since it was planned.
    """

    visit: Visit
    state: str
    begins_at: dt.datetime
    drive_minutes: int | None = None
    brief: Brief | None = None
    nearby: tuple[Offer, ...] = ()

    @property
    def reasons(self) -> Sequence[Reason]:
        return self.brief.reasons if self.brief else ()


@dataclass(frozen=True)
class Day:
    """`unlogged` are plans of days that are over, oldest first; on other days than today there are none."""

    owner: User
    day: dt.date
    today: dt.date
    hours: WorkingHours
    stops: Sequence[Stop]
    unlogged: Sequence[Visit]

    @property
    def next(self) -> Stop | None:
        return next((stop for stop in self.stops if stop.state == NEXT), None)

    @property
    def is_today(self) -> bool:
        return self.day == self.today

    def count(self, *states: str) -> int:
        return sum(stop.state in states for stop in self.stops)

    @property
    def drive_minutes(self) -> int:
        return sum(stop.drive_minutes or 0 for stop in self.stops)


def day_of(owner: User, day: dt.date, *, by: User) -> Day:
    """The day of `owner` as `by` may see it; a fixed number of queries."""
    return days_of(owner, [day], by=by)[0]


def days_of(owner: User, days: Sequence[dt.date], *, by: User) -> list[Day]:
    """Several days at once, for the phone's pack."""
    today, hours = timezone.localdate(), hours_of(owner)
    visits = _visits(owner, days, by)
    briefs = briefs_of({visit.practice_id for visit in visits}, by)
    unlogged = _unlogged(owner, today, by) if today in days else []
    drive, routed, found = roads(), _routed(owner, days), []
    for day in days:
        of_day = [visit for visit in visits if timezone.localdate(visit.happens_at) == day]
        reasons = reasons_for({visit.practice_id for visit in of_day} & briefs.keys(), by, day=day)
        known = {pk: replace(briefs[pk], reasons=told) for pk, told in reasons.items()}
        found.append(
            Day(owner, day, today, hours, _stops(of_day, known, hours, day == today, routed, drive), unlogged if day == today else [])
        )
    return [replace(day, stops=_with_offers(day, drive)) if day.is_today else day for day in found]


def _visits(owner: User, days: Sequence[dt.date], by: User) -> list[Visit]:
    planned = Q(state=VisitState.PLANNED, planned_at__date__in=days)
    made = Q(state__in=[VisitState.DONE, VisitState.MISSED], visited_at__date__in=days)
    rows = Visit.objects.visible_to(by).filter(planned | made, owner=owner)
    return list(
        rows.with_words()
        .select_related("practice__territory", "practice__map_pin", "owner")
        .prefetch_related("practice__visiting_hours")
        .order_by("pk")
    )


def _unlogged(owner: User, today: dt.date, by: User) -> list[Visit]:
    rows = Visit.objects.visible_to(by).planned().filter(owner=owner, planned_at__date__lt=today)
    return list(rows.select_related("practice__territory", "owner")[:UNLOGGED_SHOWN])


def _routed(owner: User, days: Sequence[dt.date]) -> dict[int, DayStop]:
    """What the day's route says of a visit, where one was computed: its place in it, and the drive to it."""
    rows = (
        DayStop.objects.filter(plan__owner=owner, plan__day_on__in=days, plan__state=PlanState.READY)
        .exclude(visit=None)
        .exclude(place=None)
    )
    return {row.visit_id: row for row in rows if row.visit_id is not None}


def _stops(
    visits: Sequence[Visit], briefs: dict[int, Brief], hours: WorkingHours, is_today: bool, routed: dict[int, DayStop], drive: Drive
) -> list[Stop]:
    """In the order of their times, each with the drive from the one before; the first that is not over yet is the next.

    The drive is that of the day's route while the stop before is the one before on the route, else an estimate.
    """
    found: list[Stop] = []
    is_next, before, turn = is_today, start_of(hours), 0
    for visit in sorted(visits, key=lambda visit: (visit.happens_at, visit.pk)):
        state = {VisitState.DONE: DONE, VisitState.MISSED: MISSED}.get(VisitState(visit.state), LATER)
        if state == LATER and is_next:
            state, is_next = NEXT, False
        is_there, stop = visit.mode in ON_THE_ROAD, routed.get(visit.pk)
        minutes = drive(before, place_of(visit.practice)) if is_there else None
        if stop and stop.place == turn + 1 and stop.drive_minutes is not None:
            minutes = ceil(stop.drive_minutes)
        found.append(Stop(visit, state, visit.happens_at, minutes, briefs.get(visit.practice_id)))
        if is_there:
            before = place_of(visit.practice)
        turn = (stop.place or 0) if stop else -1
    return found


def _with_offers(day: Day, drive: Drive) -> list[Stop]:
    """A missed stop gives time back: overdue practices that lie nearest to it, and that nobody has planned."""
    if not day.count(MISSED):
        return list(day.stops)
    on_it = {stop.visit.practice_id for stop in day.stops}
    free = [due for due in most_over(dues(field_of(day.owner)), day.day) if due.planned_at is None and due.practice.pk not in on_it]
    return [
        replace(stop, nearby=nearby(place_of(stop.visit.practice), free, drive)) if stop.state == MISSED else stop for stop in day.stops
    ]


def nearby(place: str, free: Sequence[Due], drive: Drive) -> tuple[Offer, ...]:
    """The nearest of these within the farthest drive that is worth it, the most overdue of those that lie alike first."""
    near = [Offer(due, minutes) for due in free if (minutes := drive(place, place_of(due.practice))) is not None and minutes <= FARTHEST]
    return tuple(sorted(near, key=lambda offer: offer.drive_minutes)[:OFFERED])


def working_days(hours: WorkingHours, first: dt.date, count: int) -> list[dt.date]:
    """So many of the person's working days from `first` on, as far as they come within a season."""
    return working_days_of(hours, first, first + dt.timedelta(days=7 * count + SEASON))[:count]


@dataclass(frozen=True)
class Ahead:
    """What stands in the calendar for a day: how many stops, and when the first begins."""

    day: dt.date
    stops: int
    first_at: dt.datetime | None


def ahead(owner: User, days: Sequence[dt.date], *, by: User) -> list[Ahead]:
    """For the days to come, one query."""
    rows = Visit.objects.visible_to(by).filter(owner=owner, state=VisitState.PLANNED, planned_at__date__in=days).order_by()
    counts = {row["day"]: row for row in rows.values(day=TruncDate("planned_at")).annotate(count=Count("pk"), first_at=Min("planned_at"))}
    return [Ahead(day, counts[day]["count"], counts[day]["first_at"]) if day in counts else Ahead(day, 0, None) for day in days]
