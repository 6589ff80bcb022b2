"""A random order of equal-priority practices, and how far visits followed it. Pure: ids, dates and a seed in, an order and a count out.

The order is evidence only while chance alone decides who comes first, so it is fixed before the first visit, can be made again by anybody
from the seed, and is held against what was done.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

GRACE = 1  # months after the planned one in which a first visit still counts as drawn
FOLLOWED_AT = 0.8  # of the practices that were due: then the order of visits is called random
QUIET_MONTHS = 6  # without a visit before a visit begins something (METHODS section 4)

AS_DRAWN, EARLY, LATE, NOT_VISITED, TO_COME = "as drawn", "too early", "too late", "not visited", "to come"


def shuffled(practices: Iterable[int], seed: str) -> list[int]:
    """The practices in the order of the SHA-256 of "seed:id" in hexadecimal: the same on every machine and in every language."""
    return sorted(set(practices), key=lambda practice: hashlib.sha256(f"{seed}:{practice}".encode()).hexdigest())


def spread(count: int, *, first: dt.date, months: int) -> list[dt.date]:
    """The first of the month in which each place of the order is to be visited, evenly from `first` on."""
    start = first.year * 12 + first.month - 1
    return [_month(start + place * months // count) for place in range(count)]


def month_after(month: dt.date, by: int = 1) -> dt.date:
    return _month(month.year * 12 + month.month - 1 + by)


def _month(number: int) -> dt.date:
    return dt.date(number // 12, number % 12 + 1, 1)


def outcome(planned_month: dt.date, first_visit_on: dt.date | None, today: dt.date) -> str:
    """What became of one place of the order: the first visit after the draw against its planned month and the month after."""
    closes = month_after(planned_month, 1 + GRACE)
    if first_visit_on is None:
        return NOT_VISITED if today >= closes else TO_COME
    if first_visit_on < planned_month:
        return EARLY
    return AS_DRAWN if first_visit_on < closes else LATE


@dataclass(frozen=True)
class Compliance:
    """How many practices were due so far (their months are over, or they were visited), and how many of those as drawn."""

    due: int
    as_drawn: int

    @classmethod
    def of(cls, outcomes: Sequence[str]) -> "Compliance":
        return cls(sum(said != TO_COME for said in outcomes), sum(said == AS_DRAWN for said in outcomes))

    @property
    def share(self) -> float | None:
        return self.as_drawn / self.due if self.due else None

    @property
    def is_random(self) -> bool:
        """Whether the visits followed the drawn order closely enough to call it random."""
        return self.share is not None and self.share >= FOLLOWED_AT
