"""Each practice's trend against its own baseline, written down where the field reads it (`visits.PracticeTrend`)."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from contacts.models import Practice
from reports import words
from reports.measures import received
from reports.one_practice import Expectation, Month, expectation
from reports.periods import Window, add_months
from reports.queries.cells import cells
from reports.queries.freshness import Freshness, freshness
from territories.scope import Scope
from visits.models import PracticeTrend, TrendWay

YEAR, NEEDED = 12, 15  # months shown; months read: three, and twelve before them
_FIELDS = ("sentence", "way", "points", "through_on", "data_version", "written_at")
_CHUNK = 2_000


def write_trends() -> int:
    """Write the sentence of every practice from which a referral came in the last fifteen full months; the others have none.

    Returns how many. Nothing is done when this version of the data is written down already: the sentence depends on nothing else.
    """
    fresh = freshness()
    newest = PracticeTrend.objects.order_by("-data_version").values_list("data_version", flat=True).first()
    if fresh.data_through is None or fresh.full_until is None or fresh.first_month is None or newest == fresh.version:
        return 0
    now, rows = timezone.now(), []
    for practice, months in _received(fresh, fresh.full_until, fresh.first_month).items():
        found = expectation(months, fresh)
        rows.append(
            PracticeTrend(
                practice_id=practice,
                sentence=words.against_baseline(found),
                way=way_of(found),
                points=[month.received for month in months[-YEAR:]],
                through_on=fresh.data_through,
                data_version=fresh.version,
                written_at=now,
            )
        )
    with transaction.atomic():
        PracticeTrend.objects.bulk_create(
            rows, batch_size=_CHUNK, update_conflicts=True, unique_fields=["practice"], update_fields=list(_FIELDS)
        )
        PracticeTrend.objects.exclude(data_version=fresh.version).delete()
    return len(rows)


def way_of(found: Expectation | None) -> str:
    """Fewer or more only where chance alone hardly explains it; too few to say where the sentence says so."""
    if found is None or max(found.observed, round(found.expected)) < words.TOO_FEW:
        return TrendWay.UNKNOWN
    if found.is_usual:
        return TrendWay.USUAL
    return TrendWay.FEWER if found.observed < found.expected else TrendWay.MORE


def _received(fresh: Freshness, end: dt.date, first: dt.date) -> dict[int, list[Month]]:
    """Referrals received by month from each live practice, without gaps, from fifteen full months ago or the first of the data."""
    start = max(add_months(end, -NEEDED), first)
    found = cells(by=["practice", "month"], start=start, end=end, scope=Scope(whole=True))
    counts: dict[int, dict[dt.date, int]] = {}
    for cell in found:
        if cell.key[0] is not None and (came := received([cell])):
            counts.setdefault(cell.key[0], {})[cell.key[1]] = came
    live = set(Practice.objects.live().filter(pk__in=counts).values_list("pk", flat=True))
    months = list(Window(start, end).each_month())
    return {
        practice: [Month(month, came.get(month, 0), None, None, None) for month in months]
        for practice, came in counts.items()
        if practice in live
    }
