"""Quarters of the fiscal year. Pure. A fiscal year has the name of the calendar year in which it ends."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Self

from reports.periods import Window, add_months

_NAMED = re.compile(r"(\d{4})Q([1-4])", re.IGNORECASE)


@dataclass(frozen=True)
class Quarter:
    """Three months: the number of the quarter in a fiscal year that begins in the month `starts` (1 to 12)."""

    year: int
    number: int
    starts: int = 1

    @classmethod
    def named(cls, text: str, starts: int = 1) -> Self | None:
        """2026Q3, whatever the case; None for anything else."""
        found = _NAMED.fullmatch(text.strip())
        return cls(int(found[1]), int(found[2]), starts) if found and 1990 <= int(found[1]) <= 2200 else None

    @classmethod
    def of(cls, day: dt.date, starts: int = 1) -> Self:
        """The quarter in which a day lies."""
        since = (day.year * 12 + day.month - 1) - (starts - 1)
        year = since // 12 + (starts > 1)
        return cls(year, since % 12 // 3 + 1, starts)

    @property
    def window(self) -> Window:
        first = dt.date(self.year - (self.starts > 1), self.starts, 1)
        start = add_months(first, 3 * (self.number - 1))
        return Window(start, add_months(start, 3))

    @property
    def previous(self) -> "Quarter":
        return Quarter(self.year, self.number - 1, self.starts) if self.number > 1 else Quarter(self.year - 1, 4, self.starts)

    @property
    def name(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def short(self) -> str:
        """Q3 2026; of a fiscal year that is not the calendar's, Q3 FY 2026."""
        return f"Q{self.number} {'FY ' if self.starts > 1 else ''}{self.year}"

    @property
    def words(self) -> str:
        """Third quarter of 2026 (Jul 2026 to Sep 2026)."""
        which = ("First", "Second", "Third", "Fourth")[self.number - 1]
        year = f"fiscal {self.year}" if self.starts > 1 else str(self.year)
        return f"{which} quarter of {year} ({self.window.words})"
