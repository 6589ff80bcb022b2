"""Promised against done: visits that the tiers' cadence promises, visits made, and practices that wait too long.

A practice of a tier with a cadence of N days is promised one visit for each N days of the period. A visit beyond what a practice was
promised makes up for no other practice. Overdue is whose last visit, or nobody's ever, lies N days or more before the period's end. By
today's tier; practices that are archived or want no visits are promised none.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, Q
from django.utils import timezone

from accounts.models import User
from contacts.models import Cadence, Practice, Tier
from contacts.querysets import PracticeQuerySet
from reports.periods import Window
from reports.queries.field import nearest, primaries
from visits.querysets import was_made

COVERAGE_DAYS = 90  # up to yesterday: long enough for a cadence of a quarter


@dataclass(frozen=True)
class Due:
    """A practice against its cadence. `days` since its last visit at the period's end, None for never; `over` days beyond the cadence."""

    pk: int
    name: str
    tier: str
    every_days: int
    made: int
    last_visit_on: dt.date | None
    days: int | None
    owner: str

    @property
    def is_overdue(self) -> bool:
        return self.days is None or self.days >= self.every_days

    @property
    def over(self) -> int:
        """Never visited counts as one whole cadence over: it is due now, and nobody knows since when."""
        return (self.days if self.days is not None else 2 * self.every_days) - self.every_days


@dataclass(frozen=True)
class TierCoverage:
    """One tier over the period. `promised` visits may be fractions: 30 days of a cadence of 90 are a third of a visit."""

    tier: str
    every_days: int
    practices: int
    promised: float
    made: int
    kept: float
    overdue: int

    @property
    def share(self) -> float | None:
        """How much of what was promised was done."""
        return self.kept / self.promised if self.promised else None


@dataclass(frozen=True)
class Coverage:
    """By tier, all tiers together, and who waits too long, the longest first."""

    window: Window
    tiers: Sequence[TierCoverage]
    overdue: Sequence[Due]
    untiered: int

    @property
    def whole(self) -> TierCoverage:
        sums = [sum(getattr(tier, name) for tier in self.tiers) for name in ("practices", "promised", "made", "kept", "overdue")]
        return TierCoverage("", 0, *sums)


def coverage(*, practices: PracticeQuerySet, window: Window, parents: Mapping[int, int | None]) -> Coverage:
    """Of these practices, which the caller cut to what may be seen; in a fixed number of queries."""
    every = dict(Cadence.objects.values_list("tier", "every_days"))
    seen = practices.live().filter(do_not_visit=False)
    start, end = (timezone.make_aware(dt.datetime.combine(day, dt.time())) for day in (window.start, window.end))
    done = was_made("visits__") & Q(visits__visited_at__lt=end)
    rows = (
        seen.filter(tier__in=every)
        .order_by("name", "pk")
        .annotate(made=Count("visits", filter=done & Q(visits__visited_at__gte=start)), last=Max("visits__visited_at", filter=done))
        .values_list("pk", "name", "tier", "territory_id", "made", "last")
    )
    owners = primaries()
    due = [
        _due(pk, name, tier, every[tier], made, last, nearest(territory, owners, parents), window)
        for pk, name, tier, territory, made, last in rows
    ]
    tiers = [_tier(tier, every[tier], [row for row in due if row.tier == tier], window) for tier in Tier.values if tier in every]
    overdue = sorted((row for row in due if row.is_overdue), key=lambda row: (row.tier, -row.over, row.name))
    return Coverage(window, tiers, overdue, seen.exclude(tier__in=every).count())


def coverage_of(user: User, *, territories: Collection[int] | None, parents: Mapping[int, int | None]) -> Coverage:
    """Of the practices that a person sees, in these territories where some are named, over the days up to yesterday."""
    seen, today = Practice.objects.visible_to(user), timezone.localdate()
    if territories is not None:
        seen = seen.filter(territory__in=territories)
    return coverage(practices=seen, window=Window(today - dt.timedelta(days=COVERAGE_DAYS), today), parents=parents)


def _due(pk: int, name: str, tier: str, every: int, made: int, last: dt.datetime | None, owner: str, window: Window) -> Due:
    last_on = timezone.localdate(last) if last else None
    return Due(pk, name, tier, every, made, last_on, (window.last_day - last_on).days if last_on else None, owner)


def _tier(tier: str, every: int, practices: Sequence[Due], window: Window) -> TierCoverage:
    each = (window.end - window.start).days / every
    return TierCoverage(
        tier,
        every,
        len(practices),
        each * len(practices),
        sum(row.made for row in practices),
        sum(min(row.made, each) for row in practices),
        sum(row.is_overdue for row in practices),
    )
