"""A file becomes a temporary table: parsed, hashed, copied. Nothing of a patient but the keyed hash gets this far.

In the staging table blank is NULL, so that "blanks never erase" is a plain coalesce further on.
"""

import datetime as dt
import io
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from django.conf import settings
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from referrals.importing.formats import open_records
from referrals.importing.mapping import Mapping
from referrals.importing.parsing import ENTERPRISE, Parser, Row, RowError, patient_hasher
from referrals.models import ImportBatch, RowOutcome, SourceRow
from referrals.states import STATES, TERMINAL

Progress = Callable[[int, int, str], None]
PERCENT = 100

CHUNK = 5_000  # rows between two COPYs: small enough for the memory, large enough for the wire
KEPT_FINDINGS = 5_000  # rows kept for the eye per kind of finding; the counts are complete, and rejected rows are all kept

# How far a state is; rejected and cancelled are beyond all others.
STAGE = {state: rank + (100 if state in TERMINAL else 0) for rank, state in enumerate(STATES)}

_COLUMNS = {
    "line": "int",
    "source_key": 'text COLLATE "C"',
    "digest": "uuid",
    **dict.fromkeys(("ordered_on", "received_on", "entered_on"), "date"),
    **dict.fromkeys(("referring_name", "referring_npi", "referring_org", "referring_zip"), "text"),
    **dict.fromkeys(("destination_name", "performing_name", "performing_npi", "service_line", "kind", "priority", "state"), "text"),
    "stage": "int",
    "told_at": "timestamptz",
    **dict.fromkeys(("appointment_on", "seen_on", "report_on"), "date"),
    **dict.fromkeys(("payer", "reason", "patient_hash", "order_key"), "text"),
}


@dataclass
class Staged:
    """What reading the file found, row by row."""

    rows: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)


def stage(cursor: CursorWrapper, *, batch: ImportBatch, mapping: Mapping, path: Path, progress: Progress) -> Staged:
    """Read the batch's file into the table `staged`; keep refused and odd rows, masked, as the batch's source rows."""
    cursor.execute("DROP TABLE IF EXISTS pg_temp.staged")
    cursor.execute(f"CREATE TEMP TABLE staged ({', '.join(f'{name} {kind}' for name, kind in _COLUMNS.items())}) ON COMMIT DROP")
    batch.source_rows.all().delete()
    staged, lines = Staged(), io.StringIO()
    odd: list[SourceRow] = []
    started = time.monotonic()
    hash_patient, hash_shared = (patient_hasher(settings.PATIENT_KEY.encode(), salt) for salt in (batch.source.name, ENTERPRISE))

    def flush() -> None:
        lines.seek(0)
        cursor.copy_expert(f"COPY staged ({', '.join(_COLUMNS)}) FROM STDIN WITH (NULL '')", lines)
        lines.seek(0)
        lines.truncate()
        SourceRow.objects.bulk_create(odd)
        odd.clear()
        speed = staged.rows / max(time.monotonic() - started, 0.001)
        progress(int(50 * table.progress()), PERCENT, f"{staged.rows:,} rows read, {speed:,.0f} a second")

    with open_records(path, format=batch.format, delimiter=mapping.delimiter, encoding=mapping.encoding, sheet=mapping.sheet) as table:
        parser = Parser(table.headers, mapping, hash_patient=hash_patient, hash_shared=hash_shared, today=timezone.localdate())
        for line, values in table:
            staged.rows += 1
            row = parser(values)
            if isinstance(row, RowError):
                staged.rejected[row.reason] += 1
                odd.append(_kept(batch, line, RowOutcome.REJECTED, row.reason, row.sentence, table.headers, parser.masked(values)))
            else:
                lines.write(_as_text(line, row))
                for finding in row.findings:
                    staged.findings[finding] += 1
                    if staged.findings[finding] <= KEPT_FINDINGS:
                        odd.append(_kept(batch, line, RowOutcome.FINDING, finding, "", table.headers, parser.masked(values)))
            if staged.rows % CHUNK == 0:
                flush()
        flush()
        staged.findings.update(table.remarks.counts)
        SourceRow.objects.bulk_create(
            (_kept(batch, line, RowOutcome.FINDING, reason[:60], sentence, [], []) for line, reason, sentence in table.remarks),
            batch_size=1_000,
        )
    cursor.execute("ANALYZE staged (source_key)")
    return staged


def _kept(batch: ImportBatch, line: int, outcome: str, reason: str, sentence: str, headers: list[str], values: list[str]) -> SourceRow:
    return SourceRow(
        batch=batch,
        line_number=line,
        outcome=outcome,
        reason=reason,
        sentence=sentence[:300],
        # What Postgres cannot store as JSON text (a lone NUL) is no part of any name.
        record={header: value.replace("\0", "") for header, value in zip(headers, values, strict=False)},
    )


def _as_text(line: int, row: Row) -> str:
    """One line of COPY text, with a digest of what the row says. Texts were cleaned of tabs and line breaks by the parser; the backslash
    is COPY's own."""
    said = (
        _date(row.ordered_on),
        _date(row.received_on),
        _date(row.entered_on),
        row.referring_name,
        row.referring_npi,
        row.referring_practice,
        row.referring_zip,
        row.destination_name or row.destination_npi,  # an organisation of which only the NPI is told is known by it
        row.performing_name,
        row.performing_npi,
        row.service_line,
        row.kind,
        row.priority,
        row.state,
        str(STAGE[row.state]),
        row.told_at.isoformat() if row.told_at else "",
        _date(row.appointment_on),
        _date(row.seen_on),
        _date(row.report_on),
        row.payer,
        row.reason,
        row.patient,
        row.order_key,
    )
    content = "\t".join(said)
    digest = blake2b(content.encode(), digest_size=16).hexdigest()
    return f"{line}\t{row.source_key}\t{digest}\t{content}\n".replace("\\", "\\\\")


@lru_cache(maxsize=1 << 14)  # a feed has few days
def _date(date: dt.date | None) -> str:
    return date.isoformat() if date else ""
