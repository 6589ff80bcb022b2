"""Long runs, done by a worker."""

from bulk import actions
from bulk.models import BulkRun
from jobs.actions import Lease, handler


@handler("bulk.do")
def do(lease: Lease) -> None:
    run = BulkRun.objects.select_related("asked_by").get(pk=lease.args[0])
    run = actions.perform(run=run, by=run.asked_by, progress=lease.progress)
    lease.progress(run.changed + run.kept, run.changed + run.kept, run.words)


@handler("bulk.undo")
def undo(lease: Lease) -> None:
    run = BulkRun.objects.select_related("asked_by").get(pk=lease.args[0])
    run = actions.take_back(run=run, by=run.asked_by, progress=lease.progress)
    lease.progress(run.undone, run.undone, f"Undone: {run.words}"[:200])
