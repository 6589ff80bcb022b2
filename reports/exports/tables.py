"""Tables that leave the house: safe for spreadsheets, and without small cells (METHODS sections 2 and 9)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.http import HttpResponseBase

from common.csvsafe import csv_response, xlsx_response
from reports import tables
from reports.cells import Cell, merge
from reports.exports.guard import hidden
from reports.measures import leakage_ordered, received
from reports.numbers import Numbers
from reports.queries.cells import NOW
from reports.queries.field import Contact
from reports.questions import Question

LEAKAGE_HEAD = ["Kept", "Left", "No destination", "Leakage", "Known share", "Lowest", "Highest"]
GROWTH_HEAD = ["Inbound", "Internal", "Received", "Inbound before"]
Table = tuple[list[str], Iterable[Sequence[Any]]]


def leakage_cells(cell: Cell, smallest: int) -> list[Any]:
    """Counts, and the shares only where none of their parts is hidden: a share would give the hidden part away."""
    counts = [hidden(count, smallest) for count in (cell.internal, cell.outbound, cell.undetermined)]
    if any(isinstance(count, str) for count in counts):
        return [*counts, None, None, None, None]
    ratio = leakage_ordered([cell])
    return [*counts, ratio.value, ratio.known_share, *(ratio.bounds or (None, None))]


def growth_cells(now: Cell, before: Cell | None, smallest: int) -> list[Any]:
    """Counts; a sum only where none of its parts is hidden."""
    parts = [hidden(now.inbound, smallest), hidden(now.internal, smallest)]
    together = None if any(isinstance(part, str) for part in parts) else received([now])
    return [*parts, together, None if before is None else hidden(before.inbound, smallest)]


def by_month(found: Numbers, report: str, smallest: int) -> Table:
    if report == tables.LEAKAGE:
        return ["Month", *LEAKAGE_HEAD], ([cell.key[0], *leakage_cells(cell, smallest)] for cell in found.months)
    return ["Month", *GROWTH_HEAD[:3]], ([cell.key[0], *growth_cells(cell, None, smallest)[:3]] for cell in found.months)


def by_dimension(report: str, by: str, question: Question, found: Numbers | None) -> Table:
    smallest = question.rules.small_cell
    pairs = tables.sort(tables.only(tables.pairs(question, by, found), report), tables.SORTS[report][0])
    words = tables.name(pairs, by, question)

    def lines() -> Iterator[Sequence[Any]]:
        for pair in pairs:
            if report == tables.LEAKAGE:
                yield [words[pair.key], *leakage_cells(pair.now, smallest)]
            else:
                yield [words[pair.key], *growth_cells(pair.now, pair.before if question.has_history else None, smallest)]

    return [tables.LABELS[by], *(LEAKAGE_HEAD if report == tables.LEAKAGE else GROWTH_HEAD)], lines()


def flow(found: Numbers, smallest: int) -> Table:
    """Territory by service line: where our referrals went."""
    cells = [cell for cell in found.grid if cell.key[0] == NOW]
    lines = (
        [*cell.labels, *leakage_cells(cell, smallest)] for cell in merge(cells, 1, 2) if cell.internal + cell.outbound + cell.undetermined
    )
    return ["Territory", "Service line", *LEAKAGE_HEAD], lines


def destinations(found: Numbers, smallest: int) -> Table:
    cells = sorted(found.destinations, key=lambda cell: -cell.outbound)
    return ["Service line", "Destination", "Referrals"], ([*cell.labels, hidden(cell.outbound, smallest)] for cell in cells)


def shortfalls(found: Numbers, contacts: dict[int, Contact], smallest: int) -> Table:
    """Practices against their own baseline; the difference only where the count itself may leave."""
    head = ["Practice", "Last 3 months", "Expected", "Difference", "Looked after by", "Last visit"]

    def lines() -> Iterator[Sequence[Any]]:
        for mover in found.movers:
            if contact := contacts.get(mover.practice_id):
                count, expected = hidden(mover.observed, smallest), hidden(round(mover.expected), smallest)
                difference = None if isinstance(count, str) or isinstance(expected, str) else round(mover.difference)
                yield [contact.name, count, expected, difference, contact.owner, contact.last_visit_on]

    return head, lines()


def response(name: str, kind: str, table: Table) -> HttpResponseBase:
    """The table as CSV or XLSX."""
    return _WRITERS[kind](name, *table)


def _csv(name: str, head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    return csv_response(f"{name}.csv", head, rows)


def _xlsx(name: str, head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    return xlsx_response(f"{name}.xlsx", head, rows)


_WRITERS: dict[str, Callable[..., HttpResponseBase]] = {"csv": _csv, "xlsx": _xlsx}
KINDS = tuple(_WRITERS)
