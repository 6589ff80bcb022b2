"""Documents and tables as files: small counts hidden, no formula, each with what its numbers mean."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from common.csvsafe import XLSX, Amount, Sheet, SheetColumn, csv_rows, workbook_bytes
from common.templatetags.prm import day, moment
from reports.exports.document import Column, Definitions, Document, Figures, TableBlock, Text, Unit, Value
from reports.exports.guard import guarded
from reports.exports.pdf import pdf_bytes
from reports.exports.writing import FORMATS

HEAVY_CELLS, HEAVY_ROWS = 25_000, 600
WIDTHS = {Unit.COUNT: 12, Unit.DECIMAL: 12, Unit.SHARE: 12, Unit.MONEY: 14, Unit.DATE: 14, Unit.MONTH: 12}


@dataclass(frozen=True)
class FileKind:
    """How a document is written, and what a browser is told it is."""

    write: Callable[[Document], bytes]
    content_type: str


def is_heavy(document: Document, kind: str) -> bool:
    """Whether writing it would take about half a second or more of a processor: then a worker does it, and no request waits.

    Measured: a cell of a workbook takes 20 µs, a row on paper 1 ms, a drawing 20 ms; text is nothing beside them.
    """
    found = document.tables()
    if kind == "xlsx":
        return sum(len(table.rows) * len(table.columns) for table in found) > HEAVY_CELLS
    return kind == "pdf" and sum(min(len(table.rows), table.limit) for table in found) > HEAVY_ROWS


def write_file(document: Document, kind: str, smallest: int) -> bytes:
    """The document as it may leave the house."""
    return FILE_KINDS[kind].write(guarded(document, smallest))


def csv_bytes(document: Document) -> bytes:
    """The main table, as numbers: shares from 0 to 1, days as 2026-10-31."""
    table = document.main_table()
    if table is None:
        return "".join(csv_rows(["Report"], [[document.title]])).encode()
    return "".join(csv_rows([column.label for column in table.columns], _plain_rows(table))).encode()


def _plain_rows(table: TableBlock) -> Iterator[Sequence[Value]]:
    yield from table.rows
    if table.total is not None:
        yield table.total


def xlsx_bytes(document: Document) -> bytes:
    """Every table on a sheet of its own, and at the end what the numbers mean."""
    figures = [item for block in document.blocks if isinstance(block, Figures) for item in block.items]
    sheets = [sheet_of(table) for table in document.tables()]
    if figures:
        columns = [
            SheetColumn("Figure", width=36),
            SheetColumn("Value", FORMATS[Unit.COUNT], width=16),
            SheetColumn("Change", width=40),
            SheetColumn("Note", width=60),
        ]
        rows = [[item.label, Amount(item.value, FORMATS.get(item.unit, "")), item.change, item.note] for item in figures]
        sheets.insert(0, Sheet("Figures", columns, rows))
    return workbook_bytes([*sheets, definitions_sheet(document)], title=document.title)


def sheet_of(table: TableBlock) -> Sheet:
    return Sheet(table.title, [_column(column, table, place) for place, column in enumerate(table.columns)], table.rows, table.total)


def _column(column: Column, table: TableBlock, place: int) -> SheetColumn:
    """As wide as its longest text, within reason."""
    if column.unit in WIDTHS:
        return SheetColumn(column.label, FORMATS[column.unit], max(WIDTHS[column.unit], min(24, len(column.label) + 3)))
    longest = max((len(str(row[place])) for row in table.rows[:1000]), default=0)
    return SheetColumn(column.label, "", max(12, min(60, max(longest, len(column.label)) + 2)))


def definitions_sheet(document: Document) -> Sheet:
    """Whose numbers these are, over what, from which data, by which rules, and what each means."""
    return Sheet("Definitions", [SheetColumn("What", width=34), SheetColumn("Meaning", width=110)], list(_meanings(document)))


def _meanings(document: Document) -> Iterable[tuple[str, str]]:
    about = (
        ("Report", document.title),
        ("Organization", document.organization),
        ("Over", document.scope),
        ("Filter", document.filter),
        ("Data through", day(document.data_through) if document.data_through else ""),
        ("Data version", str(document.version) if document.version else ""),
        ("Computed", moment(document.computed_at) if document.computed_at else ""),
        ("Asked by", document.asked_by),
        *document.settings,
    )
    yield from ((name, text) for name, text in about if text)
    for block in document.blocks:
        if isinstance(block, Text) and block.tone == "note":
            yield "Note", block.text
        elif isinstance(block, Definitions):
            for item in block.items:
                yield item.name, "\n".join([f"{item.formula}.", *item.paragraphs])
            yield from (("All", note) for note in block.notes)


FILE_KINDS = {
    "pdf": FileKind(pdf_bytes, "application/pdf"),
    "xlsx": FileKind(xlsx_bytes, XLSX),
    "csv": FileKind(csv_bytes, "text/csv; charset=utf-8"),
}
