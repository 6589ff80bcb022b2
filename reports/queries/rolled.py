"""Counts straight from a rollup, as one statement of SQL: Django took five times as long to make the statement as Postgres to answer it.

What no rollup covers, and what joins, is asked by `reports.queries.cells.counted`, the slow twin of this over the same table.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection

from referrals.models import Rollup
from reports.cells import FLOWS, Cell
from reports.queries.cuts import CUTS, Where, branch
from territories.scope import Scope

_SUMS = ", ".join(f"sum(n_{flow})" for flow in FLOWS)


def rolled(
    rollup: type[Rollup],
    *,
    by: Sequence[str],
    start: dt.date,
    end: dt.date,
    where: Where,
    scope: Scope,
    split: tuple[dt.date, str, str] | None,
) -> list[Cell]:
    """Counts per group of `by`, from `start` until before `end`; with `split` (a day, what is from then on, what was before it) the first
    part of each key is one of its two words."""
    keys, values = [CUTS[dimension].column for dimension in by], list[Any]()
    if split is not None:
        keys.insert(0, "CASE WHEN month >= %s THEN %s ELSE %s END")
        values += split
    conditions = ["month >= %s", "month < %s"]
    values += [start, end]
    for condition, given in (*_matching(where), *_seen(scope)):
        conditions.append(condition)
        values += given
    width = len(keys)
    grouped = f" GROUP BY {', '.join(str(place + 1) for place in range(width))}" if keys else ""
    sql = f"""SELECT {"".join(f"{key}, " for key in keys)}{_SUMS} FROM {rollup._meta.db_table}
        WHERE {" AND ".join(conditions)}{grouped}"""  # noqa: S608 - names of our own columns and tables
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    if not keys:  # sums of no rows are null
        return [Cell((), (), *(n or 0 for n in rows[0]))]
    return [Cell(row[:width], (), *row[width:]) for row in rows]


Condition = tuple[str, list[Any]]


def _matching(where: Where) -> list[Condition]:
    """As `cuts.matching`."""
    found: list[Condition] = []
    for name, value in where.items():
        column = CUTS[name].column
        if value is None:
            found.append((f"{column} IS NULL", []))
            continue
        several = branch(value) if name == "territory" and not _is_several(value) else value
        found.append(_among(column, several) if _is_several(several) else (f"{column} = %s", [several]))
    return found


def _is_several(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str)


def _among(column: str, values: Collection[Any]) -> Condition:
    """One value alone keeps the order of the index, which several do not."""
    if len(values) == 1:
        return f"{column} = %s", list(values)
    return f"{column} = ANY(%s)", [sorted(value for value in values if value is not None)]


def _seen(scope: Scope) -> list[Condition]:
    """As `cells.seen`."""
    if scope.whole:
        return []
    texts, values = [], []
    for line, territories in scope.by_line.items():
        text, given = _among("territory_id", territories)
        texts.append(text if line is None else f"({text} AND service_line_id = %s)")
        values += given if line is None else [*given, line]
    return [(f"({' OR '.join(texts)})", values)]
