"""A file of market data becomes rows of MarketMonth: read, staged, checked against itself, written, and what is current decided again.

Set-based and in the caller's transaction. What is current is a function of all rows that were ever told and not undone, so that files may
come in any order and an undo is exact.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from common.exceptions import InputError
from common.names import exact_key, fold
from common.tables import Table
from contacts.importing.outcome import Pace, Progress, RowError
from referrals.importing.market_rows import MARKET_COLUMNS, Columns, parse_market
from referrals.models import MarketFile, MarketReject, MarketVendor
from territories.models import ServiceLine

CHUNK = 5_000
_LOCK = 0x6D61726B  # one file of market data at a time: what is current must be decided by one
_STAGED = (("line", "int"), ("vendor_id", "bigint"), ("npi", "text"), ("service_line_id", "bigint"), ("month", "date"), ("to_us", "int"),
           ("total", "int"), ("through_on", "date"))  # fmt: skip
_KEY = "vendor_id, npi, service_line_id, month"


@dataclass(slots=True)
class Read:
    """What reading a file came to."""

    rows: int = 0
    headers: list[str] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    rejects: list[MarketReject] = field(default_factory=list)

    def reject(self, line: int, error: RowError, record: Sequence[str]) -> None:
        """Keep a row that stays out, in the file's own words."""
        self.rejected[error.reason] += 1
        sentence = error.sentence[:300]
        self.rejects.append(MarketReject(line_number=line, reason=error.reason, sentence=sentence, record=[cell[:200] for cell in record]))


def our_lines() -> dict[str, int]:
    """Our service lines by folded name."""
    return {fold(name): pk for name, pk in ServiceLine.objects.values_list("name", "pk")}


def load_market(
    table: Table, file: MarketFile, *, vendor: str = "", through: dt.date | None = None, progress: Progress | None = None
) -> Read:
    """Write what the table tells and count it on `file`; the caller saves that and may roll all of it back."""
    required = [name for name in MARKET_COLUMNS if not (name == "vendor" and vendor) and not (name == "through" and through)]
    columns = Columns(table.headers, MARKET_COLUMNS, required=required, kind="market data")
    read = Read(headers=columns.read)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("DROP TABLE IF EXISTS pg_temp.market_rows")
        cursor.execute(f"CREATE TEMP TABLE market_rows ({', '.join(f'{name} {kind}' for name, kind in _STAGED)}) ON COMMIT DROP")
        _stage(cursor, table, columns, read, vendor, through, progress)
        _refuse_contradictions(cursor, read)
        if read.rows == read.rejected.total():
            raise InputError(_nothing_left(read))
        _write(cursor, file, read)
    return read


def _nothing_left(read: Read) -> str:
    reason, count = read.rejected.most_common(1)[0]
    first = next(reject.sentence for reject in read.rejects if reject.reason == reason)
    return f"None of the {read.rows:,} rows could be read. {count:,} for this reason: {first}"


def _stage(
    cursor: CursorWrapper, table: Table, columns: Columns, read: Read, vendor: str, through: dt.date | None, progress: Progress | None
) -> None:
    lines, today, pace, vendors = our_lines(), timezone.localdate(), Pace(), _Vendors()
    chunk: list[tuple[Any, ...]] = []
    for number, values in table:
        read.rows += 1
        row = parse_market(values, columns, lines=lines, today=today, vendor=vendor, through=through)
        if isinstance(row, RowError):
            read.reject(number, row, columns.record(values))
        else:
            chunk.append((number, vendors.key(row.vendor), *row[1:]))
        if len(chunk) == CHUNK:
            _flush(cursor, chunk)
            chunk = []
            if progress:
                share = table.progress()
                progress(int(share * 100), 100, pace.note(read.rows, share))
    _flush(cursor, chunk)


class _Vendors:
    """Vendors by name, whatever its case and spacing; one who is new is made."""

    def __init__(self) -> None:
        self._keys = {exact_key(name): pk for name, pk in MarketVendor.objects.values_list("name", "pk")}

    def key(self, name: str) -> int:
        known = exact_key(name)
        if known not in self._keys:
            self._keys[known] = MarketVendor.objects.create(name=name).pk
        return self._keys[known]


def _flush(cursor: CursorWrapper, chunk: list[tuple[Any, ...]]) -> None:
    if chunk:
        arrays = ", ".join(f"%s::{kind}[]" for _, kind in _STAGED)
        cursor.execute(f"INSERT INTO market_rows SELECT * FROM unnest({arrays})", [list(column) for column in zip(*chunk, strict=True)])  # noqa: S608 - our own names


def _refuse_contradictions(cursor: CursorWrapper, read: Read) -> None:
    """Of rows about the same, as of the same day, the first stands: one that repeats it goes, one that says otherwise is refused."""
    cursor.execute(
        f"""WITH ranked AS (
                SELECT *, first_value(line) OVER same AS first_line, first_value(to_us) OVER same AS first_to_us,
                       first_value(total) OVER same AS first_total
                FROM market_rows WINDOW same AS (PARTITION BY {_KEY}, through_on ORDER BY line)),
            gone AS (DELETE FROM market_rows USING ranked WHERE market_rows.line = ranked.line AND ranked.line <> ranked.first_line
                     RETURNING ranked.*)
            SELECT g.line, g.first_line, g.to_us = g.first_to_us AND g.total = g.first_total, v.name, g.npi, s.name, g.month, g.to_us,
                   g.total, g.through_on
            FROM gone g JOIN referrals_marketvendor v ON v.id = g.vendor_id JOIN territories_serviceline s ON s.id = g.service_line_id
            ORDER BY g.line"""  # noqa: S608 - our own names
    )
    order = ("vendor", "npi", "service_line", "month", "to_us", "total", "through")
    at = Columns(read.headers, MARKET_COLUMNS, required=(), kind="")
    for line, first, same, *told in cursor.fetchall():
        if same:
            read.findings["row repeated"] += 1
            continue
        texts = {name: value.isoformat() if isinstance(value, dt.date) else str(value) for name, value in zip(order, told, strict=True)}
        error = RowError("says otherwise", f"Line {first:,} tells other counts of the same provider, line and month.")
        read.reject(line, error, at.spelled(texts))


def _write(cursor: CursorWrapper, file: MarketFile, read: Read) -> None:
    _remember(cursor, f"SELECT DISTINCT {_KEY} FROM market_rows")  # noqa: S608 - our own names
    names = ", ".join(name for name, _ in _STAGED if name != "line")
    cursor.execute(
        f"INSERT INTO referrals_marketmonth (file_id, is_current, {names}) SELECT %s, false, {names} FROM market_rows",  # noqa: S608
        [file.pk],
    )
    decide_current(cursor)
    cursor.execute(
        f"""SELECT count(*) FILTER (WHERE b.to_us IS NULL),
                   count(*) FILTER (WHERE b.to_us IS NOT NULL AND (b.to_us, b.total) <> (n.to_us, n.total))
            FROM market_touched t
            JOIN referrals_marketmonth n ON {_same("n", "t")} AND n.is_current
            LEFT JOIN market_before b ON {_same("b", "t")}"""  # noqa: S608
    )
    file.new, file.changed = cursor.fetchone()
    cursor.execute(
        """SELECT count(*), min(m.month), max(m.month), max(m.through_on), array_agg(DISTINCT v.name), count(DISTINCT m.npi),
                  count(DISTINCT m.npi) FILTER (WHERE NOT EXISTS (SELECT FROM contacts_provider p WHERE p.npi = m.npi))
           FROM market_rows m JOIN referrals_marketvendor v ON v.id = m.vendor_id"""
    )
    kept, file.first_month, file.last_month, file.through_on, file.vendors, file.npis, file.unknown_npis = cursor.fetchone()
    file.rows, file.headers = read.rows, read.headers
    file.unchanged = kept + read.findings["row repeated"] - file.new - file.changed
    file.rejected, file.findings = dict(read.rejected.most_common()), dict(read.findings)


def _same(one: str, other: str) -> str:
    return " AND ".join(f"{one}.{name} = {other}.{name}" for name in _KEY.split(", "))


def _remember(cursor: CursorWrapper, keys: str, params: Sequence[Any] = ()) -> None:
    """What a SELECT of keys names, and what is current there."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.market_touched, pg_temp.market_before")
    cursor.execute(f"CREATE TEMP TABLE market_touched ON COMMIT DROP AS {keys}", params)
    cursor.execute(
        f"""CREATE TEMP TABLE market_before ON COMMIT DROP AS
            SELECT m.* FROM market_touched t JOIN referrals_marketmonth m ON {_same("m", "t")} AND m.is_current"""  # noqa: S608
    )
    cursor.execute("ANALYZE market_touched")


def decide_current(cursor: CursorWrapper) -> None:
    """Of everything told about what was touched, the row of the latest through date is current, of two that of the later file."""
    cursor.execute(
        f"UPDATE referrals_marketmonth m SET is_current = false FROM market_touched t WHERE {_same('m', 't')} AND m.is_current"  # noqa: S608
    )
    cursor.execute(
        f"""UPDATE referrals_marketmonth m SET is_current = true FROM (
                SELECT DISTINCT ON ({", ".join(f"o.{name}" for name in _KEY.split(", "))}) o.id
                FROM market_touched t JOIN referrals_marketmonth o ON {_same("o", "t")}
                ORDER BY {", ".join(f"o.{name}" for name in _KEY.split(", "))}, o.through_on DESC, o.file_id DESC) latest
            WHERE m.id = latest.id"""  # noqa: S608
    )


def undo_market(file: MarketFile) -> int:
    """Take away what the file told; what it had replaced is current again. Returns how many rows went."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        _remember(cursor, f"SELECT DISTINCT {_KEY} FROM referrals_marketmonth WHERE file_id = %s", [file.pk])  # noqa: S608
        cursor.execute("DELETE FROM referrals_marketmonth WHERE file_id = %s", [file.pk])
        gone: int = cursor.rowcount
        decide_current(cursor)
    return gone
