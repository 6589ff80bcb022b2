"""The query layer: grouped counts from the smallest rollup that covers the question, else from the facts.

Visibility is a filter on the row's own territory, from one Scope; nothing here joins but what a cut needs (reports.queries.cuts).
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import Combinable, F

from referrals.models import DestinationMonth, LineMonth, PayerMonth, ProviderMonth, Referral, Rollup, SourceMonth
from reports.cells import FLOWS, Cell
from reports.periods import Window
from reports.queries.cuts import CUTS, Where, annotated, branch, matching
from reports.queries.rolled import rolled
from territories.scope import Scope

__all__ = ["BEFORE", "NOW", "Ground", "Where", "branch", "cells", "counted", "covering", "ground", "seen"]

NOW, BEFORE = "now", "before"

# Smallest first: the first that has every dimension is read. Flows are columns of each.
_ROLLUPS: tuple[tuple[type[Rollup], frozenset[str]], ...] = (
    (SourceMonth, frozenset({"month", "source", "state"})),
    (PayerMonth, frozenset({"month", "service_line", "payer"})),
    (DestinationMonth, frozenset({"month", "service_line", "destination"})),
    (LineMonth, frozenset({"month", "territory", "service_line", "payer"})),
    (ProviderMonth, frozenset({"month", "territory", "practice", "provider", "group", "organization"})),
)


@dataclass(frozen=True)
class Ground:
    """The table that answers a question, cut to the window, the filter and what the person sees."""

    rows: QuerySet[Any]
    is_facts: bool
    day: str = "month"

    def tally(self, *flows: str, when: Q | None = None) -> Combinable:
        """The number of referrals of these flows, where the condition holds; without a condition and without rows it may be None."""
        if self.is_facts:
            return Count("flow", filter=Q(flow__in=flows) & (when or Q()))
        columns: Combinable = F(f"n_{flows[0]}")
        for flow in flows[1:]:
            columns = columns + F(f"n_{flow}")
        return Sum(columns, filter=when, default=None if when is None else 0)

    def since(self, start: dt.date) -> Q:
        return Q(**{f"{self.day}__gte": start})


def ground(
    *,
    dimensions: Collection[str] = (),
    start: dt.date,
    end: dt.date,
    where: Where | None = None,
    scope: Scope,
    by_day: bool = False,
) -> Ground:
    """Pick the table for these dimensions, this filter and this scope; `by_day` for who looks at parts of months."""
    where = where or {}
    shown = {*dimensions, *where}
    if unknown := shown - set(CUTS):
        raise ValueError(f"no such dimension: {', '.join(sorted(unknown))}")
    by_day = by_day or not Window(start, end).is_whole_months
    rollup = None if by_day else covering(shown, scope)
    rows = Referral.objects.counted() if rollup is None else rollup._default_manager.all()
    day = "anchor_on" if by_day else "month"
    wanted = seen(scope) & matching(where) & Q(**{f"{day}__gte": start, f"{day}__lt": end})
    return Ground(annotated(rows, shown).filter(wanted), is_facts=rollup is None, day=day)


def covering(dimensions: Collection[str], scope: Scope) -> type[Rollup] | None:
    """The smallest rollup that has these dimensions and what the scope looks at."""
    needed = set(dimensions)
    if not scope.whole:
        needed |= {"territory"} | ({"service_line"} if scope.overlays else set())
    return next((rollup for rollup, has in _ROLLUPS if needed <= has), None)


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
    where = dict(where or {})
    flows = _flows(where.pop("flow", FLOWS))
    grouped = [name for name in by if name != "flow"]
    found = _cells(grouped, start, end, where, scope, split)
    if flows != set(FLOWS):
        found = [_only(cell, flows) for cell in found]
    if "flow" in by:
        place = list(by).index("flow") + (split is not None)
        found = [_of_flow(cell, flow, place) for cell in found for flow in FLOWS if getattr(cell, flow)]
    return found


def _cells(by: Sequence[str], start: dt.date, end: dt.date, where: Where, scope: Scope, split: dt.date | None) -> list[Cell]:
    shown = {*by, *where}
    rollup = covering(shown, scope) if Window(start, end).is_whole_months else None
    if rollup and all(CUTS[name].column for name in shown):
        parts = (split, NOW, BEFORE) if split else None
        return rolled(rollup, by=by, start=start, end=end, where=where, scope=scope, split=parts)
    return counted(by, start, end, where, scope, split)


def counted(by: Sequence[str], start: dt.date, end: dt.date, where: Where, scope: Scope, split: dt.date | None) -> list[Cell]:
    """The same by Django, from any table."""
    source = ground(dimensions=by, start=start, end=end, where=where, scope=scope)
    rows, columns = source.rows, [CUTS[dimension].place for dimension in by]
    if split is not None:
        rows = rows.annotate(period=Case(When(source.since(split), then=Value(NOW)), default=Value(BEFORE), output_field=CharField()))
        columns = ["period", *columns]
    sums = {f"sum_{flow}": source.tally(flow) for flow in FLOWS}
    if not columns:
        return [Cell((), (), *(n or 0 for n in rows.aggregate(**sums).values()))]
    grouped = rows.order_by().values(*columns).annotate(**sums).values_list(*columns, *sums)
    width = len(columns)
    return [Cell(tuple(row[:width]), (), *row[width:]) for row in grouped]


def _flows(wanted: Any) -> set[str]:
    """The flows that a filter lets through."""
    if wanted is None:
        return set()
    return {wanted} if isinstance(wanted, str) else set(wanted)


def _only(cell: Cell, flows: Collection[str]) -> Cell:
    """The cell without the other flows."""
    return Cell(cell.key, cell.labels, *(getattr(cell, flow) if flow in flows else 0 for flow in FLOWS))


def _of_flow(cell: Cell, flow: str, place: int) -> Cell:
    """One flow of a cell, as a group of its own."""
    return _only(cell, (flow,))._replace(key=(*cell.key[:place], flow, *cell.key[place:]))


def seen(scope: Scope) -> Q:
    """The rows that a scope shows: whole territories, and one line of the overlays' territories."""
    if scope.whole:
        return Q()
    condition = Q()
    for line, territories in scope.by_line.items():
        condition |= Q(territory_id__in=territories) if line is None else Q(territory_id__in=territories, service_line_id=line)
    return condition
