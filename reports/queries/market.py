"""What the market file says: which vendor leads, and how often providers sent to us of how often in all (METHODS section 2, share of care).

Market data name a provider by NPI and no practice: a provider's figures belong to the practice that is primary today, whose territory
decides who sees them. Providers whom we do not know are seen by those who see the whole. Only months that the vendor had told to their end.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from reports.keeping import kept
from reports.periods import Window, full_until, last_full_months
from reports.queries.cuts import branch
from reports.queries.freshness import newest_version
from territories.scope import Scope

CUTS = ("month", "service_line", "provider", "practice", "territory")
_COLUMNS = {
    "month": "m.month",
    "service_line": "m.service_line_id",
    "provider": "k.provider_id",
    "practice": "k.practice_id",
    "territory": "k.territory_id",
}
NOTHING = "we see only what they send us"

# Everybody with an NPI, and who they are today: a merged provider is the survivor, at the survivor's primary practice.
KNOWN = """moved AS (
    SELECT id AS start, merged_into_id AS survivor FROM contacts_provider WHERE merged_into_id IS NOT NULL
    UNION ALL
    SELECT moved.start, p.merged_into_id FROM moved JOIN contacts_provider p ON p.id = moved.survivor WHERE p.merged_into_id IS NOT NULL),
survivors AS (
    SELECT moved.start, moved.survivor FROM moved JOIN contacts_provider p ON p.id = moved.survivor WHERE p.merged_into_id IS NULL),
known AS (
    SELECT p.npi, coalesce(s.survivor, p.id) AS provider_id, a.practice_id, o.territory_id
    FROM contacts_provider p
    LEFT JOIN survivors s ON s.start = p.id
    LEFT JOIN contacts_affiliation a ON a.provider_id = coalesce(s.survivor, p.id) AND a.is_primary AND a.ended_on IS NULL
    LEFT JOIN contacts_practice o ON o.id = a.practice_id
    WHERE p.npi <> '')"""
MATURE = "m.through_on >= m.month + interval '1 month' - interval '1 day'"


@dataclass(frozen=True)
class Market:
    """One vendor's word: from its first month until before `end`, where the last month that it told whole ends."""

    vendor_id: int
    vendor: str
    first_month: dt.date
    through_on: dt.date
    providers: int
    others: tuple[tuple[int, str], ...] = ()

    @property
    def end(self) -> dt.date:
        return full_until(self.through_on)

    def window(self, months: int) -> Window:
        """The last whole months; fewer when the vendor tells of fewer."""
        window = last_full_months(months, self.through_on)
        return Window(max(window.start, min(self.first_month, self.end)), window.end)


def market(vendor_id: int | None = None) -> Market | None:
    """The vendor asked for, else the one whose data reaches furthest, of two the one that tells of more providers; None before any."""
    version = newest_version()
    rows = kept(f"market:{version}" if version else "", _vendors)
    found = [Market(pk, name, dt.date.fromisoformat(first), dt.date.fromisoformat(last), count) for pk, name, first, last, count in rows]
    chosen = next((one for one in found if one.vendor_id == vendor_id), None) or (found[0] if found else None)
    if chosen is None:
        return None
    others = tuple((one.vendor_id, one.vendor) for one in sorted(found, key=lambda one: one.vendor))
    return Market(chosen.vendor_id, chosen.vendor, chosen.first_month, chosen.through_on, chosen.providers, others)


def _vendors() -> list[tuple[int, str, str, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT v.id, v.name, min(m.month)::text, max(m.through_on)::text, count(DISTINCT m.npi)
               FROM referrals_marketmonth m JOIN referrals_marketvendor v ON v.id = m.vendor_id WHERE m.is_current
               GROUP BY v.id ORDER BY max(m.through_on) DESC, count(DISTINCT m.npi) DESC, v.id"""
        )
        rows: list[tuple[int, str, str, str, int]] = cursor.fetchall()
    return rows


@dataclass(frozen=True)
class Share:
    """Referrals of one group: to us, and in all. `key` has one id per dimension asked for, None where nobody is known."""

    key: tuple[Any, ...]
    to_us: int
    total: int
    providers: int


def shares(
    source: Market, *, by: Sequence[str], start: dt.date, end: dt.date, where: Mapping[str, Any] | None = None, scope: Scope
) -> list[Share]:
    """Per group of `by` what the vendor tells of the months from `start` until before `end`."""
    if scope.is_empty:
        return []
    condition, params = _condition(where or {}, scope)
    columns = [_COLUMNS[name] for name in by]
    sql = f"""WITH RECURSIVE {KNOWN}
        SELECT {", ".join([*columns, "sum(m.to_us)::int", "sum(m.total)::int", "count(DISTINCT m.npi)"])}
        FROM referrals_marketmonth m LEFT JOIN known k ON k.npi = m.npi
        WHERE m.is_current AND m.vendor_id = %s AND m.month >= %s AND m.month < %s AND {MATURE} AND {condition}
        {f"GROUP BY {', '.join(columns)}" if columns else "HAVING count(*) > 0"}"""  # noqa: S608 - names of our own columns
    with connection.cursor() as cursor:
        cursor.execute(sql, [source.vendor_id, start, end, *params])
        return [Share(tuple(row[:-3]), *row[-3:]) for row in cursor.fetchall()]


def _condition(where: Mapping[str, Any], scope: Scope) -> tuple[str, list[Any]]:
    """The filter and the scope as SQL with its parameters."""
    parts, params = ["TRUE"], []
    for name, value in where.items():
        column = _COLUMNS[name]
        if value is None:
            parts.append(f"{column} IS NULL")
            continue
        many = value if isinstance(value, Collection) and not isinstance(value, str) else [value]
        wanted = branch(value) if name == "territory" and not isinstance(value, Collection) else many
        parts.append(f"{column} = ANY(%s)")
        params.append(list(wanted))
    sql, seen = seen_in(scope)
    return " AND ".join([*parts, sql]), [*params, *seen]


def seen_in(scope: Scope) -> tuple[str, list[Any]]:
    """The rows that a scope shows: whole territories, and one line of the overlays' territories."""
    if scope.whole:
        return "TRUE", []
    territories, lines = zip(*scope.overlays, strict=True) if scope.overlays else ((), ())
    return (
        "(k.territory_id = ANY(%s::bigint[]) OR (k.territory_id, m.service_line_id) IN (SELECT * FROM unnest(%s::bigint[], %s::bigint[])))",
        [list(scope.territory_ids), list(territories), list(lines)],
    )
