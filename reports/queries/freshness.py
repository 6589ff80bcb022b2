"""How far the data reaches, and which version of it we speak of."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Max, Min, OuterRef, Q, Subquery

from referrals.models import DataVersion, Referral, Source, SourceMonth
from reports.keeping import kept
from reports.periods import Window, add_months, full_until


@dataclass(frozen=True)
class Freshness:
    """`data_through`: the earliest of the feeds' last anchor dates; None before any data."""

    version: int
    first_month: dt.date | None
    data_through: dt.date | None

    @property
    def full_until(self) -> dt.date | None:
        """The end (exclusive) of the last month that is complete."""
        return full_until(self.data_through) if self.data_through else None


def newest_version() -> int:
    return DataVersion.objects.aggregate(newest=Max("pk"))["newest"] or 0


def freshness(version: int | None = None) -> Freshness:
    """Of the newest data, or of a version whose number the caller has just read."""
    version = newest_version() if version is None else version
    first, through = kept(f"freshness:{version}" if version else "", _measure)
    return Freshness(version, _day(first), _day(through))


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _measure() -> tuple[str | None, str | None]:
    # A feed's last day lies in, or after, its last month of the rollup: only that end of the facts is read.
    months = SourceMonth.objects.filter(source=OuterRef("pk")).order_by().values("source")
    first, last = months.annotate(first=Min("month")).values("first"), months.annotate(last=Max("month")).values("last")
    feeds = Source.objects.order_by().annotate(first=Subquery(first), last=Subquery(last)).values_list("pk", "first", "last")
    spans = {source: (first, last) for source, first, last in feeds if first}
    if not spans:
        return None, None
    late = Q(*(Q(source=source, month__gte=last) for source, (_, last) in spans.items()), _connector=Q.OR)
    ends = Referral.objects.filter(late, month__gte=min(last for _, last in spans.values()))
    last_days = list(ends.order_by().values("source").annotate(last=Max("anchor_on")).values_list("last", flat=True))
    # A feed whose rows all belong to other feeds' orders (claims, appointments) is in no rollup, and is read whole.
    own = Referral.objects.filter(source=OuterRef("pk")).order_by().values("source").annotate(last=Max("anchor_on")).values("last")
    if len(spans) < len(feeds):
        last_days += Source.objects.exclude(pk__in=spans).annotate(last=Subquery(own)).exclude(last=None).values_list("last", flat=True)
    return min(first for first, _ in spans.values()).isoformat(), min(last_days).isoformat()


def months_on_offer(fresh: Freshness) -> list[dt.date]:
    """The months that a report may start or end with, newest first."""
    if fresh.first_month is None or fresh.full_until is None:
        return []
    return list(reversed(list(Window(fresh.first_month, max(fresh.full_until, add_months(fresh.first_month, 1))).each_month())))
