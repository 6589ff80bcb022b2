"""How many referrals a question reads, from a rollup: what decides whether it is answered while somebody waits."""

import datetime as dt

from reports.periods import add_months, first_of
from reports.queries.cells import cells
from reports.queries.cuts import Where
from territories.scope import Scope

_COVERED = {"territory", "service_line", "payer"}


def referrals_of(*, start: dt.date, end: dt.date, where: Where, scope: Scope) -> int:
    """Counted referrals of the months that the days touch, of these territories, lines and payers; finer filters do not make it less."""
    first, last = first_of(start), first_of(end) if end.day == 1 else add_months(first_of(end), 1)
    kept = {cut: value for cut, value in where.items() if cut in _COVERED}
    found = cells(start=first, end=last, where=kept, scope=scope)
    return sum(cell.inbound + cell.internal + cell.outbound + cell.undetermined + cell.outside for cell in found)
