"""How far each goal is, and where it will be at the end of its period at the pace of late.

Counts so far reach to the last day of the data (visits: to today). What is still to come follows from the count over the last three
months before that day, or over the period so far where that is longer: Poisson, with business days as exposure (reports.predicting).
They are those that alerts count: no federal holidays, no closing days of our own, but the holidays on which offices work here.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db.models import Count
from django.utils import timezone

from reports.cells import Cell, total
from reports.intervals import wilson
from reports.measures import inbound, leakage_ordered, received
from reports.models import Goal, GoalMeasure
from reports.numbers import RECENT_MONTHS
from reports.periods import Window, add_months, first_of
from reports.predicting import chance_of_at_most, forecast
from reports.queries.cells import branch, cells, ground
from reports.queries.freshness import Freshness
from reports.queries.holidays import holidays
from reports.workdays import business_days_between
from territories.scope import Scope
from visits.models import Visit

_WHOLE = Scope(whole=True)  # whoever sees the goal sees its figure; whose goals one sees is GoalQuerySet's business
_COUNTS: dict[str, Callable[[Iterable[Cell]], int]] = {GoalMeasure.RECEIVED: received, GoalMeasure.INBOUND: inbound}
Standing = Literal["reached", "missed", "ahead", "open", "behind", "not begun"]
LIKELY, UNLIKELY = 0.8, 0.2  # chance of reaching the target from which a goal is called ahead, or behind


@dataclass(frozen=True)
class Pace:
    """A goal's figure so far, and at the end of its period.

    `so_far` until before `until`; `expected`, `low` and `high` are the figure at the end (for leakage: its share now, with the Wilson
    interval); `chance` is that of reaching the target, None where nothing can be said; `share` is how much of the period's business days
    is over.
    """

    goal: Goal
    so_far: float | None
    until: dt.date
    expected: float | None
    low: float | None
    high: float | None
    chance: float | None
    share: float
    standing: Standing

    @property
    def last_day(self) -> dt.date:
        """The last day that is counted."""
        return self.until - dt.timedelta(days=1)


@dataclass
class _Counts:
    """What was asked for before, so that ten goals of one kind cost as much as one; and the days on which nobody refers."""

    parents: Mapping[int, int | None]
    holidays: Sequence[dt.date]
    kept: dict[Any, dict[Any, Any]] = field(default_factory=dict)

    def of(self, goal: Goal, window: Window, read: Callable[[str, Window], dict[Any, Any]]) -> list[Any]:
        """The counts of the goal's own part of the organization."""
        name, keys = _part(goal, self.parents)
        asked = (goal.measure, read.__name__, name, window)
        if asked not in self.kept:
            self.kept[asked] = read(name, window)
        found = self.kept[asked]
        return list(found.values()) if keys is None else [found[key] for key in keys if key in found]

    def business_days(self, window: Window) -> int:
        return business_days_between(window.start, window.end, self.holidays)


def _part(goal: Goal, parents: Mapping[int, int | None]) -> tuple[str, frozenset[int] | None]:
    """The dimension and the ids that a goal speaks of; None stands for all."""
    if goal.liaison_id:
        return "liaison", frozenset({goal.liaison_id})
    if goal.territory_id:
        return "territory", branch(goal.territory_id, parents)
    return ("service_line", frozenset({goal.service_line_id})) if goal.service_line_id else ("", None)


def paces(goals: Iterable[Goal], *, fresh: Freshness, parents: Mapping[int, int | None]) -> list[Pace]:
    """The pace of each goal, in their order. The number of queries follows the kinds of goals, not their number."""
    goals = list(goals)
    if not goals:
        return []
    windows = [goal.window for goal in goals]
    first = min(min(window.start, _months_before(window.start)) for window in windows)
    counts = _Counts(parents, holidays(first, max(window.end for window in windows)))
    return [_pace(goal, fresh, counts) for goal in goals]


def figures(goals: Iterable[Goal], *, fresh: Freshness, parents: Mapping[int, int | None]) -> list[float | None]:
    """The figure of each goal's whole period, None where the data does not hold the whole of it. They need not be saved."""
    goals, counts = list(goals), _Counts(parents, [])
    return [_whole_figure(goal, counts) if _is_whole(goal, fresh) else None for goal in goals]


def _is_whole(goal: Goal, fresh: Freshness) -> bool:
    """New referrers need the twelve months before, too."""
    before = add_months(goal.window.start, -12) if goal.measure == GoalMeasure.NEW_REFERRERS else goal.window.start
    is_known = goal.measure == GoalMeasure.VISITS or (fresh.first_month is not None and fresh.first_month <= before)
    return is_known and goal.window.end <= _until(goal, fresh)


def _whole_figure(goal: Goal, counts: _Counts) -> float | None:
    if goal.measure == GoalMeasure.LEAKAGE:
        return leakage_ordered([total(_sum_cells(goal, goal.window, counts))]).value
    return _count(goal, goal.window, counts)


def _pace(goal: Goal, fresh: Freshness, counts: _Counts) -> Pace:
    window, until = goal.window, _until(goal, fresh)
    until = min(until, window.end)
    passed, whole = counts.business_days(Window(window.start, until)), counts.business_days(window)
    share = passed / whole if whole else 1.0
    if until <= window.start:
        return Pace(goal, None, until, None, None, None, None, 0.0, "not begun")
    if goal.measure == GoalMeasure.LEAKAGE:
        return _of_leakage(goal, until, share, counts)
    so_far = _count(goal, Window(window.start, until), counts)
    further = whole - passed
    if further <= 0:
        standing: Standing = "reached" if so_far >= goal.target else "missed"
        return Pace(goal, so_far, until, so_far, so_far, so_far, float(so_far >= goal.target), 1.0, standing)
    watched = Window(min(window.start, _months_before(until)), until)
    seen, exposure = _count(goal, watched, counts), counts.business_days(watched)
    coming = forecast(seen=seen, exposure=exposure, further=further)
    if coming is None:
        return Pace(goal, so_far, until, None, None, None, None, share, "open")
    missing = int(goal.target) - so_far
    chance = 1 - chance_of_at_most(missing - 1, seen=seen, exposure=exposure, further=further)
    standing = "reached" if missing <= 0 else "ahead" if chance >= LIKELY else "behind" if chance <= UNLIKELY else "open"
    return Pace(goal, so_far, until, so_far + coming.mean, so_far + coming.low, so_far + coming.high, chance, share, standing)


def _of_leakage(goal: Goal, until: dt.date, share: float, counts: _Counts) -> Pace:
    """The share now, and where the truth behind it may lie; nothing of it is carried on to the period's end."""
    sums = total(_sum_cells(goal, Window(goal.start_on, until), counts))
    known, value = sums.internal + sums.outbound, leakage_ordered([sums]).value
    if value is None:
        return Pace(goal, None, until, None, None, None, None, share, "open")
    low, high = wilson(sums.outbound, known)
    if until >= goal.window.end:
        standing: Standing = "reached" if value <= goal.target else "missed"
    else:
        standing = "ahead" if high <= goal.target else "behind" if low > goal.target else "open"
    return Pace(goal, value, until, value, low, high, None, share, standing)


def _until(goal: Goal, fresh: Freshness) -> dt.date:
    """The first day of which nothing is known yet."""
    if goal.measure == GoalMeasure.VISITS:
        return timezone.localdate()
    return fresh.data_through + dt.timedelta(days=1) if fresh.data_through else dt.date.min


def _months_before(day: dt.date) -> dt.date:
    """The same day three months earlier, or that month's last."""
    month = add_months(first_of(day), -RECENT_MONTHS)
    last = add_months(month, 1) - dt.timedelta(days=1)
    return month.replace(day=min(day.day, last.day))


def _count(goal: Goal, window: Window, counts: _Counts) -> int:
    if goal.measure == GoalMeasure.VISITS:
        return sum(counts.of(goal, window, _visits))
    if goal.measure == GoalMeasure.NEW_REFERRERS:
        return _new_referrers(goal, window, counts)
    return _COUNTS[goal.measure](_sum_cells(goal, window, counts))


def _sum_cells(goal: Goal, window: Window, counts: _Counts) -> list[Cell]:
    """Whole months from the rollups, the days around them from the facts."""
    return [cell for part in _whole_months_apart(window) for cell in counts.of(goal, part, _cells)]


def _whole_months_apart(window: Window) -> list[Window]:
    start = window.start if window.start.day == 1 else add_months(first_of(window.start), 1)
    end = first_of(window.end)
    if start >= end:
        return [window]
    return [part for part in (Window(window.start, start), Window(start, end), Window(end, window.end)) if part.start < part.end]


def _cells(dimension: str, window: Window) -> dict[Any, Cell]:
    by = [dimension] if dimension else []
    return {cell.key[0] if by else None: cell for cell in cells(by=by, start=window.start, end=window.end, scope=_WHOLE)}


def _visits(dimension: str, window: Window) -> dict[Any, int]:
    """Visits made on these days: of the person who made them, or to the practices of a territory."""
    start, end = (timezone.make_aware(dt.datetime.combine(day, dt.time())) for day in (window.start, window.end))
    rows = Visit.objects.filter(deleted_at=None).made().filter(visited_at__gte=start, visited_at__lt=end).order_by()
    if not dimension:
        return {None: rows.count()}
    column = {"liaison": "owner_id", "territory": "practice__territory_id"}[dimension]
    return dict(rows.values_list(column).annotate(Count("pk")))


def _new_referrers(goal: Goal, window: Window, counts: _Counts) -> int:
    """Providers with an inbound referral in the window and none in the twelve months before it, within the goal's own part."""
    name, keys = _part(goal, counts.parents)
    asked = (goal.measure, name, keys, window)
    if asked not in counts.kept:
        where = {name: sorted(keys)} if keys is not None else {}
        source = ground(dimensions=["provider"], start=add_months(window.start, -12), end=window.end, where=where, scope=_WHOLE)
        inside = source.since(window.start)
        referrers = source.rows.filter(provider_id__isnull=False).order_by().values("provider_id")
        found = referrers.annotate(now=source.tally("inbound", when=inside), before=source.tally("inbound", when=~inside))
        counts.kept[asked] = {None: int(found.filter(now__gt=0, before=0).count())}
    return int(counts.kept[asked][None])


def running(goals: Iterable[Goal], day: dt.date) -> list[Goal]:
    """Those whose period holds the day."""
    return [goal for goal in goals if goal.window.start <= day < goal.window.end]
