"""What can be done with many concerns at once."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from accounts.models import User
from accounts.permissions import Permission
from bulk.lists import Act, ActForm, Asked, BulkList, Data, Outcome, Rows, each, each_back, offer, register
from concerns import actions
from concerns.filters import filtered_concerns
from concerns.models import Concern, ConcernState
from concerns.queries import who_may_own

EDIT = (Permission.CONCERN_EDIT,)


def _seen(user: User) -> Any:
    return Concern.objects.visible_to(user).for_list().select_related("department__lead", "escalated_to")


def _found(user: User, query: QueryDict) -> Any:
    return filtered_concerns(Asked(user, query)).qs.for_list().select_related("department__lead", "escalated_to")


register(
    BulkList(
        key="concerns", page="concerns:list", one="concern", many="concerns", permissions=(Permission.CONCERN_VIEW,), seen=_seen,
        found=_found, words=lambda concern: f"{concern.practice.name}: {concern.category}",
    )
)  # fmt: skip


class _OwnerForm(ActForm):
    owner = forms.ModelChoiceField(
        User.objects.none(), label="Person who answers", empty_label="Choose a person", error_messages={"required": "Choose a person."}
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, user=user)
        self.choose("owner", among=who_may_own())


class _EscalateForm(ActForm):
    to = forms.ModelChoiceField(User.objects.none(), label="To whom", required=False, empty_label="The lead of each department")

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, user=user)
        self.choose("to", among=who_may_own())


def _judge_owner(rows: Rows, by: User, data: Data) -> dict[int, str]:
    told = {row.pk: f"{data['owner']} has it already." for row in rows if row.owner_id == data["owner"].pk}
    return told | {row.pk: "Closed already." for row in rows if row.state == ConcernState.CLOSED}


def _set_owner(row: Any, owner: User | None, by: User) -> None:
    actions.change_concern(
        concern=row, category=row.category, severity=row.severity, department=row.department, owner=owner, due_on=row.due_on, by=by
    )


def _give(rows: Rows, by: User, data: Data) -> Outcome:
    def one(row: Any) -> dict[str, Any]:
        was = row.owner_id
        _set_owner(row, data["owner"], by)
        return {"concern": row.pk, "was": was, "now": data["owner"].pk}

    return each(rows, one)


def _undo_give(tokens: Sequence[Any], by: User) -> int:
    rows = _seen(by).in_bulk([token["concern"] for token in tokens])
    people = User.objects.in_bulk({token["was"] for token in tokens if token["was"]})

    def one(token: Any) -> bool:
        row = rows.get(token["concern"])
        if row is None or row.owner_id != token["now"]:
            return False
        _set_owner(row, people.get(token["was"]), by)
        return True

    return each_back(tokens, one)


def _to(row: Any, data: Data) -> User | None:
    lead: User | None = data["to"] or row.department.lead
    return lead


def _judge_escalate(rows: Rows, by: User, data: Data) -> dict[int, str]:
    told = {}
    for row in rows:
        if row.state != ConcernState.OPEN:
            told[row.pk] = f"{row.get_state_display()} already."
        elif _to(row, data) is None:
            told[row.pk] = f"{row.department} has no lead. Name the person to whom it goes."
        elif row.escalated_at and row.escalated_to == _to(row, data):
            told[row.pk] = f"Escalated to {row.escalated_to} already."
    return told


def _escalate(rows: Rows, by: User, data: Data) -> Outcome:
    def one(row: Any) -> dict[str, Any]:
        was_at, was_to = row.escalated_at, row.escalated_to_id
        now = actions.escalate_concern(concern=row, to=data["to"], by=by).escalated_at
        return {"concern": row.pk, "at": now and now.isoformat(), "was_at": was_at and was_at.isoformat(), "was_to": was_to}

    return each(rows, one)


def _undo_escalate(tokens: Sequence[Any], by: User) -> int:
    rows = _seen(by).in_bulk([token["concern"] for token in tokens])
    people = User.objects.in_bulk({token["was_to"] for token in tokens if token["was_to"]})

    def one(token: Any) -> bool:
        row, was_at = rows.get(token["concern"]), token["was_at"]
        if row is None or row.escalated_at != parse_datetime(token["at"]):
            return False
        before = parse_datetime(was_at) if was_at else None
        actions.take_back_escalation(concern=row, escalated_at=before, escalated_to=people.get(token["was_to"]), by=by)
        return True

    return each_back(tokens, one)


offer(
    "concerns",
    Act(
        key="owner", label="Name who answers", permissions=EDIT, form=_OwnerForm, says=lambda data: f"To be answered by {data['owner']}",
        judge=_judge_owner, tells=lambda row, data: f"{row.owner or 'Nobody named'} → {data['owner']}", do=_give, undo=_undo_give,
    ),
    Act(
        key="escalate", label="Escalate", permissions=EDIT, form=_EscalateForm,
        says=lambda data: f"Escalate to {data['to'] or 'the lead of each department'}", judge=_judge_escalate,
        tells=lambda row, data: f"To {_to(row, data)}", do=_escalate, undo=_undo_escalate,
    ),
)  # fmt: skip
