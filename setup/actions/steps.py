"""Putting a step of set-up off, and taking it up again. That a step is done is written by nobody: it is read from the facts."""

from django.db import transaction

from accounts.models import User
from audit.actions import record
from setup.models import PutOff


@transaction.atomic
def put_off(*, step: str, by: User) -> None:
    """Leave a step for later; with `checklist`, take the whole list off the dashboard."""
    row, is_new = PutOff.objects.get_or_create(step=step, defaults={"put_off_by": by})
    if is_new:
        record("setup.put_off", by=by, target=row)


@transaction.atomic
def take_up(*, step: str, by: User) -> None:
    """Ask for the step again."""
    row = PutOff.objects.filter(step=step).first()
    if row is not None:
        record("setup.taken_up", by=by, target=row)
        row.delete()
