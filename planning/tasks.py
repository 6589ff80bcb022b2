"""Work of territory planning that a worker does."""

from django.conf import settings
from django.db import transaction

from accounts.models import User
from common.exceptions import InputError
from jobs.actions import Lease, handler
from planning import actions
from planning.models import Split
from planning.queries.splits import find_split


@handler("planning.hand_over")
def hand_over(lease: Lease) -> None:
    """Every hour, and when one is approved for today: hand-overs whose day has come take effect."""
    lease.progress(0, 1, "Handing over")
    lease.progress(1, 1, f"{actions.take_due_handovers()} handed over")


@handler("planning.split")
def split(lease: Lease) -> None:
    """Divide what was asked for, and keep it for whoever asked to accept or to leave."""
    asked = Split.objects.select_related("asked_by").get(pk=lease.args[0])
    actions.store_split(split=asked, found=find_split(asked, asked.asked_by, lease.progress), by=None)


@handler("planning.load_outlines")
def load_outlines(lease: Lease) -> None:
    """Read an uploaded file of outlines: its name under the uploads, the name it came with, who asked."""
    stored_as, file_name, user_id = lease.args
    uploaded = settings.UPLOADS / stored_as
    if not uploaded.is_file():
        raise InputError("The uploaded file is no longer there. Upload it again.")
    try:
        actions.load_outlines(path=uploaded, name=file_name, by=User.objects.filter(pk=user_id).first(), lease=lease)
    except InputError:
        uploaded.unlink(missing_ok=True)  # it will read no better the next time
        raise
    transaction.on_commit(lambda: uploaded.unlink(missing_ok=True))
