"""Facts behind a question that no rollup answers: the cohort of referrals as a table of SQL, and counts over it by group.

Joins are lateral and only where a measure says which rows need them; what a person sees and what they filter for stays Django's.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from referrals.models import Referral, Sees, Source
from reports.periods import Window
from reports.queries.cells import seen
from reports.queries.cuts import CUTS, Where, annotated, matching
from territories.scope import Scope

# What measures read of a fact, beside the groups.
COLUMNS = (
    "id", "source_id", "flow", "state", "anchor_on", "appointment_on", "seen_on", "seen_by", "report_on",
    "destination_id", "destination_name", "performer_id", "performing_name", "performing_npi",
)  # fmt: skip


def facts(
    *, names: Sequence[str] = (), start: dt.date, end: dt.date, where: Where, scope: Scope, flows: Sequence[str] = ()
) -> QuerySet[Referral]:
    """Counted referrals of the question, with what the named cuts need."""
    if scope.is_empty:
        return Referral.objects.none()
    rows = annotated(Referral.objects.counted(), {*names, *where}).filter(seen(scope) & matching(where)).order_by()
    if flows:
        rows = rows.filter(flow__in=flows)
    if Window(start, end).is_whole_months:  # as the index has it
        return rows.filter(month__gte=start, month__lt=end)
    return rows.filter(anchor_on__gte=start, anchor_on__lt=end)


@dataclass(frozen=True)
class Group:
    """Counts of one group, by the names that were asked for."""

    key: tuple[Any, ...]
    n: Mapping[str, int]


def tally(
    rows: QuerySet[Any], by: Sequence[str], counts: Mapping[str, str], *, joins: str = "", params: Mapping[str, Any] | None = None
) -> list[Group]:
    """Counts over the cohort `c`: `counts` are conditions of SQL by name, or whole aggregates in brackets; `joins` stand behind `c`.

    One group without `by`, also when nothing is in it.
    """
    aggregates = [text if text.startswith("(") else f"count(*) FILTER (WHERE {text})" for text in counts.values()]
    found = over(rows, by, aggregates, joins=joins, params=params)
    groups = [Group(row[: len(by)], dict(zip(counts, row[len(by) :], strict=True))) for row in found]
    return groups or ([] if by else [Group((), dict.fromkeys(counts, 0))])


def over(
    rows: QuerySet[Any],
    by: Sequence[str],
    selected: Sequence[str],
    *,
    also: Sequence[str] = (),
    joins: str = "",
    params: Mapping[str, Any] | None = None,
) -> list[tuple[Any, ...]]:
    """`SELECT <groups>, <also>, <selected> FROM cohort c <joins> GROUP BY <groups>, <also>`; `also` are expressions to group by besides."""
    if rows.query.is_empty():
        return []
    places = [CUTS[name].place for name in by]
    cohort, inner = rows.values_list(*places, *COLUMNS).query.sql_with_params()
    keys = [f"g{place}" for place in range(len(by))]
    named = [f"%({_PLAIN}{place})s" for place in range(len(inner))]
    grouped = [*(f"c.{key}" for key in keys), *also]
    sql = f"""WITH c ({", ".join([*keys, *COLUMNS])}) AS ({cohort % tuple(named)})
        SELECT {", ".join([*grouped, *selected])} FROM c {joins} {f"GROUP BY {', '.join(grouped)}" if grouped else ""}"""  # noqa: S608
    values = dict(zip((name[2:-2] for name in named), inner, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(sql, {**values, **(params or {})})
        return list(cursor.fetchall())


_PLAIN = "given_"


def members(rows: QuerySet[Referral], condition: str, *, joins: str = "", params: Mapping[str, Any] | None = None) -> QuerySet[Referral]:
    """Of these rows the ones for which the condition holds, said of the cohort `c` as in `tally`."""
    try:
        cohort, inner = rows.order_by().values_list(*COLUMNS).query.sql_with_params()
    except EmptyResultSet:  # somebody without a territory
        return rows.none()
    tail = f"{joins} WHERE {condition}"
    given = [(params or {})[name] for name in _NAMED.findall(tail)]
    sql = f"WITH c ({', '.join(COLUMNS)}) AS ({cohort}) SELECT c.id FROM c {_NAMED.sub('%s', tail)}"  # noqa: S608 - our own names
    return rows.filter(pk__in=RawSQL(sql, (*inner, *given)))  # noqa: S611 - our own conditions


_NAMED = re.compile(r"%\((\w+)\)s")


def has_claims() -> bool:
    """Whether any feed sees the claims of all destinations."""
    return Referral.objects.filter(source__in=Source.objects.filter(sees=Sees.CLAIMS)).exists()


def is_ours(affiliated: bool) -> list[str]:
    """The alignments that count as ours."""
    return ["employed", "affiliated"] if affiliated else ["employed"]
