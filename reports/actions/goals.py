"""Setting goals, changing them, taking them back."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from audit.actions import record
from reports.models import Goal
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
