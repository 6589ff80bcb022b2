"""Every write of introductions: keyword-only, atomic, audited."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from common.guarded import check_no_patient
from contacts.models import Practice
from introductions import policies
from introductions.models import NewPhysician, PayerDate, Step, Target
from referrals.models import Payer
from visits.actions import add_follow_up, complete_follow_up

# The three tasks of a target practice: days after the start, and what is to be done.
STEPS = (
    (30, "Introduce {physician}: start, how to refer, first appointments"),
    (60, "Ask how the first patients of {physician} went, and what stands in the way"),
    (90, "Look back with the practice on three months of {physician}"),
)
_FIELDS = (
    "organization", "service_line", "start_on", "credentialed_on", "ideal_patient", "how_to_refer", "planned_30", "planned_60",
    "planned_90", "led_by",
)  # fmt: skip


@transaction.atomic
def save_physician(
    *, physician: NewPhysician | None = None, payers: Mapping[Payer, dt.date] | None = None, is_none: bool = False, by: User, **fields: Any
) -> NewPhysician:
    """Begin an introduction, or change one; `fields` are the model's. Another start moves the open tasks with it."""
    policies.check_can_run(by, physician)
    event = "introduction.changed" if physician else "introduction.begun"
    if physician is None:
        physician = NewPhysician(provider=fields.pop("provider"))
        if NewPhysician.objects.filter(provider=physician.provider).exists():
            raise PolicyViolation(f"{physician.provider} is being introduced already.")
    else:
        physician = NewPhysician.objects.select_for_update(of=("self",)).select_related("provider", "led_by").get(pk=physician.pk)
    before = physician.start_on
    for name in _FIELDS:
        if name in fields:
            setattr(physician, name, fields[name])
    policies.check_dates(start_on=physician.start_on, planned=(physician.planned_30, physician.planned_60, physician.planned_90))
    policies.check_can_lead(physician.led_by)
    check_no_patient(f"{physician.ideal_patient}\n{physician.how_to_refer}", is_none=is_none)
    physician.save()
    if payers is not None:
        PayerDate.objects.filter(physician=physician).exclude(payer__in=payers).delete()
        for payer, effective_on in payers.items():
            PayerDate.objects.update_or_create(physician=physician, payer=payer, defaults={"effective_on": effective_on})
    if before is not None and before != physician.start_on:
        _move_tasks(physician)
    record(event, by=by, target=physician, start_on=physician.start_on, provider=physician.provider_id)
    return physician


def _move_tasks(physician: NewPhysician) -> None:
    """Open tasks stand as many days after the new start as they stood after the old one."""
    for step in Step.objects.filter(target__physician=physician, follow_up__done_at=None).select_related("follow_up"):
        step.follow_up.due_on = physician.start_on + dt.timedelta(days=step.day)
        step.follow_up.sequence += 1
        step.follow_up.revised_at = timezone.now()
        step.follow_up.save(update_fields=["due_on", "sequence", "revised_at"])


@transaction.atomic
def add_target(*, physician: NewPhysician, practice: Practice, owner: User, by: User) -> Target:
    """A practice that is to get to know the physician: three tasks for its owner, thirty, sixty and ninety days after the start."""
    policies.check_can_add_target(by=by, practice=practice, owner=owner)
    if physician.ended_at is not None:
        raise PolicyViolation("This introduction is over.")
    if Target.objects.filter(physician=physician, practice=practice).exists():
        raise PolicyViolation(f"{practice} is on the plan already.")
    target = Target.objects.create(physician=physician, practice=practice, owner=owner, added_by=by)
    for day, text in STEPS:
        due_on = max(physician.start_on + dt.timedelta(days=day), timezone.localdate())
        task = add_follow_up(by=by, owner=owner, practice=practice, text=text.format(physician=physician)[:300], due_on=due_on)
        Step.objects.create(target=target, day=day, follow_up=task)
    record("introduction.target_added", by=by, target=physician, practice=practice.pk, owner=owner.pk)
    return target


@transaction.atomic
def drop_target(*, target: Target, by: User) -> None:
    """Off the plan: tasks that are open are done with, those that were done stay in the practice's history."""
    policies.check_can_add_target(by=by, practice=target.practice, owner=target.owner)
    for step in target.steps.select_related("follow_up"):
        complete_follow_up(by=by, follow_up=step.follow_up)
    record("introduction.target_dropped", by=by, target=target.physician, practice=target.practice_id)
    target.delete()


@transaction.atomic
def end_introduction(*, physician: NewPhysician, by: User) -> None:
    """Introduced, or gone: off the list of those under way. Tasks stay with their owners."""
    policies.check_can_run(by, physician)
    if physician.ended_at is None:
        physician.ended_at = timezone.now()
        physician.save(update_fields=["ended_at"])
        record("introduction.ended", by=by, target=physician)


@transaction.atomic
def resume_introduction(*, physician: NewPhysician, by: User) -> None:
    """Undo of ending it."""
    policies.check_can_run(by, physician)
    if physician.ended_at is not None:
        physician.ended_at = None
        physician.save(update_fields=["ended_at"])
        record("introduction.resumed", by=by, target=physician)
