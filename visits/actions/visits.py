"""Every write of visits and topics: keyword-only, atomic, audited."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from common.guarded import check_no_patient
from compliance.drafts import SpendDraft
from contacts.actions import apply_custom
from contacts.custom import texts_of
from contacts.models import Practice, Provider, Staff
from notices.actions import notify
from notices.models import NoticeKind
from visits import policies
from visits.actions.follow_ups import add_follow_up
from visits.actions.invitations import revise
from visits.actions.materials import Given, hand_out, hand_out_again, take_back
from visits.actions.more import NOTHING_MORE, More, check_texts, columns, keep, key_of_next_try
from visits.actions.spending import write_down_spend
from visits.actions.types import type_for
from visits.models import Attendee, DayStop, Mode, Topic, Visit, VisitState, VisitType


class IdempotencyConflict(PolicyViolation):
    """The key of a saved visit came again with another content."""

    def __init__(self, stored: Visit) -> None:
        super().__init__("This visit was saved before with other content.")
        self.stored = stored


def body_hash(body: Mapping[str, Any]) -> str:
    """One hash for one content, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()


def replay(*, by: User | None, client_id: uuid.UUID | None, body_hash: str) -> Visit | None:
    """The visit already stored under this key, None when there is none. Asked before anything is checked: a late retry succeeds."""
    stored = Visit.objects.stored(by=by, client_id=client_id) if client_id else None
    if stored is not None and stored.body_hash != body_hash:
        raise IdempotencyConflict(stored)
    return stored


def _once(make: Callable[[], Visit], *, by: User, client_id: uuid.UUID | None, body_hash: str) -> Visit:
    """What `make` saves; when another request with the same key was faster, what that one saved."""
    try:
        with transaction.atomic():
            return make()
    except IntegrityError:
        if stored := replay(by=by, client_id=client_id, body_hash=body_hash):
            return stored
        raise


@transaction.atomic
def log_visit(
    *,
    by: User,
    practice: Practice,
    visited_at: dt.datetime,
    mode: str = Mode.IN_PERSON,
    outcome: str = "",
    providers: Collection[Provider] = (),
    staff: Collection[Staff] = (),
    topics: Collection[Topic] = (),
    note: str = "",
    follow_up: str = "",
    follow_up_due: dt.date | None = None,
    materials: Given = (),
    spend: Sequence[SpendDraft] = (),
    planned: Visit | None = None,
    client_id: uuid.UUID | None = None,
    body_hash: str = "",
    entered_at: dt.datetime | None = None,
    more: More = NOTHING_MORE,
    custom: Mapping[str, Any] | None = None,
) -> Visit:
    """A visit that took place, with who was met, what was promised, left and spent; with `planned`, that plan becomes this visit.

    With a day to come back (`more.back_on`) it was missed, and the next try is planned.

    The same key and body again return what is stored; the same key with another body raises `IdempotencyConflict`.
    """
    if planned is not None:  # two requests that complete the same plan go one after the other
        planned = Visit.objects.select_for_update().get(pk=planned.pk)
    if stored := replay(by=by, client_id=client_id, body_hash=body_hash):
        return stored
    policies.check_can_log(by=by, practice=practice, visited_at=visited_at, planned=planned, was_theirs=more.was_theirs)
    check_texts(more, note)
    check_no_patient(texts_of(custom or {}), is_none=more.is_none)
    if planned is not None:
        policies.check_can_edit(by, planned)
        policies.check_is_planned(planned)
    now = timezone.now()

    def save() -> Visit:
        visit = planned or Visit(owner=by)
        state = VisitState.MISSED if more.back_on else VisitState.DONE
        visit.practice, visit.state, visit.visited_at, visit.mode, visit.outcome = practice, state, visited_at, mode, outcome
        visit.note, visit.client_id, visit.body_hash, visit.logged_by = note.strip(), client_id, body_hash, by
        visit.entered_at, visit.received_at, visit.back_on = min(entered_at or now, now), now, more.back_on
        for name, value in columns(more).items():
            setattr(visit, name, value)
        apply_custom(visit, custom or {})
        visit.save()
        _set_people(visit, providers, staff)
        visit.topics.set(topics)
        record("visit.logged", by=by, target=visit, practice=practice.pk, mode=mode, outcome=outcome, planned=planned is not None)
        if follow_up.strip():
            one = next(iter(providers), None) if len(providers) == 1 else None
            add_follow_up(by=by, owner=visit.owner, practice=practice, text=follow_up, due_on=follow_up_due, visit=visit, provider=one)
        hand_out(visit, materials, by=by)
        for promise in more.promises:
            add_follow_up(by=by, owner=visit.owner, practice=practice, text=promise.text, due_on=promise.due_on, visit=visit)
        late = keep(visit, more, by=by) + (_plan_next_try(visit, by) if more.back_on else [])
        write_down_spend(visit, spend, by=by, is_none=more.is_none)
        _tell_of_arrival(visit, [*more.arrival_notes, *late])
        if late:
            visit.arrival_notes += late
            visit.save(update_fields=["arrival_notes"])
        return visit

    return _once(save, by=by, client_id=client_id, body_hash=body_hash)


def _tell_of_arrival(visit: Visit, notes: Sequence[str]) -> None:
    """What had changed before the visit arrived: who made it reads of it, also when the phone sent it by itself."""
    if notes and visit.visited_at is not None:
        text = f"Your visit to {visit.practice} of {timezone.localtime(visit.visited_at):%b %-d} has arrived. {notes[0]}"
        notify(to=visit.owner, kind=NoticeKind.VISIT, text=text, url=visit.get_absolute_url(), by=None, key=f"visit {visit.pk} arrived")


@transaction.atomic
def plan_visit(
    *,
    by: User,
    practice: Practice,
    planned_at: dt.datetime,
    owner: User | None = None,
    purpose: str = "",
    visit_type: VisitType | None = None,
    mode: str = Mode.IN_PERSON,
    providers: Collection[Provider] = (),
    staff: Collection[Staff] = (),
    is_fixed: bool = False,
    ends_at: dt.datetime | None = None,
    place: str = "",
    client_id: uuid.UUID | None = None,
    body_hash: str = "",
) -> Visit:
    """A visit to come, in one's own calendar or, by a manager, in somebody else's; `is_fixed` when the office agreed to the time."""
    if stored := replay(by=by, client_id=client_id, body_hash=body_hash):
        return stored
    policies.check_can_plan(by=by, practice=practice, owner=owner or by, planned_at=planned_at)
    policies.check_appointment(planned_at=planned_at, ends_at=ends_at, is_fixed=is_fixed)

    def save() -> Visit:
        visit = Visit.objects.create(
            practice=practice,
            owner=owner or by,
            planned_at=planned_at,
            purpose=purpose.strip(),
            visit_type=type_for(visit_type),
            mode=mode,
            is_fixed=is_fixed,
            ends_at=ends_at,
            place=place.strip(),
            logged_by=by,
            client_id=client_id,
            body_hash=body_hash,
        )
        _set_people(visit, providers, staff)
        record("visit.planned", by=by, target=visit, practice=practice.pk, planned_at=planned_at, owner=visit.owner_id)
        return visit

    return _once(save, by=by, client_id=client_id, body_hash=body_hash)


@transaction.atomic
def change_plan(
    *,
    by: User,
    visit: Visit,
    planned_at: dt.datetime,
    purpose: str,
    providers: Collection[Provider],
    owner: User,
    visit_type: VisitType | None = None,
    staff: Collection[Staff] = (),
    is_fixed: bool = False,
    ends_at: dt.datetime | None = None,
    place: str = "",
) -> Visit:
    """Another time, place, purpose or person for a visit that is still to come; whoever was invited hears of what a calendar shows."""
    visit = _locked(visit, by=by)
    policies.check_is_planned(visit)
    policies.check_can_plan(by=by, practice=visit.practice, owner=owner, planned_at=planned_at)
    policies.check_appointment(planned_at=planned_at, ends_at=ends_at, is_fixed=is_fixed)
    shown = {"planned_at": planned_at, "owner": owner, "is_fixed": is_fixed, "ends_at": ends_at, "place": place.strip()}
    looks_different = any(getattr(visit, name) != value for name, value in shown.items())
    if visit.is_fixed and not is_fixed and visit.planned_at is not None:
        _let_go(visit, timezone.localtime(visit.planned_at))
    said = {"purpose": purpose.strip(), "visit_type": type_for(visit_type)}
    for name, value in {**shown, **said}.items():
        setattr(visit, name, value)
    visit.save(update_fields=[*shown, *said])
    if _set_people(visit, providers, staff) or looks_different:
        revise(visit=visit, by=by)
    record("visit.replanned", by=by, target=visit, planned_at=planned_at, owner=owner.pk)
    return visit


def _let_go(visit: Visit, at: dt.datetime) -> None:
    """An appointment no longer: the day's route may put the stop where it fits, unless somebody set another time by hand."""
    stops = DayStop.objects.filter(visit=visit, fixed_minute=at.hour * 60 + at.minute)
    stops.update(fixed_minute=None, must_see=False)


def _plan_next_try(visit: Visit, by: User) -> list[str]:
    """The same time on the day to come back; a day that was over, or a practice that left, when the visit arrived is told instead."""
    again = timezone.localtime(visit.planned_at or visit.visited_at)
    assert visit.back_on is not None  # noqa: S101 - asked before
    try:
        plan_visit(
            by=by,
            practice=visit.practice,
            planned_at=timezone.make_aware(dt.datetime.combine(visit.back_on, again.time().replace(tzinfo=None))),
            owner=visit.owner,
            purpose=visit.purpose,
            visit_type=visit.visit_type,
            mode=visit.mode,
            providers=[person.provider for person in visit.attendees.select_related("provider") if person.provider],
            client_id=key_of_next_try(visit),
        )
    except PolicyViolation as refusal:
        return [f"The next try was not planned. {refusal}"]
    return []


@transaction.atomic
def miss_visit(*, by: User, visit: Visit, note: str = "", back_on: dt.date | None = None) -> Visit:
    """Nobody could be met: "missed, back Tuesday". With a day to come back, the next try is planned for the same time of that day."""
    visit = _locked(visit, by=by)
    policies.check_is_planned(visit)
    now = timezone.now()
    planned_at = visit.planned_at or now
    visit.state, visit.visited_at, visit.note, visit.back_on = VisitState.MISSED, min(planned_at, now), note.strip(), back_on
    visit.entered_at = visit.received_at = now
    visit.save()
    record("visit.missed", by=by, target=visit, back_on=back_on)
    revise(visit=visit, by=by)
    if back_on and (refused := _plan_next_try(visit, by)):
        raise PolicyViolation(refused[0])
    return visit


@transaction.atomic
def cancel_plan(*, by: User, visit: Visit) -> Visit:
    """The visit will not take place; the row stays, so that it can be brought back."""
    visit = _locked(visit, by=by)
    policies.check_is_planned(visit)
    visit.state = VisitState.CANCELLED
    visit.save(update_fields=["state"])
    record("visit.cancelled", by=by, target=visit)
    revise(visit=visit, by=by)
    return visit


@transaction.atomic
def delete_visit(*, by: User, visit: Visit) -> Visit:
    """Out of every list and figure, with its follow-ups; what was left is in stock again.

    `restore_visit` undoes it. Spend stays in its ledger.
    """
    visit = _locked(visit, by=by)
    if visit.deleted_at is None:
        visit.deleted_at = timezone.now()
        visit.save(update_fields=["deleted_at"])
        take_back(visit, by=by)
        record("visit.deleted", by=by, target=visit)
        revise(visit=visit, by=by)
    return visit


@transaction.atomic
def restore_visit(*, by: User, visit: Visit) -> Visit:
    """Undo a deletion, a cancellation or "missed", whichever came last."""
    visit = _locked(visit, by=by)
    if visit.deleted_at is not None:
        visit.deleted_at = None
        hand_out_again(visit, by=by)
    elif visit.state == VisitState.CANCELLED:
        visit.state = VisitState.PLANNED
    elif visit.state == VisitState.MISSED and visit.planned_at is not None:
        visit.state, visit.visited_at, visit.back_on, visit.note = VisitState.PLANNED, None, None, ""
        # The next try would be planned twice if this visit is missed again: its key goes with it.
        Visit.objects.filter(client_id=key_of_next_try(visit), state=VisitState.PLANNED).update(state=VisitState.CANCELLED, client_id=None)
    else:
        return visit
    visit.save()
    record("visit.restored", by=by, target=visit, state=visit.state)
    revise(visit=visit, by=by)
    return visit


@transaction.atomic
def save_topic(*, by: User, name: str, is_active: bool = True, topic: Topic | None = None) -> Topic:
    """Add a topic, rename it, or take it off the form; visits keep theirs."""
    if not by.can(Permission.SETTINGS_EDIT):
        raise PolicyViolation("Only an admin can change the topics.")
    event = "topic.edited" if topic else "topic.added"
    topic = topic or Topic()
    topic.name, topic.is_active = name.strip(), is_active
    topic.save()
    record(event, by=by, target=topic, name=topic.name, is_active=is_active)
    return topic


def _locked(visit: Visit, *, by: User) -> Visit:
    """The row as it is now, held until the end of the transaction, for somebody who may change it."""
    visit = Visit.objects.select_for_update(of=("self",)).select_related("practice", "owner").get(pk=visit.pk)
    policies.check_can_edit(by, visit)
    return visit


def _set_people(visit: Visit, providers: Collection[Provider], staff: Collection[Staff]) -> bool:
    """Make the attendees these; returns whether anything changed."""
    wanted = {(provider.pk, None) for provider in providers} | {(None, person.pk) for person in staff}
    stored = {(row.provider_id, row.staff_id): row.pk for row in visit.attendees.all()}
    Attendee.objects.filter(pk__in=[pk for key, pk in stored.items() if key not in wanted]).delete()
    Attendee.objects.bulk_create(
        Attendee(visit=visit, provider_id=provider, staff_id=person) for provider, person in sorted(wanted - set(stored), key=str)
    )
    return wanted != set(stored)
