"""What can be done with many visits, follow-ups, or practices and providers to be visited, at once."""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import User
from accounts.permissions import Permission
from bulk.lists import Act, ActForm, Asked, BulkList, Data, Outcome, Rows, each, each_back, offer, register
from contacts.models import Practice
from notices.actions import notify
from notices.models import NoticeKind
from visits import actions, policies
from visits.filters import filtered_follow_ups, filtered_visits
from visits.models import FollowUp, TargetEntry, TargetList, Visit
from visits.queries import colleagues_of
from visits.queries.caretakers import looks_after

LOG = (Permission.VISIT_LOG,)


def _day(**attrs: str) -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", **attrs}, format="%Y-%m-%d")


def _short(day: dt.date) -> str:
    return f"{day:%a, %b %-d}"


class _ComingDayForm(ActForm):
    on = forms.DateField(label="Day", widget=_day(), error_messages={"required": "Choose a day.", "invalid": "Enter a day."})

    def clean_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["on"]
        if day < timezone.localdate():
            raise forms.ValidationError("This day is over. Choose today or later.")
        if day.year > timezone.localdate().year + 5:
            raise forms.ValidationError("This is too far ahead. Check the year.")
        return day


class _TakerForm(ActForm):
    to = forms.ModelChoiceField(
        User.objects.none(), label="To whom", empty_label="Choose a person", error_messages={"required": "Choose a person."}
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, user=user)
        self.choose("to", among=colleagues_of(user))


# ---- follow-ups


def _follow_ups_seen(user: User) -> Any:
    return FollowUp.objects.visible_to(user).for_list()


def _follow_ups_found(user: User, query: QueryDict) -> Any:
    return filtered_follow_ups(Asked(user, query)).qs.for_list()


register(
    BulkList(
        key="follow-ups", page="visits:follow-ups", one="follow-up", many="follow-ups", permissions=(Permission.VISIT_VIEW,),
        seen=_follow_ups_seen, found=_follow_ups_found, words=lambda item: f"{item.text} ({item.practice.name})",
    )
)  # fmt: skip


def _judge_open(rows: Rows, by: User, data: Data) -> dict[int, str]:
    told = {}
    for row in rows:
        if not policies.can_change_follow_up(by, row):
            told[row.pk] = f"Only {row.owner} or a manager can change this follow-up."
        elif row.done_at is not None:
            told[row.pk] = "Done already."
    return told


def _judge_snooze(rows: Rows, by: User, data: Data) -> dict[int, str]:
    return {row.pk: "Due on that day already." for row in rows if row.due_on == data["on"]} | _judge_open(rows, by, data)


def _judge_hand_over(rows: Rows, by: User, data: Data) -> dict[int, str]:
    to, cares_for = data["to"], looks_after(data["to"])
    told = {row.pk: f"{to} does not look after this practice." for row in rows if not cares_for(row.practice)}
    return told | {row.pk: f"{to} has it already." for row in rows if row.owner_id == to.pk} | _judge_open(rows, by, data)


class _SnoozeForm(_ComingDayForm):
    def clean_on(self) -> dt.date:
        day = super().clean_on()
        if day == timezone.localdate():
            raise forms.ValidationError("Choose a day that is still to come.")
        return day


def _each_follow_up(act: Callable[..., Any], **how: str) -> Callable[[Rows, User, Data], Outcome]:
    """One action per row, all under one batch; `how` names the arguments of the action after the form's fields."""

    def do(rows: Rows, by: User, data: Data) -> Outcome:
        batch = uuid.uuid4()

        def one(row: Any) -> str:
            act(by=by, follow_up=row, batch=batch, **{name: data[field] for name, field in how.items()})
            return str(batch)

        return each(rows, one)

    return do


def _hand_over_follow_ups(rows: Rows, by: User, data: Data) -> Outcome:
    """Together, so that whoever takes them hears of it once."""
    to, batch, owned = data["to"], uuid.uuid4(), defaultdict(list)
    for row in rows:
        owned[row.owner].append(row.pk)
    given = [pk for owner, ids in owned.items() for pk in actions.give_follow_ups(by=by, ids=ids, giver=owner, taker=to, batch=batch)]
    if given:
        many = f"{len(given)} follow-ups" if len(given) > 1 else "a follow-up"
        notify(
            to=to, kind=NoticeKind.FOLLOW_UP, text=f"{by} hands you {many}", url=reverse("visits:follow-ups"), by=by, key=f"batch {batch}"
        )
    return Outcome({pk: str(batch) for pk in given})


def _undo_follow_ups(tokens: Sequence[Any], by: User) -> int:
    return each_back(sorted(set(tokens)), lambda batch: actions.undo_follow_ups(by=by, batch=uuid.UUID(batch)))


offer(
    "follow-ups",
    Act(
        key="done", label="Done", permissions=LOG, says=lambda data: "Mark as done", judge=_judge_open,
        tells=lambda row, data: "Open → done", do=_each_follow_up(actions.complete_follow_up), undo=_undo_follow_ups,
    ),
    Act(
        key="snooze", label="Put off", permissions=LOG, form=_SnoozeForm, says=lambda data: f"Put off till {_short(data['on'])}",
        judge=_judge_snooze, tells=lambda row, data: f"{_short(row.due_on)} → {_short(data['on'])}",
        do=_each_follow_up(actions.snooze_follow_up, until_on="on"), undo=_undo_follow_ups,
    ),
    Act(
        key="hand-over", label="Hand over", permissions=LOG, form=_TakerForm, says=lambda data: f"Hand over to {data['to']}",
        judge=_judge_hand_over, tells=lambda row, data: f"{row.owner} → {data['to']}", do=_hand_over_follow_ups, undo=_undo_follow_ups,
    ),
)  # fmt: skip


# ---- planned visits


def _visits_seen(user: User) -> Any:
    return Visit.objects.visible_to(user).for_list()


def _visits_found(user: User, query: QueryDict) -> Any:
    return filtered_visits(Asked(user, query)).qs.for_list()


def _visit_words(visit: Visit) -> str:
    at = timezone.localtime(visit.happens_at)
    return f"{visit.practice.name}, {_short(at)}, {at:%-I:%M %p}"


register(
    BulkList(
        key="visits", page="visits:list", one="visit", many="visits", permissions=(Permission.VISIT_VIEW,),
        seen=_visits_seen, found=_visits_found, words=_visit_words,
    )
)  # fmt: skip


def _judge_planned(rows: Rows, by: User, data: Data) -> dict[int, str]:
    told = {}
    for row in rows:
        if not policies.can_edit(by, row):
            told[row.pk] = f"Only {row.owner} or a manager can change this visit."
        elif not policies.is_planned(row):
            told[row.pk] = f"No longer planned: it is {row.get_state_display().lower()}."
    return told


def _judge_move(rows: Rows, by: User, data: Data) -> dict[int, str]:
    seen = set(Practice.objects.visible_to(by).filter(pk__in={row.practice_id for row in rows}).values_list("pk", flat=True))
    told = {}
    for row in rows:
        if row.is_fixed:
            told[row.pk] = "The office agreed to this time: move it by itself."
        elif row.practice_id not in seen:
            told[row.pk] = "The practice is not in your territories any more."
        elif row.planned_at and timezone.localdate(row.planned_at) == data["on"]:
            told[row.pk] = "On that day already."
    return told | _judge_planned(rows, by, data)


def _moved_to(row: Any, day: dt.date) -> dt.datetime:
    """The same time of that day."""
    at = timezone.localtime(row.planned_at).time().replace(tzinfo=None)
    return timezone.make_aware(dt.datetime.combine(day, at))


def _move(rows: Rows, by: User, data: Data) -> Outcome:
    def one(row: Any) -> dict[str, Any]:
        was, now = row.planned_at, _moved_to(row, data["on"])
        people = list(row.attendees.all())
        actions.change_plan(
            by=by,
            visit=row,
            planned_at=now,
            purpose=row.purpose,
            visit_type=row.visit_type,
            owner=row.owner,
            providers=[person.provider for person in people if person.provider],
            staff=[person.staff for person in people if person.staff],
            place=row.place,
        )
        return {"visit": row.pk, "was": was.isoformat(), "now": now.isoformat()}

    return each(rows, one)


def _undo_move(tokens: Sequence[Any], by: User) -> int:
    rows = Visit.objects.visible_to(by).in_bulk([token["visit"] for token in tokens])

    def one(token: Any) -> bool:
        row, was, now = rows.get(token["visit"]), parse_datetime(token["was"]), parse_datetime(token["now"])
        if row is None or was is None or now is None:
            return False
        return actions.move_plan_back(by=by, visit=row, moved_to=now, planned_at=was)

    return each_back(tokens, one)


def _judge_give(rows: Rows, by: User, data: Data) -> dict[int, str]:
    to = data["to"]
    seen = set(Practice.objects.visible_to(to).filter(pk__in={row.practice_id for row in rows}).values_list("pk", flat=True))
    told = {row.pk: f"The practice lies in no territory of {to}." for row in rows if row.practice_id not in seen}
    return told | {row.pk: f"{to} has it already." for row in rows if row.owner_id == to.pk} | _judge_planned(rows, by, data)


def _give(rows: Rows, by: User, data: Data) -> Outcome:
    to, owned = data["to"], defaultdict(list)
    for row in rows:
        owned[row.owner].append(row.pk)
    outcome = Outcome()
    for owner, ids in owned.items():
        for pk in actions.give_plans(by=by, ids=ids, giver=owner, taker=to):
            outcome.changed[pk] = {"visit": pk, "was": owner.pk, "now": to.pk}
    if outcome.changed:
        count = len(outcome.changed)
        many = f"{count} planned visits" if count > 1 else "a planned visit"
        notify(to=to, kind=NoticeKind.VISIT, text=f"{by} hands you {many}", url=f"{reverse('visits:list')}?state=planned", by=by)
    return outcome


def _undo_give(tokens: Sequence[Any], by: User) -> int:
    people = User.objects.in_bulk({pk for token in tokens for pk in (token["was"], token["now"])})
    groups = defaultdict(list)
    for token in tokens:
        groups[token["now"], token["was"]].append(token["visit"])
    return sum(len(actions.give_plans(by=by, ids=ids, giver=people[now], taker=people[was])) for (now, was), ids in groups.items())


def _cancel(rows: Rows, by: User, data: Data) -> Outcome:
    return each(rows, lambda row: actions.cancel_plan(by=by, visit=row).pk)


def _undo_cancel(tokens: Sequence[Any], by: User) -> int:
    rows = Visit.objects.visible_to(by).in_bulk(tokens)

    def one(pk: int) -> bool:
        row = rows.get(pk)
        return row is not None and row.state == "cancelled" and policies.is_planned(actions.restore_visit(by=by, visit=row))

    return each_back(tokens, one)


offer(
    "visits",
    Act(
        key="move", label="Move to a day", permissions=LOG, form=_ComingDayForm, says=lambda data: f"Move to {_short(data['on'])}",
        judge=_judge_move, tells=lambda row, data: f"{_short(timezone.localtime(row.planned_at))} → {_short(data['on'])}, at the same time",
        do=_move, undo=_undo_move,
    ),
    Act(
        key="hand-over", label="Hand over", permissions=LOG, offered=policies.leads, form=_TakerForm,
        says=lambda data: f"Hand over to {data['to']}", judge=_judge_give, tells=lambda row, data: f"{row.owner} → {data['to']}",
        do=_give, undo=_undo_give,
    ),
    Act(
        key="cancel", label="Cancel", permissions=LOG, says=lambda data: "Cancel the plan", judge=_judge_planned,
        tells=lambda row, data: "Planned → cancelled", do=_cancel, undo=_undo_cancel,
    ),
)  # fmt: skip


# ---- whom to visit


class _ListForm(ActForm):
    list = forms.ModelChoiceField(
        TargetList.objects.none(), label="Target list", empty_label="Choose a list", error_messages={"required": "Choose a list."}
    )
    why = forms.CharField(
        label="Why?", max_length=300, help_text="Whoever goes there reads it. No patient names.", error_messages={"required": "Say why."}
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, user=user)
        open_ones = TargetList.objects.visible_to(user).filter(closed_at=None)
        self.choose("list", among=open_ones if policies.leads(user) else open_ones.filter(owner=user))


def _wanted(row: Any) -> tuple[Practice | None, Any]:
    """The stop that a row of either list means: a practice, or a provider at the practice where they work first."""
    if isinstance(row, Practice):
        return row, None
    places = [works.practice for works in row.works_at if works.is_primary] or [works.practice for works in row.works_at]
    return (places[0] if places else None), row


def _judge_list(rows: Rows, by: User, data: Data) -> dict[int, str]:
    stands = set(TargetEntry.objects.filter(list=data["list"], service_line=None).values_list("practice_id", "provider_id"))
    told = {}
    for row in rows:
        practice, provider = _wanted(row)
        if practice is None:
            told[row.pk] = "No practice in your territories is known, so there is nowhere to go."
        elif (practice.pk, provider and provider.pk) in stands:
            told[row.pk] = "On this list already."
        elif row.do_not_visit or practice.do_not_visit:
            told[row.pk] = "Not to be visited."
        elif practice.archived_at:
            told[row.pk] = "Archived."
    return told


def _add_to_list(rows: Rows, by: User, data: Data) -> Outcome:
    wanted = []
    for row in rows:
        practice, provider = _wanted(row)
        if practice is not None:
            wanted.append(actions.Wanted(practice=practice, provider=provider, reason=data["why"]))
    if wanted:
        actions.add_targets(by=by, target_list=data["list"], wanted=wanted)
    entries = TargetEntry.objects.filter(list=data["list"], service_line=None, practice__in=[one.practice for one in wanted])
    made = {(entry.practice_id, entry.provider_id): entry.pk for entry in entries}
    stops = {row.pk: _wanted(row) for row in rows}
    return Outcome({pk: made[practice.pk, provider and provider.pk] for pk, (practice, provider) in stops.items() if practice is not None})


def _undo_list(tokens: Sequence[Any], by: User) -> int:
    entries = TargetEntry.objects.filter(pk__in=tokens).select_related("list")
    return each_back(entries, lambda entry: actions.take_off_target(by=by, entry=entry))


_ADD = Act(
    key="target-list", label="Put on a target list", permissions=LOG, form=_ListForm, says=lambda data: f"Put on the list {data['list']}",
    judge=_judge_list, tells=lambda row, data: f"At {_wanted(row)[0]}" if _wanted(row)[1] else "", do=_add_to_list, undo=_undo_list,
)  # fmt: skip
offer("practices", _ADD)
offer("providers", _ADD)
