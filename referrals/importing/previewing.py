"""What a person may see of a file before it is loaded: its columns, what they probably are, and words that are surely no patient's.

Values are shown only of columns that we recognise as one of our fields. Of all others, patient columns first, the shape alone is told.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from common.npi import is_valid_npi
from common.tables import open_table
from referrals.importing.dates import parse_date
from referrals.importing.formats import open_records
from referrals.importing.mapping import Mapping, header_key
from referrals.importing.suggesting import PatientColumn, Suggestion, suggest

SAMPLE = 500  # rows that the suggestion looks at
READ = 20_000  # rows in which words are looked for; later ones turn up in the check
MOST_WORDS = 40  # a column with more different words holds no states, kinds or reasons
LONGEST_WORD = 60
_SHOWN = 3
_FIVE_DIGITS = re.compile(r"\d{5}(?:-\d{4})?")
_CELL = 40


@dataclass(frozen=True)
class Column:
    """One column of the file: `samples` only when we know what it is, else `shape` in words."""

    header: str
    samples: tuple[str, ...]
    shape: str
    patient: PatientColumn | None


@dataclass(frozen=True)
class Preview:
    """A file as the mapping page shows it."""

    columns: tuple[Column, ...]
    suggestion: Suggestion
    words: dict[str, dict[str, int]]  # header: {word: rows}, of columns with few words that are no patient's
    delimiter: str
    sheet: str = ""  # of a workbook: the one that is read, and all
    sheets: tuple[str, ...] = ()

    @property
    def headers(self) -> list[str]:
        return [column.header for column in self.columns]

    def words_of(self, header: str) -> dict[str, int] | None:
        """The words of a column and how often each occurs; None when it has too many, or may hold a patient's data."""
        return self.words.get(header)


def preview(path: Path, *, format: str = "", mapping: Mapping | None = None, sheet: str = "", earlier: Iterable[Mapping] = ()) -> Preview:
    """Read the beginning of a file. Without a mapping that fits, one is guessed from headers, content and earlier mappings."""
    known = [mapping] if mapping else []
    sheet, sheets = _sheets(path, sheet or (mapping.sheet if mapping else "")) if format == "xlsx" else ("", ())
    shape = {"delimiter": mapping.delimiter, "encoding": mapping.encoding} if mapping else {}
    with open_records(path, format=format, first=READ, sheet=sheet, **shape) as table:
        headers, rows = list(table.headers), iter(table)
        sample = [values for _, values in islice(rows, SAMPLE)]
        counts: list[Counter[str] | None] = [Counter() for _ in headers]
        for values in sample:
            _count(counts, values)
        for _, values in islice(rows, READ - len(sample)):
            _count(counts, values)
        delimiter = table.delimiter
    suggestion = suggest(headers, sample, earlier=[*known, *earlier])
    secret = {header_key(column.header): column for column in suggestion.patient}
    recognised = {header_key(header) for header in suggestion.mapping.columns.values()} - secret.keys()
    columns = tuple(
        Column(
            header,
            _samples(sample, at) if header_key(header) in recognised else (),
            _shape(sample, at),
            secret.get(header_key(header)),
        )
        for at, header in enumerate(headers)
    )
    words = {
        header: dict(found.most_common())
        for header, found in zip(headers, counts, strict=True)
        if found and header_key(header) not in secret
    }
    return Preview(columns, suggestion, words, delimiter, sheet, sheets)


def _sheets(path: Path, wanted: str) -> tuple[str, tuple[str, ...]]:
    """The sheet of a workbook that is read, and all that it has. One that is not there any more is not insisted on."""
    with open_table(path) as table:
        sheet, sheets = table.sheet, table.sheets
    return (wanted if wanted in sheets else sheet), sheets


def _count(counts: list[Counter[str] | None], values: Sequence[str]) -> None:
    """Count the words of each column until it has shown that it is none of words."""
    for at, found in enumerate(counts):
        if found is None or at >= len(values):
            continue
        word = " ".join(values[at].split())
        found[word] += 1
        if len(found) > MOST_WORDS or len(word) > LONGEST_WORD:
            counts[at] = None


def _values(sample: Sequence[Sequence[str]], at: int) -> list[str]:
    return [text for row in sample if at < len(row) and (text := " ".join(row[at].split()))]


def _samples(sample: Sequence[Sequence[str]], at: int) -> tuple[str, ...]:
    different = list(dict.fromkeys(_values(sample, at)))[:_SHOWN]
    return tuple(text if len(text) <= _CELL else f"{text[:_CELL]}…" for text in different)


def _shape(sample: Sequence[Sequence[str]], at: int) -> str:
    values = _values(sample, at)
    if not values:
        return "blank"
    if all(is_valid_npi(text) for text in values):
        return "NPIs"
    if all(_FIVE_DIGITS.fullmatch(text) for text in values):
        return "five-digit numbers"  # ZIP codes, or days as Excel counts them: who knows the column can tell
    if all(parse_date(text, "auto") or parse_date(text, "dmy") for text in values):
        return "dates"
    kind = "numbers" if all(text.replace(".", "", 1).isdigit() for text in values) else "texts"
    different = len(set(values))
    return f"{different} different {kind}" if different > 1 else f"always the same {kind[:-1]}"
