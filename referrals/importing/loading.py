"""One batch, from its file to facts and rollups, in one transaction: after a kill -9 nothing of it is left, and the job begins again."""

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from audit.actions import record
from common.exceptions import InputError
from referrals.deriving import lock_facts, publish
from referrals.importing.alarming import Picture, find_alarms
from referrals.importing.comparing import fold_arrived, keep, name_lines_and_payers
from referrals.importing.folding import begin, payers_meant
from referrals.importing.learning import learn_mapping
from referrals.importing.linking import NO_ORDER, NOT_CLEAR
from referrals.importing.mapping import FIELDS, Mapping
from referrals.importing.picturing import of_feed, of_file
from referrals.importing.staging import KEPT_FINDINGS, PERCENT, Progress, Staged, stage
from referrals.importing.writing import work_out, write
from referrals.models import BatchState, ImportBatch, Payer, RowOutcome, SourceRow
from referrals.rollups import FACTS

log = logging.getLogger(__name__)

UNKNOWN_DESTINATION = "unknown destination"
ILLEGAL_MOVE = "illegal move"
OTHER_PAYER_NAME = "another name of a payer"


def check(batch: ImportBatch, *, progress: Progress) -> None:
    """The dry run: the whole load by the same code, rolled back; only the batch itself remembers it."""
    progress, now = _heard(progress), timezone.now()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            staged = stage(cursor, batch=batch, mapping=Mapping.from_json(batch.mapping), path=_path(batch), progress=progress)
            before = of_feed(cursor, batch)
            with _forgotten():
                late, _ = _arrive(cursor, batch, staged, now=now, progress=progress)
            SourceRow.objects.bulk_create(late, batch_size=1_000)
            batch.alarms = _alarms(cursor, batch, before)
    except InputError as error:
        # The file stays: another mapping may read it.
        batch.state, batch.error = BatchState.UPLOADED, str(error)
    else:
        batch.state, batch.error = BatchState.CHECKED, ""
    batch.made = {}
    batch.source.refresh_from_db()
    batch.save()
    record("import.checked", by=None, target=batch, **_told(batch))


def load(batch: ImportBatch, *, progress: Progress) -> None:
    """Load the batch: facts, status history, derived columns, rollups, data version; then the file is deleted."""
    progress = _heard(progress)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            staged = stage(cursor, batch=batch, mapping=Mapping.from_json(batch.mapping), path=_path(batch), progress=progress)
            progress(52, PERCENT, "Waiting for other imports to finish")
            lock_facts(cursor)
            now, before = timezone.now(), of_feed(cursor, batch)
            late, changed = _arrive(cursor, batch, staged, now=now, progress=progress)
            batch.alarms = _alarms(cursor, batch, before)
            SourceRow.objects.bulk_create(late, batch_size=1_000)
            if changed:
                publish(f"import {batch.pk} of {batch.source.name}")
    except InputError as error:
        batch.state, batch.error = BatchState.FAILED, str(error)
    else:
        batch.state, batch.error, batch.loaded_at = BatchState.LOADED, "", now
    forget_file(batch)
    batch.save()
    record(f"import.{batch.state}", by=batch.uploaded_by, target=batch, **_told(batch))


def upload_path(batch: ImportBatch) -> Path:
    """Where the batch's file lies."""
    return Path(settings.UPLOADS) / batch.stored_as


def forget_file(batch: ImportBatch) -> None:
    """Delete the file once the transaction stands; until then a retry may need it. The caller saves the batch."""
    if batch.stored_as:
        path = upload_path(batch)
        transaction.on_commit(lambda: path.unlink(missing_ok=True))
        batch.stored_as = ""


def _heard(progress: Progress) -> Progress:
    """Progress that the log hears too, where the command line listens. Notes hold counts and no words of the file."""

    def tell(done: int, total: int, note: str) -> None:
        log.info("%3d %%  %s", 100 * done // total, note)
        progress(done, total, note)

    return tell


@contextmanager
def _forgotten() -> Iterator[None]:
    """What happens inside is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _alarms(cursor: CursorWrapper, batch: ImportBatch, before: Picture) -> list[dict[str, str]]:
    return [alarm._asdict() for alarm in find_alarms(of_file(cursor, batch), before)]


def _path(batch: ImportBatch) -> Path:
    path = upload_path(batch)
    if not batch.stored_as or not path.is_file():
        raise InputError("The uploaded file was deleted. Files are kept for 24 hours; upload it again.")
    return path


def _arrive(
    cursor: CursorWrapper, batch: ImportBatch, staged: Staged, *, now: dt.datetime, progress: Progress
) -> tuple[list[SourceRow], int]:
    """Everything from the staged rows to the rollups. Returns the findings that only the comparison can make, and how much was written."""
    lock_facts(cursor)
    learn_mapping(batch)  # before the facts, which are linked and derived by what the feed sees
    progress(55, PERCENT, "Comparing with what we know")
    batch.made = name_lines_and_payers(cursor)
    begin(cursor, batch_id=batch.pk, now=now)
    keep(cursor, source_id=batch.source_id, batch_id=batch.pk)
    fold_arrived(cursor, source_id=batch.source_id, batch_id=batch.pk)
    progress(62, PERCENT, "Matching providers, practices and destinations")
    work_out(cursor)
    _count(cursor, batch, staged)
    progress(70, PERCENT, f"{batch.new:,} new and {batch.changed:,} changed referrals are written, derived and added up")
    changed = write(cursor)
    progress(98, PERCENT, "Finishing")
    cursor.execute(f"SELECT count(*) FROM keyed k JOIN {FACTS} r ON r.id = k.id WHERE r.is_duplicate")  # noqa: S608 - our own table
    batch.duplicates = cursor.fetchone()[0]
    return _late_findings(cursor, batch) + _other_payer_names(cursor, batch), changed


def _other_payer_names(cursor: CursorWrapper, batch: ImportBatch) -> list[SourceRow]:
    """Rows whose payer is known by another name now: counted all, told once for each name."""
    meant = payers_meant(cursor)
    cursor.execute(
        """SELECT payer_id, count(*), min(line), (array_agg(source_key ORDER BY line))[1] FROM arrived WHERE payer_id = ANY(%s)
           GROUP BY payer_id ORDER BY 3""",
        [list(meant)],
    )
    found = cursor.fetchall()
    if found:
        batch.findings = {**batch.findings, OTHER_PAYER_NAME: sum(rows for _, rows, _, _ in found)}
    names = Payer.every.in_bulk([pk for name, *_ in found for pk in (name, meant[name])])
    columns = batch.mapping.get("columns", {})
    return [
        SourceRow(
            batch=batch,
            line_number=line,
            outcome=RowOutcome.FINDING,
            reason=OTHER_PAYER_NAME,
            sentence=f"{columns.get('payer', FIELDS['payer'])}: {names[name]} is {names[meant[name]]}"[:300],
            record={columns.get("source_key", "source_key"): key},
        )
        for name, _, line, key in found
    ]


# The referrals of the file: those that were folded, and those of which it says nothing that was not known.
_IN_FILE = f"""(
    SELECT id, source_key, line, change, anchor_on, referrer_named, provider_id, destination_name, destination_id, illegal, link_note
    FROM merged WHERE is_sent
    UNION ALL
    SELECT r.id, r.source_key, k.line, 'unchanged', r.anchor_on, r.referrer_named, r.provider_id, r.destination_name, r.destination_id,
        NULL, CASE WHEN s.sees IN ('appointments', 'claims') AND r.linked_to_id IS NULL THEN '{NO_ORDER}' END
    FROM keyed k JOIN {FACTS} r ON r.id = k.id JOIN referrals_source s ON s.id = r.source_id
    WHERE NOT EXISTS (SELECT FROM folded f WHERE f.id = k.id)) AS in_file"""  # noqa: S608 - our own names


# What only the comparison can find, one per referral: a destination that nobody knows, a move that no legal way leads to, an appointment
# or claim without its order. Where it is so, what is said of it, and of which field.
_LATE = {
    UNKNOWN_DESTINATION: ("destination_name <> '' AND destination_id IS NULL", "destination_name", "destination_name"),
    ILLEGAL_MOVE: ("illegal IS NOT NULL", "illegal", "state"),
    NO_ORDER: (f"link_note = '{NO_ORDER}'", "'no order of ours has this number, or is of this patient and service line'", "order_key"),
    NOT_CLEAR: (f"link_note = '{NOT_CLEAR}'", "'orders of several feeds have this number'", "order_key"),
}


def _count(cursor: CursorWrapper, batch: ImportBatch, staged: Staged) -> None:
    """One pass over the referrals of the file, month by month."""
    late = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition, _, _ in _LATE.values())
    cursor.execute(
        f"""SELECT to_char(anchor_on, 'YYYY-MM-01'), min(anchor_on), max(anchor_on), count(*),
               count(*) FILTER (WHERE change = 'new'), count(*) FILTER (WHERE change = 'changed'),
               count(*) FILTER (WHERE change = 'unchanged'),
               count(*) FILTER (WHERE referrer_named = 'provider' AND provider_id IS NULL), {late}
            FROM {_IN_FILE} GROUP BY 1 ORDER BY 1"""  # noqa: S608 - our own names
    )
    months = cursor.fetchall()
    batch.first_on, batch.last_on = (months[0][1], months[-1][2]) if months else (None, None)
    batch.by_month = {month: count for month, _, _, count, *_ in months}
    totals = [sum(column) for column in zip(*(month[4:] for month in months), strict=True)] or [0] * (4 + len(_LATE))
    batch.new, batch.changed, batch.unchanged, batch.unmatched = totals[:4]
    batch.rows, batch.rejected = staged.rows, dict(staged.rejected)
    batch.findings = dict(staged.findings) | {finding: total for finding, total in zip(_LATE, totals[4:], strict=True) if total}


def _late_findings(cursor: CursorWrapper, batch: ImportBatch) -> list[SourceRow]:
    columns = batch.mapping.get("columns", {})
    kept = []
    for finding, (condition, told, field) in _LATE.items():
        if finding in batch.findings:
            cursor.execute(
                f"SELECT line, source_key, {told} FROM {_IN_FILE} WHERE {condition} ORDER BY line LIMIT %s",  # noqa: S608
                [KEPT_FINDINGS],
            )
            kept += [
                SourceRow(
                    batch=batch,
                    line_number=line,
                    outcome=RowOutcome.FINDING,
                    reason=finding,
                    sentence=f"{columns.get(field, FIELDS[field])}: {words}"[:300],
                    record={columns.get("source_key", "source_key"): key},
                )
                for line, key, words in cursor.fetchall()
            ]
    return kept


def _told(batch: ImportBatch) -> dict[str, Any]:
    counts: dict[str, Any] = {name: getattr(batch, name) for name in ("rows", "new", "changed", "unchanged", "unmatched")}
    return counts | {"rejected": dict(Counter(batch.rejected)), "findings": batch.findings, "error": batch.error}
