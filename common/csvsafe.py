"""Tables that leave the house: no cell can start a formula in a spreadsheet, and reading them back gives the same text."""

import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

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


def xlsx_bytes(title: str, header: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The table as a workbook of one sheet whose heading stays in sight."""
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for place, label in enumerate(header, 1):
        sheet.column_dimensions[get_column_letter(place)].width = 36 if place == 1 else max(12, len(str(label)) + 2)
    sheet.append([_heading(sheet, label) for label in header])
    for row in rows:
        sheet.append([_sheet_cell(cell) for cell in row])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def xlsx_response(filename: str, header: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    """The workbook as a download."""
    title = filename.removesuffix(".xlsx")
    return HttpResponse(xlsx_bytes(title, header, rows), content_type=XLSX, headers=_download(filename))


def _sheet_cell(value: Cell) -> str | int | float | Decimal:
    escaped = escape_cell(value)
    return _NO_XML.sub(lambda match: f"_x{ord(match[0]):04X}_", escaped) if isinstance(escaped, str) else escaped


def _heading(sheet: Any, label: Cell) -> Any:
    cell = WriteOnlyCell(sheet, str(_sheet_cell(label)))
    cell.font = Font(bold=True)
    return cell


def _download(filename: str) -> dict[str, str]:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", filename)
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
