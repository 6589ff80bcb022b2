"""Setting goals, changing them, taking them back."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from reports.models import Goal, GoalBatch
from reports.models.goals import period_start
from reports.policies import goals as policies
from territories.models import ServiceLine, Territory


@transaction.atomic
def save_goal(
    *,
    measure: str,
    period: str,
    start_on: dt.date,
    target: float,
    liaison: User | None = None,
    territory: Territory | None = None,
    service_line: ServiceLine | None = None,
    goal: Goal | None = None,
    by: User,
) -> Goal:
    """Set a goal, or change one. Any day of the period names it."""
    event = "goal.changed" if goal else "goal.set"
    if goal is not None:
        policies.check_can_set(goal, by)
    goal = goal or Goal()
    was = goal.target
    goal.measure, goal.period, goal.start_on, goal.target = measure, period, period_start(period, start_on), target
    goal.liaison, goal.territory, goal.service_line, goal.set_by = liaison, territory, service_line, by
    policies.check_makes_sense(goal)
    policies.check_can_set(goal, by)
    goal.save()
    record(event, by=by, target=goal, measure=measure, period=period, start_on=goal.start_on, goal=target, was=was)
    return goal


@transaction.atomic
def remove_goal(*, goal: Goal, by: User) -> None:
    """Take a goal back; the history keeps what it was."""
    policies.check_can_set(goal, by)
    record("goal.removed", by=by, target=goal, goal=goal.target)
    goal.delete()


@transaction.atomic
def set_goals(*, measure: str, period: str, start_on: dt.date, rows: Iterable[tuple[Mapping[str, Any], float]], by: User) -> GoalBatch:
    """Set a goal of one kind for many: rows are (whose: liaison, territory or service_line, the target).

    Who has such a goal already gets the new target. All of it or nothing; the returned batch takes it back (`undo_goals`).
    """
    entries = []
    for whose, target in rows:
        owner: dict[str, Any] = {"liaison": None, "territory": None, "service_line": None, **whose}
        same = Goal.objects.select_for_update().filter(measure=measure, period=period, start_on=period_start(period, start_on), **owner)
        stored = same.first()
        was = stored.target if stored else None
        if was == target:
            continue
        try:
            goal = save_goal(measure=measure, period=period, start_on=start_on, target=target, goal=stored, by=by, **owner)
        except PolicyViolation as refusal:
            name = next((str(row) for row in owner.values() if row is not None), "Whole organization")
            raise PolicyViolation(f"{name}: {refusal}") from None
        entries.append({"goal": goal.pk, "target": target, "was": was})
    if not entries:
        raise PolicyViolation("Nothing to save: these goals stand already. Change a target, or tick somebody.")
    batch = GoalBatch.objects.create(entries=entries, made_by=by)
    record("goals.set", by=by, target=batch, measure=measure, period=period, start_on=period_start(period, start_on), goals=len(entries))
    return batch


@transaction.atomic
def undo_goals(*, batch: GoalBatch, by: User) -> int:
    """Take back what one press set, where nobody changed it since; returns how many went back."""
    batch = GoalBatch.objects.select_for_update().get(pk=batch.pk)
    if batch.undone_at is not None:
        return 0
    if batch.made_by_id != by.pk:
        raise PolicyViolation("Who set these goals takes them back.")
    back = 0
    for entry in batch.entries:
        goal = Goal.objects.select_for_update().filter(pk=entry["goal"], target=entry["target"]).first()
        if goal is None:
            continue
        if entry["was"] is None:
            remove_goal(goal=goal, by=by)
        else:
            held: dict[str, Any] = {"liaison": goal.liaison, "territory": goal.territory, "service_line": goal.service_line}
            save_goal(measure=goal.measure, period=goal.period, start_on=goal.start_on, target=entry["was"], goal=goal, by=by, **held)
        back += 1
    batch.undone_at = timezone.now()
    batch.save(update_fields=["undone_at"])
    record("goals.undone", by=by, target=batch, goals=back)
    return back
