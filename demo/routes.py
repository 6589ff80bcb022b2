"""Visiting hours, lunch rules, pins and a day's route of the invented world, by the apps' own actions."""

import datetime as dt
import random
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

import contacts.actions
import visits.actions
from accounts.models import User
from common.places import center_of
from contacts.models import Practice, VisitingHours
from contacts.visiting import read_spans
from jobs.actions import run_waiting
from visits.models import DayPlan, Visit, VisitType
from visits.queries.days import visits_on

# hours by weekday ("" is none), no-visit hours, lunch rule, their lunch hour, minutes
HABITS = (
    (("9-11:30, 1:30-4",) * 5, "", "closed", "12-1", None),
    (("8:30-12", "8:30-12", "", "8:30-12", "8:30-12"), "", "booked", "12-1", 20),
    (("", "10-12", "10-12", "10-12", ""), "", "never", "", 15),
    (("",) * 5, "8-9, 4:30-5:30", "welcome", "12-1", None),
)
STOPS = 8  # of the day that is shown


def load(people: Mapping[str, User], *, seed: int) -> None:
    """Everything that is missing; a second call adds nothing."""
    nora = people["Nora Lind"]
    if not VisitingHours.objects.exists():
        _tell_hours(nora, random.Random(seed))
    if not DayPlan.objects.exists():
        _plan_a_day(nora)


@transaction.atomic
def _tell_hours(by: User, dice: random.Random) -> None:
    """Half of the practices have said when to come; every third has a pin beside the middle of its ZIP code."""
    for turn, practice in enumerate(Practice.objects.visible_to(by).live().order_by("pk")):
        if turn % 2 == 0:
            days, closed, rule, lunch, minutes = HABITS[turn // 2 % len(HABITS)]
            contacts.actions.save_visiting(
                practice=practice,
                opens={day: read_spans(text) for day, text in enumerate(days) if text},
                closed=read_spans(closed),
                lunch_rule=rule,
                lunch=read_spans(lunch)[0] if lunch else None,
                visit_minutes=minutes,
                by=by,
            )
        if turn % 3 == 0 and (center := center_of(practice.zip)):
            near = (center[0] + dice.uniform(-0.02, 0.02), center[1] + dice.uniform(-0.02, 0.02))
            contacts.actions.drop_map_pin(practice=practice, latitude=near[0], longitude=near[1], by=by)


def _plan_a_day(nora: User) -> None:
    """Today's visits where it is a working day, else the next one's: enough of them for a route, which a worker then makes."""
    day = timezone.localdate()
    while day.weekday() > 4:
        day += dt.timedelta(days=1)
    with transaction.atomic():
        known = {visit.practice_id for visit in visits_on(nora, day)}
        free = Practice.objects.visible_to(nora).live().filter(do_not_visit=False).exclude(tier="").exclude(pk__in=known)
        busy = Visit.objects.planned().filter(deleted_at=None).values("practice")
        regular = VisitType.objects.offered().filter(name="Regular visit").first()
        for hour, practice in enumerate(free.exclude(pk__in=busy).order_by("tier", "pk")[: max(0, STOPS - len(known))]):
            at = timezone.make_aware(dt.datetime.combine(day, dt.time(9 + hour % 8)))
            visits.actions.plan_visit(by=nora, practice=practice, planned_at=at, purpose="Regular visit", visit_type=regular)
        first = visits_on(nora, day)[0].practice
        start = center_of(first.zip) or (41.48, -81.8)
        ends = visits.actions.Ends(
            start_minute=8 * 60, end_minute=17 * 60, lunch_minutes=30, start=start, start_label="Office", end=start, end_label="Office"
        )
        plan = visits.actions.ask_for_route(by=nora, owner=nora, day_on=day, ends=ends)
        stop = plan.stops.order_by("pk").last()
        if stop is not None:
            visits.actions.set_must_see(by=nora, stop=stop, must_see=True)
    run_waiting(apps=["visits"])
