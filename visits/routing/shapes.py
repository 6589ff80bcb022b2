"""What goes into a day's route and what comes out. Times are minutes after the start of the day's clock, as floats or whole numbers."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Span = tuple[float, float]


class Lunch(NamedTuple):
    """A break of `minutes` that starts between `earliest` and `latest`: before leaving, on the way or at a door, or after being back."""

    earliest: float
    latest: float
    minutes: float


@dataclass(frozen=True)
class Stop:
    """A visit that may be made.

    `windows`: spans within which the whole visit takes place; None is any time, an empty sequence never. `service`: its minutes.
    `value`: what is lost by leaving it out, comparable among the stops of a day; `must_see` goes before every value.
    `label` names it in reasons; without one its key does.
    """

    key: Hashable
    lat: float
    lon: float
    windows: Sequence[Span] | None = None
    service: float = 0
    value: float = 1
    must_see: bool = False
    label: str = ""


@dataclass(frozen=True)
class DayRoute:
    """Stops in turn with the minute at which each visit begins (after waiting, if the door is still shut), and the minutes on the road.

    `dropped`: pairs of key and reason. `leaves` is the latest start that needs no waiting at the first door, `back` the arrival at the end,
    `lunch_at` when the break starts (None without one).
    """

    order: list[Hashable]
    arrivals: list[float]
    travel: float
    dropped: list[tuple[Hashable, str]]
    leaves: float = 0
    back: float = 0
    lunch_at: float | None = None


@dataclass(frozen=True)
class Problem:
    """A day with its places numbered: 0 is where it starts and ends, 1 … n are the stops.

    `travel[i][j]` are minutes from i to j; column 0 leads to the end, which may lie elsewhere than the start.
    `starts[i]`: spans in which visit i may begin, both ends included; None is any time.
    """

    stops: Sequence[Stop]
    travel: Sequence[Sequence[float]]
    day_start: float
    day_end: float
    lunch: Lunch | None
    service: Sequence[float] = field(init=False)
    starts: Sequence[Sequence[Span] | None] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "service", [0, *(stop.service for stop in self.stops)])
        object.__setattr__(self, "starts", [None, *map(_starts, self.stops)])

    @property
    def size(self) -> int:
        """Places, the depot among them."""
        return len(self.stops) + 1


def _starts(stop: Stop) -> list[Span] | None:
    """When a visit may begin so that it ends within its window."""
    if stop.windows is None:
        return None
    return sorted((begins, ends - stop.service) for begins, ends in stop.windows if ends - stop.service >= begins)
