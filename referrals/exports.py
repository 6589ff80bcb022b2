"""Referrals and refused rows as files; streaming, and safe in a spreadsheet."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone

from common.csvsafe import csv_response
from referrals.importing.mapping import WHY_HEADER
from referrals.importing.market_rows import WHY
from referrals.models import ImportBatch, MarketFile, Referral, RowOutcome
from referrals.presenters.findings import words_for
from referrals.presenters.rows import why_not_counted
from referrals.queries import for_detail
from referrals.queries.payers import PayerRow

_CHUNK = 2_000
# No patient hash: a list that leaves needs no link between the referrals of one patient.
HEADER = (
    "Feed", "Referral number", "Date", "Ordered on", "Received on", "Entered on", "State", "Kind", "Priority", "Service line",
    "Payer", "Referring provider", "NPI", "Referring practice", "Practice assumed", "Territory", "Referring side",
    "Referred to", "Receiving provider", "Receiving side", "Flow", "Reason", "Appointment", "Seen", "Report received", "Counted",
    "Why not counted", "Credited to",
)  # fmt: skip

BELONGS = {
    "number": ("Feed", "Referral number"),
    "date": ("Date", "Ordered on", "Received on", "Entered on"),
    "referred-by": ("Referring provider", "NPI", "Referring practice", "Practice assumed", "Territory", "Referring side"),
    "referred-to": ("Referred to", "Receiving provider", "Receiving side"),
    "flow": ("Flow", "Reason"),
    "state": ("State", "Appointment", "Seen", "Report received"),
}


def rows(referrals: QuerySet[Referral]) -> Iterator[Sequence[Any]]:
    for r in for_detail(referrals).iterator(chunk_size=_CHUNK):
        yield (
            r.source.name, r.source_key, r.anchor_on, r.ordered_on, r.received_on, r.entered_on, r.get_state_display(),
            r.get_kind_display(), r.priority, r.service_line and r.service_line.name, r.payer and r.payer.name,
            str(r.provider) if r.provider else r.referring_name, r.provider.npi if r.provider else r.referring_npi,
            r.practice.name if r.practice else r.referring_org, r.practice_assumed, r.territory and r.territory.name,
            r.get_referrer_alignment_display(), r.destination.name if r.destination else r.destination_name,
            str(r.performer) if r.performer else r.performing_name, r.get_destination_alignment_display(), r.get_flow_display(),
            r.get_reason_display(), r.appointment_on, r.seen_on, r.report_on, r.is_counted, why_not_counted(r),
            r.credited_to and str(r.credited_to),
        )  # fmt: skip


def rejects(batch: ImportBatch) -> StreamingHttpResponse:
    """The refused rows in the source's own shape, hashes in place of identifiers, and what is wrong with each: mended, it is taken back."""
    headers = [*(header for header in batch.headers if header != WHY_HEADER), WHY_HEADER]
    delimiter = batch.mapping.get("format", {}).get("delimiter") or ","
    records = batch.source_rows.filter(outcome=RowOutcome.REJECTED).only("record", "sentence", "reason")
    lines = ([*(row.record.get(header, "") for header in headers[:-1]), words_for(row)] for row in records.iterator(chunk_size=_CHUNK))
    suffix = "tsv" if delimiter == "\t" else "csv"
    return csv_response(f"rejected-{batch.source.name}-{batch.pk}.{suffix}", headers, lines, delimiter=delimiter)


def market_rejects(file: MarketFile) -> StreamingHttpResponse:
    """The refused rows in the file's own words, and what is wrong with each: mended, it is taken back."""
    rows = file.rejects.only("record", "sentence").iterator(chunk_size=_CHUNK)
    return csv_response(f"rejected-{file.kind}-{file.pk}.csv", [*file.headers, WHY], ([*row.record, row.sentence] for row in rows))


BATCH_HEADER = ("file", "feed", "state", "rows", "new", "changed", "rejected", "findings", "arrived on", "by")
BATCH_BELONGS = {"file": ("file", "feed"), "arrived": ("arrived on", "by")}


def batch_rows(batches: QuerySet[ImportBatch]) -> Iterator[Sequence[Any]]:
    for batch in batches.iterator(chunk_size=_CHUNK):
        yield (
            batch.file_name, batch.source.name, batch.get_state_display(), batch.rows, batch.new, batch.changed,
            sum(batch.rejected.values()), sum(batch.findings.values()), timezone.localdate(batch.uploaded_at), str(batch.uploaded_by or ""),
        )  # fmt: skip


PAYERS = ("Payer", "Also named", "Referrals", "Id")


def payer_rows(rows: Iterable[PayerRow]) -> Iterator[Sequence[Any]]:
    for row in rows:
        yield row.payer.name, "; ".join(name.name for name in row.names), row.referrals, row.payer.pk
