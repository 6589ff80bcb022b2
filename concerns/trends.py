"""Barriers over time: kinds of concern by month, how long they take, and whether they became rarer since a quality project began."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db.models import Count, Min, Q
from django.db.models.functions import TruncDate, TruncMonth
from django.utils import timezone

from common.rates import LIKELY, chance
from concerns.models import Category, ConcernState, QualityProject

MONTHS = 13  # twelve whole ones, and the one that runs
RECENT = 3  # whole months that are compared with the three before
BEFORE = 365  # days before a project that it is compared with, at most
EARLY = 28  # days after its start before anything is said
MONTH = 30.4  # days, for rates


def month_of(day: dt.date, add: int = 0) -> dt.date:
    """The first of the month so many months from the day's."""
    count = day.year * 12 + day.month - 1 + add
    return dt.date(count // 12, count % 12 + 1, 1)


@dataclass(frozen=True)
class Barrier:
    """One category: raised in each month, open now, and how long those take that were resolved in the time shown."""

    category: Category
    counts: Sequence[int]
    open: int
    late: int
    days_to_resolve: float | None

    @property
    def raised(self) -> int:
        return sum(self.counts)

    @property
    def recent(self) -> int:
        """In the last three whole months."""
        return sum(self.counts[-RECENT - 1 : -1])

    @property
    def earlier(self) -> int:
        """In the three months before them."""
        return sum(self.counts[-2 * RECENT - 1 : -RECENT - 1])


@dataclass(frozen=True)
class Trends:
    months: Sequence[dt.date]
    barriers: Sequence[Barrier]

    @property
    def finding(self) -> str:
        """The kind that rose beyond chance, the largest rise first; else the most frequent one."""
        if not any(row.raised for row in self.barriers):
            return "Nothing was raised in these months"
        risen = [row for row in self.barriers if row.recent > row.earlier and chance(row.recent, 1, row.earlier, 1) < LIKELY]
        if risen:
            most = max(risen, key=lambda row: row.recent - row.earlier)
            return f"{most.category} rose: {most.recent} in the last three whole months, {most.earlier} in the three before"
        size = max(row.recent for row in self.barriers)
        if not size:
            return "Nothing was raised in the last three whole months"
        lead = [str(row.category) for row in self.barriers if row.recent == size]
        who = f"{lead[0]} is" if len(lead) == 1 else f"{lead[0]} and {lead[1]} are" if len(lead) == 2 else f"{len(lead)} kinds are"
        each = "" if len(lead) == 1 else " each"
        return f"{who} raised most: {size}{each} in the last three whole months; no kind rose beyond chance"


def trends(concerns: Any, *, today: dt.date) -> Trends:
    """Of these concerns, which the caller cut to what may be seen; categories with anything to show, the most raised first."""
    months = [month_of(today, place - MONTHS + 1) for place in range(MONTHS)]
    since = timezone.make_aware(dt.datetime.combine(months[0], dt.time()))
    grouped = concerns.filter(raised_at__gte=since).order_by().annotate(month=TruncMonth("raised_at")).values("category", "month")
    counts: dict[tuple[int, dt.date], int] = {(row["category"], row["month"].date()): row["n"] for row in grouped.annotate(n=Count("pk"))}
    open_now = {
        row["category"]: (row["n"], row["late"])
        for row in concerns.open().order_by().values("category").annotate(n=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today)))
    }
    took: dict[int, list[int]] = {}
    resolved = concerns.exclude(state=ConcernState.OPEN).filter(resolved_at__gte=since)
    for category, started_on, ended_on in (
        resolved.order_by().annotate(on=TruncDate("resolved_at")).values_list("category", "clock_started_on", "on")
    ):
        took.setdefault(category, []).append((ended_on - started_on).days)
    found = [
        Barrier(
            category,
            [counts.get((category.pk, month), 0) for month in months],
            *open_now.get(category.pk, (0, 0)),
            median(took[category.pk]) if category.pk in took else None,
        )
        for category in Category.objects.all()
    ]
    shown = [row for row in found if row.raised or row.open]
    return Trends(months, sorted(shown, key=lambda row: (-row.raised, row.category.name)))


@dataclass(frozen=True)
class Effect:
    """Concerns of a project's kinds before it began and since: days and counts of both, and by month."""

    started_on: dt.date
    before: int
    before_days: int
    since: int
    since_days: int
    months: Sequence[dt.date]
    by_month: Sequence[tuple[int, int]]

    @property
    def before_a_month(self) -> float:
        return self.before / self.before_days * MONTH if self.before_days else 0.0

    @property
    def since_a_month(self) -> float:
        return self.since / self.since_days * MONTH if self.since_days else 0.0

    @property
    def p(self) -> float:
        return chance(self.since, self.since_days, self.before, self.before_days)

    @property
    def finding(self) -> str:
        """What may be said, with what chance does by itself."""
        if self.since_days < EARLY:
            return "Too early to say: it runs for less than four weeks"
        if self.before_days < EARLY:
            return "Nothing to compare with: no concerns were written down in the weeks before it began"
        if not self.before + self.since:
            return "No such concern was raised before or since"
        rates = f"{self.before_a_month:.1f} a month before, {self.since_a_month:.1f} since"
        if self.p >= LIKELY:
            return f"{rates}: a difference that chance can explain"
        share = abs(self.since_a_month / self.before_a_month - 1) if self.before_a_month else None
        word = "fewer" if self.since_a_month < self.before_a_month else "more"
        return f"{rates}: {share:.0%} {word}, more than chance explains" if share is not None else f"{rates}: more than chance explains"


def effects(projects: Iterable[QualityProject], concerns: Any, *, today: dt.date) -> dict[int, Effect]:
    """By project, of these concerns, which the caller cut to what may be seen, those of the project's kinds. Two queries for all of them.

    Before: up to a year until the start, not from before the first concern was written down at all. Since: from the start until yesterday.
    Days of today are not over, and count nowhere.
    """
    found = list(projects)
    first = concerns.aggregate(first=Min("raised_at"))["first"]
    began = timezone.localdate(first) if first else today
    kinds = {project.pk: {kind.pk for kind in project.categories.all()} for project in found}
    mine = concerns.filter(category__in=set().union(*kinds.values())) if kinds else concerns.none()
    grouped = mine.order_by().annotate(on=TruncDate("raised_at")).values("category", "on").annotate(n=Count("pk"))
    rows = [(row["category"], row["on"], row["n"]) for row in grouped]
    return {project.pk: _effect(project, [(on, n) for kind, on, n in rows if kind in kinds[project.pk]], began, today) for project in found}


def effect(project: QualityProject, concerns: Any, *, today: dt.date) -> Effect:
    """Of one project (`effects`)."""
    return effects([project], concerns, today=today)[project.pk]


def _effect(project: QualityProject, rows: Iterable[tuple[dt.date, int]], began: dt.date, today: dt.date) -> Effect:
    begin = min(max(project.started_on - dt.timedelta(days=BEFORE), began), project.started_on)
    end = max(today, project.started_on)
    before: dict[dt.date, int] = {}
    since: dict[dt.date, int] = {}
    for on, n in rows:
        if begin <= on < end:
            part = before if on < project.started_on else since
            part[on] = part.get(on, 0) + n
    months, month = [], month_of(begin)
    while month <= month_of(end - dt.timedelta(days=1)):
        months.append(month)
        month = month_of(month, 1)
    return Effect(
        project.started_on, sum(before.values()), (project.started_on - begin).days, sum(since.values()), (end - project.started_on).days,
        months, [(_in(before, month), _in(since, month)) for month in months],
    )  # fmt: skip


def _in(days: dict[dt.date, int], month: dt.date) -> int:
    return sum(n for on, n in days.items() if month_of(on) == month)
