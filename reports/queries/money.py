"""Which margin, cost and weight holds on a day or over a period, and which is missing. Nothing is guessed."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from reports.models import AttributionWeight, ContributionMargin, ProgramCost

Stretch = tuple[dt.date, dt.date]


@dataclass(frozen=True)
class Margins:
    """All margins at once: looked up by line, payer and day without asking the database again."""

    rows: dict[tuple[int, int | None], list[ContributionMargin]]

    @classmethod
    def read(cls) -> Self:
        rows: dict[tuple[int, int | None], list[ContributionMargin]] = {}
        for margin in ContributionMargin.objects.select_related("service_line", "payer").order_by("started_on"):
            rows.setdefault((margin.service_line_id, margin.payer_id), []).append(margin)
        return cls(rows)

    def on(self, day: dt.date, *, service_line_id: int | None, payer_id: int | None) -> ContributionMargin | None:
        """The payer's own row, else the line's default; None where neither holds."""
        if service_line_id is None:
            return None
        return self._held((service_line_id, payer_id), day) or self._held((service_line_id, None), day)

    def _held(self, key: tuple[int, int | None], day: dt.date) -> ContributionMargin | None:
        return next((margin for margin in self.rows.get(key, ()) if _holds(margin, day)), None)


def _holds(row: Any, day: dt.date) -> bool:
    return row.started_on <= day and (row.ended_on is None or day < row.ended_on)


@dataclass(frozen=True)
class Cost:
    """What the program cost in a period, and the days of it that no row covers."""

    amount: Decimal
    missing: tuple[Stretch, ...]

    @property
    def is_whole(self) -> bool:
        return not self.missing


def cost_of(*, start: dt.date, end: dt.date, territory_id: int | None = None) -> Cost:
    """Of the whole program, or of one territory: what the rows that reach into the period say of it."""
    return spread(ProgramCost.objects.within(start, end).filter(territory=territory_id).order_by("started_on"), start=start, end=end)


def spread(rows: Iterable[ProgramCost], *, start: dt.date, end: dt.date) -> Cost:
    """Each row's dollars by the share of its days that lie within; `missing` are the stretches without a row. Rows come in order."""
    amount, missing, reached = Decimal(0), [], start
    for row in rows:
        assert row.ended_on is not None  # noqa: S101 - a cost is of a period: the database holds it
        first, last = max(row.started_on, start), min(row.ended_on, end)
        if first >= last:
            continue
        amount += row.amount * (last - first).days / (row.ended_on - row.started_on).days
        if first > reached:
            missing.append((reached, first))
        reached = last
    if reached < end:
        missing.append((reached, end))
    return Cost(amount.quantize(Decimal("0.01")), tuple(missing))


@dataclass(frozen=True)
class Weight:
    """The attribution weight of a period: the days' average where it changed within; `is_default` where no row said any of it."""

    value: float
    is_default: bool


def weight_of(*, start: dt.date, end: dt.date) -> Weight:
    """By days; a day without a row counts 1, the default."""
    rows = list(AttributionWeight.objects.within(start, end))
    days = (end - start).days
    value = covered = 0.0
    for row in rows:
        held = (min(row.ended_on or end, end) - max(row.started_on, start)).days
        value, covered = value + held * float(row.weight), covered + held
    return Weight((value + days - covered) / days, not rows)


def money_basis() -> dict[str, Any]:
    """What is typed now, so that an answer reckoned with other figures is known to be old."""
    return {
        model._meta.model_name or "": [[str(value) for value in row] for row in model._default_manager.order_by("pk").values_list()]
        for model in (ContributionMargin, ProgramCost, AttributionWeight)
    }
