"""When somebody is in the field."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from visits.models import WorkingHours


@transaction.atomic
def save_working_hours(
    *,
    by: User,
    weekdays: Collection[int],
    starts_at: dt.time,
    ends_at: dt.time,
    pause_minutes: int,
    visit_minutes: int,
    start_address: str = "",
    start_zip: str = "",
    latitude: float | None = None,
    longitude: float | None = None,
) -> WorkingHours:
    """One's own days, hours and starting point. The history names what changed, never where somebody lives."""
    if not by.can(Permission.VISIT_LOG):
        raise PolicyViolation("Working hours are for those who make visits.")
    hours = WorkingHours.objects.select_for_update().filter(user=by).first() or WorkingHours(user=by)
    values = {
        "weekdays": sorted(set(weekdays)),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "pause_minutes": pause_minutes,
        "visit_minutes": visit_minutes,
        "start_address": start_address.strip(),
        "start_zip": start_zip,
        "latitude": latitude,
        "longitude": longitude,
    }
    changed = sorted(name for name, value in values.items() if hours.pk is None or getattr(hours, name) != value)
    for name, value in values.items():
        setattr(hours, name, value)
    hours.save()
    if changed:
        record("working-hours.saved", by=by, target=by, changed=changed)
    return hours
