"""Rows of an XLSX file, streamed, with everything that a hostile or sloppy writer can do to it refused or mended.

openpyxl holds parts of a file whole in memory (one cell of a gigabyte, a style sheet of a million styles), knows nothing of "strict" files
and believes what a sheet says of its size; so the few parts that hold data are read here, and only its knowledge of number formats is used.
"""

import datetime as dt
import io
import posixpath
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO
from xml.parsers.expat import ExpatError

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from common.exceptions import InputError
from common.tables.archives import MAX_RATIO, RATIO_FROM, open_zip
from common.tables.cells import Row, RowReader, Texts
from common.tables.markup import walk

MAX_PACKED = 256 << 20
MAX_UNPACKED = 2 << 30
MAX_PART = 64 << 20  # workbook, relations, styles
MAX_STRINGS = 384 << 20  # memory for the shared texts, which cells name by number
MAX_SHEETS = 1000
MAX_STYLES = 70_000
TABLE_WIDTH = 3  # a sheet with fewer headings is a cover, if another has more

_DAMAGED = (zipfile.BadZipFile, zlib.error, ExpatError, NotImplementedError, RuntimeError, LookupError, ValueError, OSError, EOFError)


@dataclass
class Sheet:
    """One sheet of numbers and texts; charts and macros are none."""

    name: str
    part: str
    is_hidden: bool


@dataclass
class Book:
    """What of a workbook its sheets need."""

    archive: zipfile.ZipFile
    parts: dict[str, zipfile.ZipInfo]
    sheets: list[Sheet] = field(default_factory=list)
    active: int = 0
    epoch: dt.datetime = CALENDAR_WINDOWS_1900
    formats: list[str] = field(default_factory=list)  # of each style: "date", "span" or ""
    strings: list[str] = field(default_factory=list)


class SheetRows:
    """The rows of one sheet, by number; `progress` is the share of it that was read."""

    def __init__(self, book: Book, sheet: Sheet, *, max_columns: int) -> None:
        self.sheet = sheet
        self._max_columns = max_columns
        self._read: Callable[[], float] = lambda: 0.0
        self._rows = self._guarded(book)

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def progress(self) -> float:
        """0.0 to 1.0."""
        return self._read()

    def _guarded(self, book: Book) -> Iterator[Row]:
        with _told(), _part(book, self.sheet.part) as stream:
            size = max(1, book.parts[self.sheet.part].file_size)
            self._read = lambda: min(1.0, stream.tell() / size) if not stream.closed else 1.0
            reader = RowReader(strings=book.strings, formats=book.formats, epoch=book.epoch, max_columns=self._max_columns)
            for _ in walk(stream, start=reader.start, end=reader.end, text=reader.text):
                yield from reader.rows
                reader.rows.clear()


@contextmanager
def open_sheet(stream: IO[bytes], *, sheet: str = "", max_columns: int) -> Iterator[tuple[SheetRows, list[str]]]:
    """The rows of the sheet of that name, and the names of all sheets.

    Without a name: the sheet that was open when the file was saved; when that is a cover (nothing below its first row, or a first row too
    narrow for a table), the first that is none.
    """
    data = stream if stream.seekable() else io.BytesIO(stream.read(MAX_PACKED + 1))
    if data.seek(0, io.SEEK_END) > MAX_PACKED:
        raise InputError("The Excel file is too large. Save the sheet as CSV.")
    data.seek(0)
    with _told():
        archive = open_zip(data)
    with archive:
        with _told():
            book = _read_book(archive)
        names = [one.name for one in book.sheets]
        yield SheetRows(book, _chosen(book, sheet, max_columns), max_columns=max_columns), names


@contextmanager
def _told() -> Iterator[None]:
    """Whatever a damaged file makes of its readers, as a sentence."""
    try:
        yield
    except _DAMAGED as error:
        raise InputError("The Excel file is damaged. Open it, save it again, or save the sheet as CSV.") from error


def _chosen(book: Book, name: str, max_columns: int) -> Sheet:
    if not book.sheets:
        raise InputError("The Excel file has no sheet with cells. Save the sheet as CSV.")
    if name:
        for sheet in book.sheets:
            if sheet.name.strip().casefold() == name.strip().casefold():
                return sheet
        raise InputError(f'The Excel file has no sheet called "{name[:80]}". It has {_listed(book.sheets)}.')
    first = book.sheets[min(book.active, len(book.sheets) - 1)]
    others = sorted((sheet for sheet in book.sheets if sheet is not first), key=lambda sheet: sheet.is_hidden)
    narrow: Sheet | None = None
    for sheet in (first, *others):
        rows = iter(SheetRows(book, sheet, max_columns=max_columns))
        if (header := next(rows, None)) and next(rows, None):
            if sum(map(bool, header[1])) >= TABLE_WIDTH:
                return sheet
            narrow = narrow or sheet
    if narrow:
        return narrow
    if len(book.sheets) > 1:
        raise InputError(f"No sheet of the Excel file has a header and rows. It has {_listed(book.sheets)}.")
    return first


def _listed(sheets: list[Sheet]) -> str:
    names = ", ".join(f'"{sheet.name[:40]}"' for sheet in sheets[:8])
    return f"{names} and {len(sheets) - 8} more" if len(sheets) > 8 else names


def _read_book(archive: zipfile.ZipFile) -> Book:
    parts = {info.filename.replace("\\", "/").lower().lstrip("/"): info for info in archive.infolist()}
    _check_sizes(archive, list(parts.values()))
    book = Book(archive, parts)
    main = next((name for name in ("xl/workbook.xml", *parts) if name in parts and name.endswith("workbook.xml")), "")
    if not main:
        raise InputError("The archive holds another archive that is no Excel file. Send the table itself, or packed once.")
    named: list[tuple[str, str, bool]] = []

    def start(name: str, given: dict[str, str]) -> None:
        if name == "sheet" and len(named) < MAX_SHEETS:
            relation = next((value for key, value in given.items() if key.rpartition(":")[2] == "id"), "")
            named.append((given.get("name", ""), relation, given.get("state", "visible") != "visible"))
        elif name == "workbookPr" and given.get("date1904", "").lower() in {"1", "true", "on"}:
            book.epoch = CALENDAR_MAC_1904
        elif name == "workbookView" and given.get("activeTab", "").isdecimal():
            active[0] = int(given["activeTab"][:6])

    active = [0]
    _walk_whole(book, main, start)
    relations = _relations(book, main)
    for at, (title, relation, is_hidden) in enumerate(named):
        kind, part = relations.get(relation, ("", ""))
        if kind == "worksheet" and part in parts:
            if at == active[0]:
                book.active = len(book.sheets)
            book.sheets.append(Sheet(title, part, is_hidden))
    for kind, part in relations.values():
        if part in parts and kind == "styles":
            _read_styles(book, part)
        elif part in parts and kind == "sharedStrings":
            _read_strings(book, part)
    return book


def _check_sizes(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
    """By the archive's own table of contents; a member that is longer than it says fails while it is read."""
    for member in members:
        if member.flag_bits & 1:
            raise InputError("The Excel file is protected by a password. Save it without one.")
        if member.file_size > max(RATIO_FROM, member.compress_size * MAX_RATIO):
            raise _bomb()
    if sum(member.file_size for member in members) > MAX_UNPACKED or len(members) > 10_000:
        raise _bomb()


def _bomb() -> InputError:
    return InputError("The Excel file unpacks to far more than such a file would. Save the sheet as CSV.")


@contextmanager
def _part(book: Book, name: str) -> Iterator[IO[bytes]]:
    with book.archive.open(book.parts[name]) as stream:
        yield stream


def _ignore(_: str) -> None:
    """Tags that end, and texts, say nothing here."""


def _walk_whole(book: Book, part: str, start: Callable[[str, dict[str, str]], None], end: Callable[[str], None] = _ignore) -> None:
    if book.parts[part].file_size > MAX_PART:
        raise _bomb()
    with _part(book, part) as stream:
        for _ in walk(stream, start=start, end=end, text=_ignore):
            pass


def _relations(book: Book, main: str) -> dict[str, tuple[str, str]]:
    """{id: (last word of the kind, part)} of what the workbook is made of."""
    folder, name = posixpath.split(main)
    part = posixpath.join(folder, "_rels", f"{name}.rels")
    found: dict[str, tuple[str, str]] = {}

    def start(name: str, given: dict[str, str]) -> None:
        if name == "Relationship" and given.get("TargetMode") != "External" and len(found) < 10 * MAX_SHEETS:
            target = posixpath.normpath(posixpath.join("/", folder, given.get("Target", "").replace("\\", "/").lower())).lstrip("/")
            found[given.get("Id", "")] = (given.get("Type", "").rpartition("/")[2], target)

    if part in book.parts:
        _walk_whole(book, part, start)
    return found


def _read_styles(book: Book, part: str) -> None:
    own: dict[str, str] = {}
    within = ""

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal within
        if name in {"numFmts", "cellXfs"}:
            within = name
        elif name == "numFmt" and within == "numFmts" and len(own) < MAX_STYLES:
            own[given.get("numFmtId", "")] = given.get("formatCode", "")[:255]
        elif name == "xf" and within == "cellXfs" and len(book.formats) < MAX_STYLES:
            number = given.get("numFmtId", "0")
            code = own.get(number) or (BUILTIN_FORMATS.get(int(number), "") if number.isdecimal() else "")
            book.formats.append("" if not is_date_format(code) else "span" if is_timedelta_format(code) else "date")

    def end(name: str) -> None:
        nonlocal within
        if name == within:
            within = ""

    _walk_whole(book, part, start, end)


def _read_strings(book: Book, part: str) -> None:
    texts, kept = Texts(), 0

    def start(name: str, _: dict[str, str]) -> None:
        if name == "si":
            texts.begin()
        else:
            texts.tag(name, opens=True)

    def end(name: str) -> None:
        nonlocal kept
        if name != "si":
            texts.tag(name, opens=False)
            return
        text = texts.taken()
        kept += sys.getsizeof(text) + 8
        if kept > MAX_STRINGS:
            raise InputError("The Excel file holds more different texts than can be kept in memory. Save the sheet as CSV.")
        book.strings.append(text)

    with _part(book, part) as stream:
        for _ in walk(stream, start=start, end=end, text=texts.text):
            pass
