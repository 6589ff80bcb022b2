"""One batch, from its file to facts and rollups, in one transaction: after a kill -9 nothing of it is left, and the job begins again."""

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
from jobs.actions import enqueue
from referrals.deriving import add_touched, lock_facts, publish, settle, touch
from referrals.importing.comparing import GIVEN, fold, merge, name_lines_and_payers, settle_states
from referrals.importing.mapping import Mapping
from referrals.importing.resolving import RESOLVED, resolve
from referrals.importing.staging import KEPT_FINDINGS, PERCENT, Progress, Staged, stage
from referrals.models import ImportBatch, Referral, RowOutcome, SourceRow
from referrals.models.imports import BatchState
from referrals.rollups import FACTS

log = logging.getLogger(__name__)

UNKNOWN_DESTINATION = "unknown destination"
ILLEGAL_MOVE = "illegal move"

_TOLD = (*GIVEN, "anchor_on", "state", "appointment_on", "referrer_named")


def check(batch: ImportBatch, *, progress: Progress) -> None:
    """The dry run: everything up to the comparison, by the same code; only the batch itself remembers it."""
    progress = _heard(progress)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            staged = _staged(cursor, batch, progress)
            with _forgotten():
                _compared(cursor, batch, progress)
                _count(cursor, batch, staged)
                late = _late_findings(cursor, batch)
            SourceRow.objects.bulk_create(late, batch_size=1_000)
    except InputError as error:
        # The file stays: another mapping may read it.
        batch.state, batch.error = BatchState.UPLOADED, str(error)
    else:
        batch.state, batch.error = BatchState.CHECKED, ""
    batch.save()
    record("import.checked", by=None, target=batch, **_told(batch))


def load(batch: ImportBatch, *, progress: Progress) -> None:
    """Load the batch: facts, status history, derived columns, rollups, data version; then the file is deleted."""
    progress = _heard(progress)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            staged = _staged(cursor, batch, progress)
            _compared(cursor, batch, progress)
            _count(cursor, batch, staged)
            SourceRow.objects.bulk_create(_late_findings(cursor, batch), batch_size=1_000)
            progress(70, PERCENT, f"{batch.new:,} new and {batch.changed:,} changed referrals are written")
            _learn_mapping(batch)  # before the facts, which are derived by what the feed sees
            if _write(cursor, batch, progress):
                publish(f"import {batch.pk} of {batch.source.name}")
    except InputError as error:
        batch.state, batch.error = BatchState.FAILED, str(error)
    else:
        batch.state, batch.error, batch.loaded_at = BatchState.LOADED, "", timezone.now()
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


def _staged(cursor: CursorWrapper, batch: ImportBatch, progress: Progress) -> Staged:
    path = upload_path(batch)
    if not batch.stored_as or not path.is_file():
        raise InputError("The uploaded file was deleted. Files are kept for 24 hours; upload it again.")
    return stage(cursor, batch=batch, mapping=Mapping.from_json(batch.mapping), path=path, progress=progress)


def _compared(cursor: CursorWrapper, batch: ImportBatch, progress: Progress) -> None:
    progress(52, PERCENT, "Waiting for other imports to finish")
    lock_facts(cursor)
    progress(55, PERCENT, "Comparing with what we know")
    name_lines_and_payers(cursor)
    fold(cursor)
    settle_states(cursor, batch.source_id)
    merge(cursor, batch.source_id)
    progress(65, PERCENT, "Matching providers, practices and destinations")
    resolve(cursor, table="merged")


def _count(cursor: CursorWrapper, batch: ImportBatch, staged: Staged) -> None:
    cursor.execute(
        """SELECT count(*) FILTER (WHERE change = 'new'), count(*) FILTER (WHERE change = 'changed'),
               count(*) FILTER (WHERE change = 'unchanged'),
               count(*) FILTER (WHERE referrer_named = 'provider' AND provider_id IS NULL), min(anchor_on), max(anchor_on) FROM merged"""
    )
    batch.new, batch.changed, batch.unchanged, batch.unmatched, batch.first_on, batch.last_on = cursor.fetchone()
    cursor.execute("SELECT to_char(anchor_on, 'YYYY-MM-01'), count(*) FROM merged GROUP BY 1 ORDER BY 1")
    batch.by_month = dict(cursor.fetchall())
    batch.rows, batch.rejected, batch.findings = staged.rows, dict(staged.rejected), dict(staged.findings)


def _late_findings(cursor: CursorWrapper, batch: ImportBatch) -> list[SourceRow]:
    """What only the comparison can find, one per referral: a destination that nobody knows, a move that no legal way leads to."""
    columns = batch.mapping.get("columns", {})
    kept = []
    for finding, condition, told, field in (
        (UNKNOWN_DESTINATION, "destination_name <> '' AND destination_id IS NULL", "destination_name", "destination_name"),
        (ILLEGAL_MOVE, "illegal IS NOT NULL", "illegal", "state"),
    ):
        cursor.execute(f"SELECT count(*) FROM merged WHERE {condition}")  # noqa: S608 - conditions above
        if total := cursor.fetchone()[0]:
            batch.findings[finding] = total
            cursor.execute(
                f"SELECT line, source_key, {told} FROM merged WHERE {condition} ORDER BY line LIMIT %s",  # noqa: S608
                [KEPT_FINDINGS],
            )
            kept += [
                SourceRow(
                    batch=batch,
                    line_number=line,
                    outcome=RowOutcome.FINDING,
                    reason=finding,
                    sentence=f"{columns.get(field, field)}: {words}"[:300],
                    record={columns.get("source_key", "source_key"): key},
                )
                for line, key, words in cursor.fetchall()
            ]
    return kept


def _write(cursor: CursorWrapper, batch: ImportBatch, progress: Progress) -> int:
    """Write what is new or changed, and what is matched better than before. Returns 0 when nothing at all had to be written."""
    better = f"({', '.join(f'r.{name}' for name in RESOLVED)}) IS DISTINCT FROM ({', '.join(f'm.{name}' for name in RESOLVED)})"
    touched = touch(
        cursor,
        f"SELECT m.id FROM merged m JOIN {FACTS} r ON r.id = m.id WHERE m.change = 'changed' OR {better}",  # noqa: S608
    )
    cursor.execute("SELECT count(*) FROM told")
    if not (batch.new or touched or cursor.fetchone()[0]):
        return 0
    names = (*_TOLD, *RESOLVED)
    cursor.execute(
        f"""UPDATE {FACTS} r SET {", ".join(f"{name} = m.{name}" for name in names)},
                batch_id = CASE WHEN m.change = 'changed' THEN %s ELSE r.batch_id END
            FROM merged m JOIN touched t ON t.id = m.id WHERE r.id = m.id""",  # noqa: S608 - our own names
        [batch.pk],
    )
    # Derived columns are filled in a moment; until then a new row counts nowhere.
    cursor.execute(
        f"""INSERT INTO {FACTS} (source_id, source_key, batch_id, {", ".join(names)}, month, practice_assumed, referrer_alignment,
                destination_alignment, flow, is_own_follow_up, is_duplicate, is_counted, order_key, seen_by)
            SELECT %s, source_key, %s, {", ".join(names)}, date_trunc('month', anchor_on), false, 'unknown', '', 'outside',
                   false, false, false, '', ''
            FROM merged WHERE change = 'new' ORDER BY source_key""",  # noqa: S608 - our own names
        [batch.source_id, batch.pk],
    )
    cursor.execute(
        f"UPDATE merged m SET id = r.id FROM {FACTS} r WHERE m.change = 'new' AND r.source_id = %s AND r.source_key = m.source_key",  # noqa: S608
        [batch.source_id],
    )
    add_touched(cursor, "SELECT id FROM merged WHERE change = 'new'")
    progress(78, PERCENT, "Writing the status history")
    _write_history(cursor, batch)
    progress(85, PERCENT, "Deriving flows, territories and duplicates; adding up")
    settle(cursor)
    progress(98, PERCENT, "Finishing")
    return batch.new + touched


def _write_history(cursor: CursorWrapper, batch: ImportBatch) -> None:
    """Append what was told. Inferred steps are our conclusion and follow it: one that is told after all is no longer inferred."""
    cursor.execute(
        """INSERT INTO referrals_statusevent
               (referral_id, state, happened_on, appointment_on, told_at, learned_at, is_inferred, batch_id)
           SELECT m.id, t.state, t.happened_on, t.appointment_on, t.told_at, now(), false, %s
           FROM told t JOIN merged m USING (source_key) ORDER BY m.id
           ON CONFLICT (referral_id, state, appointment_on, told_at) DO UPDATE
           SET is_inferred = false, happened_on = excluded.happened_on, learned_at = excluded.learned_at, batch_id = excluded.batch_id""",
        [batch.pk],
    )
    cursor.execute(
        """DELETE FROM referrals_statusevent e USING merged m
           WHERE e.referral_id = m.id AND m.change <> 'new' AND e.is_inferred
             AND m.inferred IS NOT NULL AND NOT e.state = ANY(m.inferred)"""
    )
    cursor.execute(
        """INSERT INTO referrals_statusevent (referral_id, state, learned_at, is_inferred, batch_id)
           SELECT m.id, unnest(m.inferred), now(), true, %s FROM merged m WHERE m.inferred <> '{}' ORDER BY m.id ON CONFLICT DO NOTHING""",
        [batch.pk],
    )


def _learn_mapping(batch: ImportBatch) -> None:
    """The source remembers the mapping used last. Told anew what the feed sees, the facts loaded before are derived again."""
    source, mapping = batch.source, Mapping.from_json(batch.mapping)
    if source.mapping == batch.mapping and source.sees == mapping.sees:
        return
    sees_anew = source.sees != mapping.sees
    source.mapping, source.sees = batch.mapping, mapping.sees
    source.save(update_fields=["mapping", "sees"])
    if sees_anew and Referral.objects.filter(source=source).exists():
        enqueue("referrals.derive", "sources", [source.pk], key=f"referrals.derive.source.{source.pk}")


def _told(batch: ImportBatch) -> dict[str, Any]:
    counts: dict[str, Any] = {name: getattr(batch, name) for name in ("rows", "new", "changed", "unchanged", "unmatched")}
    return counts | {"rejected": dict(Counter(batch.rejected)), "findings": batch.findings, "error": batch.error}
