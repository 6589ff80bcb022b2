"""Which of many practices to visit on which day: a draft, made greedily. Pure: candidates and days in, stops with times out.

Each day begins with a share of drawn practices in their drawn order, wherever they lie: nothing but the draw may decide among them.
Then, as long as something fits, the practice is added that is worth most for the minutes it costs: its score over the minutes of the visit
and of the detour (cheapest insertion into the day's round trip from the start and back). What is planned already keeps its time, and its
place in the round trip. The way through a day is not the shortest here: the day's route orders it later.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

NOON = 12 * 60  # the pause is taken by the first stop that would begin after it
STEP = 5  # minutes to which times are rounded up
UNKNOWN_DRIVE = 20  # minutes where nobody knows where one of the two places lies
NO_START = "no start"
PATIENCE = 20  # minutes that a stop may wait for its turn in the trip rather than be overtaken

Drive = Callable[[str, str], int | None]
Span = tuple[int, int]  # minutes after midnight, half-open


@dataclass(frozen=True)
class Candidate:
    """A practice that may be visited: what that is worth (any unit, the same for all), and why; its place in a drawn order of the month.

    `lies` is what `drive` understands, blank where nobody knows. `opens` are the spans in which it sees visitors by weekday (0: Monday),
    None at any hour; a weekday that is not in it counts as None. `minutes` of a visit there, None as everywhere.
    """

    practice: int
    lies: str
    score: float
    why: str = ""
    drawn_place: int | None = None
    opens: Mapping[int, Sequence[Span] | None] = field(default_factory=dict, compare=False)
    minutes: int | None = None


@dataclass(frozen=True)
class Fixed:
    """A visit that is planned already. Minutes count from midnight."""

    begins: int
    lies: str


@dataclass(frozen=True)
class Room:
    """One working day: from when until when, and what is on it already."""

    day: dt.date
    starts: int
    ends: int
    pause: int = 0
    fixed: tuple[Fixed, ...] = ()
    drawn_share: int = 0

    @property
    def minutes(self) -> int:
        return self.ends - self.starts - self.pause


@dataclass(frozen=True)
class Placed:
    """A stop of the draft: when it begins, in minutes from midnight, and the drive to it from the stop before."""

    candidate: Candidate
    day: dt.date
    begins: int
    drive: int | None


@dataclass
class _Day:
    """A day while it is filled: the round trip as ZIP codes in turn, without the start; None marks a visit that is planned already."""

    room: Room
    home: str
    visit_minutes: int
    drive: Drive
    trip: list[tuple[str, Candidate | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trip = [(fixed.lies, None) for fixed in sorted(self.room.fixed, key=lambda fixed: fixed.begins)]

    def minutes_between(self, one: str, other: str) -> int:
        """Without a start that is known, a day begins and ends at its first and last stop."""
        if not self.home and NO_START in (one, other):
            return 0
        found = self.drive(one, other)
        return UNKNOWN_DRIVE if found is None else found

    @property
    def start(self) -> str:
        return self.home or NO_START

    @property
    def driving(self) -> int:
        places = [self.start, *(lies for lies, _ in self.trip), self.start] if self.trip else []
        return sum(self.minutes_between(one, other) for one, other in pairwise(places))

    @property
    def used(self) -> int:
        return self.driving + sum(self.length(one) for _, one in self.trip)

    def length(self, candidate: Candidate | None) -> int:
        """Minutes of the visit."""
        return (candidate.minutes if candidate else None) or self.visit_minutes

    def opening(self, candidate: Candidate, begins: int) -> int | None:
        """The first minute from `begins` on at which the whole visit finds an open door; None when there is none on this day."""
        spans = candidate.opens.get(self.room.day.weekday())
        if spans is None:
            return begins
        length = self.length(candidate)
        return next((start for opens, ends in spans if (start := _rounded(max(begins, opens))) + length <= ends), None)

    def has_room(self, candidate: Candidate, detour: int) -> bool:
        fits = self.used + detour + self.length(candidate) <= self.room.minutes
        return fits and self.opening(candidate, self.room.starts) is not None

    def detour(self, lies: str) -> tuple[int, int]:
        """(minutes more on the road, where in the trip) of the cheapest insertion."""
        places = [self.start, *(known for known, _ in self.trip), self.start]
        best: tuple[int, int] | None = None
        for at, (one, other) in enumerate(pairwise(places)):
            more = self.minutes_between(one, lies) + self.minutes_between(lies, other) - self.minutes_between(one, other)
            if best is None or more < best[0]:
                best = (more, at)
        return best or (0, 0)

    def add(self, candidate: Candidate) -> bool:
        """Put it where it costs least; False when the day has no room for it."""
        more, at = self.detour(candidate.lies)
        if not self.has_room(candidate, more):
            return False
        self.trip.insert(at, (candidate.lies, candidate))
        return True

    def timed(self) -> list[Placed]:
        """Times from the start of the day, in the order of the trip but for doors that are still shut: those wait their turn.

        What is planned already is neither moved nor overlapped; what finds no gap between it, or no open door, is left out.
        """
        found: list[Placed] = []
        waiting = [candidate for _, candidate in self.trip if candidate]
        clock, before, paused = self.room.starts, self.start, self.room.pause == 0
        while waiting:
            times = {one.practice: self._begins(one, clock, before, paused) for one in waiting}
            waiting = [one for one in waiting if times[one.practice] is not None]
            if not waiting:
                break
            soonest = min(times[one.practice] or 0 for one in waiting)
            one = next(one for one in waiting if (times[one.practice] or 0) <= soonest + PATIENCE)
            begins = times[one.practice] or 0
            waiting.remove(one)
            drive = None if before == NO_START else self.drive(before, one.lies)
            found.append(Placed(one, self.room.day, begins, drive))
            paused = paused or clock + self.minutes_between(before, one.lies) >= NOON
            clock, before = begins + self.length(one), one.lies
        return found

    def _begins(self, one: Candidate, clock: int, before: str, paused: bool) -> int | None:
        """When the visit can begin, after the drive, the pause, what is planned already and the opening of the door."""
        length = self.length(one)
        earliest = _rounded(clock + self.minutes_between(before, one.lies))
        begins = self.opening(one, earliest + (self.room.pause if not paused and earliest >= NOON else 0))
        for other in sorted(fixed.begins for fixed in self.room.fixed):
            if begins is not None and other - length < begins < other + self.visit_minutes:
                begins = self.opening(one, _rounded(other + self.visit_minutes))
        return None if begins is None or begins + length > self.room.ends else begins


def _rounded(minute: int) -> int:
    return -(-minute // STEP) * STEP


def draft(candidates: Sequence[Candidate], rooms: Sequence[Room], *, home: str, visit_minutes: int, drive: Drive) -> list[Placed]:
    """The draft of these days, by day and time; each practice at most once."""
    waiting = sorted((one for one in candidates if one.drawn_place is None and one.score > 0), key=lambda one: (-one.score, one.practice))
    drawn = sorted((one for one in candidates if one.drawn_place is not None), key=lambda one: (one.drawn_place or 0, one.practice))
    found: list[Placed] = []
    for room in rooms:
        day = _Day(room, home, visit_minutes, drive)
        for _ in range(room.drawn_share):
            if not drawn or not day.add(drawn[0]):
                break
            drawn.pop(0)
        while (best := _best(day, waiting)) is not None:
            day.add(best)
            waiting.remove(best)
        placed = day.timed()
        in_time = {one.candidate.practice for one in placed}
        untimed = [one for _, one in day.trip if one and one.practice not in in_time]
        waiting += [one for one in untimed if one.drawn_place is None]
        if held := [one for one in untimed if one.drawn_place is not None]:
            # Who was drawn later does not go before one that found no gap: they wait together.
            first = min(one.drawn_place or 0 for one in held)
            later = [one.candidate for one in placed if (one.candidate.drawn_place or 0) > first]
            placed = [one for one in placed if one.candidate not in later]
            drawn = sorted([*held, *later, *drawn], key=lambda one: (one.drawn_place or 0, one.practice))
        found += placed
    return found


def _best(day: _Day, waiting: Sequence[Candidate]) -> Candidate | None:
    """Worth most for its minutes among those that fit. An empty day starts with what is worth most, wherever it lies."""
    best: tuple[float, int, Candidate] | None = None
    started = bool(day.trip)
    for one in waiting:
        more, _ = day.detour(one.lies)
        if not day.has_room(one, more):
            continue
        worth = one.score / (day.length(one) + more) if started else one.score
        if best is None or (worth, -one.practice) > best[:2]:
            best = (worth, -one.practice, one)
    return best[2] if best else None


def driving_a_visit(places: Sequence[str], *, home: str, visit_minutes: int, day_minutes: int, drive: Drive) -> float:
    """Minutes on the road for one visit, on average, if these practices are visited in rounds from the start, the nearest one next.

    Each day ends when the next visit and the way back no longer fit. An upper estimate: good rounds are somewhat shorter.
    """
    left = sorted(places)
    if not left:
        return 0.0
    total, count, start = 0, len(left), home or NO_START

    def between(one: str, other: str) -> int:
        if not home and NO_START in (one, other):
            return 0
        found = drive(one, other)
        return UNKNOWN_DRIVE if found is None else found

    while left:
        here, spent, stops = start, 0, 0
        while left:
            nearest = min(sorted(set(left)), key=lambda lies: between(here, lies))
            way = between(here, nearest)
            if stops and spent + way + visit_minutes + between(nearest, start) > day_minutes:
                break
            left.remove(nearest)
            spent, total, here, stops = spent + way + visit_minutes, total + way, nearest, stops + 1
        total += between(here, start)
    return total / count
