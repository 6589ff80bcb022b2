"""Planned visits and target lists that pass from one person to another, together."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from visits import policies
from visits.actions.invitations import revise
from visits.models import DayStop, TargetHandover, Visit, VisitState


@transaction.atomic
def give_plans(*, by: User, ids: Iterable[int], giver: User, taker: User) -> list[int]:
    """Visits that one person planned and did not log yet become another's; they leave the giver's routes. Returns which did."""
    rows = Visit.objects.select_for_update(of=("self",)).filter(pk__in=list(ids), owner=giver, state=VisitState.PLANNED, deleted_at=None)
    given = list(rows.select_related("practice", "owner").order_by("pk"))
    for visit in given:
        visit.owner = taker
        visit.save(update_fields=["owner"])
        revise(visit=visit, by=by)
        record("visit.replanned", by=by, target=visit, planned_at=visit.planned_at, owner=taker.pk)
    DayStop.objects.filter(visit__in=given, plan__owner=giver).delete()
    return [visit.pk for visit in given]


@transaction.atomic
def move_plan_back(*, by: User, visit: Visit, moved_to: dt.datetime, planned_at: dt.datetime) -> bool:
    """Undo that a plan was moved: its former time, though that may be over by now. False when it is not where it was moved to."""
    visit = Visit.objects.select_for_update(of=("self",)).select_related("practice", "owner").get(pk=visit.pk)
    policies.check_can_edit(by, visit)
    if not policies.is_planned(visit) or visit.planned_at != moved_to:
        return False
    visit.planned_at = planned_at
    visit.save(update_fields=["planned_at"])
    revise(visit=visit, by=by)
    record("visit.replanned", by=by, target=visit, planned_at=planned_at, owner=visit.owner_id)
    return True


@transaction.atomic
def give_lists(*, by: User, ids: Iterable[int], giver: User, taker: User) -> list[int]:
    """Open target lists in one person's hands go into another's, unless those have them already. Returns the lists that went."""
    has = TargetHandover.objects.filter(to=taker, taken_back_at=None).values("list")
    held = TargetHandover.objects.select_for_update(of=("self",)).filter(list__in=list(ids), to=giver, taken_back_at=None)
    held = held.exclude(list__in=has)
    given = []
    for handover in held.filter(list__closed_at=None).select_related("list").order_by("list"):
        handover.taken_back_at, handover.taken_back_by = timezone.now(), by
        handover.save(update_fields=["taken_back_at", "taken_back_by"])
        TargetHandover.objects.create(list=handover.list, to=taker, handed_by=by)
        record("targets.handed_over", by=by, target=handover.list, to=taker.pk)
        given.append(handover.list_id)
    return given
