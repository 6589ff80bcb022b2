"""Facts about practices that were visited and practices that were not: referrals seen by practice and month, visits, drawn orders.

What `reports.roi` needs, grouped in the database; nothing here loads a single referral.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Max, Min, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from referrals.models import Referral, Source, SourceMonth
from reports.maturity import maturity
from reports.models import ReportRules
from reports.periods import Window, add_months, first_of
from reports.queries.arrivals import arrivals
from reports.queries.cells import seen
from reports.queries.freshness import Freshness
from territories.scope import Scope
from visits.models import Draw, Visit
from visits.queries import Followed, followed

IN_NETWORK = ("inbound", "internal")


@dataclass(frozen=True)
class Feeds:
    """Which months can be compared: whole ones that every feed has told, old enough to have been seen in.

    `later` are feeds that began after the window did: what they bring would look like growth. `silent` are months with a gap.
    """

    window: Window | None
    sources: tuple[int, ...]
    later: tuple[str, ...]
    silent: tuple[dt.date, ...]
    seen_within: int


def feeds(window: Window, fresh: Freshness) -> Feeds:
    """The part of the window that may be compared, and by which feeds."""
    rules = ReportRules.current()
    began = dict(SourceMonth.objects.order_by().values("source").annotate(first=Min("month")).values_list("source", "first"))
    sources = tuple(sorted(pk for pk, first in began.items() if first <= window.start))
    later = Source.objects.filter(pk__in=[pk for pk, first in began.items() if window.start < first < window.end])
    end, silent = window.end, set()
    if fresh.data_through is not None:
        end = min(end, first_of(fresh.data_through + dt.timedelta(days=1) - dt.timedelta(days=rules.seen_within)))
    for rows in arrivals(sources, since=window.start).values():
        state = maturity(rows, as_of=timezone.localdate(), share=rules.mature_at / 100)
        if state.through is not None:
            end = min(end, add_months(state.through, 1))
        silent |= set(state.silent)
    usable = Window(window.start, end) if end > window.start else None
    return Feeds(
        usable,
        sources,
        tuple(str(source) for source in later),
        tuple(sorted(month for month in silent if window.start <= month < end)),
        rules.seen_within,
    )


def _seen_in_network(window: Window, scope: Scope, found: Feeds) -> Any:
    """Counted referrals to us whose patient was seen within the time that all of the window's have had."""
    return Referral.objects.counted().filter(
        seen(scope),
        month__gte=window.start,
        month__lt=window.end,
        flow__in=IN_NETWORK,
        source__in=found.sources,
        practice__isnull=False,
        seen_on__lte=F("anchor_on") + dt.timedelta(days=1) * found.seen_within,
    )


def practice_months(window: Window, scope: Scope, found: Feeds) -> list[tuple[int, dt.date, int]]:
    """(practice, month of the anchor date, referrals seen in network)."""
    rows = _seen_in_network(window, scope, found).order_by().values("practice_id", "month").annotate(n=Count("pk"))
    return list(rows.values_list("practice_id", "month", "n"))


def visits_made(practices: Collection[int], until: dt.date) -> list[tuple[int, dt.date, int]]:
    """(practice, day, whose) of every visit made before a day."""
    rows = Visit.objects.filter(deleted_at=None, practice__in=practices).made().annotate(on=TruncDate("visited_at"))
    return list(rows.filter(on__lt=until).order_by("on", "pk").values_list("practice_id", "on", "owner_id"))


@dataclass(frozen=True)
class Mixed:
    """Referrals of visited practices after their visits, of one line and payer in one month."""

    service_line_id: int | None
    payer_id: int | None
    month: dt.date
    referrals: int


def mix(first: Mapping[int, dt.date], months_after: int, window: Window, scope: Scope, found: Feeds) -> list[Mixed]:
    """What visited practices sent in the months after their first visit; `first` has that visit's month by practice."""
    if not first:
        return []
    rows = _seen_in_network(window, scope, found).filter(practice__in=list(first)).order_by()
    grouped = rows.values("practice_id", "service_line_id", "payer_id", "month").annotate(n=Count("pk"))
    sums: dict[tuple[int | None, int | None, dt.date], int] = {}
    for practice, line, payer, month, n in grouped.values_list("practice_id", "service_line_id", "payer_id", "month", "n"):
        if first[practice] < month <= add_months(first[practice], months_after):
            sums[line, payer, month] = sums.get((line, payer, month), 0) + n
    return [Mixed(*key, n) for key, n in sums.items()]


def drawn_orders(until: dt.date) -> list[Followed]:
    """Every drawn order of before a day, with how visits followed it."""
    return followed(Draw.objects.filter(drawn_at__date__lt=until), today=timezone.localdate())


def basis() -> dict[str, Any]:
    """What an answer rests on beside the referrals: visits and what was drawn. A change in it makes an answer old."""
    made = Visit.objects.filter(deleted_at=None).made().aggregate(n=Count("pk"), last=Sum("pk"), newest=Max("received_at"))
    rules = ReportRules.current()
    return {
        "visits": [made["n"], str(made["last"]), str(made["newest"])],
        "draws": Draw.objects.count(),
        "seen_within": rules.seen_within,
        "mature_at": rules.mature_at,
    }
