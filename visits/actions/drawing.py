"""Drawing a random order of practices, and planning visits from it."""

import datetime as dt
import secrets
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from contacts.models import Practice
from visits import policies
from visits.actions.visits import plan_visit
from visits.drawing import month_after, shuffled, spread
from visits.models import Draw, DrawnPractice, TargetList, Visit
from visits.queries import followed, not_drawable, stops_of

HOURS = (9, 10, 11, 13, 14, 15)  # at which planned visits of one day are put, in turn


@transaction.atomic
def draw_order(
    *,
    by: User,
    name: str,
    practices: Sequence[Practice],
    first_month_on: dt.date,
    months: int,
    note: str = "",
    seed: str = "",
    target_list: TargetList | None = None,
) -> Draw:
    """Draw the order of these practices and spread it over the months. What is drawn stays: nobody can change it, or draw it again.

    The seed comes from the machine's source of randomness unless given (the tests give one). With a target list, practices of that list
    only are drawn, and the order remembers it.
    """
    first_month_on = first_month_on.replace(day=1)
    chosen = {practice.pk: practice for practice in practices}
    list(Practice.objects.select_for_update(no_key=True).filter(pk__in=chosen).order_by("pk"))  # no practice is drawn twice at once
    refused = not_drawable(list(chosen), today=timezone.localdate())
    policies.check_can_draw(
        by=by, name=name, practices=list(chosen.values()), refused=refused, first_month_on=first_month_on, months=months
    )
    if target_list is not None:
        on_list = set(stops_of(target_list, by).values_list("practice", flat=True))
        policies.check_can_draw_from(by=by, target_list=target_list, practices=list(chosen.values()), on_list=on_list)
    draw = Draw.objects.create(
        name=name.strip(), seed=seed or secrets.token_hex(16), first_month_on=first_month_on, months=months, note=note.strip(), drawn_by=by,
        target_list=target_list,
    )  # fmt: skip
    order = shuffled(chosen, draw.seed)
    planned = spread(len(order), first=first_month_on, months=months)
    DrawnPractice.objects.bulk_create(
        DrawnPractice(draw=draw, practice_id=practice, place=place, planned_month_on=month)
        for place, (practice, month) in enumerate(zip(order, planned, strict=True), start=1)
    )
    came_from = target_list.pk if target_list else None
    record(
        "order.drawn",
        by=by,
        target=draw,
        seed=draw.seed,
        practices=order,
        first_month_on=first_month_on,
        months=months,
        target_list=came_from,
    )
    return draw


@transaction.atomic
def plan_drawn(*, by: User, draw: Draw, month_on: dt.date, owner: User) -> list[Visit]:
    """Plan a visit to each practice that the order has in this month and that has neither a plan nor a visit since the draw.

    The visits are spread over the month's working days that are left, in the drawn order.
    """
    today = timezone.localdate()
    [order] = followed([draw], today=today)
    waiting = [place for place in order.places if place.planned_month_on == month_on and not (place.first_visit_on or place.planned_at)]
    if not waiting:
        raise PolicyViolation(f"Every practice drawn for {month_on:%B %Y} is planned or visited.")
    first, end = max(month_on, today + dt.timedelta(days=1)), month_after(month_on)
    days = [day for day in (first + dt.timedelta(days=n) for n in range((end - first).days)) if day.weekday() < 5]
    if not days:
        raise PolicyViolation(f"No working day of {month_on:%B %Y} is left. Plan these visits one by one.")
    return [
        plan_visit(
            by=by,
            practice=waiting[place].practice,
            planned_at=_at(days[place * len(days) // len(waiting)], HOURS[place % len(HOURS)]),
            owner=owner,
            purpose=f"Drawn order {draw.name}, place {waiting[place].place}"[:200],
        )
        for place in range(len(waiting))
    ]


def _at(day: dt.date, hour: int) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))
