"""What an import did: counted in rows, told per bad row, and which records changed so that facts can follow."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from common.tables import Table

KEPT = 200  # bad rows that are told one by one; all are counted
MANY = 500  # beyond this many changed records, all facts are derived anew in one pass
STEP = 500
_SOON = 3  # seconds after which a guess at the time left is worth telling

Progress = Callable[[int, int, str], None]


class Pace:
    """How fast rows come, and how long the rest will take, in words."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def note(self, rows: int, share: float) -> str:
        """After so many rows, which are this share of the file."""
        seconds = max(time.monotonic() - self._started, 0.001)
        left = f", {in_words(seconds * (1 - share) / share)} of reading left" if seconds > _SOON and 0 < share < 1 else ""
        return f"{rows:,} rows read, {rows / seconds:,.0f} a second{left}"


def in_words(seconds: float) -> str:
    """About 3 minutes."""
    if seconds < 90:
        return f"about {max(1, round(seconds)):.0f} second{'s' if round(seconds) > 1 else ''}"
    return f"about {seconds / 60:.0f} minutes" if seconds < 90 * 60 else f"about {seconds / 3600:.0f} hours"


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row is refused: the word that is counted, and the sentence that says what to do."""

    reason: str
    sentence: str


@dataclass(slots=True)
class Outcome:
    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    refusals: list[tuple[int, RowError]] = field(default_factory=list)
    # What facts depend on: the keys of records that are new or changed.
    providers: set[int] = field(default_factory=set)
    practices: set[int] = field(default_factory=set)
    organizations: set[int] = field(default_factory=set)
    unplaced: set[int] = field(default_factory=set)

    def reject(self, line: int, error: RowError) -> None:
        """Count a bad row, and keep its sentence while there are few."""
        self.rejected[error.reason] += 1
        if len(self.refusals) < KEPT:
            self.refusals.append((line, error))

    def count(self, *, new: bool, changed: bool) -> None:
        """Count a good row as one of the three."""
        if new:
            self.new += 1
        elif changed:
            self.changed += 1
        else:
            self.unchanged += 1

    def read(self, table: Table, progress: Progress | None = None) -> Iterator[tuple[int, list[str]]]:
        """The rows of a table, counted, with signs of progress."""
        pace = Pace()
        for record in table:
            self.rows += 1
            if progress and self.rows % STEP == 0:
                share = table.progress()
                progress(int(share * 100), 100, pace.note(self.rows, share))
            yield record

    def counts(self) -> dict[str, Any]:
        """The numbers as the command line and the history tell them."""
        return {
            "rows": self.rows,
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "rejected": dict(self.rejected.most_common()),
            "findings": dict(self.findings.most_common()),
        }
