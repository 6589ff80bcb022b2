"""What can be done with many alerts at once."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from accounts.models import User
from accounts.permissions import Permission
from bulk.lists import Act, ActForm, Asked, BulkList, Data, Outcome, Rows, each, each_back, offer, register
from common.exceptions import PolicyViolation
from reports import actions
from reports.filters import AlertFilter
from reports.models import Alert, AlertState
from reports.policies import alerts as policies
from reports.queries.alerts import assignable

READ = (Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)


def _seen(user: User) -> Any:
    return Alert.objects.visible_to(user).for_list()


def _found(user: User, query: QueryDict) -> Any:
    return AlertFilter(query, Alert.objects.visible_to(user).listed(), request=Asked(user, query)).qs.by_size().for_list()


register(
    BulkList(
        key="alerts", page="reports:alerts", one="alert", many="alerts", permissions=READ, seen=_seen, found=_found,
        words=lambda alert: f"{'Fall' if alert.is_fall else 'Rise'} of {alert.provider}",
    )
)  # fmt: skip


class _SnoozeForm(ActForm):
    until_on = forms.DateField(
        label="Show them again on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Enter a day."},
        help_text="They wait out of the list until then.",
    )

    def clean_until_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["until_on"]
        try:
            policies.check_snooze(day)
        except PolicyViolation as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return day


class _AssignForm(ActForm):
    to = forms.ModelChoiceField(
        User.objects.none(), label="Who looks into them", empty_label="Choose a person", error_messages={"required": "Choose a person."}
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, user=user)
        self.choose("to", among=assignable(user))

    def clean_to(self) -> User:
        to: User = self.cleaned_data["to"]
        try:
            policies.check_assignee(to)
        except PolicyViolation as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return to


def _judge_open(rows: Rows, by: User, data: Data) -> dict[int, str]:
    return {row.pk: "Closed already." for row in rows if row.state == AlertState.CLOSED}


def _judge_seen(rows: Rows, by: User, data: Data) -> dict[int, str]:
    return {row.pk: "Seen already." for row in rows if row.state != AlertState.NEW}


def _judge_snooze(rows: Rows, by: User, data: Data) -> dict[int, str]:
    told = {row.pk: "Sleeps until that day already." for row in rows if row.snoozed_until_on == data["until_on"]}
    return told | _judge_open(rows, by, data)


def _judge_assign(rows: Rows, by: User, data: Data) -> dict[int, str]:
    to = data["to"]
    seen = set(Alert.objects.visible_to(to).filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
    told = {row.pk: f"{to} does not see this provider." for row in rows if row.pk not in seen}
    stays = {AlertState.ASSIGNED, AlertState.VISIT, AlertState.CONCERN}
    told |= {row.pk: f"{to} has it already." for row in rows if row.assigned_to_id == to.pk and row.state in stays}
    return told | _judge_open(rows, by, data)


def _kept(row: Any) -> dict[str, int | None]:
    """The step just made, by which undoing it knows that nothing happened since."""
    step = actions.undoable(row)
    return {"alert": row.pk, "step": step and step.pk}


def _see(rows: Rows, by: User, data: Data) -> Outcome:
    def one(row: Any) -> Any:
        actions.mark_alerts_seen(alerts=[row], by=by)
        return _kept(row)

    return each(rows, one)


def _snooze(rows: Rows, by: User, data: Data) -> Outcome:
    def one(row: Any) -> Any:
        actions.snooze_alert(alert=row, until_on=data["until_on"], by=by)
        return _kept(row)

    return each(rows, one)


def _assign(rows: Rows, by: User, data: Data) -> Outcome:
    """Together, so that whoever gets them hears of it once."""
    actions.assign_alerts(alerts=rows, to=data["to"], by=by)
    return Outcome({row.pk: _kept(row) for row in rows})


def _undo(tokens: Sequence[Any], by: User) -> int:
    rows = _seen(by).in_bulk([token["alert"] for token in tokens])

    def one(token: Any) -> bool:
        row = rows.get(token["alert"])
        step = actions.undoable(row) if row else None
        if row is None or step is None or step.pk != token["step"]:
            return False
        return actions.undo_alert_step(alert=row, by=by) is not None

    return each_back(tokens, one)


WORK = (Permission.VISIT_LOG,)
offer(
    "alerts",
    Act(
        key="seen", label="Seen", permissions=WORK, says=lambda data: "Mark as seen", judge=_judge_seen,
        tells=lambda row, data: "New → seen", do=_see, undo=_undo,
    ),
    Act(
        key="snooze", label="Snooze", permissions=WORK, form=_SnoozeForm, says=lambda data: f"Snooze until {data['until_on']:%b %-d, %Y}",
        judge=_judge_snooze, tells=lambda row, data: f"{row.get_state_display()} → snoozed", do=_snooze, undo=_undo,
    ),
    Act(
        key="assign", label="Assign", permissions=WORK, form=_AssignForm, says=lambda data: f"Assign to {data['to']}", judge=_judge_assign,
        tells=lambda row, data: f"{row.assigned_to or 'Nobody'} → {data['to']}", do=_assign, undo=_undo,
    ),
)  # fmt: skip
