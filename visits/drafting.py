"""Which of many practices to visit on which day: a draft, made greedily. Pure: candidates and days in, stops with times out.

Each day begins with a share of drawn practices in their drawn order, wherever they lie: nothing but the draw may decide among them.
Then, as long as something fits, the practice is added that is worth most for the minutes it costs: its score over the minutes of the visit
and of the detour (cheapest insertion into the day's round trip from the start and back). What is planned already keeps its time, and its
place in the round trip. The way through a day is not the shortest here: the day's route orders it later.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

NOON = 12 * 60  # the pause is taken by the first stop that would begin after it
STEP = 5  # minutes to which times are rounded up
UNKNOWN_DRIVE = 20  # minutes where nobody knows where one of the two places lies

Drive = Callable[[str, str], int | None]


@dataclass(frozen=True)
class Candidate:
    """A practice that may be visited: what that is worth (any unit, the same for all), and why; its place in a drawn order of the month."""

    practice: int
    zip: str
    score: float
    why: str = ""
    drawn_place: int | None = None


@dataclass(frozen=True)
class Fixed:
    """A visit that is planned already. Minutes count from midnight."""

    begins: int
    zip: str


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
        self.trip = [(fixed.zip, None) for fixed in sorted(self.room.fixed, key=lambda fixed: fixed.begins)]

    def minutes_between(self, one: str, other: str) -> int:
        """Without a start that is known, a day begins and ends at its first and last stop."""
        if not one or not other:
            return 0
        found = self.drive(one, other)
        return UNKNOWN_DRIVE if found is None else found

    @property
    def driving(self) -> int:
        places = [self.home, *(zip_ for zip_, _ in self.trip), self.home] if self.trip else []
        return sum(self.minutes_between(one, other) for one, other in pairwise(places))

    @property
    def used(self) -> int:
        return self.driving + self.visit_minutes * len(self.trip)

    def detour(self, zip_: str) -> tuple[int, int]:
        """(minutes more on the road, where in the trip) of the cheapest insertion."""
        places = [self.home, *(known for known, _ in self.trip), self.home]
        best: tuple[int, int] | None = None
        for at, (one, other) in enumerate(pairwise(places)):
            more = self.minutes_between(one, zip_) + self.minutes_between(zip_, other) - self.minutes_between(one, other)
            if best is None or more < best[0]:
                best = (more, at)
        return best or (0, 0)

    def add(self, candidate: Candidate) -> bool:
        """Put it where it costs least; False when the day has no room for it."""
        more, at = self.detour(candidate.zip)
        if self.used + more + self.visit_minutes > self.room.minutes:
            return False
        self.trip.insert(at, (candidate.zip, candidate))
        return True

    def timed(self) -> list[Placed]:
        """Times in turn from the start of the day; what is planned already is neither moved nor overlapped."""
        found: list[Placed] = []
        taken = sorted(fixed.begins for fixed in self.room.fixed)
        clock, before, paused = self.room.starts, self.home, self.room.pause == 0
        for zip_, candidate in self.trip:
            if candidate is None:
                before = zip_
                continue
            drive = self.drive(before, zip_) if before else None
            begins = _rounded(clock + self.minutes_between(before, zip_))
            if not paused and begins >= NOON:
                begins, paused = _rounded(begins + self.room.pause), True
            for other in taken:
                if other - self.visit_minutes < begins < other + self.visit_minutes:
                    begins = _rounded(other + self.visit_minutes)
            if begins + self.visit_minutes > self.room.ends:
                continue  # what is planned leaves no gap for it
            found.append(Placed(candidate, self.room.day, begins, drive))
            clock, before = begins + self.visit_minutes, zip_
        return found


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
    used, started = day.used, bool(day.trip)
    for one in waiting:
        more, _ = day.detour(one.zip)
        if used + more + day.visit_minutes > day.room.minutes:
            continue
        worth = one.score / (day.visit_minutes + more) if started else one.score
        if best is None or (worth, -one.practice) > best[:2]:
            best = (worth, -one.practice, one)
    return best[2] if best else None


def driving_a_visit(zips: Sequence[str], *, home: str, visit_minutes: int, day_minutes: int, drive: Drive) -> float:
    """Minutes on the road for one visit, on average, if these practices are visited in rounds from the start, the nearest one next.

    Each day ends when the next visit and the way back no longer fit. An upper estimate: good rounds are somewhat shorter.
    """
    left = sorted(zips)
    if not left:
        return 0.0
    total, count = 0, len(left)

    def between(one: str, other: str) -> int:
        if not one or not other:
            return 0
        found = drive(one, other)
        return UNKNOWN_DRIVE if found is None else found

    while left:
        here, spent, stops = home, 0, 0
        while left:
            nearest = min(sorted(set(left)), key=lambda zip_: between(here, zip_))
            way = between(here, nearest)
            if stops and spent + way + visit_minutes + between(nearest, home) > day_minutes:
                break
            left.remove(nearest)
            spent, total, here, stops = spent + way + visit_minutes, total + way, nearest, stops + 1
        total += between(here, home)
    return total / count
