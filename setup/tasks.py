"""Work of set-up that a worker does."""

from jobs.actions import Lease, handler
from setup import actions
from setup.models import Backup


@handler("setup.back_up", own_transaction=True)
def back_up(lease: Lease) -> None:
    """Make the backup that waits for this job."""
    backup = Backup.objects.select_related("asked_by").get(job=lease.job_id)
    actions.make_backup(backup=backup, progress=lease.progress, complete=lambda note: lease.complete(note=note))
