"""One practice, activity and volume on one time axis: what came by month, what its own baseline leads to expect, what we did there."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F
from django.db.models.functions import TruncMonth
from django.utils import timezone

from accounts.permissions import Permission
from concerns.models import Concern
from contacts.models import Practice
from reports.cells import Cell, total
from reports.measures import MEASURES, Ask, Row, received
from reports.numbers import TREND_MONTHS, Baseline
from reports.periods import Window, add_months
from reports.predicting import Forecast, forecast
from reports.queries import market
from reports.queries.cells import cells
from reports.queries.freshness import Freshness
from reports.queries.names import label
from territories.scope import Scope
from visits.models import FollowUp, Visit, VisitState

YEAR = 12  # months
UNFINISHED = 3  # months after the last full one that some feeds may already have reached
REFERRERS, DESTINATIONS, NOTES, PROMISES = 8, 6, 3, 6


@dataclass(frozen=True)
class Expectation:
    """The last three full months against the twelve before: what came, what was expected, where chance alone would put it."""

    baseline: Baseline
    observed: int
    before: int
    expected: float
    usual: Forecast
    usual_month: Forecast

    @property
    def a_month(self) -> float:
        return self.before / self.baseline.before.months

    @property
    def difference(self) -> float:
        return self.observed - self.expected

    @property
    def is_usual(self) -> bool:
        return self.usual.low <= self.observed <= self.usual.high


@dataclass(frozen=True)
class Month:
    """A month of the practice: referrals received, and what was done there. `None` where the person does not see such things."""

    month: dt.date
    received: int
    visits: int | None
    follow_ups: int | None
    concerns: int | None


def months_of(practice: Practice, *, scope: Scope, fresh: Freshness, user: Any) -> list[Month]:
    """From 24 months before the end of the last full month, or the first of the data, to the newest; without gaps."""
    if fresh.full_until is None or fresh.first_month is None:
        return []
    start = max(add_months(fresh.full_until, -TREND_MONTHS), fresh.first_month)
    end = add_months(fresh.full_until, UNFINISHED)
    came = {
        cell.key[0]: received([cell]) for cell in cells(by=["month"], start=start, end=end, where={"practice": practice.pk}, scope=scope)
    }
    last = max([*came, add_months(fresh.full_until, -1)])
    sees_visits, sees_concerns = user.can(Permission.VISIT_VIEW), user.can(Permission.CONCERN_VIEW)
    visits = _by_month(Visit.objects.visible_to(user).made().filter(practice=practice), "visited_at", start) if sees_visits else None
    done = FollowUp.objects.visible_to(user).filter(practice=practice).exclude(done_at=None)
    follow_ups = _by_month(done, "done_at", start) if sees_visits else None
    raised = _by_month(Concern.objects.visible_to(user).filter(practice=practice), "raised_at", start) if sees_concerns else None
    this_month = timezone.localdate().replace(day=1)
    if any(counts and max(counts) > last for counts in (visits, follow_ups, raised)):
        last = this_month  # what we did is known to this day, also where no referral is yet
    return [
        Month(month, came.get(month, 0), *(None if counts is None else counts.get(month, 0) for counts in (visits, follow_ups, raised)))
        for month in Window(start, add_months(last, 1)).each_month()
    ]


def _by_month(rows: Any, field: str, start: dt.date) -> dict[dt.date, int]:
    since = timezone.make_aware(dt.datetime.combine(start, dt.time()))
    found = rows.filter(**{f"{field}__gte": since}).order_by().annotate(in_month=TruncMonth(field)).values_list("in_month")
    return {timezone.localdate(month): count for month, count in found.annotate(count=Count("pk"))}


def expectation(months: Sequence[Month], fresh: Freshness) -> Expectation | None:
    """Against the own baseline, as the lists of shortfalls count it; None while there are fewer than three months to compare with.

    The range is where 95 of 100 practices with this baseline and no change would lie: both counts are Poisson (reports.predicting).
    """
    if fresh.full_until is None:
        return None
    baseline = Baseline.of(fresh.full_until, fresh.first_month)
    if baseline is None:
        return None
    before = sum(month.received for month in months if baseline.before.start <= month.month < baseline.before.end)
    observed = sum(month.received for month in months if baseline.recent.start <= month.month < baseline.recent.end)
    how = {"seen": before, "exposure": float(baseline.before.months)}
    usual = forecast(**how, further=float(baseline.recent.months))  # type: ignore[arg-type]  # keywords from a dict of numbers
    usual_month = forecast(**how, further=1.0)  # type: ignore[arg-type]  # keywords from a dict of numbers
    if usual is None or usual_month is None:
        return None
    return Expectation(baseline, observed, before, before * baseline.share, usual, usual_month)


@dataclass(frozen=True)
class Referrer:
    """A provider who refers from here: by month for the spark, the last three months against the share of the twelve before."""

    provider_id: int | None
    name: str
    points: Sequence[int]
    observed: int
    expected: float | None
    year: int


def referrers(practice: Practice, *, scope: Scope, fresh: Freshness) -> list[Referrer]:
    """Who sent us most over the last twelve full months, from this practice only."""
    if fresh.full_until is None:
        return []
    window = Window(add_months(fresh.full_until, -15), fresh.full_until)
    baseline = Baseline.of(fresh.full_until, fresh.first_month)
    found = cells(by=["provider", "month"], start=window.start, end=window.end, where={"practice": practice.pk}, scope=scope)
    counts: dict[int | None, dict[dt.date, int]] = {}
    for cell in found:
        counts.setdefault(cell.key[0], {})[cell.key[1]] = received([cell])
    year = Window(add_months(window.end, -12), window.end)
    sums = {pk: sum(count for month, count in months.items() if month >= year.start) for pk, months in counts.items()}
    largest = sorted((pk for pk in sums if sum(counts[pk].values())), key=lambda pk: (-sums[pk], pk or 0))[:REFERRERS]
    named = {cell.key[0]: cell.labels[0] for cell in label([Cell((pk,)) for pk in largest], ["provider"])}
    return [_referrer(pk, named[pk], counts[pk], sums[pk], year, baseline) for pk in largest]


def _referrer(pk: int | None, name: str, counts: dict[dt.date, int], year_sum: int, year: Window, baseline: Baseline | None) -> Referrer:
    points = [counts.get(month, 0) for month in year.each_month()]
    observed = sum(points[-3:])
    expected = None
    if baseline is not None:
        expected = sum(count for month, count in counts.items() if month in baseline.before.each_month()) * baseline.share
    return Referrer(pk, name, points, observed, expected, year_sum)


@dataclass(frozen=True)
class Ours:
    """Where the referrals of a practice that is ours go: all of them, and the destinations with most. Of the last twelve full months."""

    window: Window
    sums: Cell
    destinations: Sequence[Cell]


def destinations_of(practice: Practice, *, scope: Scope, fresh: Freshness) -> Ours | None:
    """None for a practice none of whose referrals are those of our own: of an independent one we see only what it sends us."""
    if fresh.full_until is None:
        return None
    window = Window(add_months(fresh.full_until, -12), fresh.full_until)
    found = cells(by=["destination"], start=window.start, end=window.end, where={"practice": practice.pk}, scope=scope)
    sums = total(found)
    if not sums.internal + sums.outbound + sums.undetermined:
        return None
    known = sorted((cell for cell in found if cell.internal + cell.outbound), key=lambda cell: -(cell.internal + cell.outbound))
    return Ours(window, sums, label(known[:DESTINATIONS], ["destination"]))


def share_of_care(practice: Practice, *, scope: Scope) -> Row | None:
    """What share of its referrals the market file says that we get, over the vendor's last twelve months; None without such a file."""
    source = market.market()
    if source is None:
        return None
    window = source.window(YEAR)
    ask = Ask(window.start, window.end, where={"practice": practice.pk}, scope=scope)
    rows = MEASURES["share_of_care"].evaluate(ask)
    return rows[0] if rows and rows[0].denominator else None


@dataclass(frozen=True)
class Care:
    """What the field knows of a practice: open promises and concerns, the next plan, the last visits and their notes."""

    promises: Sequence[FollowUp]
    concerns: Sequence[Concern]
    planned: Sequence[Visit]
    notes: Sequence[Visit]
    last_visit: Visit | None


def care_of(practice: Practice, user: Any) -> Care:
    visits = (
        Visit.objects.visible_to(user).filter(practice=practice).for_list() if user.can(Permission.VISIT_VIEW) else Visit.objects.none()
    )
    promises = FollowUp.objects.visible_to(user).open().filter(practice=practice).for_list() if user.can(Permission.VISIT_VIEW) else ()
    concerns = (
        Concern.objects.visible_to(user).unfinished().filter(practice=practice).for_list() if user.can(Permission.CONCERN_VIEW) else ()
    )
    made = list(visits.filter(state=VisitState.DONE).order_by(F("visited_at").desc(nulls_last=True), "-pk")[: 3 * NOTES])
    return Care(
        promises=list(promises[:PROMISES]),
        concerns=list(concerns[:PROMISES]),
        planned=list(visits.planned()[:2]),
        notes=[visit for visit in made if visit.note][:NOTES],
        last_visit=made[0] if made else None,
    )
