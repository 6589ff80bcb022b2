"""Work of notices that a worker does."""

import datetime as dt

from django.utils import timezone

from accounts.models import User
from common.exceptions import InputError
from jobs.actions import Lease, forget_done, handler
from notices import actions


@handler("notices.forget_read")
def forget(lease: Lease) -> None:
    """Nightly: what was read long ago goes."""
    lease.progress(0, 1, "Forgetting notices that were read long ago")
    actions.forget_read()


@handler("notices.send_digests")
def send_digests(lease: Lease) -> None:
    """Every ten minutes: whose hour has come?"""
    now = timezone.now()
    asked = actions.ask_for_digests(now=now) + actions.ask_for_letters(now=now)
    lease.progress(asked, asked, f"{asked} mails to write" if asked else "Nobody's hour has come")
    for name in (lease.name, "notices.send_digest", "notices.send_letter"):
        forget_done(name, older_than=dt.timedelta(days=2))


@handler("notices.send_digest", own_transaction=True)
def send_digest(lease: Lease) -> None:
    """One mail to one person for one day."""
    person_id, kind, on = lease.args
    person = User.objects.filter(pk=person_id).first()
    if person is None:
        raise InputError("This person is gone.")
    lease.progress(0, 1, "Writing")
    actions.send_digest(person=person, kind=kind, on=dt.date.fromisoformat(on), complete=lease.complete)


@handler("notices.send_letter", own_transaction=True)
def send_letter(lease: Lease) -> None:
    """One sentence to one person."""
    lease.progress(0, 1, "Writing")
    actions.send_letter(pk=lease.args[0], now=timezone.now(), complete=lease.complete)
