"""Feeds: how fresh each is, and the pages of one."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from common.templatetags.prm import day
from referrals.models import Source

_PAGES = (("source", "The feed"), ("tie-out", "Tie-out"), ("quality", "Data quality"))


def tabs(source: Source, active: str) -> list[dict[str, Any]]:
    """The pages of one feed."""
    return [{"url": reverse(f"referrals:{name}", args=[source.pk]), "label": label, "active": name == active} for name, label in _PAGES]


@dataclass(frozen=True)
class Due:
    """When the next file is expected."""

    text: str
    tone: str


def due(source: Source, last_arrival: dt.date | None, today: dt.date) -> Due | None:
    """Nothing for a feed that comes whenever it comes."""
    if not source.due_every_days:
        return None
    if last_arrival is None:
        return Due("Its first file is awaited", "warn")
    on = last_arrival + dt.timedelta(days=source.due_every_days)
    late = (today - on).days
    if late > 0:
        return Due(f"{late} day{'' if late == 1 else 's'} overdue", "bad")
    return Due("Due today" if late == 0 else f"Due {day(on)}", "warn" if late == 0 else "good")
