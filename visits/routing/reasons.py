"""Why a stop is not on the route: computed, from the stop alone and then beside the route."""

from collections.abc import Sequence
from math import ceil, isinf

from common.templatetags.prm import clock
from visits.routing.shapes import Problem
from visits.routing.timing import Clash, Timetable, timetable, travel_of


def best_insertion(order: Sequence[int], place: int, problem: Problem) -> list[int] | None:
    """The order with the place where it costs least road and all times still hold; None where it fits nowhere."""
    fitting = [longer for longer in _insertions(order, place) if isinstance(timetable(longer, problem), Timetable)]
    return min(fitting, key=lambda longer: travel_of(longer, problem.travel), default=None)


def _insertions(order: Sequence[int], place: int) -> list[list[int]]:
    return [[*order[:position], place, *order[position:]] for position in range(len(order) + 1)]


def reason(order: Sequence[int], place: int, problem: Problem) -> str:
    """The sentence for a place that fits nowhere into the order."""
    return _alone(place, problem) or _beside(order, place, problem)


def _alone(place: int, problem: Problem) -> str:
    """Why not even a day with nothing else holds it; blank when one does."""
    stop, spans, there = problem.stops[place - 1], problem.starts[place], problem.travel[0][place]
    if isinf(there) or isinf(problem.travel[place][0]):
        return "no road leads there"
    if stop.windows is not None and not stop.windows:
        return "sees no visitors on this day"
    if spans is not None and not spans:
        longest = max(ends - begins for begins, ends in stop.windows or ())
        return f"a visit of {ceil(stop.service)} minutes is longer than its hours ({ceil(longest)} minutes)"
    clash = timetable([place], problem)
    if isinstance(clash, Timetable):
        return ""
    if clash.place == place and spans:
        return f"no time before it closes at {clock(spans[-1][1] + stop.service)}, even as the first stop"
    way = there + stop.service + problem.travel[place][0]
    if way > problem.day_end - problem.day_start:
        return f"further than the day allows: {ceil(way)} minutes there, in and back"
    if spans and spans[0][0] + stop.service + problem.travel[place][0] > problem.day_end:
        return f"opens at {clock(spans[0][0])}, too late to be back by {clock(problem.day_end)}"
    return f"the day would end {ceil(clash.late)} minutes too late, even with nothing else"


def _beside(order: Sequence[int], place: int, problem: Problem) -> str:
    """Which stop, or the end of the day, would be late by the least, wherever it is put in."""
    clashes = [clash for longer in _insertions(order, place) if isinstance(clash := timetable(longer, problem), Clash)]
    nearest = min(clashes, key=lambda clash: (clash.late, clash.place != place))
    if nearest.place == place:
        return f"no time left before it closes at {clock(_closes(place, problem))}"
    if nearest.place == 0:
        return f"no time left in the day: it would end {max(1, ceil(nearest.late))} minutes too late"
    other = problem.stops[nearest.place - 1]
    return f"{other.label or other.key} closes at {clock(_closes(nearest.place, problem))} and would be missed"


def _closes(place: int, problem: Problem) -> float:
    spans = problem.starts[place] or ()
    return max(ends for _, ends in spans) + problem.service[place]
