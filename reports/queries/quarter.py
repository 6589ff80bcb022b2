"""What one quarter brought, each part against its own baseline: referrals of assigned and unassigned practices, referrers, concerns."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.expressions import Combinable

from accounts.roles import Role
from concerns.models import Concern
from referrals.models import Referral
from reports.cells import Cell
from reports.periods import Window, add_months
from reports.queries.cells import BEFORE, NOW, cells
from reports.queries.cells import seen as shown
from territories.models import Assignment, Territory
from territories.scope import Scope, below

ASSIGNED, UNASSIGNED = "assigned", "unassigned"


def assigned_territories(day: dt.date) -> frozenset[int]:
    """Territories that a liaison looks after on a day as their primary, and all below them."""
    held = Assignment.objects.filter(is_primary=True, service_line=None, user__role=Role.LIAISON).on(day)
    children: dict[int | None, list[int]] = {}
    for pk, parent in Territory.objects.values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    return frozenset(node for territory in held.values_list("territory_id", flat=True) for node in below(territory, children))


@dataclass(frozen=True)
class Counted:
    """A count in the quarter and in the months of its baseline."""

    now: int
    before: int


def seen_inbound(quarter: Window, baseline: Window, scope: Scope, assigned: Collection[int], within: int) -> dict[str, Counted]:
    """Inbound referrals whose patient was seen within so many days, by whether a liaison looks after the practice."""
    in_time = Q(seen_on__lte=F("anchor_on") + dt.timedelta(days=1) * within)
    rows = Referral.objects.counted().filter(shown(scope), in_time, month__gte=baseline.start, month__lt=quarter.end, flow="inbound")
    grouped = rows.order_by().annotate(whose=_whose(assigned)).values("whose")
    found = grouped.annotate(
        now=Count("pk", filter=Q(month__gte=quarter.start)), before=Count("pk", filter=Q(month__lt=baseline.end))
    ).values_list("whose", "now", "before")
    return {ASSIGNED: Counted(0, 0), UNASSIGNED: Counted(0, 0)} | {whose: Counted(now, before) for whose, now, before in found}


def _whose(assigned: Collection[int]) -> Combinable:
    return Case(When(territory_id__in=assigned, then=Value(ASSIGNED)), default=Value(UNASSIGNED))


def new_patients(quarter: Window, baseline: Window, scope: Scope, assigned: Collection[int]) -> dict[str, Counted]:
    """Patients (by their hash, within a feed) with an inbound referral and none in the twelve months before it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT territory_id = ANY(%(assigned)s) IS TRUE, count(*) FILTER (WHERE anchor_on >= %(start)s),
                      count(*) FILTER (WHERE anchor_on < %(until)s)
               FROM (SELECT territory_id, anchor_on,
                            lag(anchor_on) OVER (PARTITION BY source_id, patient_hash ORDER BY anchor_on, id) AS last_on
                     FROM referrals_referral
                     WHERE is_counted AND flow = 'inbound' AND patient_hash <> '' AND month >= %(history)s AND month < %(end)s
                           AND (%(whole)s OR territory_id = ANY(%(territories)s))) r
               WHERE anchor_on >= %(first)s AND (last_on IS NULL OR last_on < anchor_on - interval '12 months')
               GROUP BY 1""",
            {
                "assigned": list(assigned),
                "whole": scope.whole,
                "territories": list(scope.territory_ids),
                "start": quarter.start,
                "end": quarter.end,
                "first": baseline.start,
                "until": baseline.end,
                "history": add_months(baseline.start, -12),
            },
        )
        found = {ASSIGNED if is_assigned else UNASSIGNED: Counted(now, before) for is_assigned, now, before in cursor.fetchall()}
    return {ASSIGNED: Counted(0, 0), UNASSIGNED: Counted(0, 0)} | found


@dataclass(frozen=True)
class Referrers:
    """Providers who send us something: gained (none in the twelve months before), and of the regular ones, kept and lost."""

    gained: int | None
    regular: int
    kept: int


def referrers(quarter: Window, baseline: Window, scope: Scope, *, has_year: bool, expected: int) -> Referrers:
    """Regular are those of whom so many referrals were to be expected in the quarter; kept are those who sent any."""
    found = cells(by=["provider"], start=baseline.start, end=quarter.end, scope=scope, split=quarter.start)
    now = {cell.key[1]: cell.inbound for cell in found if cell.key[0] == NOW and cell.key[1] is not None and cell.inbound}
    before = {cell.key[1]: cell.inbound for cell in found if cell.key[0] == BEFORE and cell.key[1] is not None and cell.inbound}
    share = quarter.months / baseline.months
    regular = {provider for provider, n in before.items() if n * share >= expected}
    gained = len(now.keys() - before.keys()) if has_year and baseline.months >= 12 else None
    return Referrers(gained, len(regular), len(regular & now.keys()))


def our_lines(quarter: Window, baseline: Window, scope: Scope) -> list[tuple[Any, Cell, Cell]]:
    """(service line, now, before) of referrals by our own providers."""
    found = cells(by=["service_line"], start=baseline.start, end=quarter.end, scope=scope, split=quarter.start)
    sides = {(cell.key[0], cell.key[1]): cell for cell in found}
    lines = sorted({line for _, line in sides}, key=str)
    return [(line, sides.get((NOW, line), Cell()), sides.get((BEFORE, line), Cell())) for line in lines]


@dataclass(frozen=True)
class Concerns:
    """What practices raised in a quarter and what was resolved in it; `in_time` before its deadline, `told` back to the practice."""

    raised: int
    resolved: int
    in_time: int
    told: int
    open_at_end: int


def concerns_basis() -> list[Any]:
    """How many concerns there are, and how many of them are finished: a change makes a report of them old."""
    return [Concern.objects.count(), Concern.objects.filter(state="closed").count(), Concern.objects.filter(state="resolved").count()]


def concerns_in(quarter: Window, scope: Scope) -> Concerns:
    every = Concern.objects.all() if scope.whole else Concern.objects.filter(practice__territory__in=scope.territory_ids)
    resolved = every.filter(resolved_at__date__gte=quarter.start, resolved_at__date__lt=quarter.end)
    still = every.filter(raised_at__date__lt=quarter.end).filter(Q(resolved_at=None) | Q(resolved_at__date__gte=quarter.end))
    return Concerns(
        raised=every.filter(raised_at__date__gte=quarter.start, raised_at__date__lt=quarter.end).count(),
        resolved=resolved.count(),
        in_time=resolved.filter(resolved_at__date__lte=F("due_on")).count(),
        told=resolved.filter(state="closed").count(),
        open_at_end=still.count(),
    )
