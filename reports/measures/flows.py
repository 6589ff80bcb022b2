"""Every measure, defined once (METHODS sections 1 and 2). docs/metrics.md is written from these docstrings.

Pure: cells in, a number out. What is counted is decided before: only referrals of a counted kind that are neither duplicates nor own
follow-ups are in cells. Cancelled and rejected referrals count.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from inspect import cleandoc

from reports.cells import Cell, total


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


Measure = Callable[[Iterable[Cell]], Ratio | int]

MEASURES: dict[str, Measure] = {
    measure.__name__: measure for measure in (leakage_ordered, keepage_ordered, volume, received, inbound, internal, outbound, undetermined)
}


def as_row(result: Ratio | int) -> dict[str, int | float | None]:
    """Numerator, denominator and value as files and the API tell them: a count has no denominator."""
    if isinstance(result, Ratio):
        return {"numerator": result.numerator, "denominator": result.denominator, "value": result.value}
    return {"numerator": result, "denominator": None, "value": result}


NOTES = (
    "A referral counts in the month of its anchor date: ordered, else received, else entered. Windows are half-open: the start is in, "
    "the end is not. Duplicates, own follow-ups and kinds that are not counted (a setting) are in no measure. Cancelled and rejected "
    "referrals count. Each figure names its data-through date: the earliest of the feeds' last anchor dates.",
    "A change is called good or bad only where chance does not explain it: beyond two standard errors of the difference. Within them the "
    "change is shown without color, as about level.",
    "New referrers are providers with an inbound referral in the period and none in the 12 months before it. A shortfall or gain is what a "
    "practice sent us in the last 3 full months against what its own 12 months before lead to expect; lists are ordered by referrals, "
    "never by percent. Visits made are visits that took place, counted in their month.",
)


@dataclass(frozen=True)
class Definition:
    """A measure in words: its name, its formula, what to mind."""

    name: str
    formula: str
    paragraphs: tuple[str, ...]


def definitions() -> list[Definition]:
    """Every measure as its docstring defines it."""
    found = []
    for name, measure in MEASURES.items():
        formula, _, text = cleandoc(measure.__doc__ or "").partition("\n")
        found.append(Definition(name, formula.rstrip("."), tuple(" ".join(part.split()) for part in text.strip().split("\n\n"))))
    return found


def describe() -> str:
    """docs/metrics.md, from the docstrings above."""
    parts = [
        "# What each number means",
        "Written by `bin/manage write_metrics` from `reports/measures/`; change it there.",
        *NOTES,
    ]
    for definition in definitions():
        parts += [f"## `{definition.name}`", f"**{definition.formula}.**", *definition.paragraphs]
    return "\n\n".join(parts) + "\n"
