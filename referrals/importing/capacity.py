"""A file of capacity becomes statements about our sites, dated."""

import datetime as dt
from typing import Any

from django.db import connection
from django.utils import timezone

from common.exceptions import InputError
from common.names import exact_key, fold
from common.tables import Table
from contacts.importing.outcome import RowError
from contacts.matching.directory import survivors
from contacts.models import Organization
from referrals.importing.folding import payers_meant
from referrals.importing.market import Read, our_lines
from referrals.importing.market_rows import CAPACITY_COLUMNS, CapacityRow, Columns, parse_capacity
from referrals.models import Capacity, MarketFile, Payer

LARGEST = 100_000  # rows: a site and line a row


def load_capacity(table: Table, file: MarketFile, *, as_of: dt.date | None = None) -> Read:
    """Write what the table tells and count it on `file`; the caller saves that and may roll all of it back."""
    required = ("site", "service_line") if as_of else ("site", "service_line", "as_of")
    columns = Columns(table.headers, CAPACITY_COLUMNS, required=required, kind="a file of capacity")
    read = Read(headers=columns.read)
    lines, sites, today = our_lines(), _sites(), timezone.localdate()
    said: dict[tuple[int, int, dt.date], tuple[int, CapacityRow]] = {}
    for number, values in table:
        read.rows += 1
        if read.rows > LARGEST:
            raise InputError(f"The file has more than {LARGEST:,} rows. A file of capacity has one row for each site and service line.")
        row = parse_capacity(values, columns, lines=lines, today=today, as_of=as_of)
        if isinstance(row, CapacityRow) and fold(row.site) not in sites:
            row = RowError("no such site", f'No organization is called "{row.site[:80]}". Import the network first, or mend the name.')
        if isinstance(row, RowError):
            read.reject(number, row, columns.record(values))
            continue
        key = (sites[fold(row.site)], row.service_line_id, row.as_of_on)
        first, other = said.setdefault(key, (number, row))
        if first != number and told(other) == told(row):
            read.findings["row repeated"] += 1
        elif first != number:
            read.reject(
                number,
                RowError("says otherwise", f"Line {first:,} tells otherwise of the same site, line and day."),
                columns.record(values),
            )
    if not said:
        raise InputError(f"None of the {read.rows:,} rows could be read. The first is refused because: {read.rejects[0].sentence}")
    _write(said, file, read)
    return read


def told(row: CapacityRow | Capacity) -> tuple[Any, ...]:
    """What a row says of its site, line and day."""
    payers = row.payers if isinstance(row, CapacityRow) else [payer.name for payer in row.payers.all()]
    facts = (row.is_accepting, row.third_next_available, row.address, row.zip)
    return (*facts, frozenset(exact_key(payer) for payer in payers))


def _sites() -> dict[str, int]:
    """Organizations by folded name; one that was merged stands for its survivor."""
    rows = list(Organization.objects.values_list("folded_name", "pk", "merged_into"))
    into = survivors((pk, other) for _, pk, other in rows)
    return {name: into.get(pk, pk) for name, pk, _ in rows}


def _payers(names: set[str]) -> dict[str, int]:
    """Payers by name, whatever its case and spacing, and by any of their names; one that no referral has named yet is made."""
    with connection.cursor() as cursor:
        meant = payers_meant(cursor)
    known = {exact_key(name): meant.get(pk, pk) for name, pk in Payer.every.values_list("name", "pk")}
    for name in sorted(names):
        if exact_key(name) not in known:
            known[exact_key(name)] = Payer.objects.create(name=name).pk
    return known


def _write(said: dict[tuple[int, int, dt.date], tuple[int, CapacityRow]], file: MarketFile, read: Read) -> None:
    rows = [row for _, row in said.values()]
    sites, days = {site for site, _, _ in said}, [row.as_of_on for row in rows]
    before = {
        (known.organization_id, known.service_line_id, known.as_of_on): told(known)
        for known in Capacity.objects.effective().filter(organization__in=sites, as_of_on__in=set(days)).prefetch_related("payers")
    }
    payers = _payers({name for row in rows for name in row.payers})
    made = Capacity.objects.bulk_create(
        Capacity(
            organization_id=site,
            service_line_id=line,
            as_of_on=day,
            is_accepting=row.is_accepting,
            third_next_available=row.third_next_available,
            address=row.address,
            zip=row.zip,
            file=file,
            told_by=file.uploaded_by,
        )
        for (site, line, day), (_, row) in said.items()
    )
    accepted = Capacity.payers.through
    accepted.objects.bulk_create(
        accepted(capacity_id=capacity.pk, payer_id=payer)
        for capacity, row in zip(made, rows, strict=True)
        for payer in dict.fromkeys(payers[exact_key(name)] for name in row.payers)
    )
    file.new = sum(key not in before for key in said)
    file.changed = sum(key in before and before[key] != told(row) for key, (_, row) in said.items())
    file.unchanged = len(said) + read.findings["row repeated"] - file.new - file.changed
    file.rows, file.headers, file.through_on = read.rows, read.headers, max(days)
    file.rejected, file.findings = dict(read.rejected.most_common()), dict(read.findings)
