"""A source's own counts per month, against which ours are held."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import InputError
from referrals.importing.totals import LARGEST
from referrals.models import ControlTotal, Source


@transaction.atomic
def save_control_totals(*, source: Source, totals: Mapping[dt.date, int | None], by: User | None) -> int:
    """What the source counted in each month; None takes a month's count away. Returns how many months changed."""
    source = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
    wanted = {month.replace(day=1): total for month, total in totals.items()}
    for month, total in wanted.items():
        if month > timezone.localdate():
            raise InputError(f"{month:%b %Y} is yet to come. Enter counts of months that have begun.")
        if total is not None and not 0 <= total <= LARGEST:
            raise InputError(f"The count of {month:%b %Y} must be a whole number from 0 to {LARGEST:,}.")
    known = dict(ControlTotal.objects.filter(source=source, month__in=wanted).values_list("month", "total"))
    changed = {month: total for month, total in wanted.items() if known.get(month) != total}
    ControlTotal.objects.filter(source=source, month__in=[month for month, total in changed.items() if total is None]).delete()
    for month, total in changed.items():
        if total is not None:
            told = {"total": total, "told_by": by, "told_at": timezone.now()}
            ControlTotal.objects.update_or_create(source=source, month=month, defaults=told)
    if changed:
        record("source.counts_told", by=by, target=source, counts={f"{month:%Y-%m}": total for month, total in changed.items()})
    return len(changed)
