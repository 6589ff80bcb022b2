"""Columns found by their header, and cells read into what they mean."""

import datetime as dt
import re
from collections.abc import Sequence

from common.exceptions import InputError
from common.names import fold

_MDY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ZIP = re.compile(r"(\d{3,5})(?:[- ]?\d{4})?")


class Columns:
    """Cells by the name of their column, whatever its case, spacing and place. A missing optional column reads as blank."""

    def __init__(self, headers: Sequence[str], *, required: Sequence[str], kind: str) -> None:
        self._positions = {fold(header): at for at, header in reversed(list(enumerate(headers)))}
        missing = [name for name in required if fold(name) not in self._positions]
        if missing:
            named = ", ".join(f'"{name}"' for name in missing)
            raise InputError(f"This is not {kind}: it has no column {named}. Its first columns are {', '.join(headers[:5])}.")

    def position(self, name: str) -> int | None:
        """Where the column stands."""
        return self._positions.get(fold(name))

    def get(self, values: Sequence[str], name: str) -> str:
        """The cell's text with single spaces."""
        at = self._positions.get(fold(name))
        return " ".join(values[at].split()) if at is not None else ""


def read_day(text: str) -> dt.date | None:
    """A date written 2026-10-31 or 10/31/2026, with or without a time; None when it is neither. Ask only for text that is not blank."""
    text = text.replace("T", " ").split(" ")[0]
    try:
        if match := _MDY.fullmatch(text):
            return dt.date(int(match[3]), int(match[1]), int(match[2]))
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def read_zip(text: str) -> str:
    """Five digits: of ZIP+4 the first five, with the zeros that a spreadsheet dropped; blank when it is no ZIP code."""
    text = text.strip()
    if text.isdigit() and len(text) == 8:  # ZIP+4 that lost its zero
        text = f"0{text}"
    match = _ZIP.fullmatch(text)
    return match[1].zfill(5) if match else ""
