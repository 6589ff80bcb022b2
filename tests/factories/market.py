"""Market data and capacity, by files through the same doors as everybody's."""

import datetime as dt
import io
from typing import Any

from common.csvsafe import csv_rows
from contacts.models import Organization
from referrals import actions
from referrals.models import Capacity, MarketFile, MarketFileKind, MarketFileState, Payer
from territories.models import ServiceLine

MARKET = ("NPI", "service line", "month", "to us", "total", "vendor", "through")
CAPACITY = ("site", "service line", "as of", "accepting new patients", "third next available", "payers", "address", "ZIP")


def text(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> io.BytesIO:
    return io.BytesIO("".join(csv_rows(header, rows, bom=False)).encode())


def market_row(npi: str, to_us: Any, total: Any, *, line: str = "Cardiology", month: Any = "2026-09", vendor: str = "Claims Co",
               through: Any = "2026-10-31") -> tuple[Any, ...]:  # fmt: skip
    return (npi, line, month, to_us, total, vendor, through)


def load_market(*rows: tuple[Any, ...], header: tuple[str, ...] = MARKET, dry_run: bool = False, **given: str) -> MarketFile:
    """Send rows and read them; a file that cannot be read is an error of the test unless it looks for that."""
    return _load(MarketFileKind.MARKET, text(header, list(rows)), dry_run, **given)


def load_capacity(*rows: tuple[Any, ...], header: tuple[str, ...] = CAPACITY, dry_run: bool = False, **given: str) -> MarketFile:
    return _load(MarketFileKind.CAPACITY, text(header, list(rows)), dry_run, **given)


def _load(kind: str, content: io.BytesIO, dry_run: bool, **given: str) -> MarketFile:
    file = actions.take_market_file(kind=kind, file=content, file_name="market.csv", by=None, **given)
    if file.state == MarketFileState.LOADED:
        return file
    return actions.read_market_file(file=file, by=None, dry_run=dry_run)


def make_capacity(
    site: Organization, line: ServiceLine, *, as_of: dt.date, accepting: bool | None = True, wait: int | None = 7, zip_: str = "",
    payers: tuple[str, ...] = ("Medicare",),
) -> Capacity:  # fmt: skip
    return actions.tell_capacity(
        organization=site,
        service_line=line,
        as_of_on=as_of,
        is_accepting=accepting,
        third_next_available=wait,
        payers=[Payer.objects.get_or_create(name=name)[0] for name in payers],
        address="",
        zip_=zip_,
        by=None,
    )
