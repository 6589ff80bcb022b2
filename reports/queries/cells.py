"""The query layer: grouped counts from the smallest rollup that covers the question, else from the facts.

Visibility is a filter on the row's own territory, from one Scope; nothing here joins (PERFORMANCE.md).
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, Model, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import Combinable, F

from referrals.models import DestinationMonth, LineMonth, ProviderMonth, Referral, SourceMonth
from reports.cells import FLOWS, Cell
from reports.periods import Window
from territories.models import Territory
from territories.scope import Scope, below

NOW, BEFORE = "now", "before"
COLUMNS = {
    "month": "month",
    "service_line": "service_line_id",
    "payer": "payer_id",
    "territory": "territory_id",
    "provider": "provider_id",
    "practice": "practice_id",
    "source": "source_id",
    "state": "state",
    "destination": "destination_id",
}

# Smallest first: the first that has every dimension is read.
_ROLLUPS: tuple[tuple[type[Model], frozenset[str]], ...] = (
    (SourceMonth, frozenset({"month", "source", "state"})),
    (DestinationMonth, frozenset({"month", "service_line", "destination"})),
    (LineMonth, frozenset({"month", "territory", "service_line", "payer"})),
    (ProviderMonth, frozenset({"month", "territory", "practice", "provider"})),
)

Where = Mapping[str, Any]


@dataclass(frozen=True)
class Ground:
    """The table that answers a question, cut to the window, the filter and what the person sees."""

    rows: QuerySet[Any]
    is_facts: bool
    day: str = "month"

    def tally(self, *flows: str, when: Q | None = None) -> Combinable:
        """The number of referrals of these flows, where the condition holds."""
        if self.is_facts:
            return Count("flow", filter=Q(flow__in=flows) & (when or Q()))
        columns: Combinable = F(f"n_{flows[0]}")
        for flow in flows[1:]:
            columns = columns + F(f"n_{flow}")
        return Sum(columns, filter=when, default=0)

    def since(self, start: dt.date) -> Q:
        return Q(**{f"{self.day}__gte": start})


def ground(*, dimensions: Collection[str] = (), start: dt.date, end: dt.date, where: Where | None = None, scope: Scope) -> Ground:
    """Pick the table for these dimensions, this filter and this scope."""
    where = where or {}
    needed = set(dimensions) | set(where)
    if unknown := needed - set(COLUMNS):
        raise ValueError(f"no such dimension: {', '.join(sorted(unknown))}")
    if not scope.whole:
        needed |= {"territory"} | ({"service_line"} if scope.overlays else set())
    wanted = seen(scope) & _matching(where)
    if Window(start, end).is_whole_months:
        for model, has in _ROLLUPS:
            if needed <= has:
                return Ground(model._default_manager.filter(wanted, month__gte=start, month__lt=end), is_facts=False)
        return Ground(Referral.objects.counted().filter(wanted, month__gte=start, month__lt=end), is_facts=True)
    rows = Referral.objects.counted().filter(wanted, anchor_on__gte=start, anchor_on__lt=end)
    return Ground(rows, is_facts=True, day="anchor_on")


def cells(
    *,
    by: Sequence[str] = (),
    start: dt.date,
    end: dt.date,
    where: Where | None = None,
    scope: Scope,
    split: dt.date | None = None,
) -> list[Cell]:
    """Counts per group of `by`, from `start` until before `end`.

    `where` maps dimensions to an id, several ids, or None (nothing named). A territory stands for all below it. With `split`, the first
    part of each key is "now" or "before" that day.
    """
    if scope.is_empty:
        return []
    source = ground(dimensions=by, start=start, end=end, where=where, scope=scope)
    rows, columns = source.rows, [COLUMNS[dimension] for dimension in by]
    if split is not None:
        rows = rows.annotate(period=Case(When(source.since(split), then=Value(NOW)), default=Value(BEFORE), output_field=CharField()))
        columns = ["period", *columns]
    sums = {f"sum_{flow}": source.tally(flow) for flow in FLOWS}
    if not columns:
        return [Cell((), (), *rows.aggregate(**sums).values())]
    grouped = rows.order_by().values(*columns).annotate(**sums).values_list(*columns, *sums)
    width = len(columns)
    return [Cell(tuple(row[:width]), (), *row[width:]) for row in grouped]


def seen(scope: Scope) -> Q:
    """The rows that a scope shows: whole territories, and one line of the overlays' territories."""
    if scope.whole:
        return Q()
    condition = Q(territory_id__in=scope.territory_ids)
    lines: dict[int, set[int]] = {}
    for territory, line in scope.overlays:
        lines.setdefault(line, set()).add(territory)
    for line, territories in lines.items():
        condition |= Q(territory_id__in=territories, service_line_id=line)
    return condition


def branch(territory_id: int, parents: Mapping[int, int | None] | None = None) -> frozenset[int]:
    """The territory and all below it."""
    if parents is None:
        parents = dict(Territory.objects.values_list("pk", "parent_id"))
    children: dict[int | None, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    return frozenset(below(territory_id, children))


def _matching(where: Where) -> Q:
    condition = Q()
    for dimension, value in where.items():
        column = COLUMNS[dimension]
        if value is None:
            condition &= Q(**{f"{column}__isnull": True})
        elif isinstance(value, Collection) and not isinstance(value, str):
            condition &= Q(**{f"{column}__in": value})
        elif dimension == "territory":
            condition &= Q(territory_id__in=branch(value))
        else:
            condition &= Q(**{column: value})
    return condition
