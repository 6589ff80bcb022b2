"""Referrers and when they sent: per provider the inbound referrals of some stretches of time, counted in one statement."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q

from reports.periods import Window
from reports.queries.cells import ground
from reports.queries.cuts import CUTS, Where
from territories.scope import Scope

_EVER = dt.date(1900, 1, 1)


@dataclass(frozen=True)
class Stretch:
    """A time that is looked at, the time before it, and how many referrals of that are asked for at least."""

    window: Window
    earlier: Window
    least: float = 1

    @property
    def is_whole_months(self) -> bool:
        return self.window.is_whole_months and self.earlier.is_whole_months


def referrers(
    stretches: Sequence[Stretch], condition: str, *, by: Sequence[str], where: Where, scope: Scope
) -> list[tuple[tuple[Any, ...], list[int]]]:
    """(group, number of providers by stretch for whom the condition holds); one group without `by`. Who is not known is nobody.

    The condition is SQL on a provider's counts of one stretch: {now} in its time, {before} in the time before, {older} earlier than
    both; {least} is the stretch's.
    """
    if not stretches:
        return []
    if scope.is_empty:
        return [] if by else [((), [0] * len(stretches))]
    with_older = "{older}" in condition
    source = ground(
        dimensions=[*by, "provider"],
        start=_EVER if with_older else min(min(stretch.earlier.start, stretch.window.start) for stretch in stretches),
        end=max(stretch.window.end for stretch in stretches),
        where=where,
        scope=scope,
        by_day=not all(stretch.is_whole_months for stretch in stretches),
    )

    def between(window: Window) -> Q:
        return Q(**{f"{source.day}__gte": window.start, f"{source.day}__lt": window.end})

    sums: dict[str, Any] = {}
    for nth, stretch in enumerate(stretches):
        sums[f"now_{nth}"] = source.tally("inbound", when=between(stretch.window))
        sums[f"before_{nth}"] = source.tally("inbound", when=between(stretch.earlier))
        if with_older:
            sums[f"older_{nth}"] = source.tally("inbound", when=~source.since(stretch.earlier.start))
    places = list(dict.fromkeys([*(CUTS[name].place for name in by), "provider_id"]))
    rows = source.rows.filter(provider_id__isnull=False).order_by().values(*places).annotate(**sums).values_list(*places, *sums)
    inner, params = rows.query.sql_with_params()
    names = [f"p{nth}" for nth in range(len(places))]
    keys = [names[places.index(CUTS[name].place)] for name in by]
    conditions = [
        condition.format(now=f"now_{nth}", before=f"before_{nth}", older=f"older_{nth}", least=float(stretch.least))
        for nth, stretch in enumerate(stretches)
    ]
    wanted = ", ".join([*keys, *(f"count(*) FILTER (WHERE {text})" for text in conditions)])
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH sent ({', '.join([*names, *sums])}) AS ({inner}) SELECT {wanted} FROM sent"  # noqa: S608 - our own names
            + (f" GROUP BY {', '.join(dict.fromkeys(keys))}" if keys else ""),
            params,
        )
        return [(row[: len(by)], list(row[len(by) :])) for row in cursor.fetchall()]
