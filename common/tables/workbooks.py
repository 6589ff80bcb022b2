"""Rows of an XLSX file, streamed, with everything that a hostile or sloppy writer can do to it refused or mended."""

import datetime as dt
import io
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from common.csvsafe import unescape_cell
from common.exceptions import InputError

MAX_PACKED = 256 << 20
MAX_UNPACKED = 2 << 30
MAX_STRINGS = 256 << 20  # openpyxl keeps the shared texts in memory
MAX_ROWS = 1_048_576  # Excel's own

_DAMAGED = (
    zipfile.BadZipFile,
    InvalidFileException,
    ParseError,
    DefusedXmlException,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    EOFError,
)


@contextmanager
def workbook_rows(stream: IO[bytes], *, max_columns: int) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """Row number and cells as text, of the sheet that was open when the file was saved. Rows without any text are left out."""
    data = stream if stream.seekable() else io.BytesIO(stream.read(MAX_PACKED + 1))
    if data.seek(0, io.SEEK_END) > MAX_PACKED:
        raise InputError("The Excel file is too large. Save the sheet as CSV.")
    data.seek(0)
    try:
        _check_sizes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions it leaves out; none of them is data
            book = load_workbook(data, read_only=True, data_only=True, keep_links=False)
    except _DAMAGED as error:
        raise InputError("The Excel file is damaged. Open it, save it again, or save the sheet as CSV.") from error
    try:
        yield _rows(book, max_columns)
    finally:
        book.close()


def _check_sizes(data: IO[bytes]) -> None:
    """By the archive's own table of contents; a member that is longer than it says fails while it is read."""
    with zipfile.ZipFile(data) as archive:
        members = archive.infolist()
        strings = sum(member.file_size for member in members if member.filename.lower().endswith("sharedstrings.xml"))
        if sum(member.file_size for member in members) > MAX_UNPACKED or strings > MAX_STRINGS or len(members) > 10_000:
            raise InputError("The Excel file unpacks to far more than such a file would. Save the sheet as CSV.")
        if "xl/workbook.xml" not in archive.namelist():
            raise InputError("The archive holds another archive that is no Excel file. Send the table itself, or packed once.")
    data.seek(0)


def _rows(book: object, max_columns: int) -> Iterator[tuple[int, list[str]]]:
    try:
        sheet = book.active or book.worksheets[0]  # type: ignore[attr-defined]
        sheet.reset_dimensions()  # the size that the file states is often wrong
        # openpyxl makes rows as wide as asked, or as the file claims, which may be a million: look at the header first, one column too far.
        header = next(_filled(sheet, max_columns + 1), None)
        if header is not None:
            yield from _filled(sheet, len(header[1]) + 1)
    except _DAMAGED as error:
        raise InputError("The Excel file is damaged. Open it, save it again, or save the sheet as CSV.") from error


def _filled(sheet: object, width: int) -> Iterator[tuple[int, list[str]]]:
    for number, values in enumerate(sheet.iter_rows(max_row=MAX_ROWS, max_col=width, values_only=True), 1):  # type: ignore[attr-defined]
        cells = [_text(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield number, cells


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return unescape_cell(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(timespec="seconds")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)
