"""Small days solved exactly: over every set of stops and every last one of it, all ways that no other beats in both road and time.

Held's and Karp's dynamic program, with windows, lunch and stops that may be left out. The number of sets doubles with each stop.
"""

from typing import NamedTuple

from visits.routing.shapes import Problem
from visits.routing.timing import EPSILON, opening

MOST = 12  # stops: a second or two of a processor


class _Label(NamedTuple):
    """A way through a set of stops: minutes on the road, when its last visit is over, whether lunch was had; and the way before it."""

    road: float
    free: float
    had: bool
    place: int
    before: "_Label | None"


def solve(problem: Problem) -> list[int]:
    """The best order there is: must-sees first, then value, then the fewest minutes on the road."""
    stops, travel, lunch = problem.stops, problem.travel, problem.lunch
    size = len(stops)
    start = [_Label(0, problem.day_start, lunch is None, 0, None)]
    if lunch:
        start.append(_Label(0, max(problem.day_start, lunch.earliest + lunch.minutes), True, 0, None))
    ways: list[dict[int, list[_Label]]] = [{} for _ in range(1 << size)]
    ways[0][0] = start
    best, best_key = start[0], (0, 0.0, 0.0)
    for visited in range(1 << size):
        got = [stop for place, stop in enumerate(stops) if visited >> place & 1]
        worth = (sum(stop.must_see for stop in got), sum(stop.value for stop in got))
        for here, labels in ways[visited].items():
            for label in labels:
                key = (*worth, -label.road - (travel[here][0] if visited else 0))
                if visited and key > best_key and _gets_home(label, problem):
                    best, best_key = label, key
                for place in range(1, size + 1):
                    if not visited >> (place - 1) & 1:
                        _extend(ways[visited | 1 << (place - 1)].setdefault(place, []), label, place, problem)
        ways[visited] = {}  # nothing leads back to it
    order: list[int] = []
    while best.before is not None:
        order.append(best.place)
        best = best.before
    return order[::-1]


def _arrivals(label: _Label, minutes: float, problem: Problem) -> list[tuple[float, bool]]:
    """When one is there, and whether lunch was had by then."""
    reached = [(label.free + minutes, label.had)]
    lunch = problem.lunch
    if lunch and not label.had and (begins := max(label.free, lunch.earliest)) <= lunch.latest + EPSILON:
        reached.append((max(label.free + minutes, begins) + lunch.minutes, True))
    return reached


def _gets_home(label: _Label, problem: Problem) -> bool:
    return any(
        back <= problem.day_end + EPSILON and (had or (problem.lunch is not None and back <= problem.lunch.latest + EPSILON))
        for back, had in _arrivals(label, problem.travel[label.place][0], problem)
    )


def _extend(known: list[_Label], label: _Label, place: int, problem: Problem) -> None:
    """Go on to the place, unless a way known already is no worse in road, time and lunch."""
    minutes = problem.travel[label.place][place]
    road = label.road + minutes
    for reached, had in _arrivals(label, minutes, problem):
        begins = opening(problem.starts[place], reached)
        if begins is None or (free := begins + problem.service[place]) > problem.day_end + EPSILON:
            continue
        if any(other.road <= road and other.free <= free and other.had >= had for other in known):
            continue
        known[:] = [other for other in known if not (road <= other.road and free <= other.free and had >= other.had)]
        known.append(_Label(road, free, had, place, label))
