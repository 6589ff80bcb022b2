"""Mileage: what a person typed about a day, and the rates."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from visits import policies
from visits.models import MileageDay, MileageRate

MOST_MILES = Decimal(1500)


@transaction.atomic
def save_mileage(*, owner: User, driven_on: dt.date, miles: Decimal | None, purpose: str = "", by: User) -> MileageDay | None:
    """What was driven on a day; without miles and purpose the day is as estimated again, and None comes back."""
    if not by.can(Permission.VISIT_LOG) or (owner != by and not policies.leads(by)):
        raise PolicyViolation("Only the person who drove, or a manager, writes down mileage.")
    if driven_on > timezone.localdate():
        raise PolicyViolation("This day lies ahead. Write mileage down when it was driven.")
    if miles is not None and not 0 <= miles <= MOST_MILES:
        raise PolicyViolation(f"Enter 0 to {MOST_MILES:,} miles.")
    day = MileageDay.objects.select_for_update().filter(owner=owner, driven_on=driven_on).first()
    was = day.miles if day else None
    record("mileage.typed", by=by, target=owner, driven_on=driven_on, miles=miles, was=was)
    if miles is None and not purpose.strip():
        if day:
            day.delete()
        return None
    day = day or MileageDay(owner=owner, driven_on=driven_on)
    day.miles, day.purpose, day.typed_by, day.typed_at = miles, purpose.strip(), by, timezone.now()
    day.save()
    return day


@transaction.atomic
def save_rate(
    *, per_mile: Decimal, started_on: dt.date, ended_on: dt.date | None = None, source: str, rate: MileageRate | None = None, by: User
) -> MileageRate:
    """Add a dated rate, or mend one. Sums are made when they are shown: they follow."""
    _check_may_set_up(by)
    event = "mileage-rate.edited" if rate else "mileage-rate.added"
    rate = rate or MileageRate()
    rate.per_mile, rate.started_on, rate.ended_on, rate.source = per_mile, started_on, ended_on, source.strip()
    rate.save()
    record(event, by=by, target=rate, per_mile=per_mile, started_on=started_on, ended_on=ended_on)
    return rate


@transaction.atomic
def remove_rate(*, rate: MileageRate, by: User) -> None:
    _check_may_set_up(by)
    record("mileage-rate.removed", by=by, target=rate, per_mile=rate.per_mile, started_on=rate.started_on)
    rate.delete()


def _check_may_set_up(by: User) -> None:
    if not by.can(Permission.SETTINGS_EDIT):
        raise PolicyViolation("Only an admin can change mileage rates.")
