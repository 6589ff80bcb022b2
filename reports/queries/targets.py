"""Whom their peers leave behind: per provider and line, what they and their peers send, from the market file (METHODS section 5).

Peers are providers of the same specialty and kind in the same region, a region being a branch right below the root of the territories;
where they are fewer than the setting asks for, those of the whole organization. A provider is never their own peer. Emergency physicians,
hospitalists, residents and locums are neither on the list nor among the peers.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, Sum

from contacts.models import Organization
from referrals.models import LineMonth
from reports.periods import Window
from reports.queries.avoidable import Span
from reports.queries.market import KNOWN, MATURE, Market, seen_in
from territories.models import Territory
from territories.scope import Scope


@dataclass(frozen=True)
class Candidate:
    """A provider in a line, of whom peers send a larger share to us. `region_id` None: the peers are the whole organization's."""

    provider_id: int
    practice_id: int
    territory_id: int | None
    service_line_id: int
    to_us: int
    total: int
    peers: int
    peers_to_us: int
    peers_total: int
    region_id: int | None


def regions() -> dict[int, int]:
    """Territory → the branch right below the root in which it lies; the root itself lies in none."""
    parents = dict(Territory.objects.values_list("pk", "parent_id"))
    found: dict[int, int] = {}
    for pk, parent in parents.items():
        here = pk
        while parent is not None:
            above = parents[parent]
            if above is None:
                found[pk] = here
            here, parent = parent, above
    return found


def candidates(
    source: Market,
    window: Window,
    *,
    scope: Scope,
    least_peers: int,
    territories: Collection[int] | None = None,
    service_line: int | None = None,
    practice: int | None = None,
) -> list[Candidate]:
    """Providers whom the person sees and whose share is below that of their peers, in each line."""
    if scope.is_empty:
        return []
    seen, params = seen_in(scope)
    places = regions()
    narrower, narrowed = [], []
    for column, value in (("k.territory_id", territories), ("m.service_line_id", service_line), ("k.practice_id", practice)):
        if value is not None:
            narrower.append(f"AND {column} = ANY(%s::bigint[])")
            narrowed.append(list(value) if isinstance(value, Collection) else [value])
    sql = f"""WITH RECURSIVE {KNOWN},
        region (territory_id, region_id) AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[])),
        base AS (
            SELECT k.provider_id, k.practice_id, k.territory_id, r.region_id, p.specialty_id, p.kind, m.service_line_id,
                sum(m.to_us) AS to_us, sum(m.total) AS total
            FROM referrals_marketmonth m
            JOIN known k ON k.npi = m.npi
            JOIN contacts_provider p ON p.id = k.provider_id
            JOIN contacts_specialty s ON s.id = p.specialty_id
            LEFT JOIN region r ON r.territory_id = k.territory_id
            WHERE m.is_current AND m.vendor_id = %s AND m.month >= %s AND m.month < %s AND {MATURE}
                AND NOT p.stays_off_lists AND NOT s.stays_off_lists
            GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(m.total) > 0),
        peered AS (
            SELECT *,
                count(*) OVER near - 1 AS near, sum(to_us) OVER near - to_us AS near_to_us, sum(total) OVER near - total AS near_total,
                count(*) OVER wide - 1 AS wide, sum(to_us) OVER wide - to_us AS wide_to_us, sum(total) OVER wide - total AS wide_total
            FROM base WINDOW near AS (PARTITION BY specialty_id, kind, service_line_id, region_id),
                wide AS (PARTITION BY specialty_id, kind, service_line_id)),
        chosen AS (
            SELECT *, region_id IS NOT NULL AND near >= %s AS is_near FROM peered),
        k AS (
            SELECT provider_id, practice_id, territory_id, service_line_id, to_us, total,
                CASE WHEN is_near THEN near ELSE wide END AS peers,
                CASE WHEN is_near THEN near_to_us ELSE wide_to_us END AS peers_to_us,
                CASE WHEN is_near THEN near_total ELSE wide_total END AS peers_total,
                CASE WHEN is_near THEN region_id END AS region_id
            FROM chosen)
        SELECT k.provider_id, k.practice_id, k.territory_id, k.service_line_id, k.to_us::int, k.total::int, k.peers::int,
            k.peers_to_us::int, k.peers_total::int, k.region_id
        FROM k
        CROSS JOIN LATERAL (SELECT k.service_line_id) m
        JOIN contacts_provider p ON p.id = k.provider_id
        JOIN contacts_practice o ON o.id = k.practice_id
        WHERE k.peers >= %s AND k.to_us * k.peers_total < k.peers_to_us * k.total
            AND NOT p.do_not_visit AND NOT p.is_stale AND NOT o.do_not_visit AND o.archived_at IS NULL AND {seen} {" ".join(narrower)}
        ORDER BY k.provider_id, k.service_line_id"""  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            [
                list(places),
                list(places.values()),
                source.vendor_id,
                window.start,
                window.end,
                least_peers,
                least_peers,
                *params,
                *narrowed,
            ],
        )
        return [Candidate(*row) for row in cursor.fetchall()]


Mix = Mapping[int, float]


@dataclass(frozen=True)
class Mixes:
    """Who pays for referrals, by territory and line, as far as our own referrals say: {payer: share}."""

    by_territory: Mapping[tuple[int | None, int], Mix]
    by_line: Mapping[int, Mix]

    def of(self, territory_id: int | None, line_id: int) -> Mix:
        """Of the territory in the line, else of the line anywhere; empty where nothing is known."""
        return self.by_territory.get((territory_id, line_id)) or self.by_line.get(line_id) or {}


def mixes(window: Window) -> Mixes:
    """From a rollup: referrals with a payer, whatever their flow."""
    every = F("n_inbound") + F("n_internal") + F("n_outbound") + F("n_undetermined")
    rows = (
        LineMonth.objects.filter(month__gte=window.start, month__lt=window.end, payer__isnull=False, service_line__isnull=False)
        .order_by()
        .values_list("territory_id", "service_line_id", "payer_id")
        .annotate(n=Sum(every))
    )
    by_territory: dict[tuple[int | None, int], dict[int, int]] = {}
    by_line: dict[int, dict[int, int]] = {}
    for territory, line, payer, n in rows:
        by_territory.setdefault((territory, line), {})[payer] = n
        counts = by_line.setdefault(line, {})
        counts[payer] = counts.get(payer, 0) + n
    return Mixes({key: _shares(counts) for key, counts in by_territory.items()}, {key: _shares(counts) for key, counts in by_line.items()})


def _shares(counts: Mapping[int, int]) -> Mix:
    total = sum(counts.values())
    return {payer: n / total for payer, n in counts.items() if n > 0} if total else {}


def site_names(spans: Iterable[Span]) -> dict[int, str]:
    """What the sites are called."""
    rows: Any = Organization.objects.filter(pk__in={span.organization_id for span in spans}).values_list("pk", "name")
    return dict(rows)


def today_only(spans: Iterable[Span], today: dt.date) -> list[Span]:
    """What holds today."""
    return [span for span in spans if span.start <= today < span.end]
