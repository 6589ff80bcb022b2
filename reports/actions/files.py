"""Files of runs that are too large to be written while somebody waits."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from jobs import actions as jobs
from reports.models import ReportFile, ReportRun

KEPT = timedelta(days=1)
FILE_JOB = "reports.file"


@transaction.atomic
def ask_for_file(*, run: ReportRun, kind: str, by: User) -> ReportFile:
    """The file as a worker made or makes it for this reader; a failed one is tried again."""
    file, _ = ReportFile.objects.get_or_create(run=run, reader=by, kind=kind)
    locked = ReportFile.objects.select_for_update(of=("self",)).select_related("job").get(pk=file.pk)
    if locked.is_failed:
        locked.job, locked.asked_at = jobs.enqueue(FILE_JOB, locked.pk, by=by), timezone.now()
        locked.save(update_fields=["job", "asked_at"])
    return locked


def keep_file(*, file_id: int, content: bytes) -> None:
    """What a worker wrote, in the transaction that ends its job."""
    ReportFile.objects.filter(pk=file_id).update(content=content)


def forget_old_files() -> int:
    """Delete files of more than a day ago: each can be made again from its run."""
    return ReportFile.objects.filter(asked_at__lt=timezone.now() - KEPT).delete()[0]
