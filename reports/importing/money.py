"""Margins, program costs and weights as a table: the columns of files, and a file's rows as values. All bad lines are told at once."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import IO, Any, cast

from common.exceptions import InputError
from common.names import fold
from common.tables import open_table
from referrals.models import Payer
from reports.models import AttributionWeight, ContributionMargin, ProgramCost
from territories.models import ServiceLine, Territory

COLUMNS: dict[type[Any], dict[str, str]] = {
    ContributionMargin: {
        "service_line": "service_line",
        "payer": "payer",
        "from": "started_on",
        "until": "ended_on",
        "amount": "amount",
        "low": "low",
        "high": "high",
        "note": "note",
    },
    ProgramCost: {"territory": "territory", "from": "started_on", "until": "ended_on", "amount": "amount", "note": "note"},
    AttributionWeight: {"from": "started_on", "until": "ended_on", "weight": "weight", "note": "note"},
}
REQUIRED = frozenset({"service_line", "started_on", "amount", "weight"})
TOLD = 10  # bad lines that are named
_DAY_FORMATS = ("%Y-%m-%d", "%m/%d/%Y")


class _Bad(Exception):
    """What is wrong with one cell, as a sentence."""


@dataclass(frozen=True)
class Row:
    """A line of the file, and what it says by field."""

    line: int
    values: Mapping[str, Any]


def table_of(model: type[Any], rows: Any) -> tuple[list[str], Iterator[list[Any]]]:
    """The rows as a file has them: what is written can be read back."""
    columns = COLUMNS[model]
    return list(columns), ([getattr(row, field) for field in columns.values()] for row in rows)


def read(source: IO[bytes], model: type[Any]) -> list[Row]:
    """Every row of the file, or the sentence that says which lines must be mended."""
    rows, wrong = [], []
    with open_table(source) as table:
        fields = _fields(table.headers, model)
        parsers = _parsers(model)
        for line, cells in table:
            try:
                rows.append(Row(line, _values(dict(zip(fields, cells, strict=False)), parsers)))
            except _Bad as error:
                wrong.append(f"Line {line}: {error}")
    if wrong:
        more = f" And {len(wrong) - TOLD} more lines." if len(wrong) > TOLD else ""
        raise InputError(" ".join(wrong[:TOLD]) + more + " Nothing of the file was kept.")
    return rows


def _fields(headers: list[str], model: type[Any]) -> list[str]:
    """The field under each column; unknown columns are passed over, blank names among them."""
    columns = COLUMNS[model]
    found = [columns.get(header.strip().casefold().replace(" ", "_"), "") for header in headers]
    missing = [column for column, field in columns.items() if field in REQUIRED and field not in found]
    if missing:
        raise InputError(f"The file lacks the column {' and '.join(missing)}. It can have: {', '.join(columns)}.")
    return found


def _values(cells: Mapping[str, str], parsers: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field, parse in parsers.items():
        text = cells.get(field, "").strip()
        if not text and field in REQUIRED:
            raise _Bad(f"{field.replace('_', ' ').removesuffix(' on').replace('started', 'from')} is missing.")
        values[field] = parse(text) if text else ("" if field == "note" else None)
    return values


def _parsers(model: type[Any]) -> dict[str, Callable[[str], Any]]:
    known: dict[str, Callable[[str], Any]] = {
        "started_on": _day,
        "ended_on": _day,
        "amount": _number,
        "low": _number,
        "high": _number,
        "weight": _number,
        "note": lambda text: text[:200],
    }
    if model is ContributionMargin:
        known |= {"service_line": _named(ServiceLine.objects.all(), "service line"), "payer": _payer()}
    if model is ProgramCost:
        known["territory"] = _named(Territory.objects.live(), "territory")
    return {field: known[field] for field in COLUMNS[model].values()}


def _payer() -> Callable[[str], Payer]:
    """Payers by any of their names."""
    find = _named(Payer.every.all(), "payer")
    return lambda text: cast(Payer, find(text)).standing


def _named(rows: Any, what: str) -> Callable[[str], Any]:
    by_name = {fold(row.name): row for row in rows}

    def find(text: str) -> Any:
        if (row := by_name.get(fold(text))) is None:
            raise _Bad(f'there is no {what} "{text[:60]}".')
        return row

    return find


def _day(text: str) -> dt.date:
    for style in _DAY_FORMATS:
        try:
            return dt.datetime.strptime(text, style).date()
        except ValueError:
            continue
    raise _Bad(f'"{text[:40]}" is not a date like 2026-03-31.')


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text.replace("$", "").replace(",", "").strip())
    except InvalidOperation:
        raise _Bad(f'"{text[:40]}" is not a number.') from None
    if not value.is_finite() or abs(value) >= 10**8:
        raise _Bad(f'"{text[:40]}" is not an amount we can keep.')
    return round(value, 3) if abs(value) <= 1 else round(value, 2)
