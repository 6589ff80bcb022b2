"""The search itself, by OR-Tools: which stops, and in which order.

What is optimized, one after the other: as many must-sees as the day holds, then as much value, then as few minutes on the road. The three
are one sum of whole numbers, in which a minute never outweighs a hundredth of a value, nor all values together a must-see.
"""

import itertools
from collections.abc import Sequence
from math import ceil, floor, isinf
from time import monotonic, thread_time
from typing import Any

from visits.routing.shapes import Problem

STEPS = 60  # whole numbers to a minute: seconds
FINE = 100  # whole numbers to a value of 1, at most
COARSE = 10_000  # whole numbers to the largest value, at most
FOREVER = 10**7 * STEPS
SLICE = 0.4  # seconds of one search; the next one starts from the best with its memory cleared
LAMBDAS = (0.1, 0.3, 0.6)  # how hard guided local search punishes, in turn: each is stuck elsewhere
PATIENCE = 3  # a loaded machine may take so many times as long by the clock on the wall


def search(problem: Problem, *, seconds: float) -> list[int]:
    """The best order found in so many seconds of this thread's own time. An order that takes nobody along always exists."""
    from ortools.constraint_solver import pywrapcp  # noqa: PLC0415 - heavy, and needed by workers only

    manager = pywrapcp.RoutingIndexManager(problem.size, 1, 0)
    model = pywrapcp.RoutingModel(manager)
    _costs(model, manager, problem)
    _times(model, manager, problem)
    used, ends = thread_time(), monotonic() + seconds * PATIENCE
    best: Any = None
    for turn in range(1000):
        left = min(seconds - (thread_time() - used), ends - monotonic())
        if best is not None and left <= 0:
            break
        parameters = _parameters(min(SLICE, max(left, 0.05)), LAMBDAS[turn % len(LAMBDAS)])
        found = model.SolveFromAssignmentWithParameters(best, parameters) if best is not None else model.SolveWithParameters(parameters)
        if found is None:
            break
        best = found
    return _order(model, manager, best) if best is not None else []


def _parameters(seconds: float, punish: float) -> Any:
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2  # noqa: PLC0415 - as above

    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.guided_local_search_lambda_coefficient = punish
    parameters.time_limit.FromMilliseconds(int(seconds * 1000))
    return parameters


def _costs(model: Any, manager: Any, problem: Problem) -> None:
    """Minutes on the road, and what it costs to leave a stop out."""
    roads = [[_whole(minutes) for minutes in row] for row in problem.travel]
    model.SetArcCostEvaluatorOfAllVehicles(model.RegisterTransitMatrix(roads))
    longest = sum(max(row) for row in roads) + 1  # no route is longer
    values = _values([stop.value for stop in problem.stops])
    for place, (stop, value) in enumerate(zip(problem.stops, values, strict=True), start=1):
        must = (sum(values) + 1) if stop.must_see else 0
        model.AddDisjunction([manager.NodeToIndex(place)], (value + must) * longest)


def _values(values: Sequence[float]) -> list[int]:
    """As whole numbers in the same proportions, not larger than they need to be."""
    scale = min(FINE, COARSE / max(values, default=1)) if max(values, default=1) > 0 else FINE
    return [round(value * scale) for value in values]


def _whole(minutes: float) -> int:
    """Seconds, rounded up: what fits in whole seconds fits."""
    return FOREVER if isinf(minutes) else min(FOREVER, ceil(round(minutes * STEPS, 6)))


def _times(model: Any, manager: Any, problem: Problem) -> None:
    """The clock: visits within their windows, the day within its ends, lunch between visits."""
    ends = FOREVER if isinf(problem.day_end) else floor(round(problem.day_end * STEPS, 6))
    service = [_whole(minutes) for minutes in problem.service]
    spent = [[_whole(minutes) + service[place] for minutes in row] for place, row in enumerate(problem.travel)]
    last = max(ends, _whole(problem.day_start))
    model.AddDimension(model.RegisterTransitMatrix(spent), last, last, False, "clock")
    clock, solver = model.GetDimensionOrDie("clock"), model.solver()
    for place in range(1, problem.size):
        index = manager.NodeToIndex(place)
        spans = problem.starts[place]
        if spans is None:
            continue
        whole = [(_whole(begins), min(last, floor(round(finish * STEPS, 6)))) for begins, finish in spans]
        whole = [(begins, finish) for begins, finish in whole if begins <= finish]
        if not whole:
            model.solver().Add(model.ActiveVar(index) == 0)
            continue
        clock.CumulVar(index).SetRange(whole[0][0], max(finish for _, finish in whole))
        for (_, shut), (opens, _) in itertools.pairwise(whole):
            if opens - shut > 1:
                clock.CumulVar(index).RemoveInterval(shut + 1, opens - 1)
    clock.CumulVar(model.Start(0)).SetRange(_whole(problem.day_start), last)
    clock.CumulVar(model.End(0)).SetRange(0, last)
    model.AddVariableMinimizedByFinalizer(clock.CumulVar(model.End(0)))
    if problem.lunch:
        earliest, latest = _whole(problem.lunch.earliest), floor(round(problem.lunch.latest * STEPS, 6))
        pause = solver.FixedDurationIntervalVar(earliest, max(earliest, latest), _whole(problem.lunch.minutes), False, "lunch")
        clock.SetBreakIntervalsOfVehicle([pause], 0, service)


def _order(model: Any, manager: Any, found: Any) -> list[int]:
    order, index = [], found.Value(model.NextVar(model.Start(0)))
    while not model.IsEnd(index):
        order.append(manager.IndexToNode(index))
        index = found.Value(model.NextVar(index))
    return order
