"""Open any table that an EHR may give (CSV, TSV, pipe, XLSX; plain, gzip or zip; any encoding) and stream its rows.

Nothing is ever whole in memory, and whatever cannot be read is refused by a sentence (`InputError`) that says what to do.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from typing import IO

from common.csvsafe import unescape_cell
from common.exceptions import InputError
from common.tables.archives import Source, open_plain, open_unpacked
from common.tables.workbooks import open_sheet

MAX_LINE = 1_000_000  # characters
MAX_CELL = 131_072
MAX_COLUMNS = 1000
MAX_RECORD = 4 * MAX_LINE  # of lines within quotes
SAMPLE = 100  # rows that show whether a writer writes blank cells at the end of a row
DELIMITERS = (",", "\t", "|", ";")

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ASCII = bytes(range(0x80))
_FOREIGN = (
    (b"%PDF", "This is a PDF. Export the report as CSV or XLSX instead."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel file (.xls), or one with a password. Save it as .xlsx without a password, or as CSV."),
    (b"\x89PNG", "This is a picture. Export the report as CSV or XLSX instead."),
    (b"\x1f\x8b", "The compressed file holds another compressed file. Send the table itself, or packed once."),
)

Record = tuple[int, list[str]]


class ShortRow(list[str]):
    """Cells of a row that lost some: the file's other rows always have all, blank or not, so which cell is which is not known."""


class Table:
    """A table whose header is read and whose rows can be walked through once."""

    def __init__(
        self,
        records: Iterator[Record],
        *,
        format: str,
        progress: Callable[[], float],
        delimiter: str = "",
        encoding: str = "",
        sheet: str = "",
        sheets: Sequence[str] = (),
    ) -> None:
        self.format, self.delimiter, self.encoding = format, delimiter, encoding
        self.sheet, self.sheets = sheet, tuple(sheets)  # of a workbook: the one that is read, and all
        self.progress = progress  # the share of the file's bytes that has been read, 0.0 to 1.0
        header = next(records, None)
        if header is None:
            raise InputError("The file is empty.")
        self.headers = _checked_headers(header[1])
        self._first = list(islice(records, SAMPLE if format == "text" else 1))
        if not self._first:
            raise InputError("The file has a header but no rows.")
        self._records = records

    def __iter__(self) -> Iterator[Record]:
        """Line where the row starts, and its cells: at least as many as there are headers, more when the row has more.

        A row that has too few in a file whose rows have all is a `ShortRow`.
        """
        width = len(self.headers)
        padded = self.format == "text" and _is_padded([cells for _, cells in self._first], width)
        first, self._first = self._first, []
        for line, cells in chain(first, self._records):
            missing = width - len(cells)
            if missing > 0:
                cells.extend([""] * missing)
                yield line, ShortRow(cells) if padded else cells
            else:
                yield line, cells


def _is_padded(rows: list[list[str]], width: int) -> bool:
    """Does the writer write blank cells at the end of a row? One that leaves them out never ends a whole row with a blank one."""
    if any(len(cells) >= width and not cells[width - 1] for cells in rows):
        return True
    short = sum(len(cells) < width for cells in rows)
    return short * 20 <= len(rows)


@contextmanager
def open_table(source: Source, *, delimiter: str = "", encoding: str = "", sheet: str = "") -> Iterator[Table]:
    """The table in a file or a seekable binary stream.

    Delimiter and encoding, when given, are what the source usually sends: a byte order mark, text that cannot be in that encoding, or a
    header without that delimiter overrule them. Of a workbook with several sheets the named one is read, else the one that was open when it
    was saved, else the first that has rows.
    """
    with open_plain(source) as plain, ExitStack() as stack:
        with open_unpacked(plain) as stream:
            start = stream.read(4)
            if not start.startswith(b"PK"):
                _check_start(start + stream.read(4 * MAX_LINE))
        for magic, sentence in _FOREIGN:
            if start.startswith(magic):
                raise InputError(sentence)
        if start == b"PK\x03\x04":
            unpacked = stack.enter_context(open_unpacked(plain))
            rows, sheets = stack.enter_context(open_sheet(unpacked, sheet=sheet, max_columns=MAX_COLUMNS))
            yield Table(iter(rows), format="xlsx", progress=rows.progress, sheet=rows.sheet.name, sheets=sheets)
            return
        with open_unpacked(plain) as stream:
            encoding = _encoding(stream, preferred=encoding)
        text = io.TextIOWrapper(stack.enter_context(open_unpacked(plain)), encoding=encoding, newline="")
        stack.callback(text.detach)  # the stream belongs to whoever opened it
        lines = _lines(text)
        head = list(islice(lines, 30))
        delimiter = _delimiter(head, preferred=delimiter)
        yield Table(
            _text_rows(chain(head, lines), delimiter), format="text", delimiter=delimiter, encoding=encoding, progress=_progress(plain)
        )


def _check_start(start: bytes) -> None:
    """Refuse early what would be read to its end first, to find its encoding."""
    if b"\n" not in start and b"\r" not in start and len(start) > 4 * MAX_LINE:
        raise _too_long(1)


def _too_long(number: int) -> InputError:
    return InputError(f"Line {number:,} is longer than {MAX_LINE:,} characters, so this is not a table with one row per line.")


def _progress(plain: IO[bytes]) -> Callable[[], float]:
    here = plain.tell()
    size = plain.seek(0, io.SEEK_END)
    plain.seek(here)
    return lambda: min(1.0, plain.tell() / size) if size else 1.0


def _encoding(stream: IO[bytes], *, preferred: str) -> str:
    """By the byte order mark, else what the source usually sends, else UTF-8 if the whole file is, else Windows' or Latin-1."""
    chunk = stream.read(1 << 16)
    for bom, name in _BOMS:
        if chunk.startswith(bom):
            return name
    if wide := _wide(chunk):
        return wide
    if preferred:
        try:
            preferred = codecs.lookup(preferred).name
        except LookupError as error:
            raise InputError(f"There is no encoding called {preferred!r}. Common ones are utf-8, cp1252 and latin-1.") from error
        if preferred not in ("utf-8", "utf-8-sig", "ascii"):
            return preferred
    utf8 = codecs.getincrementaldecoder("utf-8")()
    seen: set[int] = set()
    is_utf8 = True
    while chunk:
        if is_utf8 and not (chunk.isascii() and not utf8.getstate()[0]):
            try:
                utf8.decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
        seen.update(chunk.translate(None, _ASCII))
        chunk = stream.read(1 << 20)
    if is_utf8 and not utf8.getstate()[0]:
        return "utf-8"
    # Windows' code page and Latin-1 differ only where Latin-1 has control characters; five of those mean nothing in Windows either.
    return "latin-1" if seen & {0x81, 0x8D, 0x8F, 0x90, 0x9D} or not seen & set(range(0x80, 0xA0)) else "cp1252"


def _wide(start: bytes) -> str:
    """UTF-16 without a byte order mark: nearly every second byte of Western text is 0."""
    pairs = len(start) // 2
    if pairs >= 8:
        if start[1::2].count(0) > 0.8 * pairs and start[::2].count(0) < 0.1 * pairs:
            return "utf-16-le"
        if start[::2].count(0) > 0.8 * pairs and start[1::2].count(0) < 0.1 * pairs:
            return "utf-16-be"
    return ""


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Lines of bounded length. The last one ends like all others, which is how an unclosed quote is told from a cell with line breaks."""
    number = 0
    try:
        while line := text.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                raise _too_long(number)
            if "\0" in line:
                raise InputError(f"Line {number:,} holds NUL characters, so this is not a text file. Export it again as CSV or XLSX.")
            yield line if line[-1] in "\r\n" else f"{line}\n"
    except UnicodeError as error:
        raise InputError(f"The text after line {number:,} is not {text.encoding} text. Export the file again as UTF-8.") from error


def _delimiter(head: list[str], *, preferred: str) -> str:
    """What separates the cells: what is usual when the header has it, else what cuts the header into the most columns."""
    if preferred and head and preferred in head[0]:
        return preferred
    best, most = preferred or ",", 1
    for candidate in DELIMITERS:
        try:
            width = len(next(csv.reader(head, delimiter=candidate), []))
        except csv.Error:
            continue
        if width > most:
            best, most = candidate, width
    return best


def _text_rows(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    unread: list[str] = []  # the lines of the record that is being read
    reader = csv.reader(_remembered(lines, unread), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            if any(cells):
                yield line, [unescape_cell(cell) if cell[:1] == "'" else cell for cell in cells]
            line = reader.line_num + 1
            if not cells or cells[-1][-1:] not in ("\r", "\n") or sum(text.count('"') for text in unread) % 2 == 0:
                unread.clear()
    except csv.Error as error:
        raise InputError(
            f"The cell that starts in line {line:,} is longer than {MAX_CELL:,} characters. A quotation mark before it may never be closed."
        ) from error
    if unread:
        raise InputError("The last row opens a quotation mark that is never closed. Rows after it may be missing.")


def _remembered(lines: Iterable[str], unread: list[str]) -> Iterator[str]:
    size = 0
    for line in lines:
        size = size + len(line) if unread else len(line)
        if size > MAX_RECORD:
            raise InputError(
                f"One row is longer than {MAX_RECORD:,} characters over many lines. A quotation mark in it may never be closed."
            )
        unread.append(line)
        yield line


def _checked_headers(cells: list[str]) -> list[str]:
    headers = [" ".join(cell.split()) for cell in cells]
    while headers and not headers[-1]:
        headers.pop()
    if not headers:
        raise InputError("The first line is blank. The file must begin with a line that names the columns.")
    if len(headers) > MAX_COLUMNS:
        raise InputError(f"The file has more than {MAX_COLUMNS:,} columns. Export only those that are needed.")
    headers = [header or f"Column {number}" for number, header in enumerate(headers, 1)]
    if twice := next((header for number, header in enumerate(headers) if header in headers[:number]), None):
        raise InputError(f'Two columns are called "{twice[:80]}". Give every column a name of its own.')
    return headers
