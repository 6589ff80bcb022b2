"""Whether a route can be driven as it says: asked of every route before anybody sees it.

Independent of visits.routing on purpose: it reads the finished times and knows nothing of how they were found.
"""

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

TOLERANCE = 0.01  # minutes
ENDS_LATE, LUNCH_OFF = "The day ends too late.", "Lunch is at the wrong time."


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, in a sentence; `key` names the stop whose hours do not hold."""

    says: str
    key: Hashable | None = None


class Visitable(Protocol):
    """What is asked of a stop."""

    @property
    def key(self) -> Hashable: ...
    @property
    def windows(self) -> Sequence[tuple[float, float]] | None: ...
    @property
    def service(self) -> float: ...


class Driven(Protocol):
    """What is asked of a route."""

    @property
    def order(self) -> Sequence[Hashable]: ...
    @property
    def arrivals(self) -> Sequence[float]: ...
    @property
    def travel(self) -> float: ...
    @property
    def dropped(self) -> Sequence[tuple[Hashable, str]]: ...
    @property
    def leaves(self) -> float: ...
    @property
    def back(self) -> float: ...
    @property
    def lunch_at(self) -> float | None: ...


def problems(
    stops: Sequence[Visitable],
    route: Driven,
    *,
    travel: Sequence[Sequence[float]],
    day_start: float,
    day_end: float,
    lunch: tuple[float, float, float] | None = None,
) -> list[str]:
    """A sentence for everything that is wrong; empty when the route holds. `travel`: the depot first, then the stops in their order."""
    return [one.says for one in findings(stops, route, travel=travel, day_start=day_start, day_end=day_end, lunch=lunch)]


def findings(
    stops: Sequence[Visitable],
    route: Driven,
    *,
    travel: Sequence[Sequence[float]],
    day_start: float,
    day_end: float,
    lunch: tuple[float, float, float] | None = None,
) -> list[Finding]:
    """The same, with the stop of each."""
    places = {stop.key: place for place, stop in enumerate(stops, start=1)}
    named = [*route.order, *(key for key, _ in route.dropped)]
    found: list[Finding] = []
    if sorted(map(str, named)) != sorted(map(str, places)):
        return [Finding("Not every stop is either on the route or dropped, once.")]
    if len(route.arrivals) != len(route.order):
        return [Finding("Not every stop on the route has a time.")]
    found += [Finding(f"{key} was dropped without a reason.") for key, why in route.dropped if not why]
    way = [0, *(places[key] for key in route.order), 0]
    begins = [route.leaves, *route.arrivals, route.back]
    minutes = [0.0, *(stops[place - 1].service for place in way[1:-1]), 0.0]
    road = sum(travel[here][there] for here, there in itertools.pairwise(way)) if route.order else 0.0
    if abs(road - route.travel) > TOLERANCE:
        found.append(Finding(f"The road takes {road:.1f} minutes, not {route.travel:.1f}."))
    for key, begin in zip(route.order, route.arrivals, strict=True):
        stop = stops[places[key] - 1]
        inside = stop.windows is None or any(
            opens - TOLERANCE <= begin and begin + stop.service <= closes + TOLERANCE for opens, closes in stop.windows
        )
        if not inside:
            found.append(Finding(f"{key} is visited outside its hours.", key))
    told = _legs(way, begins, minutes, travel, lunch, route.lunch_at)
    if route.leaves < day_start - TOLERANCE:
        told.append("The day starts too early.")
    if route.back > day_end + TOLERANCE:
        told.append(ENDS_LATE)
    if lunch:
        told += _lunch(begins, minutes, lunch, route.lunch_at)
    return found + [Finding(says) for says in told]


def _legs(
    way: Sequence[int],
    begins: Sequence[float],
    minutes: Sequence[float],
    travel: Sequence[Sequence[float]],
    lunch: tuple[float, float, float] | None,
    lunch_at: float | None,
) -> list[str]:
    """Between two visits there is time for the road, and for lunch if it is then."""
    late = []
    for place in range(len(way) - 1):
        left, reached = begins[place] + minutes[place], begins[place + 1]
        needed = travel[way[place]][way[place + 1]] if len(way) > 2 else 0.0
        if lunch and lunch_at is not None and left - TOLERANCE <= lunch_at < reached - TOLERANCE:
            needed += lunch[2]
        if reached - left < needed - TOLERANCE:
            late.append(f"There are {reached - left:.1f} minutes for leg {place + 1}, which takes {needed:.1f}.")
    return late


def _lunch(begins: Sequence[float], minutes: Sequence[float], lunch: tuple[float, float, float], lunch_at: float | None) -> list[str]:
    """Lunch starts when it may, and no visit falls into it."""
    if lunch_at is None:
        return ["There is no lunch."]
    earliest, latest, lasts = lunch
    wrong = [] if earliest - TOLERANCE <= lunch_at <= latest + TOLERANCE else [LUNCH_OFF]
    for begin, length in list(zip(begins, minutes, strict=True))[1:-1]:
        if lunch_at < begin + length - TOLERANCE and begin < lunch_at + lasts - TOLERANCE:
            wrong.append("A visit falls into lunch.")
    return wrong
