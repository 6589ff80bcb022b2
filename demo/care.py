"""Tiers, cadence, concerns and goals of the invented world, by the apps' own actions."""

import datetime as dt
import random
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

import concerns.actions
import contacts.actions
import reports.actions
from accounts.models import User
from concerns.models import Category, Concern, Department, ToldHow
from contacts.models import Cadence, Practice
from referrals.models import Referral
from reports.models import Goal, GoalMeasure, GoalPeriod
from reports.models.goals import period_start
from reports.periods import Window, add_months
from territories.models import Territory

CADENCE = {"A": 30, "B": 60, "C": 90, "D": 180}
SHARES = (("A", 0.1), ("B", 0.3), ("C", 0.7), ("D", 1.0))  # of the practices, the busiest first
# category, what they said, what we did
SAID = (
    ("Access and wait", "New cardiology appointments take six weeks; they send elsewhere instead.", "Two more slots every week."),
    ("Access and wait", "Nobody can tell them when the sleep clinic opens again.", "The clinic reopened; dates were sent to the office."),
    ("Scheduling", "The scheduling line rings out after 3 pm.", "A second clerk until 5 pm since the first of the month."),
    ("Scheduling", "Families are not called back within the two days we promise.", "Calls are logged and checked every evening."),
    ("Reports back", "Consult notes arrive three weeks after the appointment, or never.", "Notes go out by direct message the same day."),
    ("Reports back", "Imaging results come by fax to the wrong number.", "The fax number was corrected in the directory."),
    ("Referral process", "The form asks for the insurance card twice.", "The form was shortened to one page."),
    ("Authorization and insurance", "Authorizations for MRI wait on us for a week.", "The team now asks for them on the day of the order."),
    ("Quality of care", "A medication change was not explained to the office.", "The clinic calls the office after every change."),
    ("Staff conduct", "The front desk was short with their coordinator.", "Spoken with the desk; the manager apologized."),
)  # fmt: skip


def load(people: Mapping[str, User], *, seed: int) -> None:
    """Everything that is missing; a second call adds nothing."""
    dice = random.Random(seed)
    with transaction.atomic():
        if not Cadence.objects.exists():
            contacts.actions.save_cadence(days=CADENCE, by=people["Ada Quinn"])
        _ensure_tiers(people["Dana Reyes"])
        _ensure_leads(people)
        _ensure_concerns(dice)
        _ensure_goals(people)


def _ensure_tiers(by: User) -> None:
    """The busiest tenth are A, the next fifth B, and so on."""
    if Practice.objects.exclude(tier="").exists():
        return
    busy = list(Practice.objects.live().annotate(sent=Count("referrals_made")).order_by("-sent", "pk").values_list("pk", flat=True))
    start = 0
    for tier, share in SHARES:
        end = round(share * len(busy))
        contacts.actions.set_tiers(practices=Practice.objects.filter(pk__in=busy[start:end]), tier=tier, by=by)
        start = end


def _ensure_leads(people: Mapping[str, User]) -> None:
    for department in Department.objects.filter(lead=None):
        concerns.actions.save_department(department=department, name=department.name, lead=people["Dana Reyes"], by=people["Ada Quinn"])


def _ensure_concerns(dice: random.Random) -> None:
    """Half a year of what practices said: most of it closed, some open, some late, some solved and not told."""
    if Concern.objects.exists():
        return
    kinds = {category.name: category for category in Category.objects.filter(is_active=True)}
    places = list(Practice.objects.live().exclude(visits=None).exclude(tier="").select_related("territory").order_by("pk"))
    now = timezone.now()
    for practice in dice.sample(places, k=min(len(places), 60)):
        said = [row for row in SAID if row[0] in kinds]
        visit = practice.visits.made().order_by("-visited_at").first()
        if not said or visit is None:
            continue
        kind, text, done = dice.choice(said)
        raised = now - dt.timedelta(days=dice.choice((2, 5, 9, 14, 21, 30, 45, 70, 100, 150)))
        concern = concerns.actions.open_concern(
            practice=practice,
            category=kinds[kind],
            text=text,
            severity=dice.choices(("high", "normal", "low"), (2, 6, 2))[0],
            owner=visit.owner if dice.random() < 0.6 else None,
            by=visit.owner,
            raised_at=raised,
        )
        age = (now - raised).days
        if dice.random() < (0.85 if age > 40 else 0.35):
            concerns.actions.resolve_concern(concern=concern, resolution=done, by=visit.owner)
            if dice.random() < 0.75:
                concerns.actions.tell_practice(
                    concern=concern, told_on=timezone.localdate(), told_how=dice.choice(ToldHow.values), by=visit.owner
                )
        elif dice.random() < 0.4:
            concerns.actions.comment_on_concern(concern=concern, text="Asked again; an answer is promised for this week.", by=visit.owner)


def _ensure_goals(people: Mapping[str, User]) -> None:
    """Goals of this month and quarter, a little above what the same months of last year brought."""
    if Goal.objects.exists():
        return
    today, dana = timezone.localdate(), people["Dana Reyes"]
    month, quarter = period_start(GoalPeriod.MONTH, today), period_start(GoalPeriod.QUARTER, today)
    a_year_ago = Window(add_months(quarter, -12), add_months(quarter, -9))
    came = Referral.objects.counted().filter(month__gte=a_year_ago.start, month__lt=a_year_ago.end)
    inbound = came.filter(flow="inbound").count()
    reports.actions.save_goal(
        measure=GoalMeasure.INBOUND, period=GoalPeriod.QUARTER, start_on=quarter, target=max(1, round(inbound * 1.05, -1)), by=dana
    )
    reports.actions.save_goal(measure=GoalMeasure.LEAKAGE, period=GoalPeriod.QUARTER, start_on=quarter, target=0.25, by=dana)
    reports.actions.save_goal(measure=GoalMeasure.NEW_REFERRERS, period=GoalPeriod.QUARTER, start_on=quarter, target=3, by=dana)
    for person in people.values():
        if person.is_liaison and person.assignments.filter(service_line=None).exists():
            reports.actions.save_goal(
                measure=GoalMeasure.VISITS, liaison=person, period=GoalPeriod.MONTH, start_on=month, target=5, by=dana
            )
    for territory in Territory.objects.live().filter(parent__parent=None).exclude(parent=None):
        branch = Territory.objects.branch_ids(territory.pk)
        count = came.filter(territory__in=branch, flow__in=("inbound", "internal")).count()
        if count:
            reports.actions.save_goal(
                measure=GoalMeasure.RECEIVED,
                territory=territory,
                period=GoalPeriod.QUARTER,
                start_on=quarter,
                target=round(count * 1.03),
                by=dana,
            )
