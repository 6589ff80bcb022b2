"""A tour made shorter: 2-opt and moves of up to three neighbors over near places, again and again after a random disturbance.

Lin and Kernighan's don't-look queue with Johnson's and McGeoch's segment-swapping kicks. For travel that is the same in both directions;
whether a day still holds the order is for the caller to say.
"""

import random
from collections.abc import Callable, Sequence
from time import thread_time

NEAR = 8  # places looked at around each
KICK = 30  # a disturbance swaps two neighboring pieces within so many places
LEAST = 1e-9


class Tour:
    """A round trip over the places 0 … n-1, with the position of each."""

    def __init__(self, places: Sequence[int], travel: Sequence[Sequence[float]]) -> None:
        self.places, self.travel, self.size = list(places), travel, len(places)
        inside = set(places)
        self.near = {one: sorted(inside - {one}, key=travel[one].__getitem__)[:NEAR] for one in inside}
        self.at = {place: position for position, place in enumerate(self.places)}

    def length(self) -> float:
        """Minutes around."""
        return sum(self.travel[self.places[position - 1]][place] for position, place in enumerate(self.places))

    def set(self, places: list[int]) -> None:
        """Go another way."""
        self.places = places
        self.at = {place: position for position, place in enumerate(places)}

    def after(self, place: int) -> int:
        return self.places[(self.at[place] + 1) % self.size]

    def before(self, place: int) -> int:
        return self.places[self.at[place] - 1]

    def improve(self, queue: list[int]) -> float:
        """Better moves around the queued places until there is none; returns the minutes won."""
        won, waiting = 0.0, set(queue)
        while queue:
            place = queue.pop()
            waiting.discard(place)
            while moved := self._two_opt(place) or self._shift(place):
                gain, touched = moved
                won += gain
                queue += [one for one in touched if one not in waiting]
                waiting.update(touched)
        return won

    def _two_opt(self, place: int) -> tuple[float, tuple[int, ...]] | None:
        """Replace the way from the place to its successor (or from its predecessor) by one to a near place."""
        travel, row = self.travel, self.travel[place]
        for beside in (self.after, self.before):
            next_ = beside(place)
            for other in self.near[place]:
                if row[next_] - row[other] <= 0:
                    break
                beyond = beside(other)
                gain = row[next_] + travel[other][beyond] - row[other] - travel[next_][beyond]
                if gain > LEAST:
                    if beside == self.after:
                        self._turn(next_, other)
                    else:
                        self._turn(place, beyond)
                    return gain, (place, next_, other, beyond)
        return None

    def _turn(self, first: int, last: int) -> None:
        """Drive the piece from `first` to `last` the other way round; the shorter side of the tour is the one that is turned."""
        places, at, size = self.places, self.at, self.size
        left, right = at[first], at[last]
        inner = (right - left) % size + 1
        if inner * 2 > size:
            left, right, inner = (right + 1) % size, (left - 1) % size, size - inner
        for _ in range(inner // 2):
            one, other = places[left], places[right]
            places[left], places[right] = other, one
            at[other], at[one] = left, right
            left, right = (left + 1) % size, (right - 1) % size

    def _shift(self, place: int) -> tuple[float, tuple[int, ...]] | None:
        """Move one to three places, from this one on or back, between a near place and one beside it."""
        travel, row, size = self.travel, self.travel[place], self.size
        for length in range(1, min(4, size - 2)):
            for way in (1, -1):
                here = self.at[place]
                piece = [self.places[(here + way * step) % size] for step in range(length)]
                end, before, beyond = piece[-1], self.places[(here - way) % size], self.places[(here + way * length) % size]
                saved = travel[before][place] + travel[end][beyond] - travel[before][beyond]
                for other in self.near[place]:
                    if row[other] >= saved:
                        break
                    if other in piece:
                        continue
                    for beside in (self.after(other), self.before(other)):
                        if beside in piece:
                            continue
                        gain = saved - row[other] - travel[end][beside] + travel[other][beside]
                        if gain > LEAST:
                            self._put(piece, other, beside)
                            return gain, (before, beyond, place, end, other, beside)
        return None

    def _put(self, piece: list[int], other: int, beside: int) -> None:
        """Put the piece, which begins at `other`'s side, between the two."""
        rest = [place for place in self.places if place not in piece]
        position = rest.index(other)
        if rest[(position + 1) % len(rest)] == beside:
            self.set([*rest[: position + 1], *piece, *rest[position + 1 :]])
        else:
            self.set([*rest[:position], *reversed(piece), *rest[position:]])

    def kick(self, dice: random.Random) -> tuple[float, list[int]]:
        """Swap two neighboring pieces somewhere; returns by how much the tour grew, and the places at the seams."""
        start = dice.randrange(self.size)
        a, b, c = sorted(dice.sample(range(1, min(self.size, KICK + 1)), 3))
        turned = self.places[start:] + self.places[:start]
        seams = [turned[a - 1], turned[a], turned[b - 1], turned[b], turned[c - 1], turned[c % self.size]]
        travel = self.travel
        old = travel[seams[0]][seams[1]] + travel[seams[2]][seams[3]] + travel[seams[4]][seams[5]]
        new = travel[seams[0]][seams[3]] + travel[seams[4]][seams[1]] + travel[seams[2]][seams[5]]
        self.set(turned[:a] + turned[b:c] + turned[a:b] + turned[c:])
        return new - old, seams


def polish(
    order: Sequence[int], travel: Sequence[Sequence[float]], *, fits: Callable[[list[int]], bool], seconds: float, seed: int = 1
) -> list[int]:
    """The order of the stops made shorter in so many seconds of this thread's time. Place 0 is the depot; only what fits is kept."""
    if len(order) < 4:
        return list(order)
    until, dice = thread_time() + seconds, random.Random(seed)  # noqa: S311 - a search, no secret
    tour = Tour([0, *order], travel)
    best, kept = tour.length(), list(tour.places)
    length = best - tour.improve(list(tour.places))
    while True:
        if length < best - LEAST and (found := _either_way(tour, fits)):
            best, kept = length, found
        else:
            tour.set(list(kept))
        if thread_time() >= until:
            return _from_depot(kept)
        grown, seams = tour.kick(dice)
        length = best + grown - tour.improve(seams)


def _from_depot(places: list[int]) -> list[int]:
    start = places.index(0)
    return places[start + 1 :] + places[:start]


def _either_way(tour: Tour, fits: Callable[[list[int]], bool]) -> list[int] | None:
    """The tour, or driven backwards, whichever the day holds."""
    order = _from_depot(tour.places)
    for one in (order, order[::-1]):
        if fits(one):
            return [0, *one]
    return None
