"""A goal as a person types it."""

import datetime as dt
from typing import Any

from django import forms
from django.db import models
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from reports.models import Goal, GoalMeasure, GoalPeriod
from reports.periods import add_months
from territories.models import Assignment, ServiceLine, Territory
from territories.scope import scope_of

WHOLE = "whole"
AHEAD = 12  # months that a goal may be set for


class GoalForm(forms.Form):
    """For whom, what, by when, how much. Leakage is typed in percent and kept as a share."""

    measure = forms.ChoiceField(label="What", choices=GoalMeasure)
    subject = forms.ChoiceField(label="For whom")
    period = forms.ChoiceField(label="Over", choices=GoalPeriod, widget=forms.RadioSelect, initial=GoalPeriod.MONTH)
    start_on = forms.TypedChoiceField(
        label="Month in it", coerce=dt.date.fromisoformat, help_text="Any month of the quarter or year names it."
    )
    target = forms.FloatField(
        label="Target",
        min_value=0,
        help_text="A number of referrals, visits or referrers; for leakage the most that may leave, in percent.",
        error_messages={"required": "Type the target."},
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )

    def __init__(self, data: Any = None, *, user: User, goal: Goal | None = None) -> None:
        super().__init__(data, initial=_initial(goal))
        self.subjects = _subjects(user)
        if goal is not None:
            self.subjects.setdefault(_key(goal), goal.liaison or goal.territory or goal.service_line)
        self.fields["subject"].choices = [(key, _words(key, row)) for key, row in self.subjects.items()]
        this_month = timezone.localdate().replace(day=1)
        months = [add_months(this_month, ahead) for ahead in range(-3, AHEAD + 1)]
        if goal is not None and goal.start_on not in months:
            months = [goal.start_on, *months]
        self.fields["start_on"].choices = [(month.isoformat(), f"{month:%B %Y}") for month in months]
        if goal is None:
            self.fields["start_on"].initial = this_month.isoformat()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        target = data.get("target")
        if target is not None and data.get("measure") == GoalMeasure.LEAKAGE:
            data["target"] = target / 100
        return data

    def arguments(self) -> dict[str, Any]:
        """What `actions.save_goal` asks for."""
        data = dict(self.cleaned_data)
        key = data.pop("subject")
        row, kind = self.subjects[key], key.partition("-")[0]
        owners = {name: row if kind == name else None for name in ("liaison", "territory", "service_line")}
        return data | owners


class Whose(models.TextChoices):
    LIAISONS = "liaison", "Each liaison"
    TEAMS = "team", "Each team (a region with territories below it)"
    TERRITORIES = "territory", "Each territory"
    LINES = "service_line", "Each service line"


class GoalsForm(forms.Form):
    """One goal for each of a kind, from the same period a year ago and an uplift."""

    measure = forms.ChoiceField(label="What", choices=GoalMeasure)
    whose = forms.ChoiceField(label="For", choices=Whose)
    period = forms.ChoiceField(label="Over", choices=GoalPeriod, widget=forms.RadioSelect, initial=GoalPeriod.QUARTER)
    start_on = forms.TypedChoiceField(
        label="Month in it", coerce=dt.date.fromisoformat, help_text="Any month of the quarter or year names it."
    )
    uplift = forms.FloatField(
        label="Change to last year, in percent",
        min_value=-90,
        max_value=500,
        initial=5,
        help_text="5 is five percent more than a year ago; for leakage, five percent less of it.",
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.user = user
        scope = scope_of(user)
        offered = [choice for choice in Whose.choices if scope.whole or choice[0] != Whose.LINES]
        self.fields["whose"].choices = offered
        this_month = timezone.localdate().replace(day=1)
        months = [add_months(this_month, ahead) for ahead in range(-3, AHEAD + 1)]
        self.fields["start_on"].choices = [(month.isoformat(), f"{month:%B %Y}") for month in months]
        self.fields["start_on"].initial = this_month.isoformat()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("measure") == GoalMeasure.VISITS and data.get("whose") == Whose.LINES:
            self.add_error("whose", "Visits belong to no service line. Choose people, teams or territories.")
        return data

    def subjects(self) -> dict[str, Any]:
        """Who gets a goal: {key: the row}, of those whom the person may set goals for."""
        kind, found = self.cleaned_data["whose"], _subjects(self.user)
        if kind in {Whose.TEAMS, Whose.TERRITORIES}:
            above = set(Territory.objects.live().exclude(parent=None).values_list("parent", flat=True))
            rows = {key: row for key, row in found.items() if key.startswith("territory-")}
            return {key: row for key, row in rows.items() if (row.pk in above) == (kind == Whose.TEAMS)}
        return {key: row for key, row in found.items() if key.startswith(f"{kind}-")}


def owner_of(key: str, row: Any) -> dict[str, Any]:
    """{"territory": the row} of "territory-7": what actions ask for."""
    return {key.partition("-")[0]: row}


def _subjects(user: User) -> dict[str, Any]:
    """Whom a goal may be set for: {key: the row}; the whole is None."""
    scope = scope_of(user)
    found: dict[str, Any] = {WHOLE: None} if scope.whole else {}
    assigned = Assignment.objects.today().visible_to(user).filter(service_line=None).values("user")
    found |= {f"liaison-{person.pk}": person for person in User.objects.active().filter(pk__in=assigned, role=Role.LIAISON)}
    found |= {f"territory-{row.pk}": row for row in Territory.objects.visible_to(user).live().exclude(parent=None)}
    if scope.whole:
        found |= {f"service_line-{row.pk}": row for row in ServiceLine.objects.filter(is_active=True)}
    return found


def _words(key: str, row: Any) -> str:
    kinds = {"liaison": "", "territory": "Territory ", "service_line": "Service line "}
    return "Whole organization" if key == WHOLE else f"{kinds[key.partition('-')[0]]}{row}"


def _key(goal: Goal) -> str:
    for name in ("liaison", "territory", "service_line"):
        if getattr(goal, f"{name}_id"):
            return f"{name}-{getattr(goal, f'{name}_id')}"
    return WHOLE


def _initial(goal: Goal | None) -> dict[str, Any]:
    if goal is None:
        return {}
    target = goal.target * 100 if goal.is_share else goal.target
    return {
        "measure": goal.measure,
        "subject": _key(goal),
        "period": goal.period,
        "start_on": goal.start_on.isoformat(),
        "target": f"{target:.1f}" if goal.is_share else int(target),
    }
