"""Share of care, avoidable leakage and targets as files: small cells hidden, and what would give them away (METHODS sections 2 and 9)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from referrals.models import CountingRules
from reports.exports.guard import hidden
from reports.exports.tables import Table
from reports.intervals import wilson
from reports.models import ReportRules
from reports.presenters.market import Compared, kind_of
from reports.queries.avoidable import Outcome
from reports.targeting import Listed


def share(rows: Iterable[Compared], words: Mapping[Any, str], label: str, rules: ReportRules, *, has_standing: bool) -> Table:
    """Counts, and the share with its interval only where none of its parts is hidden."""
    smallest = CountingRules.current().small_cell
    head = [label, "To us", "Elsewhere", "Share", "Lowest", "Highest", *(["Class"] if has_standing else [])]

    def line(row: Compared) -> Sequence[Any]:
        now = row.now
        counts = [hidden(now.to_us, smallest), hidden(now.total - now.to_us, smallest)]
        if any(isinstance(count, str) for count in counts):
            told: list[Any] = [None, None, None]
        else:
            told = [now.to_us / now.total, *wilson(now.to_us, now.total)]
        return [words.get(row.key, ""), *counts, *told, *([kind_of(now, rules) if row.key is not None else None] if has_standing else [])]

    return head, (line(row) for row in rows)


def avoidable(rows: Iterable[Outcome], words: Mapping[Any, str], label: str, smallest: int) -> Table:
    """Outbound referrals and their parts; sums and shares only where nothing is hidden."""
    head = [label, "Left", "Avoidable", "Share", "Nobody can say", "Decided by others", "Nothing of ours"]

    def line(one: Outcome) -> Sequence[Any]:
        parts = [hidden(count, smallest) for count in (one.avoidable, one.open, one.decided, one.none)]
        is_told = not any(isinstance(part, str) for part in parts)
        whole = hidden(one.outbound, smallest) if is_told or one.outbound < smallest else None
        ratio = one.avoidable / one.outbound if is_told and one.outbound >= smallest else None
        return [words.get(one.key[0], ""), whole, parts[0], ratio, *parts[1:]]

    return head, (line(one) for one in rows)


TARGET_HEAD = [
    "Provider", "Specialty", "Practice", "Service line", "Class", "To us", "In all", "Could come a year", "Margin, $", "Reachable",
    "P(move)", "Value a year, $", "Not known",
]  # fmt: skip


def targets(rows: Iterable[Listed], smallest: int) -> Table:
    """Whom to visit; what would give a small count away is left to the page."""

    def line(one: Listed) -> Sequence[Any]:
        found = one.target
        counts = [hidden(found.candidate.to_us, smallest), hidden(found.candidate.total, smallest)]
        return [
            str(one.provider), str(one.provider.specialty), one.practice.name, one.line, found.standing, *counts, round(found.gain),
            None if found.margin is None else round(found.margin, 2), found.reach.share, found.move,
            None if found.value is None else round(found.value), " ".join(found.missing),
        ]  # fmt: skip

    return TARGET_HEAD, (line(one) for one in rows)
