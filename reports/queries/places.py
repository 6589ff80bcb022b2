"""Figures by county: what the practices there refer, how many they are, how often they were visited, whose territory they lie in."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.utils import timezone

from contacts.models import Cadence, Practice
from reports.cells import Cell, total
from reports.periods import Window
from reports.queries.cells import Where, cells
from territories.scope import Scope
from visits.models import Visit, WorkingHours

PROMISE_DAYS = 28  # promised visit hours are told for four weeks, as a person's capacity is
USUAL_MINUTES: int = WorkingHours._meta.get_field("visit_minutes").get_default()


@dataclass(frozen=True)
class Office:
    """A practice as the map counts it. `is_live`: it can be visited today and is seen by the person.

    `promised`: minutes of the visits that its tier's cadence promises in four weeks, without the road.
    """

    pk: int
    name: str
    county: str
    zip: str
    territory_id: int | None
    is_live: bool
    cell: Cell = field(default_factory=Cell)
    promised: float = 0.0


@dataclass(frozen=True)
class County:
    """One county, as rules name it; blank: practices whose ZIP code lies in none that we know. `territories`: practices in each today."""

    name: str
    cell: Cell
    practices: int
    visits: int
    territories: Counter[int | None]
    promised: float = 0.0

    @property
    def label(self) -> str:
        state, _, county = self.name.partition("/")
        return f"{county}, {state}" if county else "County unknown"


def offices(*, user: Any, window: Window, where: Where, scope: Scope) -> list[Office]:
    """Every live practice that the person sees, and whoever else of their field referred in the window; with its referrals."""
    found = {cell.key[0]: cell for cell in cells(by=["practice"], start=window.start, end=window.end, where=where, scope=scope)}
    columns = ("pk", "name", "county", "zip", "territory_id", "tier", "visit_minutes", "do_not_visit")
    every = dict(Cadence.objects.values_list("tier", "every_days"))
    seen = Practice.objects.visible_to(user).live()
    if (territories := where.get("territory")) is not None:
        seen = seen.filter(territory__in=territories)
    rows = {row[0]: _office(row, True, found.get(row[0], Cell()), every) for row in seen.values_list(*columns)}
    gone = found.keys() - rows.keys() - {None}
    if gone:
        others = Practice.objects.filter(pk__in=gone).values_list(*columns)
        rows |= {row[0]: _office(row, False, found[row[0]], {}) for row in others}
    return sorted(rows.values(), key=lambda office: (office.name, office.pk))


def _office(row: Any, is_live: bool, cell: Cell, every: Mapping[str, int]) -> Office:
    pk, name, county, zip_, territory_id, tier, minutes, do_not_visit = row
    visits = 0 if do_not_visit or tier not in every else PROMISE_DAYS / every[tier]
    return Office(pk, name, county, zip_, territory_id, is_live, cell, visits * (minutes or USUAL_MINUTES))


def counties(found: Collection[Office], *, user: Any, window: Window, territories: Collection[int] | None) -> list[County]:
    """The same by county, with the visits made there; the name breaks ties."""
    visited = visits_by("county", user=user, window=window, territories=territories)
    groups: dict[str, list[Office]] = {}
    for office in found:
        groups.setdefault(office.county, []).append(office)
    names = sorted({*groups, *visited})
    return [
        County(
            name,
            total(office.cell for office in groups.get(name, ())),
            sum(office.is_live for office in groups.get(name, ())),
            visited.get(name, 0),
            Counter(office.territory_id for office in groups.get(name, ()) if office.is_live),
            sum(office.promised for office in groups.get(name, ())),
        )
        for name in names
    ]


def visits_by(column: str, *, user: Any, window: Window, territories: Collection[int] | None = None) -> dict[str, int]:
    """Visits made in the window by a column of their practice ("county", "zip")."""
    start, end = (timezone.make_aware(dt.datetime.combine(day, dt.time())) for day in (window.start, window.end))
    rows = Visit.objects.visible_to(user).made().filter(visited_at__gte=start, visited_at__lt=end)
    if territories is not None:
        rows = rows.filter(practice__territory__in=territories)
    return dict(rows.order_by().values_list(f"practice__{column}").annotate(n=Count("pk", distinct=True)))
