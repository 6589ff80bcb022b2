"""Every write of follow-ups. Each step keeps what was before it, so that the last one can be taken back."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from common.guarded import check_no_patient
from contacts.models import Practice, Provider
from notices.actions import notify, withdraw
from notices.models import NoticeKind
from visits import policies
from visits.models import FollowUp, FollowUpStep, StepKind, Visit
from visits.queries import who_looks_after

_COLUMNS = {"owner": "owner_id", "done_by": "done_by_id", "handed_by": "handed_by_id"}
_READ_AS = {"due_on": parse_date, "done_at": parse_datetime}  # how a step's JSON becomes a field again


@transaction.atomic
def add_follow_up(
    *,
    by: User,
    practice: Practice,
    text: str,
    due_on: dt.date | None = None,
    owner: User | None = None,
    visit: Visit | None = None,
    provider: Provider | None = None,
) -> FollowUp:
    """Something promised; without a date it is due in a week."""
    policies.check_can_follow_up(by=by, practice=practice, visit=visit)
    follow_up = FollowUp.objects.create(
        practice=practice,
        provider=provider,
        visit=visit,
        text=text.strip(),
        due_on=due_on or timezone.localdate() + dt.timedelta(days=7),
        owner=owner or by,
        created_by=by,
    )
    _record("added", follow_up, by=by, due_on=follow_up.due_on, owner=follow_up.owner_id)
    _tell_owner(follow_up, by=by)
    return follow_up


@transaction.atomic
def complete_follow_up(*, by: User, follow_up: FollowUp, batch: uuid.UUID | None = None) -> FollowUp:
    """Done; pressing twice is once."""
    follow_up = _locked(follow_up, by=by)
    if follow_up.done_at is None:
        _step(follow_up, StepKind.DONE, by=by, batch=batch, done_at=timezone.now(), done_by=by)
    return follow_up


@transaction.atomic
def reopen_follow_up(*, by: User, follow_up: FollowUp, batch: uuid.UUID | None = None) -> FollowUp:
    follow_up = _locked(follow_up, by=by)
    if follow_up.done_at is not None:
        _step(follow_up, StepKind.REOPENED, by=by, batch=batch, done_at=None, done_by=None)
    return follow_up


@transaction.atomic
def snooze_follow_up(*, by: User, follow_up: FollowUp, until_on: dt.date, batch: uuid.UUID | None = None) -> FollowUp:
    """Put off to another day, and counted."""
    follow_up = _locked(follow_up, by=by)
    policies.check_can_snooze(follow_up, until_on)
    if until_on != follow_up.due_on:
        _step(follow_up, StepKind.SNOOZED, by=by, batch=batch, due_on=until_on, snoozes=follow_up.snoozes + 1)
    return follow_up


@transaction.atomic
def hand_over_follow_up(
    *, by: User, follow_up: FollowUp, to: User, note: str = "", is_none: bool = False, batch: uuid.UUID | None = None
) -> FollowUp:
    """A colleague who looks after the practice takes it, with a sentence from who gave it. They hear of it, and see from whom."""
    follow_up = _locked(follow_up, by=by)
    policies.check_is_open_follow_up(follow_up)
    _check_takes(follow_up, to)
    check_no_patient(note, is_none=is_none)
    if to.pk == follow_up.owner_id:
        raise PolicyViolation(f"{to} has it already.")
    _step(follow_up, StepKind.HANDED, by=by, batch=batch, note=note.strip(), owner=to, handed_by=by, handed_note=note.strip())
    _tell_owner(follow_up, by=by)
    return follow_up


@transaction.atomic
def change_follow_up(*, by: User, follow_up: FollowUp, due_on: dt.date, owner: User) -> FollowUp:
    """Another day, another person, or both at once: what the API's one call does."""
    follow_up = _locked(follow_up, by=by)
    if owner.pk != follow_up.owner_id:
        _check_takes(follow_up, owner)
    if due_on != follow_up.due_on and due_on < timezone.localdate():
        raise PolicyViolation("This day is over. Choose today or later.")
    changed: dict[str, Any] = {}
    if due_on != follow_up.due_on:
        changed |= {"due_on": due_on, "snoozes": follow_up.snoozes + (due_on > follow_up.due_on)}
    if owner.pk != follow_up.owner_id:
        changed |= {"owner": owner, "handed_by": by, "handed_note": ""}
    if changed:
        _step(follow_up, StepKind.CHANGED, by=by, **changed)
        if "owner" in changed:
            _tell_owner(follow_up, by=by)
    return follow_up


@transaction.atomic
def undo_follow_ups(*, by: User, batch: uuid.UUID) -> int:
    """Take back what one press of a button did, where nothing happened since; returns how many went back."""
    back = 0
    for step in FollowUpStep.objects.filter(batch=batch, made_by=by, undone_at=None).order_by("follow_up"):
        follow_up = FollowUp.objects.select_for_update(of=("self",)).select_related("practice", "owner").get(pk=step.follow_up_id)
        last = follow_up.steps.filter(undone_at=None).last()
        if last is None or last.pk != step.pk:
            continue
        for name, value in step.was.items():
            setattr(follow_up, name, _READ_AS[name](value) if value and name in _READ_AS else value)
        follow_up.sequence, follow_up.revised_at = follow_up.sequence + 1, timezone.now()
        follow_up.save(update_fields=[*(name.removesuffix("_id") for name in step.was), "sequence", "revised_at"])
        step.undone_at = timezone.now()
        step.save(update_fields=["undone_at"])
        withdraw(key=_key(follow_up), to_others_than=follow_up.owner_id, by=by)
        _record("undone", follow_up, by=by, step=step.kind)
        back += 1
    return back


def _check_takes(follow_up: FollowUp, to: User) -> None:
    if not who_looks_after(follow_up.practice).filter(pk=to.pk).exists():
        raise PolicyViolation(f"{to} does not look after {follow_up.practice}. Choose somebody who does.")


def _locked(follow_up: FollowUp, *, by: User) -> FollowUp:
    follow_up = FollowUp.objects.select_for_update(of=("self",)).select_related("practice", "owner").get(pk=follow_up.pk)
    policies.check_can_change_follow_up(by, follow_up)
    return follow_up


def _step(follow_up: FollowUp, kind: StepKind, *, by: User, note: str = "", batch: uuid.UUID | None = None, **fields: Any) -> None:
    """Change these fields and keep what they were."""
    was = {column: _plain(getattr(follow_up, column)) for column in (_COLUMNS.get(name, name) for name in fields)}
    for name, value in fields.items():
        setattr(follow_up, name, value)
    follow_up.sequence, follow_up.revised_at = follow_up.sequence + 1, timezone.now()
    follow_up.save(update_fields=[*fields, "sequence", "revised_at"])
    FollowUpStep.objects.create(follow_up=follow_up, kind=kind, was=was, note=note, batch=batch or uuid.uuid4(), made_by=by)
    told = {name: value for name, value in fields.items() if name in {"due_on", "snoozes"}}
    _record(kind, follow_up, by=by, was_due_on=was.get("due_on"), owner=follow_up.owner_id, **told)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _key(follow_up: FollowUp) -> str:
    return f"follow-up {follow_up.pk}"


def _tell_owner(follow_up: FollowUp, *, by: User) -> None:
    """Free text stays out of the notice: it can be read where it leads."""
    text = f"{by} hands you a follow-up: {follow_up.practice}, due {follow_up.due_on:%b %-d}"
    notify(to=follow_up.owner, kind=NoticeKind.FOLLOW_UP, text=text, url=follow_up.get_absolute_url(), by=by, key=_key(follow_up))


def _record(what: str, follow_up: FollowUp, *, by: User, **details: Any) -> None:
    """The event names the practice, not the text: free text stays out of the history."""
    record(f"follow-up.{what}", by=by, target=follow_up.practice, follow_up=follow_up.pk, visit=follow_up.visit_id, **details)


@transaction.atomic
def give_follow_ups(*, by: User, ids: Iterable[int], giver: User, taker: User, note: str = "", batch: uuid.UUID | None = None) -> list[int]:
    """Open follow-ups of one person become another's, together: a territory changes hands, or somebody leaves. Returns which did.

    Whoever gives the work out tells both of it at once; no notice comes for each.
    """
    batch = batch or uuid.uuid4()
    rows = FollowUp.objects.select_for_update(of=("self",)).filter(pk__in=list(ids), owner=giver, done_at=None)
    given = list(rows.select_related("practice", "owner").order_by("pk"))
    for follow_up in given:
        _step(follow_up, StepKind.HANDED, by=by, batch=batch, note=note, owner=taker, handed_by=by, handed_note=note)
    return [follow_up.pk for follow_up in given]
