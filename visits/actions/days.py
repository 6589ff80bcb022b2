"""Writes of a day in the field: asking for a route, storing what a worker computed, changing it by hand, accepting it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from common.templatetags.prm import clock
from contacts.models import Practice
from contacts.visiting import point_of
from jobs.actions import enqueue
from visits import policies
from visits.actions.invitations import revise
from visits.actions.visits import cancel_plan, plan_visit
from visits.models import DayPlan, DayStop, FieldRules, PlanState, Visit, VisitState, at_minute
from visits.queries.days import day_stops, visits_on
from visits.routes import UNMAPPED, Asked, asked_for, is_ahead, is_appointment, misfits
from visits.routing import DayRoute, forced
from visits.workdays import lunch_between

HANDLER = "visits.plan_day"
LAST_MINUTE = 24 * 60 - 1  # of a day's clock


@dataclass(frozen=True)
class Ends:
    """Where a day starts and ends, and what it may hold; minutes after midnight, points in degrees."""

    start_minute: int
    end_minute: int
    lunch_minutes: int
    start: tuple[float, float]
    start_label: str
    end: tuple[float, float]
    end_label: str


@transaction.atomic
def ask_for_route(*, by: User, owner: User, day_on: dt.date, ends: Ends | None = None) -> DayPlan:
    """Have a worker plan the day: the visits planned for it, and what was added. Without `ends`, the plan's own hold."""
    _check_may_plan(by, owner)
    if day_on < timezone.localdate():
        raise PolicyViolation("This day is over. Choose today or a later one.")
    plan = DayPlan.objects.select_for_update(of=("self",)).filter(owner=owner, day_on=day_on).first()
    if plan is None:
        if ends is None:
            raise PolicyViolation("Say where the day starts and when.")
        plan = DayPlan(owner=owner, day_on=day_on)
    if ends is not None:
        _set_ends(plan, ends)
    plan.save()
    _take_in(plan)
    if not plan.stops.exists():
        raise PolicyViolation("Nothing is planned for this day yet. Plan a visit first.")
    _enqueue(plan, by)
    record("day.route_asked", by=by, target=plan, day_on=day_on)
    return plan


def _check_may_plan(by: User, owner: User) -> None:
    if not by.can(Permission.VISIT_LOG) or (by.pk != owner.pk and not policies.leads(by)):
        raise PolicyViolation("Only a manager plans somebody else's day.")
    if not owner.can(Permission.VISIT_LOG):
        raise PolicyViolation(f"{owner} does not make visits.")


def _set_ends(plan: DayPlan, ends: Ends) -> None:
    if ends.end_minute <= ends.start_minute:
        raise PolicyViolation("The day must end later than it starts.")
    plan.start_minute, plan.end_minute = ends.start_minute, ends.end_minute
    plan.lunch_minutes, plan.lunch_earliest, plan.lunch_latest = lunch_between(
        FieldRules.current(), start=ends.start_minute, end=ends.end_minute, minutes=ends.lunch_minutes
    )
    plan.start_latitude, plan.start_longitude = ends.start
    plan.end_latitude, plan.end_longitude = ends.end
    plan.start_label, plan.end_label = ends.start_label[:80], ends.end_label[:80]


def _take_in(plan: DayPlan) -> None:
    """A stop for each visit planned on the day; what went elsewhere leaves, suggestions stay."""
    planned = {visit.practice_id: visit for visit in visits_on(plan.owner, plan.day_on)}
    stops = {stop.practice_id: stop for stop in plan.stops.select_related("visit")}
    for practice, stop in stops.items():
        if stop.visit is not None and stop.visit.state in (VisitState.DONE, VisitState.MISSED) and stop.visit.deleted_at is None:
            continue
        if practice in planned:
            if stop.visit_id != planned[practice].pk or planned[practice].is_fixed:
                stop.visit = planned[practice]
                _fix(stop)
                stop.save(update_fields=["visit", "fixed_minute", "must_see"])
        elif not stop.is_optional or stop.visit_id is not None:
            stop.delete()
    made = [DayStop(plan=plan, practice_id=practice, visit=visit) for practice, visit in planned.items() if practice not in stops]
    for stop in made:
        _fix(stop)
    DayStop.objects.bulk_create(made)


def _fix(stop: DayStop) -> None:
    """An appointment is at its minute, and goes before every other stop."""
    if stop.visit is not None and stop.visit.is_fixed and stop.visit.planned_at is not None:
        at = timezone.localtime(stop.visit.planned_at)
        stop.fixed_minute, stop.must_see = at.hour * 60 + at.minute, True


def _enqueue(plan: DayPlan, by: User) -> None:
    plan.state, plan.problem = PlanState.WAITING, ""
    plan.job = enqueue(HANDLER, plan.pk, by=by, key=f"{HANDLER}:{plan.pk}")
    plan.save(update_fields=["state", "problem", "job"])


@transaction.atomic
def store_route(*, asked: Asked, route: DayRoute, drives: list[list[float]], source: str, wrong: list[str], by: User | None) -> None:
    """Keep what a worker computed; a route in which the checker found something is not shown."""
    plan = DayPlan.objects.select_for_update(of=("self",)).get(pk=asked.plan.pk)
    plan.computed_at, plan.computed_for = timezone.now(), asked.fingerprint
    if wrong:
        plan.state, plan.problem = PlanState.FAILED, f"The route did not pass its check: {wrong[0]}"[:300]
        plan.save()
        record("day.route_refused", by=by, target=plan, problems=len(wrong))
        return
    plan.before = _snapshot(plan) if plan.leaves_minute is not None else None
    plan.drives = {"keys": [stop.key for stop in asked.stops], "minutes": drives, "source": source}
    plan.state, plan.accepted_at, plan.misfits = PlanState.READY, None, None
    _write(plan, asked, route)
    record("day.route_planned", by=by, target=plan, stops=len(route.order), dropped=len(route.dropped))


def _write(plan: DayPlan, asked: Asked, route: DayRoute) -> None:
    """The route onto the rows: place, times and drives of each stop, and why the others are not on it."""
    plan.leaves_minute, plan.back_minute = round(route.leaves), round(route.back)
    plan.lunch_minute = None if route.lunch_at is None else round(route.lunch_at)
    plan.save()
    places = {stop.key: place for place, stop in enumerate(asked.stops, start=1)}
    services = {stop.key: stop.service for stop in asked.stops}
    minutes: list[list[float]] = plan.drives["minutes"]
    here, free = 0, route.leaves
    rows = {**asked.rows}
    for stop in rows.values():
        stop.place = stop.arrive_minute = stop.begin_minute = stop.drive_minutes = None
        stop.dropped_because = UNMAPPED if stop in asked.unmapped else ""
    for turn, (key, begins) in enumerate(zip(route.order, route.arrivals, strict=True), start=1):
        stop, place = rows[_pk(key)], places[key]
        road = minutes[here][place]
        eaten = plan.lunch_minutes if route.lunch_at is not None and free <= route.lunch_at < begins else 0
        stop.place, stop.drive_minutes, stop.visit_minutes = turn, road, round(services[key])
        stop.begin_minute, stop.arrive_minute = round(begins), min(round(begins), round(free + road + eaten))
        here, free = place, begins + services[key]
    for key, why in route.dropped:
        rows[_pk(key)].dropped_because = why[:200]
    plan.stops.update(place=None)
    DayStop.objects.bulk_update(
        rows.values(), ["place", "arrive_minute", "begin_minute", "drive_minutes", "visit_minutes", "dropped_because"]
    )


def _pk(key: Any) -> int:
    return int(key)


_KEPT = ("place", "arrive_minute", "begin_minute", "drive_minutes", "dropped_because")


def _snapshot(plan: DayPlan) -> dict[str, Any]:
    """The route as it is, for undo."""
    stops = {str(row["pk"]): [row[name] for name in _KEPT] for row in plan.stops.values("pk", *_KEPT)}
    times = {"leaves": plan.leaves_minute, "back": plan.back_minute, "lunch": plan.lunch_minute}
    return {"stops": stops, **times, "misfits": plan.misfits}


@transaction.atomic
def undo_route(*, by: User, plan: DayPlan) -> DayPlan:
    """The route that the present one took the place of; what was added since stays off it."""
    plan = _locked(plan, by)
    if plan.before is None:
        raise PolicyViolation("There is no earlier route to go back to.")
    before, plan.before = plan.before, _snapshot(plan)
    plan.leaves_minute, plan.back_minute, plan.lunch_minute = before["leaves"], before["back"], before["lunch"]
    plan.misfits = before.get("misfits")
    plan.save(update_fields=["before", "leaves_minute", "back_minute", "lunch_minute", "misfits"])
    stops = list(plan.stops.all())
    for stop in stops:
        for name, value in zip(_KEPT, before["stops"].get(str(stop.pk), [None, None, None, None, "added since"]), strict=True):
            setattr(stop, name, value)
    plan.stops.update(place=None)
    DayStop.objects.bulk_update(stops, list(_KEPT))
    record("day.route_undone", by=by, target=plan)
    return plan


@transaction.atomic
def move_stop(*, by: User, stop: DayStop, to: int) -> DayPlan:
    """Put a stop at another place of the route by hand; the others keep their order. What no longer fits then is kept with the plan."""
    plan = _locked(stop.plan, by)
    asked = asked_for(plan)
    route = [row for row in day_stops(plan) if row.place is not None and is_ahead(row)]
    order = [row.pk for row in route if row.pk != stop.pk]
    if stop.pk not in asked.rows or not 1 <= to <= len(order) + 1:
        raise PolicyViolation("This stop cannot go there.")
    order.insert(to - 1, stop.pk)
    keys = plan.drives.get("keys", [])
    if set(keys) != {row.key for row in asked.stops} or plan.state != PlanState.READY:
        raise PolicyViolation("Something was added or taken away since. Plan the route again first.")
    by_key = {row.key: row for row in asked.stops}
    stops = [by_key[key] for key in keys]
    travel = plan.drives["minutes"]
    places = [keys.index(key) + 1 for key in order]
    moved = forced(stops, places, travel=travel, day_start=plan.start_minute, day_end=plan.end_minute, lunch=asked.lunch)
    if moved.back > LAST_MINUTE:
        raise PolicyViolation("In this order the day would not end before midnight.")
    plan.before, plan.accepted_at = _snapshot(plan), None
    plan.misfits = misfits(asked, stops, moved, travel)
    _write(plan, Asked(plan, asked.rows, stops, asked.points, asked.unmapped), moved)
    record("day.stop_moved", by=by, target=plan, stop=stop.practice_id, to=to, fits=plan.misfits is None)
    return plan


@transaction.atomic
def set_must_see(*, by: User, stop: DayStop, must_see: bool) -> DayStop:
    """A must-see goes before every other stop the next time the day is planned."""
    _locked(stop.plan, by)
    if stop.must_see != must_see:
        stop.must_see = must_see
        stop.save(update_fields=["must_see"])
        record("day.must_see" if must_see else "day.may_drop", by=by, target=stop.plan, practice=stop.practice_id)
    return stop


@transaction.atomic
def set_appointment(*, by: User, stop: DayStop, minute: int | None) -> DayStop:
    """The visit begins at this minute and no other; None lets the route decide. The time of an appointment is the visit's own."""
    _locked(stop.plan, by)
    if is_appointment(stop):
        raise PolicyViolation("The office agreed to this time. Change the visit itself.")
    stop.fixed_minute = minute
    stop.save(update_fields=["fixed_minute"])
    record("day.appointment", by=by, target=stop.plan, practice=stop.practice_id, minute=minute)
    return stop


@transaction.atomic
def add_stop(*, by: User, plan: DayPlan, practice: Practice, why: str = "") -> DayStop:
    """Offer a practice to the route as an optional stop; it becomes a visit when the route is accepted."""
    plan = _locked(plan, by)
    if not Practice.objects.visible_to(plan.owner).live().filter(pk=practice.pk).exists():
        raise PolicyViolation(f"{practice} is not in the field of {plan.owner}.")
    if practice.do_not_visit:
        raise PolicyViolation(f"{practice} asked for no visits.")
    stop, made = DayStop.objects.get_or_create(
        plan=plan, practice=practice, defaults={"why": why[:120], "is_optional": True, "dropped_because": "added, not planned yet"}
    )
    if made:
        record("day.stop_added", by=by, target=plan, practice=practice.pk)
    return stop


@transaction.atomic
def remove_stop(*, by: User, stop: DayStop) -> None:
    """Take an optional stop off the day; a planned visit is moved or cancelled as a visit."""
    plan = _locked(stop.plan, by)
    if not stop.is_optional or stop.visit_id is not None:
        raise PolicyViolation("This stop is a planned visit. Move or cancel the visit instead.")
    record("day.stop_removed", by=by, target=plan, practice=stop.practice_id)
    stop.delete()


@transaction.atomic
def plan_from_here(*, by: User, plan: DayPlan, minute: int, place: tuple[float, float] | None = None) -> DayPlan:
    """Plan what is left of the day anew, from this minute and place; without a place, from the last stop that was visited."""
    plan = _locked(plan, by)
    if minute >= plan.end_minute:
        raise PolicyViolation(f"The day ends at {clock(plan.end_minute)}. Make it longer first.")
    if place is not None:
        plan.start_latitude, plan.start_longitude, plan.start_label = *place, "Where you were"
    elif last := _last_visited(plan):
        plan.start_latitude, plan.start_longitude, plan.start_label = last
    plan.start_minute = minute
    if plan.lunch_minute is not None and plan.lunch_minute + plan.lunch_minutes <= minute:
        plan.lunch_minutes = 0  # it was had
    elif plan.lunch_minutes and minute > plan.lunch_latest:
        plan.lunch_latest = minute  # late, but not lost
    plan.save()
    _take_in(plan)
    _enqueue(plan, by)
    record("day.replanned", by=by, target=plan, minute=minute)
    return plan


def _last_visited(plan: DayPlan) -> tuple[float, float, str] | None:
    """The point of the stop that was visited last."""
    over = plan.stops.filter(visit__state__in=[VisitState.DONE, VisitState.MISSED], visit__deleted_at=None)
    last = over.select_related("practice__map_pin").order_by("-visit__visited_at").first()
    point = point_of(last.practice) if last else None
    return (point.latitude, point.longitude, last.practice.name[:80]) if last and point else None


@transaction.atomic
def accept_route(*, by: User, plan: DayPlan) -> DayPlan:
    """The visits take the times of the route; optional stops on it become planned visits. `undo_accept` takes it back."""
    plan = _locked(plan, by)
    if plan.state != PlanState.READY or plan.accepted_at:
        raise PolicyViolation("There is no new route to accept.")
    moved: dict[str, str | None] = {}
    for stop in day_stops(plan):
        if stop.place is None or stop.begin_minute is None or not is_ahead(stop):
            continue
        at = at_minute(plan.day_on, stop.begin_minute)
        if stop.visit is None:
            stop.visit = plan_visit(by=by, practice=stop.practice, planned_at=at, owner=plan.owner, purpose=stop.why)
            stop.save(update_fields=["visit"])
            moved[str(stop.visit.pk)] = None
        elif stop.visit.planned_at != at and not stop.visit.is_fixed:
            moved[str(stop.visit.pk)] = stop.visit.planned_at.isoformat() if stop.visit.planned_at else None
            stop.visit.planned_at = at
            stop.visit.save(update_fields=["planned_at"])
            record("visit.replanned", by=by, target=stop.visit, planned_at=at, owner=plan.owner_id)
            revise(visit=stop.visit, by=by)
    plan.accepted_at, plan.moved = timezone.now(), moved
    plan.save(update_fields=["accepted_at", "moved"])
    record("day.route_accepted", by=by, target=plan, visits=len(moved))
    return plan


@transaction.atomic
def undo_accept(*, by: User, plan: DayPlan) -> DayPlan:
    """Visits get their earlier times back, those made of suggestions are cancelled; what was logged meanwhile stays."""
    plan = _locked(plan, by)
    if plan.accepted_at is None:
        raise PolicyViolation("This route was not accepted.")
    for pk, before in (plan.moved or {}).items():
        visit = Visit.objects.select_for_update(of=("self",)).filter(pk=pk, state=VisitState.PLANNED, deleted_at=None).first()
        if visit is None:
            continue
        if before is None:
            plan.stops.filter(visit=visit).update(visit=None)
            cancel_plan(by=by, visit=visit)
        else:
            visit.planned_at = dt.datetime.fromisoformat(before)
            visit.save(update_fields=["planned_at"])
            record("visit.replanned", by=by, target=visit, planned_at=visit.planned_at, owner=plan.owner_id)
            revise(visit=visit, by=by)
    plan.accepted_at, plan.moved = None, None
    plan.save(update_fields=["accepted_at", "moved"])
    record("day.route_accept_undone", by=by, target=plan)
    return plan


def _locked(plan: DayPlan, by: User) -> DayPlan:
    """The plan for change, if the person may."""
    locked = DayPlan.objects.select_for_update(of=("self",)).select_related("owner").get(pk=plan.pk)
    _check_may_plan(by, locked.owner)
    return locked


@transaction.atomic
def save_field_rules(*, by: User, **fields: Any) -> FieldRules:
    """How drives are estimated, when lunch may be, how near suggestions are."""
    if not by.can(Permission.SETTINGS_EDIT):
        raise PolicyViolation("Only an admin changes how days are planned.")
    rules = FieldRules.objects.select_for_update().first() or FieldRules(pk=1)
    changes = {name: [getattr(rules, name), value] for name, value in fields.items() if getattr(rules, name) != value}
    if changes:
        for name, value in fields.items():
            setattr(rules, name, value)
        rules.save()
        record("field_rules.changed", by=by, changes=changes)
    return rules
