"""Feeds: how fresh each is, and the pages of one."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from common.templatetags.prm import day
from referrals.models import Sees, Source
from referrals.queries import Feed

_PAGES = (("source", "The feed"), ("tie-out", "Tie-out"), ("quality", "Data quality"))


def tabs(source: Source, active: str) -> list[dict[str, Any]]:
    """The pages of one feed."""
    return [{"url": reverse(f"referrals:{name}", args=[source.pk]), "label": label, "active": name == active} for name, label in _PAGES]


@dataclass(frozen=True)
class Due:
    """When the next file is expected."""

    text: str
    tone: str


@dataclass(frozen=True)
class FeedRow:
    """A feed in the list, with what waits for it."""

    feed: Feed
    due: Due | None
    waiting: int


def feed_row(feed: Feed, waiting: int, today: dt.date) -> FeedRow:
    """The feed, when its next file is due, and how many files wait in its folder."""
    return FeedRow(feed, due(feed.source, last_arrival(feed), today), waiting)


def last_arrival(feed: Feed) -> dt.date | None:
    """The day when its last file was loaded."""
    loaded = feed.last_batch.loaded_at if feed.last_batch else None
    return timezone.localtime(loaded).date() if loaded else None


# What a feed that sees only this cannot say, so that nobody reads it out of its figures.
BLIND = {
    Sees.OUR_ORDERS: "It sees what our providers order, wherever it goes. It does not see what others refer to us.",
    Sees.RECEIVED: "It sees only what is sent to us. What referrers send elsewhere, and so their known share, cannot be told from it.",
    Sees.APPOINTMENTS: "It sees what was booked with us. Each is linked to its order where there is one, and counts once.",
    Sees.CLAIMS: "It sees what was paid, at every destination, after the fact. Each claim is linked to its order where there is one.",
}


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
