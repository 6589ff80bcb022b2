"""Reads of introductions: whom to propose, how far a plan is."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Case, Q, QuerySet, When

from accounts.models import User
from contacts.models import Alignment, AlignmentKind, Organization, Practice
from introductions.models import NewPhysician, Target
from introductions.policies import LEADS
from visits.queries import colleagues_of

CHOICES = 300


@dataclass(frozen=True)
class Progress:
    """Tasks of the targets that a person sees: done, late, and in all."""

    targets: int
    done: int
    late: int
    tasks: int


def progress_of(targets: list[Target]) -> Progress:
    steps = [step for target in targets for step in target.steps.all()]
    done = sum(step.follow_up.done_at is not None for step in steps)
    return Progress(len(targets), done, sum(step.follow_up.is_late for step in steps), len(steps))


def practices_to_choose(user: User, physician: NewPhysician) -> QuerySet[Practice]:
    """Practices in scope that are not on the plan, those with a tier first."""
    seen = Practice.objects.visible_to(user).filter(archived_at=None).exclude(introductions__physician=physician)
    pks = seen.order_by(Case(When(tier="", then=1), default=0), "tier", "name").values_list("pk", flat=True)[:CHOICES]
    return Practice.objects.filter(pk__in=list(pks)).order_by("name")


def people_to_choose(user: User) -> QuerySet[User]:
    """Oneself; for managers, their people too."""
    return colleagues_of(user) if user.role in LEADS else User.objects.filter(pk=user.pk)


def ours_today(day: dt.date) -> QuerySet[Organization]:
    """Organizations that are employed by us or affiliated with us on the day."""
    open_ = Q(started_on=None) | Q(started_on__lte=day), Q(ended_on=None) | Q(ended_on__gt=day)
    kinds = [AlignmentKind.EMPLOYED, AlignmentKind.AFFILIATED]
    aligned = Alignment.objects.filter(*open_, kind__in=kinds).exclude(organization=None)
    return Organization.objects.live().filter(pk__in=aligned.values("organization")).order_by("name")
