"""Hand-overs, proposed splits and overlaps as rows of a file."""

from collections.abc import Iterable, Iterator
from typing import Any

from planning.models import HandOver, Split, Work

HANDOVERS = [
    "Territory", "Part", "From", "To", "Goes to territory", "Day", "State", "Takes along", "ZIP codes", "Practices", "Note", "Proposed by",
    "Proposed at", "Decided by", "Decided at", "Why", "Done at", "Problem",
]  # fmt: skip
HANDOVERS_BELONGS = {
    "to": ("To", "Goes to territory"),
    "state": ("State", "Decided by", "Decided at", "Why", "Done at", "Problem"),
}
SPLITS = ["Asked at", "Asked by", "Counties", "ZIP codes", "Unit", "Even in", "Territories", "Accepted by", "Accepted at"]
OVERLAPS = ["Wins", "By", "Would also match", "By its", "Practices", "Such as"]


def handovers(rows: Iterable[HandOver]) -> Iterator[list[Any]]:
    for row in rows:
        yield [
            str(row.territory), "part" if row.is_partial else "whole", str(row.giver), str(row.taker), str(row.to_territory or ""),
            row.effective_on, row.get_state_display(), "; ".join(Work(kind).label for kind in row.takes), " ".join(row.zips),
            len(row.practices), row.note, str(row.proposed_by), row.proposed_at, str(row.decided_by or ""), row.decided_at,
            row.decided_why, row.done_at, row.problem,
        ]  # fmt: skip


def splits(rows: Iterable[Split]) -> Iterator[list[Any]]:
    for row in rows:
        yield [
            row.asked_at, str(row.asked_by), len(row.counties), len(row.zips), row.get_unit_display(), row.get_measure_display(),
            len(row.territories) + len(row.new_names), str(row.accepted_by or ""), row.accepted_at,
        ]  # fmt: skip
