"""Areas divided among territories so that work is even and each lies close together. Pure: numbers in, numbers out.

First the most even split is found, as if distance did not matter: its heaviest part is the best that can be had. Then, with a part
allowed to be as heavy as that or `SLACK` over the even share, whichever is more, each area goes to the nearest middle, the middles move to
the middle of what they got, and again, until nothing gets nearer. CP-SAT (OR-Tools) decides each step exactly, or as well as it can within
its time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from common.places import miles_apart

SLACK = 0.05  # over the even share: what may be given for shorter drives
ROUNDS = 6
EFFORT = 20.0  # deterministic seconds of the solver for each question
MOST_AREAS = 1200
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Area:
    """A ZIP code or a county: its work (whole units, minutes or counts) and its middle in degrees."""

    key: str
    work: int
    place: tuple[float, float]


@dataclass(frozen=True)
class Balanced:
    """`part[i]` is where area i goes. `best`: the lightest that the heaviest part can be at all. `is_proven`: the solver is sure of it."""

    part: Sequence[int]
    loads: Sequence[int]
    best: int
    is_proven: bool

    @property
    def spread(self) -> float:
        """The heaviest part over the even share, less one: 0 is even."""
        whole = sum(self.loads)
        return max(self.loads) * len(self.loads) / whole - 1 if whole else 0.0


def balance(areas: Sequence[Area], parts: int, *, progress: Progress | None = None) -> Balanced:
    """Divide the areas among so many parts; there are at least as many areas as parts."""
    works = [area.work for area in areas]
    best, proven = _most_even(works, parts)
    limit = max(best, int(sum(works) / parts * (1 + SLACK)))
    middles = _seeds(areas, parts)
    chosen: list[int] = []
    cost = None
    for n in range(ROUNDS):
        miles = [[miles_apart(area.place, middle) for middle in middles] for area in areas]
        part = _nearest(works, miles, limit)
        now = sum(_weight(area) * miles[i][part[i]] for i, area in enumerate(areas))
        if cost is not None and now >= cost - 1e-6:
            break
        chosen, cost = part, now
        middles = [_middle([area for i, area in enumerate(areas) if part[i] == k], middles[k]) for k in range(parts)]
        if progress:
            progress(n + 1, ROUNDS, "Dividing the areas")
    return Balanced(chosen, [sum(w for w, at in zip(works, chosen, strict=True) if at == k) for k in range(parts)], best, proven)


def _weight(area: Area) -> int:
    return area.work + 1  # places without work lie somewhere too


def _most_even(works: Sequence[int], parts: int) -> tuple[int, bool]:
    """The lightest that the heaviest part can be, every part holding something; and whether that is proven."""
    from ortools.sat.python import cp_model  # noqa: PLC0415 - a heavy import, for workers only

    model = cp_model.CpModel()
    x = [[model.new_bool_var("") for _ in range(parts)] for _ in works]
    top = model.new_int_var(0, sum(works), "")
    for row in x:
        model.add_exactly_one(row)
    for k in range(parts):
        model.add(sum(work * row[k] for work, row in zip(works, x, strict=True)) <= top)
        model.add(sum(row[k] for row in x) >= 1)
    model.add(top >= -(-sum(works) // parts))
    model.minimize(top)
    solver = _solver(cp_model)
    status = solver.solve(model)
    return int(solver.value(top)), status == cp_model.OPTIMAL


def _nearest(works: Sequence[int], miles: Sequence[Sequence[float]], limit: int) -> list[int]:
    """Each area to a middle, the fewest miles in all, no part heavier than the limit, none empty."""
    from ortools.sat.python import cp_model  # noqa: PLC0415 - as above

    model = cp_model.CpModel()
    parts = range(len(miles[0]))
    x = [[model.new_bool_var("") for _ in parts] for _ in works]
    for row in x:
        model.add_exactly_one(row)
    for k in parts:
        model.add(sum(work * row[k] for work, row in zip(works, x, strict=True)) <= limit)
        model.add(sum(row[k] for row in x) >= 1)
    model.minimize(sum(round(100 * miles[i][k]) * (work + 1) * x[i][k] for i, work in enumerate(works) for k in parts))
    solver = _solver(cp_model)
    solver.solve(model)
    return [next(k for k in parts if solver.boolean_value(row[k])) for row in x]


def _solver(cp_model: Any) -> Any:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = EFFORT
    return solver


def _seeds(areas: Sequence[Area], parts: int) -> list[tuple[float, float]]:
    """The busiest area, then each time the one that is furthest from all so far."""
    found = [max(areas, key=lambda area: (area.work, area.key)).place]
    while len(found) < parts:
        found.append(max(areas, key=lambda area: (min(miles_apart(area.place, one) for one in found), area.key)).place)
    return found


def _middle(held: Sequence[Area], otherwise: tuple[float, float]) -> tuple[float, float]:
    """Weighted by work."""
    whole = sum(map(_weight, held))
    if not whole:
        return otherwise
    return (
        sum(_weight(area) * area.place[0] for area in held) / whole,
        sum(_weight(area) * area.place[1] for area in held) / whole,
    )


def neighbors(areas: Sequence[Area]) -> set[tuple[int, int]]:
    """Which areas lie beside each other: no third one in the circle between their middles (Gabriel and Sokal 1969)."""

    place = np.array([area.place for area in areas])
    apart = ((place[:, None, :] - place[None, :, :]) ** 2).sum(axis=2)
    return {(i, j) for i, j in combinations(range(len(areas)), 2) if not (apart[i] + apart[j] < apart[i, j] - 1e-12).any()}


def pieces(areas: Sequence[Area], part: Sequence[int], which: int) -> int:
    """Into how many pieces a part falls; one is what one wants."""
    held = {i for i, at in enumerate(part) if at == which}
    beside = [(i, j) for i, j in neighbors(areas) if i in held and j in held]
    count = 0
    while held:
        count += 1
        open_ = [held.pop()]
        while open_:
            at = open_.pop()
            for i, j in beside:
                other = j if i == at else i if j == at else None
                if other in held:
                    held.discard(other)
                    open_.append(other)
    return count
