"""The day's route as a whole: search, polish, put in what still fits, tell why the rest does not (METHODS section 6)."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from common.places import miles_apart
from visits.routing.exact import MOST, solve
from visits.routing.polishing import polish
from visits.routing.reasons import best_insertion, reason
from visits.routing.shapes import DayRoute, Lunch, Problem, Stop
from visits.routing.solving import search
from visits.routing.timing import Timetable, timetable, travel_of

CIRCUITY, SPEED = 1.3, 30  # miles of road for a mile as the crow flies; miles per hour
POLISHED = 0.5  # of the time, where travel is the same both ways


def plan_day(
    stops: Sequence[Stop],
    *,
    travel: Sequence[Sequence[float]] | None = None,
    day_start: float = 0,
    day_end: float | None = None,
    lunch: Lunch | tuple[float, float, float] | None = None,
    time_limit_s: float = 2.0,
) -> DayRoute:
    """The best order of the stops that the day holds: must-sees first, then value, then the fewest minutes on the road.

    `travel`: minutes between all places, the depot first and then the stops in their order; its row 0 starts the day, its column 0 ends it.
    Without it drives are estimated from coordinates (haversine x 1.3 at 30 mph) and the day starts and ends at the first and last stop.
    `day_end` None: the day has no end. `lunch`: earliest start, latest start, minutes. `time_limit_s` is time of the processor;
    a day of up to twelve stops is solved exactly and does not need it.
    """
    _check(stops, travel, day_start, day_end)
    roads = travel if travel is not None else _estimated(stops)
    problem = Problem(stops, roads, day_start, inf if day_end is None else day_end, Lunch(*lunch) if lunch and lunch[2] > 0 else None)
    if not isinstance(timetable([], problem), Timetable):
        return DayRoute([], [], 0, [(stop.key, "the day is too short for lunch and the way home") for stop in stops])
    order = _search(problem, time_limit_s)
    order = _with_what_fits(order, problem)
    return _route(order, problem)


def timed(
    stops: Sequence[Stop],
    order: Sequence[int],
    *,
    travel: Sequence[Sequence[float]],
    day_start: float,
    day_end: float,
    lunch: Lunch | None,
) -> DayRoute | None:
    """The times of an order that somebody chose by hand (places from 1); None where the day does not hold it."""
    problem = Problem(stops, travel, day_start, day_end, lunch if lunch and lunch.minutes > 0 else None)
    return _route(order, problem, told=False) if isinstance(timetable(order, problem), Timetable) else None


def forced(
    stops: Sequence[Stop],
    order: Sequence[int],
    *,
    travel: Sequence[Sequence[float]],
    day_start: float,
    day_end: float,
    lunch: Lunch | None,
) -> DayRoute:
    """The times of an order that somebody chose by hand, also where the day does not hold it.

    Then each visit begins as early as it can, at doors that have closed too, the day ends when it ends, and at last lunch is later than it
    may be. What of that does not fit is for `visits.feasibility` to find.
    """
    late = [replace(stop, windows=_never_closing(stop.windows)) for stop in stops]
    later = lunch._replace(latest=inf) if lunch else None
    for these, end, break_ in ((stops, day_end, lunch), (late, inf, lunch), (late, inf, later)):
        if found := timed(these, order, travel=travel, day_start=day_start, day_end=end, lunch=break_):
            return found
    raise ValueError("An order whose doors never close can always be driven.")


def _never_closing(windows: Sequence[tuple[float, float]] | None) -> list[tuple[float, float]] | None:
    """The last door stays open; of those that never open, one need not wait for any."""
    spans = sorted(windows or ())
    return [*spans[:-1], (spans[-1][0], inf)] if spans else None


def _check(stops: Sequence[Stop], travel: Sequence[Sequence[float]] | None, day_start: float, day_end: float | None) -> None:
    if len({stop.key for stop in stops}) < len(stops):
        raise ValueError("Each stop of a day needs a key of its own.")
    if travel is not None and {len(travel), *map(len, travel)} != {len(stops) + 1}:
        raise ValueError(f"Travel needs {len(stops) + 1} rows and columns: the depot, then the stops.")
    if day_end is not None and day_end < day_start:
        raise ValueError("The day ends before it starts.")
    if any(stop.service < 0 or stop.value < 0 for stop in stops):
        raise ValueError("Neither minutes nor values are negative.")


def _estimated(stops: Sequence[Stop]) -> list[list[float]]:
    roads = [[0.0] * (len(stops) + 1) for _ in range(len(stops) + 1)]
    for i, one in enumerate(stops, start=1):
        for j, other in enumerate(stops, start=1):
            roads[i][j] = drive_minutes((one.lat, one.lon), (other.lat, other.lon), circuity=CIRCUITY, speed_mph=SPEED)
    return roads


def drive_minutes(one: tuple[float, float], other: tuple[float, float], *, circuity: float, speed_mph: float) -> float:
    """Estimated: the great circle (haversine) between two points in degrees, times the roads' detour, at the speed."""
    return miles_apart(one, other) * circuity / speed_mph * 60


def _search(problem: Problem, seconds: float) -> list[int]:
    """A small day is solved exactly. Else OR-Tools chooses; where the roads are as long both ways, its order is polished."""
    if len(problem.stops) <= MOST:
        return solve(problem)
    two_way = all(problem.travel[i][j] == problem.travel[j][i] for i in range(problem.size) for j in range(i))
    order = search(problem, seconds=seconds * (1 - POLISHED) if two_way else seconds)
    while not isinstance(timetable(order, problem), Timetable):  # seconds rounded another way than minutes: cannot be, but is checked
        order = order[:-1]
    if two_way:
        order = polish(order, problem.travel, fits=lambda one: isinstance(timetable(one, problem), Timetable), seconds=seconds * POLISHED)
    return order


def _with_what_fits(order: list[int], problem: Problem) -> list[int]:
    """What was left out although there is room is put in: must-sees first, then by value."""
    left = sorted(
        set(range(1, problem.size)) - set(order), key=lambda place: (not problem.stops[place - 1].must_see, -problem.stops[place - 1].value)
    )
    for place in left:
        if problem.stops[place - 1].value > 0 or problem.stops[place - 1].must_see:
            order = best_insertion(order, place, problem) or order
    return order


def _route(order: Sequence[int], problem: Problem, *, told: bool = True) -> DayRoute:
    times = timetable(order, problem)
    if not isinstance(times, Timetable):
        raise ValueError("This order cannot be driven.")
    left = [place for place in range(1, problem.size) if place not in set(order)]
    dropped = [(problem.stops[place - 1].key, reason(order, place, problem) if told else "taken off the route") for place in left]
    leaves = problem.day_start
    if order and times.begins:
        leaves = times.begins[0] - problem.travel[0][order[0]]
        if times.lunch_at is not None and times.lunch_at <= times.begins[0]:
            leaves -= problem.lunch.minutes if problem.lunch and times.lunch_at >= problem.day_start else 0
    return DayRoute(
        [problem.stops[place - 1].key for place in order],
        list(times.begins),
        travel_of(order, problem.travel),
        dropped,
        leaves=max(problem.day_start, leaves),
        back=times.back,
        lunch_at=times.lunch_at,
    )
