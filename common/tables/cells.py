"""The cells of a sheet as text: tags in, rows out. Dates are ISO, numbers as one writes them, errors blank."""

import datetime as dt
import re

from openpyxl.utils.datetime import from_excel

from common.csvsafe import unescape_cell
from common.exceptions import InputError

MAX_CELL = 131_072  # characters; Excel's own limit is a quarter of that

Row = tuple[int, list[str]]

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Texts:
    """Collects the text between tags: of `t`, and of `v` in cells; how a text is pronounced (`rPh`) is not part of it."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._size, self._is_open, self._is_spoken = 0, False, False

    def text(self, data: str) -> None:
        if self._is_open:
            self.pieces.append(data)
            self._size += len(data)
            if self._size > MAX_CELL:
                raise InputError(
                    f"A cell of the Excel file is longer than {MAX_CELL:,} characters. Save the sheet as CSV without that column."
                )

    def begin(self) -> None:
        self.pieces.clear()
        self._size = 0

    def taken(self) -> str:
        text = self.pieces[0] if len(self.pieces) == 1 else "".join(self.pieces)
        return _ESCAPED.sub(_character, text) if "_x" in text else text

    def tag(self, name: str, *, opens: bool) -> None:
        if name == "rPh":
            self._is_spoken = opens
        elif name in {"t", "v"}:
            self._is_open = opens and not self._is_spoken


def _character(match: re.Match[str]) -> str:
    """Excel writes what XML cannot hold, and an underscore that looks like it, by its number."""
    character = chr(int(match[1], 16))
    return match[0] if character == "\0" or "\ud800" <= character <= "\udfff" else character


class RowReader:
    """Turns the tags of a sheet into rows. Rows and cells count on from the last where they do not say their place."""

    def __init__(self, *, strings: list[str], formats: list[str], epoch: dt.datetime, max_columns: int) -> None:
        self.rows: list[Row] = []
        self._strings, self._formats, self._epoch = strings, formats, epoch
        self._width = max_columns + 1  # one column too far: that there are too many is for others to say
        self._texts = Texts()
        self.text = self._texts.text
        self._number, self._column, self._is_header = 0, 0, True
        self._kind, self._style = "n", "0"
        self._cells: list[str] = []
        self._columns: dict[str, int] = {}

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "c":
            self._column = self._place(given.get("r", ""))
            self._kind, self._style = given.get("t", "n"), given.get("s", "0")
            self._texts.begin()
        elif name == "row":
            number = given.get("r", "")
            told = int(number) if number.isdecimal() and len(number) < 10 else 0
            self._number = told if told > self._number else self._number + 1
            self._column, self._cells = 0, []
        else:
            self._texts.tag(name, opens=True)

    def end(self, name: str) -> None:
        if name == "c":
            if self._texts.pieces and self._column <= self._width:
                self._put(self._value(self._texts.taken()))
        elif name == "row":
            cells = self._cells
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                if self._is_header:  # rows are looked at one cell farther than the header goes, and no farther
                    self._is_header, self._width = False, min(self._width, len(cells) + 1)
                self.rows.append((self._number, cells))
        else:
            self._texts.tag(name, opens=False)

    def _place(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")[:4]
        if not letters:
            return self._column + 1
        column = self._columns.get(letters)
        if column is None:
            column = 0
            for letter in letters.upper():
                column = 26 * column + ord(letter) - 64
            if len(self._columns) < 20_000:
                self._columns[letters] = column
        return column if column > 0 else self._column + 1

    def _put(self, text: str) -> None:
        if text:
            missing = self._column - len(self._cells)
            if missing > 0:
                self._cells.extend([""] * missing)
            self._cells[self._column - 1] = text

    def _value(self, text: str) -> str:
        match self._kind:
            case "s":
                return unescape_cell(self._strings[int(text)])
            case "b":
                return "TRUE" if text.strip() in {"1", "true"} else "FALSE"
            case "e":
                return ""  # #N/A and its like say that there is no value
            case "str" | "inlineStr":
                return unescape_cell(text)
            case "d":
                return _moment(text)
        return self._number_text(text.strip())

    def _number_text(self, text: str) -> str:
        style = int(self._style) if self._style.isdecimal() else 0
        shown = self._formats[style] if style < len(self._formats) else ""
        if shown:
            try:
                return _as_text(from_excel(float(text), self._epoch, timedelta=shown == "span"))
            except (ValueError, OverflowError):
                return text
        if text.isdecimal():
            return text
        try:
            number = float(text)
        except ValueError:
            return text
        return str(int(number)) if number.is_integer() else repr(number)


def _as_text(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def _moment(text: str) -> str:
    """A date that is written as text, as strict files do; in the words of the others."""
    try:
        return _as_text(dt.datetime.fromisoformat(text.strip()))
    except ValueError:
        return text.strip()
