"""Events and guests with as little said as possible."""

import datetime as dt
from typing import Any

from django.utils import timezone

from accounts.models import User
from events.actions import plan_event
from events.models import Event


def make_event(by: User, *, days: float = 7, hours: float = 1, **fields: Any) -> Event:
    """An event of this person's that starts so many days from now."""
    starts_at = fields.pop("starts_at", timezone.now().replace(second=0, microsecond=0) + dt.timedelta(days=days))
    fields.setdefault("title", "New heart valve program")
    fields.setdefault("place", "Lakeside Auditorium")
    fields.setdefault("time_zone", "America/New_York")
    return plan_event(by=by, starts_at=starts_at, ends_at=starts_at + dt.timedelta(hours=hours), **fields)
