"""Tables that leave the house: no cell can start a formula in a spreadsheet, and reading them back gives the same text."""

import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

# A text that a spreadsheet would run, or that is such a text already escaped: one more ' keeps the round trip exact.
_RISKY = re.compile(r"'*[=+\-@\t\r\n\0]")
# What XML cannot hold, or would change, stands in a workbook as _xHHHH_; so does an underscore that would look like the start of that.
_NO_XML = re.compile(r"[\0-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")

Cell = object


def escape_cell(value: Cell) -> str | int | float | Decimal:
    """The value as it may stand in a CSV or XLSX cell. Numbers stay numbers (-5 is no formula); None is blank."""
    if isinstance(value, str):
        return f"'{value}" if _RISKY.match(value) else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return value
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return escape_cell(str(value))


def unescape_cell(text: str) -> str:
    """What `escape_cell` was given, when that was a text."""
    return text[1:] if text[:1] == "'" and _RISKY.match(text) else text


class _Line:
    """A file for csv.writer that hands back what was written last."""

    def write(self, text: str) -> str:
        return text


def csv_rows(header: Sequence[Cell], rows: Iterable[Sequence[Cell]], *, delimiter: str = ",", bom: bool = True) -> Iterator[str]:
    """The table line by line, escaped. The byte order mark lets spreadsheets read accents right."""
    write = csv.writer(_Line(), delimiter=delimiter).writerow
    first = write([escape_cell(cell) for cell in header])
    yield f"\ufeff{first}" if bom else first
    for row in rows:
        yield write([escape_cell(cell) for cell in row])


def csv_response(filename: str, header: Sequence[Cell], rows: Iterable[Sequence[Cell]], *, delimiter: str = ",") -> StreamingHttpResponse:
    """The table as a download, never whole in memory."""
    return StreamingHttpResponse(
        csv_rows(header, rows, delimiter=delimiter), content_type="text/csv; charset=utf-8", headers=_download(filename)
    )


@dataclass(frozen=True)
class SheetColumn:
    """A column of a workbook: `format` is the spreadsheet's own ("#,##0", "0.0%"), blank for text; `width` in characters."""

    label: Cell
    format: str = ""
    width: float = 0


@dataclass(frozen=True)
class Amount:
    """A cell of a workbook that has a format of its own, where one column holds numbers of several kinds."""

    value: Cell
    format: str


@dataclass(frozen=True)
class Sheet:
    """A table of a workbook. Its heading stays in sight and filters; a `total` is a last row, outside the filter."""

    title: str
    columns: Sequence[SheetColumn]
    rows: Iterable[Sequence[Cell]]
    total: Sequence[Cell] | None = None


def workbook_bytes(sheets: Iterable[Sheet], *, title: str = "", language: str = "en-US") -> bytes:
    """The tables as one workbook. No cell can be a formula; days are days, shares are shares."""
    book = Workbook(write_only=True)
    book.properties.title, book.properties.creator, book.properties.language = title or None, "PRM", language
    names: set[str] = set()
    for given in sheets:
        _add_sheet(book, given, _sheet_name(given.title, names))
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _add_sheet(book: Workbook, given: Sheet, name: str) -> None:
    sheet: Any = book.create_sheet(name)
    sheet.freeze_panes = "A2"
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr = (
        "landscape",
        0,
        PageSetupProperties(fitToPage=True),
    )
    sheet.print_title_rows = "1:1"
    for place, column in enumerate(given.columns, 1):
        width = column.width or (36 if place == 1 else max(12, len(str(column.label)) + 4))
        sheet.column_dimensions[get_column_letter(place)].width = width
    formats = [column.format for column in given.columns]
    rows = given.rows if isinstance(given.rows, Sequence) else list(given.rows)
    if rows:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(given.columns))}{len(rows) + 1}"
    sheet.append([_heading(sheet, column.label, is_number=bool(column.format)) for column in given.columns])
    for row in rows:
        sheet.append([_formatted(sheet, value, kind) for value, kind in zip(row, formats, strict=True)])
    if given.total is not None:
        last = [_formatted(sheet, value, kind, always=True) for value, kind in zip(given.total, formats, strict=True)]
        for cell in last:
            cell.font = Font(bold=True)
        sheet.append(last)


def _formatted(sheet: Any, value: Cell, kind: str, *, always: bool = False) -> Any:
    """A plain value where the sheet's default does; else a cell with its format. A text in a column of numbers keeps to the right."""
    if isinstance(value, Amount):
        kind, value = value.format, value.value
    if isinstance(value, str) or value is None or not kind:
        plain: Any = _sheet_cell(value)
        if not (always or "\n" in str(plain) or (kind and value)):
            return plain
        cell = WriteOnlyCell(sheet, plain)
        cell.alignment = Alignment(horizontal="right") if kind else Alignment(wrap_text=True, vertical="top")
        return cell
    number: Any = value
    cell = WriteOnlyCell(sheet, number)
    cell.number_format = kind
    return cell


def _sheet_name(title: str, names: set[str]) -> str:
    """What a spreadsheet takes as a sheet's name: 31 characters, none of []:*?/\\, and each once."""
    plain = re.sub(r"[\[\]:*?/\\]", " ", title).strip().strip("'") or "Table"
    name, again = plain[:31], 2
    while name.casefold() in names:
        name = f"{plain[:27]} {again}"
        again += 1
    names.add(name.casefold())
    return name


def xlsx_bytes(title: str, header: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A table of plain values as a workbook of one sheet."""
    return workbook_bytes([Sheet(title, [SheetColumn(label) for label in header], rows)], title=title)


def xlsx_response(filename: str, header: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    """The workbook as a download."""
    return file_response(filename, xlsx_bytes(filename.removesuffix(".xlsx"), header, rows), XLSX)


def file_response(filename: str, content: bytes, content_type: str) -> HttpResponse:
    """A finished file as a download that nothing on the way keeps."""
    return HttpResponse(content, content_type=content_type, headers=_download(filename))


def _sheet_cell(value: Cell) -> str | int | float | Decimal:
    escaped = escape_cell(value)
    return _NO_XML.sub(lambda match: f"_x{ord(match[0]):04X}_", escaped) if isinstance(escaped, str) else escaped


def _heading(sheet: Any, label: Cell, *, is_number: bool = False) -> Any:
    cell = WriteOnlyCell(sheet, str(_sheet_cell(label)))
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="EEF1F5")
    cell.border = Border(bottom=Side(style="thin", color="7B8794"))
    cell.alignment = Alignment(horizontal="right" if is_number else "left", vertical="bottom", wrap_text=True)
    return cell


def _download(filename: str) -> dict[str, str]:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", filename)
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
