"""Tables that leave the house: no cell can start a formula in a spreadsheet, and reading them back gives the same text."""

import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from django.http import StreamingHttpResponse

# A text that a spreadsheet would run, or that is such a text already escaped: one more ' keeps the round trip exact.
_RISKY = re.compile(r"'*[=+\-@\t\r\n\0]")

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
        csv_rows(header, rows, delimiter=delimiter),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{re.sub(r"[^A-Za-z0-9._-]+", "-", filename)}"',
            "Cache-Control": "no-store",
        },
    )
