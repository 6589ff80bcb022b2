"""Theirs, ours, and the difference by reason. Pure: the parts of a month always add up to its difference, "unexplained" being the last."""

import calendar
import datetime as dt
from dataclasses import dataclass

from common.charts import Chart, table
from common.templatetags.prm import number, signed
from referrals.presenters.charts import month_name
from referrals.queries.tie_out import Counts

# What is here but not counted, and what came but is not here: known to the row.
EXACT = {
    "kind": "Of a kind that is not counted",
    "duplicate": "Duplicates",
    "own": "Own follow-ups",
    "linked": "Linked to an order, which counts",
    "other": "Not counted otherwise",
    "rejected": "Rejected rows",
    "deleted": "Deleted by a person",
}
# What may explain the rest, as far as it reaches: which referrals these were is not known any more, or not yet.
AT_MOST = {
    "undone": "In undone imports, at most",
    "waiting": "Checked but not loaded, at most",
    "later": "Not yet arrived",
}
UNEXPLAINED = "unexplained"
LABELS = {**EXACT, **AT_MOST, UNEXPLAINED: "Unexplained"}
HINTS = {
    "kind": "Which kinds count is a counting rule.",
    "duplicate": "The same patient, referrer and service line within the duplicate window.",
    "rejected": "Download them from their import, mend them, and upload them again.",
    "undone": "Load the right file in their place.",
    "waiting": "Load the files that were checked.",
    "later": "The feed's data ends within or before the month.",
    UNEXPLAINED: "Ask the sender what their report counts: other dates, cancelled orders, or other clinics?",
}


@dataclass(frozen=True)
class Line:
    """A month: what they counted, what we count, and where the difference comes from."""

    month: dt.date
    theirs: int
    ours: int
    parts: dict[str, int]

    @property
    def difference(self) -> int:
        return self.theirs - self.ours

    @property
    def unexplained(self) -> int:
        return self.parts[UNEXPLAINED]


@dataclass(frozen=True)
class Part:
    """One reason over all months."""

    key: str
    label: str
    n: int
    hint: str


@dataclass(frozen=True)
class TieOut:
    """The page: its months, newest first, and the reasons that occur in any of them."""

    lines: list[Line]
    parts: list[Part]
    theirs: int
    ours: int
    rejected_sometime: int
    data_through: dt.date | None

    @property
    def difference(self) -> int:
        return self.theirs - self.ours

    @property
    def unexplained(self) -> int:
        return sum(abs(line.unexplained) for line in self.lines)

    def cells(self) -> list[tuple[Line, list[tuple[str, int]]]]:
        """Each month with the parts that the table has columns for."""
        return [(line, [(part.label, line.parts[part.key]) for part in self.parts]) for line in self.lines]


def tie_out(counts: Counts) -> TieOut:
    """Hold theirs against ours, month by month."""
    lines = [_line(counts, month) for month in sorted(counts.theirs, reverse=True)]
    sums = {key: sum(line.parts[key] for line in lines) for key in LABELS}
    parts = [
        Part(key, label, sums[key], HINTS.get(key, ""))
        for key, label in LABELS.items()
        if key == UNEXPLAINED or any(line.parts[key] for line in lines)
    ]
    return TieOut(
        lines,
        parts,
        sum(line.theirs for line in lines),
        sum(line.ours for line in lines),
        counts.rejected_sometime,
        counts.data_through,
    )


def _line(counts: Counts, month: dt.date) -> Line:
    here = {key: months.get(month, 0) for key, months in counts.ours.items()}
    theirs, ours = counts.theirs[month], here.pop("counted", 0)
    parts = {key: here.get(key, 0) for key in EXACT}
    parts["rejected"], parts["deleted"] = counts.rejected.get(month, 0), counts.deleted.get(month, 0)
    rest = theirs - ours - sum(parts.values())
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    is_open = counts.data_through is None or counts.data_through < last
    for key, most in (("undone", counts.undone.get(month, 0)), ("waiting", counts.waiting.get(month, 0)), ("later", rest * is_open)):
        parts[key] = min(max(rest, 0), max(most, 0))
        rest -= parts[key]
    parts[UNEXPLAINED] = rest
    return Line(month, theirs, ours, parts)


def chart(found: TieOut) -> Chart:
    """Theirs beside ours, oldest first."""
    lines = found.lines[::-1]
    labels = [month_name(line.month) for line in lines]
    series = [
        {"name": "Their count", "values": [line.theirs for line in lines], "tone": "neutral"},
        {"name": "Counted here", "values": [line.ours for line in lines], "tone": "accent"},
    ]
    rows = [[month_name(line.month), number(line.theirs), number(line.ours), signed(-line.difference)] for line in found.lines]
    return Chart(
        "tie-out",
        _finding(found),
        {"kind": "bar", "labels": labels, "unit": "count", "series": series},
        table("Their count and ours by month", ["Month", "Their count", "Counted here", "Here against theirs"], rows),
    )


def _finding(found: TieOut) -> str:
    n = len(found.lines)
    if found.unexplained == 0:
        return "The month is explained to the last referral" if n == 1 else f"All {n} months are explained to the last referral"
    worst = max(found.lines, key=lambda line: (abs(line.unexplained), line.month))
    more = "more there than here" if worst.unexplained > 0 else "more here than there"
    return f"{month_name(worst.month)} has {abs(worst.unexplained):,} {more} that nothing explains"
