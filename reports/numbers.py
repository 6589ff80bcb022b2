"""All the numbers of one report, as plain data: computed live, or read back from a finished run."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from reports.cells import Cell
from reports.periods import Window, add_months

TREND_MONTHS = 24
MOVERS = 8  # practices listed below, and above, their own baseline
RECENT_MONTHS = 3
BASELINE_MONTHS = 12


@dataclass(frozen=True)
class Mover:
    """A practice whose last three months differ from what its own twelve before let one expect."""

    practice_id: int
    observed: int
    expected: float

    @property
    def difference(self) -> float:
        return self.observed - self.expected


@dataclass(frozen=True)
class Baseline:
    """The last three months against the twelve before (fewer while the data is young)."""

    recent: Window
    before: Window

    @property
    def share(self) -> float:
        """How much of the baseline one expects in the recent months."""
        return self.recent.months / self.before.months

    @classmethod
    def of(cls, end: dt.date, first_month: dt.date | None) -> Self | None:
        """None while there are fewer than three months to compare with."""
        recent = Window(add_months(end, -RECENT_MONTHS), end)
        start = max(add_months(recent.start, -BASELINE_MONTHS), first_month) if first_month else recent.start
        before = Window(start, recent.start)
        return cls(recent, before) if before.months >= RECENT_MONTHS else None


@dataclass(frozen=True)
class Numbers:
    """What the dashboard and the pages of one scope, window and filter show.

    `months` reach from the comparison, or 24 months back, to the newest data, whole or not. `grid` is by period (now, before), territory
    and service line; `payers` by period and payer; `destinations` by service line and destination, of the window alone.
    `new_referrers` are None where twelve months of history are missing.
    """

    window: Window
    months: list[Cell] = field(default_factory=list)
    grid: list[Cell] = field(default_factory=list)
    payers: list[Cell] = field(default_factory=list)
    destinations: list[Cell] = field(default_factory=list)
    movers: list[Mover] = field(default_factory=list)
    new_referrers: int | None = None
    new_referrers_before: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "window": [self.window.start.isoformat(), self.window.end.isoformat()],
            "months": [[cell.key[0].isoformat(), *cell.to_json()[2:]] for cell in self.months],
            **{name: [cell.to_json() for cell in getattr(self, name)] for name in ("grid", "payers", "destinations")},
            "movers": [[mover.practice_id, mover.observed, mover.expected] for mover in self.movers],
            "new_referrers": [self.new_referrers, self.new_referrers_before],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        start, end = map(dt.date.fromisoformat, stored["window"])
        months = [Cell((day := dt.date.fromisoformat(row[0]),), (f"{day:%b %Y}",), *row[1:]) for row in stored["months"]]
        now, before = stored["new_referrers"]
        grid, payers, destinations = ([Cell.from_json(row) for row in stored[name]] for name in ("grid", "payers", "destinations"))
        return cls(Window(start, end), months, grid, payers, destinations, [Mover(*row) for row in stored["movers"]], now, before)
