"""When each stop of an order is reached: at every place the earliest time, once with lunch still to come and once with it had.

Being earlier never hurts, since waiting is allowed; so the earliest times decide whether the order can be driven at all.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from visits.routing.shapes import Problem, Span

EPSILON = 1e-6  # minutes: sums of floats


@dataclass(frozen=True)
class Timetable:
    """When each visit of the order begins, when the end is reached, when lunch starts."""

    begins: tuple[float, ...]
    back: float
    lunch_at: float | None


@dataclass(frozen=True)
class Clash:
    """Why an order cannot be driven: at this place (0: the end of the day) one would be so many minutes late."""

    place: int
    late: float


def opening(spans: Sequence[Span] | None, at: float) -> float | None:
    """The first minute from `at` on that lies in the spans; None when the last one is over."""
    if spans is None:
        return at
    for begins, ends in spans:
        if at <= ends + EPSILON:
            return max(at, begins)
    return None


def timetable(order: Sequence[int], problem: Problem) -> Timetable | Clash:
    """The earliest times of the order, or where it first cannot be kept."""
    lunch, travel = problem.lunch, problem.travel
    before: list[float | None] = [problem.day_start if lunch else None]  # lunch still to come, at each place of the order
    after: list[float | None] = [max(problem.day_start, lunch.earliest + lunch.minutes) if lunch else problem.day_start]  # lunch had
    had_in_leg: list[bool] = [True]
    here = 0
    for there in (*order, 0):
        road = travel[here][there] if order else 0  # a day without stops goes nowhere
        service, spans = problem.service[here], problem.starts[there]
        late: list[float] = []
        b, a = before[-1], after[-1]
        next_before = _arrive(b, service + road, spans, late)
        next_after = _arrive(a, service + road, spans, late)
        in_leg = None
        if lunch and b is not None and (start := max(b + service, lunch.earliest)) <= lunch.latest + EPSILON:
            in_leg = _arrive(max(b + service + road, start) + lunch.minutes, 0, spans, late)
        leg = in_leg is not None and (next_after is None or in_leg < next_after)
        before.append(next_before)
        after.append(in_leg if leg else next_after)
        had_in_leg.append(leg)
        if before[-1] is None and after[-1] is None:
            return Clash(there, min(late, default=0))
        here = there
    return _finished(order, problem, before, after, had_in_leg)


def _arrive(at: float | None, minutes: float, spans: Sequence[Span] | None, late: list[float]) -> float | None:
    """When a visit begins after so many minutes; by how much it is too late is noted."""
    if at is None:
        return None
    begins = opening(spans, at + minutes)
    if begins is None:
        late.append(at + minutes - spans[-1][1] if spans else 0)
    return begins


def _finished(
    order: Sequence[int], problem: Problem, before: list[float | None], after: list[float | None], had_in_leg: list[bool]
) -> Timetable | Clash:
    """Choose how the day ends and walk back to where lunch was."""
    lunch, b, a = problem.lunch, before[-1], after[-1]
    if lunch and b is not None and b > lunch.latest + EPSILON:
        b = None  # back too late to eat at home
    ends = [end for end in (a, b) if end is not None]
    if not ends:
        return Clash(0, (before[-1] or 0) - (lunch.latest if lunch else 0))
    back = min(ends)
    if back > problem.day_end + EPSILON:
        return Clash(0, back - problem.day_end)
    if lunch is None:
        return Timetable(tuple(after[1:-1]), back, None)  # type: ignore[arg-type]  # every stop was reached, else there is a clash
    if a is None or (b is not None and b < a):
        return Timetable(tuple(before[1:-1]), back, max(back, lunch.earliest))  # type: ignore[arg-type]  # every stop was reached, else there is a clash
    leg = max(place for place, had in enumerate(had_in_leg) if had)
    begins = (*before[1 : leg or 1], *after[max(leg, 1) : -1])
    if leg == 0:
        return Timetable(begins, back, lunch.earliest)  # type: ignore[arg-type]  # every stop was reached, else there is a clash
    left = (before[leg - 1] or 0) + problem.service[order[leg - 2] if leg > 1 else 0]
    return Timetable(begins, back, max(left, lunch.earliest))  # type: ignore[arg-type]  # every stop was reached, else there is a clash


def travel_of(order: Sequence[int], travel: Sequence[Sequence[float]]) -> float:
    """Minutes on the road, from the start through the stops to the end; nothing for a day without stops."""
    if not order:
        return 0
    return travel[0][order[0]] + sum(travel[i][j] for i, j in itertools.pairwise(order)) + travel[order[-1]][0]
