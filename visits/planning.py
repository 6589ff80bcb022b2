"""What somebody promised and what fits: the hours, who is due, and whom a draft may choose from, with what each is worth."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from contacts.models import Practice, Tier
from contacts.visiting import windows_on
from visits.cadence import Due, dues, field_of
from visits.drafting import Candidate, Fixed, Room, driving_a_visit
from visits.driving import place_of, roads, start_of
from visits.models import DrawnPractice, PlanDraft, PracticeTrend, TargetEntry, TrendWay, Visit, VisitState, WorkingHours
from visits.reasons import reasons_for
from visits.workdays import closed_between, working_days_of

WEEKS = 4  # over which promised hours are held against those there are: every cadence of a month or less is in it whole
PERIOD = dt.timedelta(weeks=WEEKS)

# What a practice is worth in a draft: its cadence by tier, and what else there is to do. A promise that is overdue is worth a tier A visit.
TIER_WORTH = {Tier.A: 1.0, Tier.B: 0.7, Tier.C: 0.4, Tier.D: 0.2}
REASON_WORTH = {"tell": 0.7, "concern": 0.4, "promise": 1.0, "target": 0.5}
FALLING_WORTH = 0.5
MOST_OVER = 2.0  # cadences: beyond that, longer waiting makes no more urgent
VALUE_WORTH = 0.5  # of the most valuable target among the candidates; others in proportion


@dataclass(frozen=True)
class TierPromise:
    """One tier over the weeks ahead: visits that fall due in them, and how many practices wait now."""

    tier: str
    every_days: int
    practices: int
    visits: int
    due: int
    overdue: int


@dataclass(frozen=True)
class Capacity:
    """Minutes promised against minutes there are, over the weeks from `starts_on`."""

    starts_on: dt.date
    tiers: Sequence[TierPromise]
    visits: int
    visit_minutes: int
    drive_minutes: int
    working_days: int
    available: int
    closed: Mapping[dt.date, str] = field(default_factory=dict)  # days of theirs that are taken off, with their names

    @property
    def promised(self) -> int:
        return self.visit_minutes + self.drive_minutes

    @property
    def visit_hours(self) -> str:
        return hours(self.visit_minutes)

    @property
    def drive_hours(self) -> str:
        return hours(self.drive_minutes)

    @property
    def is_too_much(self) -> bool:
        return self.promised > self.available

    @property
    def sentence(self) -> str:
        """Promised 212 h, you have 160."""
        return f"Promised {hours(self.promised)} h, you have {hours(self.available)}"


def hours(minutes: int) -> str:
    return f"{round(minutes / 60):,}"


def visits_due(due: Due, start: dt.date, end: dt.date) -> int:
    """How many visits fall due from `start` until before `end`, if each is made on its day; what is late is due at the start."""
    first = max(due.due_on or start, start)
    return 0 if first >= end else 1 + (end - first - dt.timedelta(days=1)).days // due.every_days


def capacity(found: Sequence[Due], working: WorkingHours, *, starts_on: dt.date, today: dt.date) -> Capacity:
    """Visits promised over the weeks, with the minutes on the road that they take on average; the hours of the person's working days."""
    end = starts_on + PERIOD
    counts = {due.practice.pk: visits_due(due, starts_on, end) for due in found}
    visits = sum(counts.values())
    promised = [due.practice for due in found if counts[due.practice.pk]]
    each = driving_a_visit(
        [place_of(practice) for practice in promised],
        home=start_of(working),
        visit_minutes=working.visit_minutes,
        day_minutes=working.minutes_a_day,
        drive=roads(),
    )
    with_practices = sum(counts[practice.pk] * (practice.visit_minutes or working.visit_minutes) for practice in promised)
    last = end - dt.timedelta(days=1)
    days = len(working_days_of(working, starts_on, last))
    closed = {day: name for day, name in closed_between(starts_on, last).items() if working.works_on(day)}
    tiers = [
        TierPromise(
            tier,
            of_tier[0].every_days,
            len(of_tier),
            sum(counts[due.practice.pk] for due in of_tier),
            sum(due.is_due(today) for due in of_tier),
            sum(due.is_due(today) and due.days_over(today) != 0 for due in of_tier),
        )
        for tier in Tier.values
        if (of_tier := [due for due in found if due.practice.tier == tier])
    ]
    return Capacity(starts_on, tiers, visits, with_practices, round(visits * each), days, days * working.minutes_a_day, closed)


def promised_by(owner: User) -> list[Due]:
    """Every practice that the person answers for and whose tier has a cadence."""
    return dues(field_of(owner))


def rooms_of(owner: User, days: Sequence[dt.date], working: WorkingHours, drawn: int = 0) -> list[Room]:
    """The person's working days among these, no closing days, with what is planned on them; `drawn`: so many a day of a drawn order."""
    rows = Visit.objects.filter(owner=owner, deleted_at=None, state=VisitState.PLANNED, planned_at__date__in=days).select_related(
        "practice"
    )
    planned: dict[dt.date, list[Fixed]] = {}
    for visit in rows:
        at = timezone.localtime(visit.planned_at)
        planned.setdefault(at.date(), []).append(Fixed(at.hour * 60 + at.minute, place_of(visit.practice)))
    at_work = set(working_days_of(working, min(days), max(days))) if days else set()
    starts, ends = (time.hour * 60 + time.minute for time in (working.starts_at, working.ends_at))
    return [
        Room(day, starts, ends, working.pause_minutes, tuple(planned.get(day, ())), drawn_share=drawn) for day in days if day in at_work
    ]


def candidates(owner: User, by: User, *, until: dt.date) -> list[Candidate]:
    """Whom a draft may choose: practices with something due by that day and without a plan, each with its worth and why, in few queries.

    Worth: of the tier, once when due and up to three times when two cadences late; and of every promise, concern, list and fall beside it.
    """
    today = timezone.localdate()
    seen = {practice.pk: practice for practice in field_of(owner).select_related("map_pin").prefetch_related("visiting_hours")}
    for pk in (
        Visit.objects.filter(practice__in=seen, deleted_at=None)
        .planned()
        .filter(planned_at__date__gte=today)
        .values_list("practice", flat=True)
    ):
        seen.pop(pk, None)
    late = {due.practice.pk: due for due in dues(field_of(owner)) if due.practice.pk in seen}
    drawn = drawn_places(list(seen), until)
    found = reasons_for(seen, by, day=until)
    values = _values(seen, by)
    falling = set(PracticeTrend.objects.visible_to(by).filter(practice__in=seen, way=TrendWay.FEWER).values_list("practice", flat=True))
    chosen = []
    for pk, practice in seen.items():
        due = late.get(pk)
        is_due = due is not None and due.is_due(until)
        kinds = {reason.kind for reason in found[pk]}
        worth = TIER_WORTH[Tier(practice.tier)] * (1 + min(MOST_OVER, due.cadences_over(until))) if due and is_due else 0.0
        worth += sum(REASON_WORTH.get(kind, 0.0) for kind in kinds) + values.get(pk, 0.0) * VALUE_WORTH
        if worth and pk in falling:
            worth += FALLING_WORTH
        if worth or pk in drawn:
            why = "; ".join(reason.text for reason in found[pk]) or "Due"
            told = f"{why}; fewer referrals than expected" if pk in falling else why
            opens = {weekday: windows_on(practice, practice.visiting_hours.all(), weekday) for weekday in range(7)}
            chosen.append(
                Candidate(pk, place_of(practice), round(worth, 3), told[:300], drawn.get(pk), opens, minutes=practice.visit_minutes)
            )
    return chosen


def drawn_places(practices: Sequence[int], day: dt.date) -> dict[int, int]:
    """The places of practices in drawn orders of that day's month, of those that were not visited since the draw."""
    made = Visit.objects.made().filter(practice=OuterRef("practice"), deleted_at=None, visited_at__gte=OuterRef("draw__drawn_at"))
    rows = DrawnPractice.objects.filter(~Exists(made), practice__in=practices, planned_month_on=day.replace(day=1))
    return dict(rows.order_by("-draw", "-place").values_list("practice", "place"))


def _values(practices: dict[int, Practice], by: Any) -> dict[int, float]:
    """What targets in hand are worth a year, as a share of the highest."""
    rows = TargetEntry.objects.visible_to(by).filter(practice__in=practices, list__closed_at=None, dropped_at=None).exclude(value=None)
    worth: dict[int, float] = {}
    for pk, value in rows.values_list("practice", "value"):
        worth[pk] = max(worth.get(pk, 0.0), float(value or 0))
    most = max(worth.values(), default=0.0)
    return {pk: value / most for pk, value in worth.items()} if most > 0 else {}


def draft_for(owner: User, by: User, days: Sequence[dt.date]) -> PlanDraft | None:
    """The draft of these days that waits to be accepted."""
    return PlanDraft.objects.visible_to(by).open().filter(owner=owner, starts_on=days[0], ends_on=days[-1]).select_related("draw").first()


def accepted_for(owner: User, by: User, days: Sequence[dt.date]) -> PlanDraft | None:
    """The last one that was accepted for them and can still be undone."""
    rows = PlanDraft.objects.visible_to(by).filter(owner=owner, starts_on=days[0], ends_on=days[-1], undone_at=None)
    return rows.exclude(accepted_at=None).order_by("-accepted_at").first()


def week_of(day: dt.date) -> list[dt.date]:
    """Monday to Sunday."""
    monday = day - dt.timedelta(days=day.weekday())
    return [monday + dt.timedelta(days=n) for n in range(7)]
