"""Work of visits that a worker does."""

from django.conf import settings
from django.db import transaction

from accounts.models import User
from audit.actions import record
from common.exceptions import InputError
from common.tables import open_table
from jobs.actions import Lease, handler
from visits.importing import CHECKED, default_owner, import_visits


@handler("visits.import_file")
def import_file(lease: Lease) -> None:
    """Read an uploaded file of visits: its name under the uploads, the name it came with, who asked, whether only to check it."""
    stored_as, file_name, user_id, dry_run = lease.args
    uploaded = settings.UPLOADS / stored_as
    if not uploaded.is_file():
        raise InputError("The uploaded file is no longer there. Upload it again.")
    by = User.objects.filter(pk=user_id).first()
    lease.progress(0, 0, "Reading the visits")
    try:
        with open_table(uploaded) as table, transaction.atomic():
            owner = default_owner(by=by)
            outcome = import_visits(table.headers, table, owner=owner, name=file_name, by=by, dry_run=dry_run, job_id=lease.job_id)
            transaction.set_rollback(dry_run)  # not even the owner is made
    except InputError:
        uploaded.unlink(missing_ok=True)  # it will read no better the next time
        raise
    if dry_run:
        record(CHECKED, by=by, file=file_name, job=lease.job_id, **outcome.told())
    transaction.on_commit(lambda: uploaded.unlink(missing_ok=True))
