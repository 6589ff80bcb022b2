"""What each person of a team was given to do and does: never in an order of results, and nothing of what physicians are given."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from visits.cadence import field_of
from visits.miles import month_of
from visits.models import FollowUp, Visit, WorkingHours
from visits.planning import capacity, promised_by

DAYS = 30


@dataclass(frozen=True)
class Load:
    """A person's work. Hours are of the four weeks to come: promised by cadence with the road, and those of their working days. Visits,
    missed ones and miles are of the last thirty days; miles are an estimate where nobody typed them.
    """

    person: User
    practices: int
    promised_hours: float
    available_hours: float
    visits: int
    missed: int
    miles: Decimal
    overdue_practices: int
    overdue_follow_ups: int

    @property
    def share(self) -> float | None:
        """Promised of available: over 1 is more than fits."""
        return self.promised_hours / self.available_hours if self.available_hours else None


@dataclass(frozen=True)
class Team:
    loads: list[Load]

    @property
    def over(self) -> list[Load]:
        """Who was promised for more hours than they have."""
        return [load for load in self.loads if load.share is not None and load.share > 1]


def team_of(people: Iterable[User], *, today: dt.date) -> Team:
    """By name. The number of queries follows the number of people."""
    people = sorted(people, key=lambda person: (str(person).casefold(), person.pk))
    start = timezone.make_aware(dt.datetime.combine(today - dt.timedelta(days=DAYS), dt.time()))
    recent = Visit.objects.filter(owner__in=people, deleted_at=None, visited_at__gte=start).order_by().values("owner")
    made = dict(recent.filter(state="done").values_list("owner").annotate(Count("pk")))
    missed = dict(recent.filter(state="missed").values_list("owner").annotate(Count("pk")))
    late = dict(FollowUp.objects.filter(owner__in=people).overdue().order_by().values_list("owner").annotate(Count("pk")))
    hours = {row.user_id: row for row in WorkingHours.objects.filter(user__in=people)}
    monday = today + dt.timedelta(days=-today.weekday() % 7)
    loads = []
    for person in people:
        due = promised_by(person)
        fits = capacity(due, hours.get(person.pk) or WorkingHours(user=person), starts_on=monday, today=today)
        loads.append(
            Load(
                person,
                field_of(person).count(),
                fits.promised / 60,
                fits.available / 60,
                made.get(person.pk, 0),
                missed.get(person.pk, 0),
                _miles(person, today),
                sum(row.is_due(today) for row in due),
                late.get(person.pk, 0),
            )
        )
    return Team(loads)


def _miles(person: User, today: dt.date) -> Decimal:
    first = today - dt.timedelta(days=DAYS)
    months = {first.replace(day=1), today.replace(day=1)}
    days = [day for month in months for day in month_of(person, month).days if first <= day.on <= today]
    return sum((day.miles for day in days if day.miles is not None), Decimal(0))
