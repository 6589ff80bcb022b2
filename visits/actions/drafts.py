"""Drafts of days to come: made, accepted, undone. Nothing is planned until somebody accepts."""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from math import ceil

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from contacts.models import Practice
from visits import policies
from visits.actions.days import Ends, ask_for_route
from visits.actions.drawing import draw_order
from visits.actions.visits import cancel_plan, plan_visit
from visits.cadence import dues, field_of
from visits.drafting import Placed, draft
from visits.drawing import month_after
from visits.driving import roads, start_of, start_point
from visits.models import Draw, PlanDraft, PlanDraftStop, VisitState
from visits.planning import candidates, drawn_places, rooms_of
from visits.queries import colleagues_of, hours_of, not_drawable
from visits.workdays import working_days_of

FEWEST_DRAWN = 2
DRAWN_MONTHS = 6  # at most: over how many months equals are spread
DRAWN_A_DAY = 2  # stops of a day that a drawn order decides, beside those that are more pressing


@transaction.atomic
def draft_days(*, by: User, owner: User, days: Sequence[dt.date], is_drawn: bool = False) -> PlanDraft:
    """A draft for the working days among these that are not over. It takes the place of one that was not accepted.

    With `is_drawn` the order among practices of equal priority is drawn first, and recorded (`draw_order`): once, and for good.
    """
    _check_may_plan(by, owner)
    today = timezone.localdate()
    working = hours_of(owner)
    ahead = [day for day in days if day >= today]
    if not ahead or not working_days_of(working, ahead[0], ahead[-1]):
        raise PolicyViolation("None of these days is a working day that lies ahead.")
    drawn = _draw(by=by, owner=owner, today=today) if is_drawn else None
    found = candidates(owner, by, until=ahead[-1])
    places = drawn_places([one.practice for one in found], ahead[-1])
    rooms = rooms_of(owner, ahead, working, drawn=DRAWN_A_DAY if places else 0)
    placed = draft(found, rooms, home=start_of(working), visit_minutes=working.visit_minutes, drive=roads())
    if not placed:
        raise PolicyViolation("Nothing is due that would fit into these days.")
    PlanDraft.objects.open().filter(owner=owner, starts_on=days[0], ends_on=days[-1]).delete()
    made = PlanDraft.objects.create(owner=owner, starts_on=days[0], ends_on=days[-1], made_by=by, draw=drawn)
    PlanDraftStop.objects.bulk_create(
        PlanDraftStop(
            draft=made, practice_id=one.candidate.practice, planned_at=_instant(one), drive_minutes=one.drive, why=one.candidate.why
        )
        for one in placed
    )
    record("plan.drafted", by=by, target=made, owner=owner.pk, stops=len(placed), draw=drawn.pk if drawn else None)
    return made


def _check_may_plan(by: User, owner: User) -> None:
    if not by.can(Permission.VISIT_LOG) or not owner.can(Permission.VISIT_LOG):
        raise PolicyViolation("Days in the field are planned for those who make visits.")
    if owner != by and not (policies.leads(by) and colleagues_of(by).filter(pk=owner.pk).exists()):
        raise PolicyViolation("Only a manager plans somebody else's days.")


def _draw(*, by: User, owner: User, today: dt.date) -> Draw:
    """A drawn order over the largest group of equals: due, of one tier, and with a first visit that nothing else has decided yet."""
    late = [due for due in dues(field_of(owner)) if due.is_due(today) and due.planned_at is None]
    refused = not_drawable([due.practice.pk for due in late], today=today)
    groups: dict[str, list[Practice]] = {}
    for due in late:
        if due.practice.pk not in refused:
            groups.setdefault(due.practice.tier, []).append(due.practice)
    if not groups or len(largest := max(groups.values(), key=len)) < FEWEST_DRAWN:
        raise PolicyViolation("No two practices of one tier are due whose first visit in half a year nothing else has decided.")
    equals = largest[: policies.MOST_DRAWN]
    a_month = DRAWN_A_DAY * 4 * len(hours_of(owner).weekdays)
    months = min(DRAWN_MONTHS, max(1, ceil(len(equals) / max(1, a_month))))
    first = today.replace(day=1) if (month_after(today.replace(day=1)) - today).days > 7 else month_after(today.replace(day=1))
    tier = equals[0].tier
    return draw_order(
        by=by, name=f"Tier {tier}, {owner}, {today.day} {today:%b %Y}"[:80], practices=equals, first_month_on=first, months=months,
        note="Equals of a drafted week.",
    )  # fmt: skip


def _instant(placed: Placed) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(placed.day, dt.time(placed.begins // 60, placed.begins % 60)))


@transaction.atomic
def accept_draft(*, by: User, plan: PlanDraft, stops: Collection[int]) -> int:
    """The chosen stops become planned visits; the others are let go. Returns how many. Pressed twice it is once."""
    plan = _locked(plan, by=by)
    if plan.accepted_at is not None:
        return plan.stops.exclude(visit=None).count()
    chosen = list(plan.stops.select_related("practice").filter(pk__in=stops))
    if not chosen:
        raise PolicyViolation("Tick at least one stop.")
    seen = set(Practice.objects.visible_to(by).live().filter(pk__in=[stop.practice_id for stop in chosen]).values_list("pk", flat=True))
    for stop in chosen:
        if stop.practice_id in seen and timezone.localdate(stop.planned_at) >= timezone.localdate():
            stop.visit = plan_visit(
                by=by, practice=stop.practice, planned_at=stop.planned_at, owner=plan.owner, purpose=stop.why[:200],
                client_id=uuid.uuid5(uuid.NAMESPACE_OID, f"draft stop {stop.pk}"),
            )  # fmt: skip
            stop.save(update_fields=["visit"])
    plan.accepted_at = timezone.now()
    plan.save(update_fields=["accepted_at"])
    made = sum(stop.visit_id is not None for stop in chosen)
    _ask_for_routes(by=by, owner=plan.owner, days={timezone.localdate(stop.planned_at) for stop in chosen if stop.visit_id})
    record("plan.accepted", by=by, target=plan, owner=plan.owner_id, visits=made)
    return made


def _ask_for_routes(*, by: User, owner: User, days: Collection[dt.date]) -> None:
    """A worker puts each day that lies ahead into its best order; the day's route page shows it, to be accepted there.

    Where nobody said where the person starts, no route can be computed, and the draft's own order stays.
    """
    working = hours_of(owner)
    if (start := start_point(working)) is None:
        return
    begins, ends = (time.hour * 60 + time.minute for time in (working.starts_at, working.ends_at))
    label = working.start_address[:80] or "Start"
    for day in sorted(day for day in days if day > timezone.localdate()):
        ask_for_route(by=by, owner=owner, day_on=day, ends=Ends(begins, ends, working.pause_minutes, start, label, start, label))


@transaction.atomic
def undo_draft(*, by: User, plan: PlanDraft) -> int:
    """Cancel what the draft planned; what was logged or missed meanwhile stays. Returns how many went."""
    plan = _locked(plan, by=by)
    if plan.accepted_at is None or plan.undone_at is not None:
        return 0
    gone = 0
    for stop in plan.stops.select_related("visit").exclude(visit=None):
        visit = stop.visit
        if visit and visit.state == VisitState.PLANNED and visit.deleted_at is None:
            cancel_plan(by=by, visit=visit)
            gone += 1
    plan.undone_at = timezone.now()
    plan.save(update_fields=["undone_at"])
    record("plan.undone", by=by, target=plan, owner=plan.owner_id, visits=gone)
    return gone


@transaction.atomic
def discard_draft(*, by: User, plan: PlanDraft) -> None:
    """A draft that nobody accepted goes. A drawn order that was made for it stays."""
    plan = _locked(plan, by=by)
    if plan.accepted_at is None:
        record("plan.discarded", by=by, target=plan, owner=plan.owner_id)
        plan.delete()


def _locked(plan: PlanDraft, *, by: User) -> PlanDraft:
    plan = PlanDraft.objects.select_for_update(of=("self",)).select_related("owner").get(pk=plan.pk)
    _check_may_plan(by, plan.owner)
    return plan
