"""Which months of inbound referrals may be compared, as the newest run of alerts found the feeds."""

import datetime as dt
from dataclasses import dataclass

from reports.keeping import kept
from reports.models import AlertRun
from reports.periods import add_months

RETIRED = 6  # months behind the newest feed: one so old has ended, and is waited for no more


@dataclass(frozen=True)
class FeedsSeen:
    """`through`: the last month that every feed in use has told nearly whole, None before any look. `silent`: months a feed left out."""

    through: dt.date | None
    silent: frozenset[dt.date]


def feeds_seen(version: int) -> FeedsSeen:
    """Read once per data version and a quarter of an hour; a run that is newer than the data cannot be."""
    through, silent = kept(f"feeds-seen:{version}" if version else "", _look)
    return FeedsSeen(dt.date.fromisoformat(through) if through else None, frozenset(map(dt.date.fromisoformat, silent)))


def _look() -> tuple[str | None, list[str]]:
    run = AlertRun.objects.order_by("-computed_at", "-pk").values("feeds").first()
    feeds = run["feeds"] if run else []
    known = [feed["through"] for feed in feeds if feed["through"]]
    current = [month for month in known if month >= add_months(dt.date.fromisoformat(max(known)), -RETIRED).isoformat()] if known else []
    return (min(current) if current else None), sorted({month for feed in feeds for month in feed["silent"]})
