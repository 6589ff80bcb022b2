"""Rows of files about the market and about our capacity: columns found by forgiving names, cells read into what they mean. Pure."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from common.exceptions import InputError
from common.names import fold
from common.npi import is_valid_npi
from common.places import is_zip
from common.tables import ShortRow
from contacts.importing.cells import read_day, read_zip
from contacts.importing.outcome import RowError

WHY = "What is wrong"  # the column that a file of refused rows has more; sent again, it is not read
LARGEST = 2_000_000_000
LONGEST_WAIT = 999  # days

# what we call a column: the names that files give it, folded; the first is how we write it
MARKET_COLUMNS: dict[str, tuple[str, ...]] = {
    "npi": ("NPI", "Provider NPI", "Referring NPI", "Referring Provider NPI", "NPI number"),
    "service_line": ("Service line", "Line", "Specialty", "Service line name", "Referred specialty"),
    "month": ("Month", "Period", "Service month", "Referral month", "Date"),
    "to_us": ("To us", "Us", "Referrals to us", "Sent to us", "Our referrals"),
    "total": ("Total", "Total referrals", "All", "All referrals", "Market total"),
    "vendor": ("Vendor", "Source", "Data vendor", "Supplier"),
    "through": ("Through", "Data through", "Through date", "Complete through"),
}
CAPACITY_COLUMNS: dict[str, tuple[str, ...]] = {
    "site": ("Site", "Organization", "Facility", "Location", "Clinic"),
    "service_line": MARKET_COLUMNS["service_line"],
    "as_of": ("As of", "Date", "Day", "Dated", "As of date"),
    "accepting": ("Accepting new patients", "Accepting new", "Accepting", "Takes new patients", "New patients"),
    "wait": ("Third next available", "Third next available days", "TNA", "TNAA", "Days to third next available", "Wait days"),
    "payers": ("Payers", "Accepted payers", "Plans", "Accepted plans", "Insurance"),
    "address": ("Address", "Street", "Street address"),
    "zip": ("ZIP", "ZIP code", "Postal code", "Zipcode"),
}

_MONTHS = {name: number for number, names in enumerate((
    "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august", "sep sept september",
    "oct october", "nov november", "dec december"), 1) for name in names.split()}  # fmt: skip
_YEAR_MONTH = re.compile(r"(\d{4})[-/ ]?(\d{1,2})(?:[-/](\d{1,2}))?")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/ ](\d{4})")
_DAY_OF_MONTH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_NAMED_MONTH = re.compile(r"([A-Za-z]+)[- ]*(\d{4}|\d{2})")
_COUNT = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?")
_HIDDEN = re.compile(r"(?:<|less than|under|fewer than|≤)\s*\d+|\*+|n/?a|suppressed", re.IGNORECASE)
_YES = frozenset({"yes", "y", "true", "1", "open", "accepting"})
_NO = frozenset({"no", "n", "false", "0", "closed", "notaccepting"})


class MarketRow(NamedTuple):
    """One provider, line and month, as a vendor told it."""

    vendor: str
    npi: str
    service_line_id: int
    month: dt.date
    to_us: int
    total: int
    through_on: dt.date


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """One site and line as of a day; None and () where the file says nothing."""

    site: str
    service_line_id: int
    as_of_on: dt.date
    is_accepting: bool | None
    third_next_available: int | None
    payers: tuple[str, ...]
    address: str
    zip: str


class Columns:
    """Where each column stands, whatever it is called; `read` are the file's own headers of those."""

    def __init__(self, headers: Sequence[str], known: Mapping[str, Sequence[str]], *, required: Sequence[str], kind: str) -> None:
        folded = {fold(header): at for at, header in reversed(list(enumerate(headers)))}
        self._at = {name: next((folded[fold(word)] for word in words if fold(word) in folded), None) for name, words in known.items()}
        if missing := [known[name][0] for name in required if self._at[name] is None]:
            named = " and no column ".join(f'"{word}"' for word in missing)
            raise InputError(f"This is not {kind}: it has no column {named}. Its columns are {', '.join(headers[:8])}.")
        self._places = sorted({at for at in self._at.values() if at is not None})
        self.read = [headers[at] for at in self._places]

    def cells(self, values: Sequence[str]) -> dict[str, str]:
        """The cells by our name of the column, with single spaces; blank where there is no such column."""
        return {name: " ".join(values[at].split()) if at is not None else "" for name, at in self._at.items()}

    def record(self, values: Sequence[str]) -> list[str]:
        """The cells of the columns that are read, as the file has them."""
        return [values[at] for at in self._places]

    def spelled(self, cells: Mapping[str, str]) -> list[str]:
        """Cells by our names as `record` would give them."""
        by_place = {at: cells[name] for name, at in self._at.items() if at is not None}
        return [by_place[at] for at in self._places]


def read_month(text: str) -> dt.date | None:
    """The first of a month written 2026-03, 2026-03-01, 202603, 3/2026, 3/1/2026 or Mar 2026; None when it is none of these."""
    text = text.replace("T", " ").split(" 00:")[0].strip()
    year = month = 0
    if match := _YEAR_MONTH.fullmatch(text):
        year, month = int(match[1]), int(match[2])
    elif match := _MONTH_YEAR.fullmatch(text):
        month, year = int(match[1]), int(match[2])
    elif match := _DAY_OF_MONTH.fullmatch(text):
        month, year = int(match[1]), int(match[3])
    elif match := _NAMED_MONTH.fullmatch(text):
        month, year = _MONTHS.get(match[1].casefold(), 0), int(match[2]) + (2000 if len(match[2]) == 2 else 0)
    return dt.date(year, month, 1) if 1 <= month <= 12 and 1990 <= year <= 2100 else None


def read_count(text: str) -> int | None:
    """A whole number, "1,234" and "12.0" included; None when it is none."""
    match = _COUNT.fullmatch(text)
    return int(match[1].replace(",", "")) if match and len(match[1]) < 14 else None


def parse_market(
    values: Sequence[str], columns: Columns, *, lines: Mapping[str, int], today: dt.date, vendor: str = "", through: dt.date | None = None
) -> MarketRow | RowError:
    """One row. `lines` are our service lines by folded name; `vendor` and `through` stand in where the file has no such column."""
    if isinstance(values, ShortRow):
        return RowError("too few cells", "The row has fewer cells than the others, so which is which is not known.")
    cells = columns.cells(values)
    npi = cells["npi"].removesuffix(".0")
    if not is_valid_npi(npi):
        return RowError("not an NPI", f'"{cells["npi"][:20]}" is no NPI: ten digits of which the last is a check digit.')
    line = lines.get(fold(cells["service_line"]))
    if line is None:
        return _no_line(cells["service_line"])
    month = read_month(cells["month"])
    if month is None:
        return RowError("no month", f'"{cells["month"][:20]}" is no month. Write it like 2026-03.')
    to_us, total = read_count(cells["to_us"]), read_count(cells["total"])
    for name, count in (("to_us", to_us), ("total", total)):
        if count is None and _HIDDEN.fullmatch(cells[name]):
            return RowError(
                "count hidden", f'The vendor hides the count "{cells[name][:20]}". A hidden count cannot be added; ask for the number.'
            )
        if count is None or count > LARGEST:
            return RowError("not a count", f'"{cells[name][:20]}" in "{MARKET_COLUMNS[name][0]}" is no whole number.')
    assert to_us is not None  # noqa: S101 - told to the type checker; the loop has returned
    assert total is not None  # noqa: S101
    if to_us > total:
        return RowError("more than all", f"{to_us:,} to us are more than the {total:,} in all.")
    named = cells["vendor"] or vendor
    if not fold(named):
        return RowError("no vendor", "The row names no vendor.")
    told = read_day(cells["through"]) if cells["through"] else through
    if told is None:
        return RowError("no through date", f'"{cells["through"][:20]}" is no day. Say through which day the vendor knew, like 2026-03-31.')
    if told > today:
        return RowError("future", f"Through {told:%Y-%m-%d} lies in the future.")
    if told < month:
        return RowError("month not begun", f"{month:%b %Y} had not begun on {told:%Y-%m-%d}, through which the vendor knew.")
    return MarketRow(named[:80], npi, line, month, to_us, total, told)


def parse_capacity(
    values: Sequence[str], columns: Columns, *, lines: Mapping[str, int], today: dt.date, as_of: dt.date | None = None
) -> CapacityRow | RowError:
    """One row. `as_of` stands in where the file has no such column."""
    if isinstance(values, ShortRow):
        return RowError("too few cells", "The row has fewer cells than the others, so which is which is not known.")
    cells = columns.cells(values)
    if not fold(cells["site"]):
        return RowError("no site", "The row names no site.")
    line = lines.get(fold(cells["service_line"]))
    if line is None:
        return _no_line(cells["service_line"])
    day = read_day(cells["as_of"]) if cells["as_of"] else as_of
    if day is None:
        return RowError("no day", f'"{cells["as_of"][:20]}" is no day. Say as of which day this holds, like 2026-03-31.')
    if day > today:
        return RowError("future", f"{day:%Y-%m-%d} lies in the future.")
    word = fold(cells["accepting"])
    if word and word not in _YES | _NO:
        return RowError("not yes or no", f'"{cells["accepting"][:20]}" is neither yes nor no. Blank means that nobody knows.')
    wait = read_count(cells["wait"])
    if cells["wait"] and (wait is None or wait > LONGEST_WAIT):
        return RowError("not a number of days", f'"{cells["wait"][:20]}" is no number of days from 0 to {LONGEST_WAIT}.')
    zip_ = read_zip(cells["zip"]) if cells["zip"] else ""
    if cells["zip"] and not is_zip(zip_):
        return RowError("no such ZIP code", f'The postal service knows no ZIP code "{cells["zip"][:12]}".')
    payers = tuple(dict.fromkeys(name for part in re.split(r"[;|,]", cells["payers"]) if fold(name := part.strip()[:80])))
    return CapacityRow(cells["site"][:200], line, day, (word in _YES) if word else None, wait, payers, cells["address"][:200], zip_)


def _no_line(text: str) -> RowError:
    return RowError("no such service line", f'No service line here is called "{text[:40]}". Use a name from Settings, Service lines.')
