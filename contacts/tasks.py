"""Work of contacts that a worker does."""

from django.conf import settings
from django.db import transaction

from accounts.models import User
from common.exceptions import InputError
from contacts import imports, placement
from contacts.importing.nppes import Choice
from jobs.actions import Lease, handler


@handler("contacts.place_practices")
def place_practices(lease: Lease) -> None:
    """Place every practice anew after rules or pins changed; who moved takes their referrals along."""
    lease.progress(0, 1, "Placing practices")
    placement.place_practices(progress=lease.progress)


@handler("contacts.move_pins")
def move_pins(lease: Lease) -> None:
    """A territory was archived: its pinned practices go to the territory that took over, or fall back to the rules."""
    left, taker = lease.args
    lease.progress(0, 1, "Placing practices")
    placement.move_pins(left, taker)
    placement.place_practices(progress=lease.progress)


@handler("contacts.credit_anew")
def credit_anew(lease: Lease) -> None:
    """A territory got a primary, maybe in a gap of the past: its referrals without credit get theirs."""
    (territory,) = lease.args
    placement.derive_referrals_of(territory)


@handler("contacts.import_file")
def import_file(lease: Lease) -> None:
    """Read an uploaded contact file: kind, its name under the uploads, the name it came with, who asked, whether only to check it, and the
    states and specialties asked for. One that was only checked is kept for a day, so that it can be loaded without a second upload."""
    kind, stored_as, file_name, user_id, dry_run, *choice = lease.args
    uploaded = settings.UPLOADS / stored_as
    if not uploaded.is_file():
        raise InputError("The uploaded file is no longer there. Upload it again.")
    by = User.objects.filter(pk=user_id).first()
    try:
        imports.import_file(
            kind=kind,
            source=uploaded,
            file_name=file_name,
            by=by,
            dry_run=dry_run,
            progress=lease.progress,
            job_id=lease.job_id,
            choice=Choice(*map(tuple, choice)),
        )
    except InputError:
        uploaded.unlink(missing_ok=True)  # it will read no better the next time
        raise
    if not dry_run:
        transaction.on_commit(lambda: uploaded.unlink(missing_ok=True))
