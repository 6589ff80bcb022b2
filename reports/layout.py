"""Where the nodes of a network picture stand. Pure and without chance: the same network is always the same picture.

A force layout would move every node when one referral comes in. Here communities are discs, the strongest node of each in its middle
and the others in rings around it; one node's neighbors stand in arcs at its sides. So nothing overlaps, and a picture of next month can
be laid beside this month's. Units are those of the picture, about a pixel on a wide screen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import cos, floor, hypot, pi, sin, sqrt

SMALLEST, LARGEST = 4.0, 20.0  # radius of a node
GAP, ROOM = 14.0, 1.7  # between nodes, and more of it by so many times the larger's radius: the strongest need room for their names
BETWEEN = 26.0  # between discs
FIRST_ARC, NEXT_ARC, WIDEST = 250.0, 84.0, 0.42 * pi  # distances of arcs from the center; half their opening
LINE, LOOSE = 19.0, 34.0  # how close partners on an arc may stand: a name's height with some air; how far apart while there is room
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
        sized = [(key, radius(n, largest)) for key, n in partners]
        for key, r, distance, angle in _arcs(sized):
            spots[key] = Spot(side * distance * cos(angle), distance * sin(angle), r)
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
        gap = GAP + ROOM * size
        distance = rim + gap + size
        room = max(1, floor(pi / _half_angle(size + gap / 2, distance)))
        ring, waiting = waiting[:room], waiting[room:]
        turned = len(spots) * TURN  # so that rings do not line up into spokes
        for place, (key, r) in enumerate(ring):
            angle = 2 * pi * place / len(ring) + turned
            spots[key] = Spot(distance * cos(angle), distance * sin(angle), r)
        rim = distance + size
    return spots, rim + GAP


def _half_angle(half: float, distance: float) -> float:
    """The angle that so much takes up, seen from the middle, on the safe side."""
    return half / distance * 1.1


def _pack(radii: Sequence[float]) -> list[tuple[float, float]]:
    """Middles of discs that do not touch, the first in the middle; the picture grows a little wider than high."""
    placed: list[tuple[float, float, float]] = []
    for rim in radii:
        step = 0
        while True:
            along = 5.0 * sqrt(step)
            x, y = along * cos(step * TURN), 0.85 * along * sin(step * TURN)
            if all(hypot(x - other_x, y - other_y) >= rim + other + BETWEEN for other_x, other_y, other in placed):
                break
            step += 1
        placed.append((x, y, rim))
    return [(x, y) for x, y, _ in placed]


def _arcs(partners: Sequence[tuple[str, float]]) -> Iterator[tuple[str, float, float, float]]:
    """(key, radius, distance, angle): the first straight ahead, the next in turn above and below it, arc after arc.

    `ends` are the lengths of the arc that are taken on either side of straight ahead.
    """
    distance, least = FIRST_ARC, LOOSE if len(partners) * LOOSE <= 2 * WIDEST * FIRST_ARC else LINE
    ends = [0.0, 0.0]
    is_first = True
    for key, r in partners:
        room = max(least, (2 * r + 4) * 1.05)  # a little more than the chord, as the arc is bent
        side = 0 if ends[0] <= ends[1] else 1
        if not is_first and ends[side] + room > WIDEST * distance:
            distance, ends, is_first, side = distance + NEXT_ARC, [0.0, 0.0], True, 0
        if is_first:
            ends, along, is_first = [room / 2, room / 2], 0.0, False
        else:
            along = (ends[side] + room / 2) * (1 if side else -1)
            ends[side] += room
        yield key, r, distance, along / distance


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
