"""A backup: asked for on a page, made and proven by a worker."""

from collections.abc import Callable

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import InputError
from jobs.actions import enqueue
from setup import backups
from setup.models import Backup

STEPS = 4


@transaction.atomic
def ask_for_backup(*, by: User) -> Backup:
    """Queue one; while one is waiting, that one is it."""
    job = enqueue("setup.back_up", by=by, key="setup.back_up")
    backup, is_new = Backup.objects.get_or_create(job=job, defaults={"asked_by": by})
    if is_new:
        record("backup.asked_for", by=by, target=backup)
    return backup


def make_backup(
    *, backup: Backup, progress: Callable[[int, int, str], None], complete: Callable[[str], None], by: User | None = None
) -> None:
    """Dump, restore into a scratch database, count both. Each finding is kept at once; `complete` ends the job with the last."""
    refusal = ""
    try:
        tools = backups.find_tools(least=backups.server_major())
        progress(0, STEPS, "Writing the dump")
        counted = _dump(backup=backup, tools=tools)
        progress(1, STEPS, "Restoring it into a scratch database")
        with backups.scratch_database() as scratch:
            backups.restore(tools, backups.FOLDER / backup.file_name, scratch)
            progress(2, STEPS, "Counting every table of both")
            restored = backups.counts(scratch)
    except InputError as error:
        refusal = str(error)
    else:
        progress(3, STEPS, "Comparing")
        wrong = sorted(table for table in counted.keys() | restored.keys() if counted.get(table) != restored.get(table))
        backup.restored_rows = sum(restored.values())
        if wrong:
            refusal = f"The restored copy is not whole: {', '.join(wrong[:5])} differ{'s' if len(wrong) == 1 else ''}."
    with transaction.atomic():
        backup.refusal = refusal[:500]
        backup.proven_at = None if refusal else timezone.now()
        backup.save(update_fields=["refusal", "proven_at", "restored_rows"])
        record("backup.refused" if refusal else "backup.proven", by=by or backup.asked_by, target=backup, rows=backup.rows)
        complete(refusal or "The backup came back whole")
    if not refusal:
        backups.forget_old()


def _dump(*, backup: Backup, tools: backups.Tools) -> dict[str, int]:
    """Write the file; returns the rows of each table in the snapshot that it holds."""
    now = timezone.now()
    name = f"prm-{now:%Y%m%d-%H%M%S}-{backup.pk}.dump"
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # this side is idle while the dump is written
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
        counted = backups.counts()
        backups.dump(tools, backups.FOLDER / name, snapshot=snapshot)
    backup.file_name, backup.dumped_at = name, now
    backup.size_bytes = (backups.FOLDER / name).stat().st_size
    backup.tables, backup.rows = len(counted), sum(counted.values())
    backup.save(update_fields=["file_name", "dumped_at", "size_bytes", "tables", "rows"])
    return counted
