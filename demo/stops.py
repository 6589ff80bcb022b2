"""Stops for today and the days ahead, through the same actions as everybody's: done, missed, to come, and one that nobody logged."""

import datetime as dt

from django.utils import timezone

import visits.actions
from accounts.models import User
from visits.cadence import dues, field_of, most_over
from visits.models import DayPlan, Outcome, Visit, WorkingHours
from visits.queries import hours_of
from visits.today import working_days

HOURS = ((8, 30), (9, 45), (11, 0), (13, 15), (14, 30))
STARTS = {"Nora Lind": "44107", "Sam Ortiz": "44118", "Tara Woods": "44313"}  # ZIP codes near their fields
DAYS = 3


def ensure(people: dict[str, User]) -> None:
    """Once: who has a start already is left alone."""
    for name, zip_ in STARTS.items():
        owner = people[name]
        if WorkingHours.objects.filter(user=owner).exists():
            continue
        visits.actions.save_working_hours(
            by=owner, weekdays=range(5), starts_at=dt.time(8), ends_at=dt.time(16, 30), pause_minutes=30, visit_minutes=25, start_zip=zip_
        )
        _plan(owner)


def _plan(owner: User) -> None:
    """Five stops on each day without a route, of what is most overdue and near by; of today's, the first is made, the second missed."""
    today = timezone.localdate()
    routed = set(DayPlan.objects.filter(owner=owner).values_list("day_on", flat=True))  # a whole day already
    days = [day for day in working_days(hours_of(owner), today, DAYS + len(routed)) if day not in routed][:DAYS]
    found = dues(field_of(owner))
    late = [due for due in most_over(found, today) if due.planned_at is None]
    waiting = [due.practice for due in [*late, *(due for due in found if due.planned_at is None and due not in late)]]
    for practice, (day, place) in zip(waiting, ((day, place) for day in days for place in HOURS), strict=False):
        visits.actions.plan_visit(by=owner, practice=practice, planned_at=_at(day, *place))
    if working_days(hours_of(owner), today, 1) != [today]:
        return
    planned = list(Visit.objects.planned().filter(owner=owner, planned_at__date=today))
    if len(planned) > 2:
        visits.actions.log_visit(
            by=owner,
            practice=planned[0].practice,
            visited_at=min(planned[0].planned_at or timezone.now(), timezone.now()),
            outcome=Outcome.MET_STAFF,
            note="Left the new referral guide; they ask for the direct line.",
            planned=planned[0],
        )
        visits.actions.miss_visit(by=owner, visit=planned[1], note="Doctor out, back next week.", back_on=today + dt.timedelta(days=7))


def _at(day: dt.date, hour: int, minute: int) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour, minute)))
