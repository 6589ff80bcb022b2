"""What a measure is: its name, its unit, by what it can be cut, and the function whose docstring defines it.

A family (reports/measures/<family>.py) has one function per measure, `evaluate(ask) -> list[Row]`, and a tuple `FAMILY` of `Measure`s;
`reports.measures.MEASURES` merges them. The command line, the API, the pages, the files and docs/metrics.md all read only that.

    def closed_loop(ask: Ask) -> list[Row]:
        \"\"\"Closed loop: report received within 120 days ÷ all referrals.   ← the title and the formula, in one line

        What is counted, what is left out, and why.                          ← paragraphs for users
        \"\"\"

`evaluate` returns one row per group of `ask.by` in which anything was counted, in any order; without `by` exactly one row.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from inspect import cleandoc
from typing import Any, Literal, Self

from django.db.models import QuerySet

from referrals.behind import Part
from referrals.models import CountingRules, Referral
from reports.intervals import TOO_FEW, wilson
from reports.models import ReportRules
from reports.queries.cells import Where
from reports.queries.cuts import CUTS
from reports.queries.freshness import Freshness, freshness
from territories.scope import Scope

Unit = Literal["referrals", "share", "days", "providers", "patients"]
Better = Literal["up", "down", ""]

TOO_FEW_TO_SAY = "too few to say"
NEEDS_CLAIMS = "needs claims"
ALL_CUTS = frozenset(CUTS)


@dataclass(frozen=True)
class Row:
    """What a measure says of one group.

    `key`: one id per dimension of `ask.by` (None: nothing named; reports.queries.names has the words). `value` is the figure: for a share
    numerator ÷ denominator, for a count the numerator, for a wait days. `low` to `high`: where it lies by chance (95 %). `undetermined`:
    referrals of which nobody can say whether they belong to the numerator; with them come `known_share` and the bounds `lowest` to
    `highest`, if none or all of them did. `immature`: referrals too young for their outcome, in nothing else here. `remark`: why there is
    no figure, or why it may not be compared ("too few to say", "needs claims"). `more`: what only this measure has (P90).
    """

    key: tuple[Any, ...] = ()
    numerator: int | None = None
    denominator: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    undetermined: int | None = None
    known_share: float | None = None
    lowest: float | None = None
    highest: float | None = None
    immature: int | None = None
    remark: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def count(cls, key: tuple[Any, ...], n: int, **extra: Any) -> Self:
        """A count: the figure itself."""
        return cls(key, n, None, n, **extra)

    @classmethod
    def share(
        cls, key: tuple[Any, ...], numerator: int, denominator: int, *, undetermined: int | None = None, immature: int | None = None
    ) -> Self:
        """A share with Wilson's interval; below ten it is too few to say, and nothing at all has no value.

        `undetermined` is what is not in the denominator because nobody knows on which side it belongs.
        """
        low, high = wilson(numerator, denominator) if denominator else (None, None)
        row = cls(
            key,
            numerator,
            denominator,
            numerator / denominator if denominator else None,
            low,
            high,
            immature=immature,
            remark=TOO_FEW_TO_SAY if 0 < denominator < TOO_FEW else "",
        )
        everything = denominator + (undetermined or 0)
        if undetermined is None:
            return row
        if not everything:
            return replace(row, undetermined=0)
        return replace(
            row,
            undetermined=undetermined,
            known_share=denominator / everything,
            lowest=numerator / everything,
            highest=(numerator + undetermined) / everything,
        )

    @property
    def is_empty(self) -> bool:
        """Nothing was counted in this group."""
        return not (self.numerator or self.denominator or self.undetermined or self.immature)

    def range_leads(self, above_percent: int) -> bool:
        """Whether so much is undetermined that only the bounds may be said: no trend, no ranking."""
        unknown = self.undetermined or 0
        return 100 * unknown > above_percent * ((self.denominator or 0) + unknown)


@dataclass(frozen=True)
class Ask:
    """One question to a measure: `start` is in, `end` is not; `by` groups, `where` narrows (names of `reports.queries.cuts`, ids as
    values, several ids, or None for "nothing named"), `scope` is what the asker sees. `within` replaces the setting's days, where the
    measure waits for an outcome.
    """

    start: dt.date
    end: dt.date
    by: tuple[str, ...] = ()
    where: Where = field(default_factory=dict)
    scope: Scope = field(default_factory=lambda: Scope(whole=True))
    within: int | None = None
    fresh: Freshness = field(default_factory=freshness)
    rules: ReportRules = field(default_factory=ReportRules.current)
    counting: CountingRules = field(default_factory=CountingRules.current)

    @property
    def data_through(self) -> dt.date | None:
        return self.fresh.data_through

    def days(self, rule: str) -> int:
        """W: within how many days the outcome has to come."""
        return self.within if self.within is not None else int(getattr(self.rules, rule))


Evaluate = Callable[[Ask], list[Row]]
Behind = Callable[[Ask, QuerySet[Referral], Part], QuerySet[Referral]]


def _nothing(ask: Ask) -> str:
    """What most measures lack."""
    return ""


@dataclass(frozen=True)
class Measure:
    """A measure as everything that shows it knows it.

    `better` says which way is good news, blank when neither is. `cuts`: by what it may be grouped and narrowed. `waits`: the field of
    ReportRules that says how long its outcome is waited for, blank when it waits for none. `settings`: fields of ReportRules and
    CountingRules that change it. `flows`: which referrals it speaks of (none where it counts others' data); `numerator` those of a share's
    numerator, where the flow alone decides. `behind` gives of some referrals those in each of the `parts` that the figure has; a measure
    without it is by flow alone. `lacks` says what
    data is missing so that there is no figure at all ("needs claims"), blank when none is; `evaluate` then has no groups, and one row
    with that remark when none were asked for. `from_rollups`: answered from rollups where one has all the cuts.
    """

    name: str
    title: str
    unit: Unit
    evaluate: Evaluate
    family: str
    better: Better = ""
    cuts: Collection[str] = ALL_CUTS
    waits: str = ""
    settings: tuple[str, ...] = ()
    flows: tuple[str, ...] = ("inbound", "internal", "outbound", "undetermined")
    numerator: tuple[str, ...] = ()
    behind: "Behind | None" = None
    parts: tuple[Part, ...] = ()
    lacks: Callable[[Ask], str] = _nothing
    from_rollups: bool = False

    @property
    def formula(self) -> str:
        """The first line of the docstring."""
        return self._definition[0]

    @property
    def paragraphs(self) -> tuple[str, ...]:
        return self._definition[1]

    @property
    def _definition(self) -> tuple[str, tuple[str, ...]]:
        formula, _, text = cleandoc(self.evaluate.__doc__ or "").partition("\n")
        return formula.rstrip("."), tuple(" ".join(part.split()) for part in text.strip().split("\n\n") if part)
