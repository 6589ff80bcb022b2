"""Open goals of somebody who leaves: what is still to come goes to somebody else, or ends; and all of it comes back exactly."""

import datetime as dt
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.models import User
from reports.actions.goals import remove_goal, save_goal
from reports.models import Goal


@dataclass(frozen=True)
class GoalPart:
    """A goal on a day: what stays with the person for the days until then, and what is left for whoever takes over; None: nothing."""

    goal: Goal
    stays: float | None
    goes: float | None


def open_goals(person: User, on: dt.date) -> list[Goal]:
    """Goals of the person's own whose period is not over on the day."""
    mine = Goal.objects.select_related("liaison").filter(liaison=person)
    return sorted((goal for goal in mine if goal.window.end > on), key=lambda goal: (goal.start_on, goal.measure, goal.pk))


def part_of(goal: Goal, on: dt.date) -> GoalPart:
    """The target by days: those before the day stay, the rest goes, in whole numbers of which neither is lost. A share holds for both."""
    window = goal.window
    if goal.is_share:
        return GoalPart(goal, goal.target if window.start < on else None, goal.target)
    left = (window.end - max(on, window.start)).days / (window.end - window.start).days
    goes = min(goal.target, float(math.ceil(goal.target * left)))
    return GoalPart(goal, goal.target - goes or None, goes)


@transaction.atomic
def carry_goals(*, ids: Collection[int], giver: User, taker: User | None, on: dt.date, by: User) -> list[dict[str, Any]]:
    """What is left of these goals goes to the taker, on top of what they have; without a taker it ends. What each was, to give it back."""
    changed: list[dict[str, Any]] = []
    for goal in open_goals(giver, on):
        if goal.pk not in ids:
            continue
        part = part_of(goal, on)
        changed.append(_change(goal, giver, part.stays, by))
        if taker is not None and part.goes is not None:
            theirs = Goal.objects.filter(liaison=taker, measure=goal.measure, period=goal.period, start_on=goal.start_on).first()
            had = theirs.target if theirs else 0.0
            changed.append(_change(goal, taker, (had or part.goes) if goal.is_share else had + part.goes, by))
    return [change for change in changed if change["was"] != change["now"]]


@transaction.atomic
def carry_goals_back(*, changed: Iterable[Mapping[str, Any]], by: User) -> int:
    """Each goal is again what it was, unless somebody set it anew since; returns how many went back."""
    back = 0
    people = User.objects.in_bulk([change["liaison"] for change in changed])
    for change in changed:
        goal = Goal(measure=change["measure"], period=change["period"], start_on=dt.date.fromisoformat(change["start_on"]))
        stored = _stored(goal, people[change["liaison"]])
        if (stored.target if stored else None) == change["now"]:
            _change(goal, people[change["liaison"]], change["was"], by)
            back += 1
    return back


def _stored(like: Goal, liaison: User) -> Goal | None:
    return (
        Goal.objects.select_for_update().filter(liaison=liaison, measure=like.measure, period=like.period, start_on=like.start_on).first()
    )


def _change(like: Goal, liaison: User, target: float | None, by: User) -> dict[str, Any]:
    """Make the person's goal of this kind that one, None for none; returns what it was and is."""
    stored = _stored(like, liaison)
    was = stored.target if stored else None
    kind: dict[str, Any] = {"measure": like.measure, "period": like.period, "start_on": like.start_on}
    if target is not None and target != was:
        save_goal(**kind, target=target, liaison=liaison, goal=stored, by=by)
    elif target is None and stored is not None:
        remove_goal(goal=stored, by=by)
    return {**kind, "start_on": like.start_on.isoformat(), "liaison": liaison.pk, "was": was, "now": target}
