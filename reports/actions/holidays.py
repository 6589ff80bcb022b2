"""Own closing days."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from reports.models import ClosingDay
from reports.workdays import federal_holidays

LONGEST = 31  # days of one closing


@transaction.atomic
def close_days(*, first: dt.date, last: dt.date, name: str, by: User) -> int:
    """Offices are closed on these days, both in. Days that were closed already get the new name. Returns how many."""
    days = (last - first).days + 1
    if days < 1:
        raise PolicyViolation("The last day must not be earlier than the first.")
    if days > LONGEST:
        raise PolicyViolation(f"A closing has {LONGEST} days at most. Enter a longer one in parts.")
    for day in (first + dt.timedelta(days=k) for k in range(days)):
        ClosingDay.objects.update_or_create(falls_on=day, defaults={"name": name.strip(), "is_open": False})
    record("closing_days.added", by=by, first=first, last=last)
    return days


@transaction.atomic
def open_on_holiday(*, day: dt.date, by: User) -> None:
    """Offices work here on this federal holiday."""
    if day not in {*federal_holidays(day.year), *federal_holidays(day.year + 1)}:
        raise PolicyViolation("That day is no federal holiday.")
    ClosingDay.objects.update_or_create(falls_on=day, defaults={"name": "", "is_open": True})
    record("closing_days.opened", by=by, day=day)


@transaction.atomic
def forget_closing_day(*, closing: ClosingDay, by: User) -> None:
    """The day is again what the calendar makes of it."""
    record("closing_days.removed", by=by, day=closing.falls_on)
    closing.delete()
