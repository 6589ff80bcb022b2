"""Volume by flow, and the leakage of what was ordered (METHODS sections 1 and 2).

Pure: cells in, a number out; `FAMILY` puts the question to the smallest rollup that answers it. What is counted is decided before: only
referrals of a counted kind that are neither duplicates nor own follow-ups are in cells. Cancelled and rejected referrals count.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.db.models import QuerySet

from referrals.behind import Part
from referrals.models import Referral
from reports.cells import Cell, total
from reports.measures.definition import ALL_CUTS, Ask, Better, Evaluate, Measure, Row
from reports.queries.cells import cells


@dataclass(frozen=True)
class Ratio:
    """A share of our referrals with a known destination, and what the unknown ones could make of it."""

    numerator: int
    denominator: int
    undetermined: int

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None

    @property
    def of_ours(self) -> int:
        """All of ours, whether we know where they went or not."""
        return self.denominator + self.undetermined

    @property
    def known_share(self) -> float | None:
        return self.denominator / self.of_ours if self.of_ours else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Where the share would lie if none, or all, of the undetermined counted."""
        if not self.of_ours:
            return None
        return self.numerator / self.of_ours, (self.numerator + self.undetermined) / self.of_ours

    def is_level_with(self, other: "Ratio") -> bool:
        """Whether the two differ by no more than two standard errors of the difference."""
        among = self.denominator + other.denominator
        if not (self.denominator and other.denominator):
            return True
        pooled = (self.numerator + other.numerator) / among
        difference = self.numerator / self.denominator - other.numerator / other.denominator
        return difference**2 <= 4 * pooled * (1 - pooled) * (1 / self.denominator + 1 / other.denominator)

    def range_leads(self, above_percent: int) -> bool:
        """Whether so much is undetermined that only the range may be said: no trend, no ranking."""
        return 100 * self.undetermined > above_percent * self.of_ours


def leakage_ordered(cells: Iterable[Cell]) -> Ratio:
    """Leakage, ordered: outbound ÷ (internal + outbound).

    The share of referrals by our own providers, with a known destination, that was ordered to somebody who is not ours. Undetermined
    referrals (ours, no destination named) are in neither half. Beside it always stand the known share, (internal + outbound) ÷ all of
    ours, and the bounds: outbound ÷ all of ours, and (outbound + undetermined) ÷ all of ours. When more than 25% (a setting) is
    undetermined, the range is the headline, and there is no trend and no ranking.

    Inbound referrals are never part of it.
    """
    sums = total(cells)
    return Ratio(sums.outbound, sums.internal + sums.outbound, sums.undetermined)


def keepage_ordered(cells: Iterable[Cell]) -> Ratio:
    """Kept in our network: internal ÷ (internal + outbound) = 1 - leakage, ordered.

    Same denominator, known share and bounds as leakage.
    """
    sums = total(cells)
    return Ratio(sums.internal, sums.internal + sums.outbound, sums.undetermined)


def volume(cells: Iterable[Cell]) -> int:
    """Volume: inbound + internal + outbound + undetermined.

    Every counted referral that one end of our network had a part in. Referrals between others (outside) are market data only.
    """
    sums = total(cells)
    return sums.inbound + sums.internal + sums.outbound + sums.undetermined


def received(cells: Iterable[Cell]) -> int:
    """Received: inbound + internal.

    Referrals that came to us, from whomever.
    """
    sums = total(cells)
    return sums.inbound + sums.internal


def inbound(cells: Iterable[Cell]) -> int:
    """Inbound: from a referrer who is not ours to us.

    Growth is measured on it. "Ours" is employed or (by a setting) affiliated on the anchor date.
    """
    return total(cells).inbound


def internal(cells: Iterable[Cell]) -> int:
    """Internal: from one of ours to one of ours.

    What our network keeps.
    """
    return total(cells).internal


def outbound(cells: Iterable[Cell]) -> int:
    """Outbound: from one of ours to somebody who is not ours.

    What leaves our network. A named destination that we do not know is not ours.
    """
    return total(cells).outbound


def undetermined(cells: Iterable[Cell]) -> int:
    """Undetermined: from one of ours, no destination named.

    Its own bar everywhere, and the width of leakage's bounds.
    """
    return total(cells).undetermined


Formula = Callable[[Iterable[Cell]], Ratio | int]


def _of_cells(formula: Formula) -> Evaluate:
    """The formula over each group's cell; its docstring goes along."""

    @wraps(formula)
    def evaluate(ask: Ask) -> list[Row]:
        found = cells(by=ask.by, start=ask.start, end=ask.end, where=ask.where, scope=ask.scope)
        return [_row(cell.key, formula([cell])) for cell in found or ([] if ask.by else [Cell()])]

    return evaluate


def _row(key: tuple[object, ...], result: Ratio | int) -> Row:
    if isinstance(result, int):
        return Row.count(key, result)
    return Row.share(key, result.numerator, result.denominator, undetermined=result.undetermined)


_OURS = ("internal", "outbound", "undetermined")
_KNOWN = ALL_CUTS - {"flow"}  # a share among flows cannot be cut by flow
_RULES = ("affiliated_is_ours", "counted_kinds", "duplicate_days")
_SHARE = (*_RULES, "range_leads_above")


def _measure(name: str, title: str, formula: Formula, better: Better, *flows: str) -> Measure:
    if formula in (leakage_ordered, keepage_ordered):
        known = ("internal", "outbound")
        of_part = {Part.NUMERATOR: flows, Part.DENOMINATOR: known, Part.UNDETERMINED: ("undetermined",)}
        return Measure(
            name, title, "share", _of_cells(formula), "Leakage", better, _KNOWN, settings=_SHARE, flows=known, numerator=flows,
            from_rollups=True, **by_flow(of_part),
        )  # fmt: skip
    of_part = {Part.NUMERATOR: flows}
    return Measure(
        name, title, "referrals", _of_cells(formula), "Volume", better, settings=_RULES, flows=flows, from_rollups=True, **by_flow(of_part)
    )


def by_flow(of_part: Mapping[Part, tuple[str, ...]]) -> dict[str, Any]:
    """What a measure tells of the referrals behind it, where their flow decides."""

    def behind(ask: Ask, rows: QuerySet[Referral], part: Part) -> QuerySet[Referral]:
        return rows.filter(flow__in=of_part[part])

    return {"behind": behind, "parts": tuple(of_part)}


FAMILY = (
    _measure("volume", "Volume", volume, "up", "inbound", *_OURS),
    _measure("received", "Received", received, "up", "inbound", "internal"),
    _measure("inbound", "Inbound", inbound, "up", "inbound"),
    _measure("internal", "Internal", internal, "up", "internal"),
    _measure("outbound", "Outbound", outbound, "down", "outbound"),
    _measure("undetermined", "Undetermined", undetermined, "down", "undetermined"),
    _measure("leakage_ordered", "Leakage, ordered", leakage_ordered, "down", "outbound"),
    _measure("keepage_ordered", "Kept in our network", keepage_ordered, "up", "internal"),
)
