"""Tables that leave the house: safe for spreadsheets, and without small cells (METHODS sections 2 and 9)."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.http import HttpResponseBase

from accounts.models import Logo
from common.csvsafe import XLSX, csv_response, file_response
from reports import tables
from reports.cells import Cell, merge
from reports.exports.document import Column, Document, TableBlock, Text, Unit, counts, shares
from reports.exports.files import xlsx_bytes
from reports.exports.frame import filter_words, meaning, organization, scope_words, settings
from reports.exports.guard import hidden
from reports.measures import leakage_ordered, received
from reports.numbers import Numbers
from reports.queries.cells import NOW
from reports.queries.field import Contact
from reports.queries.freshness import freshness
from reports.questions import Question

LEAKAGE_HEAD = [*counts("Kept", "Left", "No destination"), *shares("Leakage", "Known share", "Lowest", "Highest")]
GROWTH_HEAD = counts("Inbound", "Internal", "Received", "Inbound before")
# Headings and rows. A heading that is a Column says how its numbers are written; of a plain one the values tell.
Table = tuple[Sequence[str | Column], Iterable[Sequence[Any]]]


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
        return [Column("Month", Unit.MONTH), *LEAKAGE_HEAD], ([cell.key[0], *leakage_cells(cell, smallest)] for cell in found.months)
    return [Column("Month", Unit.MONTH), *GROWTH_HEAD[:3]], (
        [cell.key[0], *growth_cells(cell, None, smallest)[:3]] for cell in found.months
    )


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


def response(
    name: str, kind: str, table: Table, *, question: Question | None = None, measures: Sequence[str] = (), notes: Sequence[str] = ()
) -> HttpResponseBase:
    """The table as CSV or XLSX. Small counts must be hidden in it already.

    The workbook has formats, and says on a second sheet over what it speaks, from which data, by which rules; with `measures` what each
    of them counts.
    """
    head, rows = table
    labels = [column.label if isinstance(column, Column) else column for column in head]
    if kind == "csv":
        return csv_response(f"{name}.csv", labels, rows)
    return file_response(f"{name}.xlsx", _workbook(name, head, list(rows), question, measures, notes), XLSX)


def _workbook(
    name: str,
    head: Sequence[str | Column],
    rows: list[Sequence[Any]],
    question: Question | None,
    measures: Sequence[str],
    notes: Sequence[str],
) -> bytes:
    columns = [column if isinstance(column, Column) else Column(column, _unit(rows, place)) for place, column in enumerate(head)]
    fresh = question.fresh if question else freshness()
    document = Document(
        title=name,
        scope=scope_words(question) if question else "",
        filter=filter_words(question) if question else "",
        blocks=[TableBlock(name, columns, rows), *(Text(note, "note") for note in notes), meaning(*measures)],
        organization=organization(),
        logo=Logo.current_png(),
        data_through=question.data_through if question else fresh.data_through,
        version=fresh.version or None,
        settings=settings(),
    )
    return xlsx_bytes(document)


def _unit(rows: Sequence[Sequence[Any]], place: int) -> Unit:
    """What a column without a unit holds, by its values: whole numbers, other numbers, days, else words."""
    kinds = {type(row[place]) for row in rows[:500] if row[place] is not None and not str(row[place]).startswith("<")}
    if kinds and kinds <= {int}:
        return Unit.COUNT
    if kinds and kinds <= {int, float, Decimal}:
        return Unit.DECIMAL
    return Unit.DATE if kinds == {dt.date} else Unit.TEXT


KINDS = ("csv", "xlsx")
