"""Where the nodes of a network picture stand. Pure and without chance: the same network is always the same picture.

A force layout would move every node when one referral comes in. Here communities are discs, the strongest node of each in its middle
and the others in rings around it; one node's neighbors stand in arcs at its sides. So nothing overlaps, and a picture of next month can
be laid beside this month's. Units are those of the picture, about a pixel on a wide screen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, floor, hypot, pi, sin, sqrt

SMALLEST, LARGEST = 4.0, 20.0  # radius of a node
GAP = 7.0  # between nodes, and between a disc's rim and its nodes
BETWEEN = 26.0  # between discs
FIRST_ARC, NEXT_ARC, WIDEST = 250.0, 84.0, 0.42 * pi  # distances of arcs from the center; half their opening
LINE = 19.0  # a label's height with some air: partners on an arc stand no closer
MARGIN, BESIDE = 34.0, 190.0  # around a picture; at the sides of one with names beside its arcs
TURN = pi * (3 - sqrt(5))  # the golden angle


@dataclass(frozen=True)
class Spot:
    """A middle and a radius; `left`, `top` and `across` are those of the square around it."""

    x: float
    y: float
    r: float

    @property
    def left(self) -> float:
        return round(self.x - self.r, 1)

    @property
    def top(self) -> float:
        return round(self.y - self.r, 1)

    @property
    def across(self) -> float:
        return round(2 * self.r, 1)


@dataclass(frozen=True)
class Layout:
    """Spots by node, discs by community (none around one node), and the size of the picture."""

    spots: Mapping[str, Spot]
    discs: Mapping[int, Spot]
    width: float
    height: float


def radius(value: int, largest: int) -> float:
    """Areas, not radii, are in proportion, so that a node of four times the referrals looks four times as large."""
    return SMALLEST + (LARGEST - SMALLEST) * sqrt(value / largest) if largest else SMALLEST


def in_communities(nodes: Sequence[tuple[str, int, int]]) -> Layout:
    """`nodes`: (key, referrals, community). Communities from the largest on, each as near to the middle as there is room."""
    largest = max((n for _, n, _ in nodes), default=0)
    members: dict[int, list[tuple[str, float]]] = {}
    for key, n, community in sorted(nodes, key=lambda node: (node[2], -node[1], node[0])):
        members.setdefault(community, []).append((key, radius(n, largest)))
    packed = {community: _rings(found) for community, found in members.items()}
    order = sorted(packed, key=lambda community: (-packed[community][1], community))
    centers = _pack([packed[community][1] for community in order])
    spots: dict[str, Spot] = {}
    discs: dict[int, Spot] = {}
    for community, (x, y) in zip(order, centers, strict=True):
        local, rim = packed[community]
        discs[community] = Spot(x, y, rim)
        spots |= {key: Spot(x + spot.x, y + spot.y, spot.r) for key, spot in local.items()}
    return _framed(spots, discs)


def around(center: tuple[str, int], left: Sequence[tuple[str, int]], right: Sequence[tuple[str, int]]) -> Layout:
    """One node in the middle, those who send to it at the left, those it sends to at the right; (key, referrals), strongest innermost."""
    largest = max((n for _, n in (*left, *right)), default=0)
    spots = {center[0]: Spot(0, 0, LARGEST)}
    for side, partners in ((-1, left), (1, right)):
        for (key, n), (distance, angle) in zip(partners, _arcs(len(partners)), strict=True):
            spots[key] = Spot(side * distance * cos(angle), distance * sin(angle), radius(n, largest))
    return _framed(spots, {}, BESIDE)


def _rings(members: Sequence[tuple[str, float]]) -> tuple[dict[str, Spot], float]:
    """Nodes by falling size around the first, and the radius of the disc that holds them."""
    spots: dict[str, Spot] = {}
    rim, waiting = 0.0, list(members)
    while waiting:
        size = waiting[0][1]
        if not spots:
            spots[waiting.pop(0)[0]] = Spot(0, 0, size)
            rim = size
            continue
        distance = rim + GAP + size
        room = max(1, floor(pi / _half_angle(size + GAP / 2, distance)))
        ring, waiting = waiting[:room], waiting[room:]
        for place, (key, r) in enumerate(ring):
            angle = 2 * pi * place / len(ring) + len(spots) * TURN
            spots[key] = Spot(distance * cos(angle), distance * sin(angle), r)
        rim = distance + size
    return spots, rim + GAP


def _half_angle(half: float, distance: float) -> float:
    """The angle that so much takes up, seen from the middle, on the safe side."""
    return half / distance * 1.1


def _pack(radii: Sequence[float]) -> list[tuple[float, float]]:
    """Middles of discs that do not touch, the first in the middle; the picture grows wider than high."""
    placed: list[tuple[float, float, float]] = []
    for rim in radii:
        step = 0
        while True:
            along = 5.0 * sqrt(step)
            x, y = 1.25 * along * cos(step * TURN), along * sin(step * TURN) / 1.25
            if all(hypot(x - other_x, y - other_y) >= rim + other + BETWEEN for other_x, other_y, other in placed):
                break
            step += 1
        placed.append((x, y, rim))
    return [(x, y) for x, y, _ in placed]


def _arcs(number: int) -> Iterable[tuple[float, float]]:
    """(distance, angle) of so many partners: the first straight ahead, the next above and below it, arc after arc."""
    places: list[tuple[float, float]] = []
    distance, left = FIRST_ARC, number
    while left:
        most = floor(2 * WIDEST * distance / LINE)
        here = min(left, most)
        step = min(2 * WIDEST / max(1, here - 1), 2.4 * LINE / distance) if here > 1 else 0.0
        ranks = sorted((place - (here - 1) / 2 for place in range(here)), key=lambda rank: (abs(rank), rank))
        places += [(distance, rank * step) for rank in ranks]
        distance, left = distance + NEXT_ARC, left - here
    return places


def _framed(spots: Mapping[str, Spot], discs: Mapping[int, Spot], beside: float = MARGIN) -> Layout:
    """Everything moved so that the picture begins at its upper left corner."""
    shapes = [*spots.values(), *discs.values()]
    if not shapes:
        return Layout({}, {}, 2 * MARGIN, 2 * MARGIN)
    left, top = min(s.x - s.r for s in shapes) - beside, min(s.y - s.r for s in shapes) - MARGIN
    right, bottom = max(s.x + s.r for s in shapes) + beside, max(s.y + s.r for s in shapes) + MARGIN

    def moved(shape: Spot) -> Spot:
        return Spot(round(shape.x - left, 1), round(shape.y - top, 1), round(shape.r, 1))

    return Layout(
        {key: moved(spot) for key, spot in spots.items()},
        {community: moved(disc) for community, disc in discs.items()},
        round(right - left, 1),
        round(bottom - top, 1),
    )
