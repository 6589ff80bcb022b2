"""Reads of concerns over several models: the panel of a practice, what is late by department, what happened to one."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Func, Min, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from accounts.roles import PERMISSIONS, Role
from audit.models import AuditEvent
from concerns.models import Category, Concern, ConcernState, Department, FieldNote, QualityProject
from concerns.querysets import ConcernQuerySet
from contacts.models import Practice, Provider
from territories.models import Assignment

_READING_ROLES = [role for role in Role.values if Permission.CONCERN_VIEW in PERMISSIONS[role]]
CLOSED_SHOWN = 3


def who_may_own(*also: User | None) -> QuerySet[User]:
    """To whom a concern can be given: everybody who may see concerns; and those who have it already."""
    kept = Q(pk__in=[person.pk for person in also if person])
    people: QuerySet[User] = User.objects.filter(kept | Q(is_active=True, role__in=_READING_ROLES))
    return people


def colleagues(user: User) -> QuerySet[User]:
    """Who is assigned today within the person's scope: the choices of "whose"."""
    people: QuerySet[User] = User.objects.active().filter(pk__in=Assignment.objects.today().visible_to(user).values("user"))
    return people


def categories_to_choose(concern: Concern | None = None) -> QuerySet[Category]:
    """Those on offer, and the concern's own."""
    return Category.objects.filter(Q(is_active=True) | Q(pk=concern.category_id if concern else None)).select_related("department")


def departments_to_choose(concern: Concern | None = None) -> QuerySet[Department]:
    return Department.objects.filter(Q(is_active=True) | Q(pk=concern.department_id if concern else None))


def providers_at(practice: Practice) -> QuerySet[Provider]:
    """Who works there today: whom a concern can be about."""
    return Provider.objects.live().working_at(Practice.objects.filter(pk=practice.pk))


def history_of(concern: Concern) -> Sequence[AuditEvent]:
    """What happened to the concern's record, oldest first."""
    return list(AuditEvent.objects.filter(target_type="concerns.concern", target_id=str(concern.pk)).order_by("happened_at", "pk"))


@dataclass(frozen=True)
class PracticeConcerns:
    """What stands open at a practice, what waits to be told, and the last ones that were closed."""

    open: Sequence[Concern]
    to_tell: Sequence[Concern]
    closed: Sequence[Concern]


def concerns_of(practice: Practice, user: User) -> PracticeConcerns:
    seen = Concern.objects.visible_to(user).filter(practice=practice).for_list()
    unfinished = list(seen.unfinished())
    return PracticeConcerns(
        open=[concern for concern in unfinished if concern.state == ConcernState.OPEN],
        to_tell=[concern for concern in unfinished if concern.state == ConcernState.RESOLVED],
        closed=list(seen.filter(state=ConcernState.CLOSED).order_by("-told_on", "-pk")[:CLOSED_SHOWN]),
    )


@dataclass(frozen=True)
class LateDepartment:
    """How many concerns of a department are past their deadline, and since when the oldest is due."""

    department_id: int
    name: str
    late: int
    open: int
    oldest_due_on: dt.date | None

    @property
    def days_late(self) -> int:
        """Days since the oldest deadline."""
        return (timezone.localdate() - self.oldest_due_on).days if self.oldest_due_on else 0


def by_department(concerns: ConcernQuerySet) -> list[LateDepartment]:
    """Departments with open concerns among these, most late ones first."""
    is_late = Q(due_on__lt=timezone.localdate())
    rows = (
        concerns.open()
        .order_by()
        .values("department_id", name=F("department__name"))
        .annotate(open_count=Count("pk"), late=Count("pk", filter=is_late), oldest=Min("due_on", filter=is_late))
        .order_by("-late", "-open_count", "name")
    )
    return [LateDepartment(row["department_id"], row["name"], row["late"], row["open_count"], row["oldest"]) for row in rows]


def tags_in_use(user: User, *, limit: int = 12) -> list[tuple[str, int]]:
    """(tag, notes) of the notes that the person sees, the most used first."""
    tags = FieldNote.objects.visible_to(user).order_by().annotate(tag=Func(F("tags"), function="unnest")).values_list("tag", flat=True)
    counted = Counter(tags)
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:limit]


def projects_to_link(concern: Concern, user: User) -> QuerySet[QualityProject]:
    """Projects that run, without those that the concern belongs to."""
    running = Q(ended_on=None) | Q(ended_on__gte=timezone.localdate())
    return QualityProject.objects.visible_to(user).filter(running).exclude(concerns=concern)
