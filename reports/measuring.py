"""One measure as rows: the command line's and the API's shared answer."""

import datetime as dt
from typing import Any

from contacts.models import Provider
from referrals.models import Source
from reports.cells import Cell
from reports.measures import MEASURES, as_row
from reports.queries.cells import Where, cells
from reports.queries.freshness import freshness
from reports.queries.names import words_for
from territories.scope import Scope

DIMENSIONS = ("month", "service_line", "payer", "territory", "provider", "source", "state")
WHOLE = Scope(whole=True)


def measure(*, name: str, start: dt.date, end: dt.date, by: str = "", scope: Scope = WHOLE, where: Where | None = None) -> dict[str, Any]:
    """`{measure, start, end, data_through, rows: [{<by>, numerator, denominator, value}]}`; one row without `by`.

    Groups in which nothing was counted are left out, and with `by` provider what has no provider, or one without an NPI.
    """
    found = cells(by=[by] if by else [], start=start, end=end, where=where, scope=scope)
    through = freshness().data_through
    words = _words(by, found) if by else {}
    rows: list[dict[str, Any]] = []
    for cell in found or ([] if by else [Cell()]):
        row = as_row(MEASURES[name]([cell]))
        if not by:
            rows.append(row)
        elif (row["numerator"] or row["denominator"]) and (by != "provider" or words.get(cell.key[0])):
            rows.append({by: words.get(cell.key[0]), **row})
    rows.sort(key=lambda row: (row.get(by) is None, str(row.get(by))))
    return {
        "measure": name,
        "start": start.isoformat(),
        "end": end.isoformat(),
        "data_through": through.isoformat() if through else None,
        "rows": rows,
    }


def _words(by: str, found: list[Cell]) -> dict[Any, str]:
    """How a file names each group: months as days, providers by NPI, feeds by the name that never changes."""
    ids = {cell.key[0] for cell in found} - {None}
    if by == "month":
        return {month: month.isoformat() for month in ids}
    if by == "state":
        return {state: state for state in ids}
    if by == "provider":
        return dict(Provider.objects.filter(pk__in=ids).exclude(npi="").values_list("pk", "npi"))
    if by == "source":
        return dict(Source.objects.filter(pk__in=ids).values_list("pk", "name"))
    return {pk: word for pk, word in words_for(by, ids).items() if pk is not None}
