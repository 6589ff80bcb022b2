"""Hand-overs: proposed, approved by somebody else, in force from their day on, and taken back."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from audit.actions import record
from common.exceptions import PolicyViolation
from jobs.actions import enqueue
from notices.actions import notify
from notices.models import NoticeKind
from planning import policies
from planning.actions.carrying import carry_assignments, carry_assignments_back, carry_work
from planning.actions.changing import change_field, undo_field_change
from planning.models import FieldChange, HandOver, HandOverState
from planning.queries.work import in_hand, practices_of
from territories.models import Territory
from territories.ruling import ZIP, Rule

HANDLER = "planning.hand_over"


@transaction.atomic
def propose_handover(
    *,
    territory: Territory,
    giver: User,
    taker: User,
    effective_on: dt.date,
    to_territory: Territory | None = None,
    zips: Collection[str] = (),
    practices: Collection[int] = (),
    takes: Collection[str] = (),
    note: str = "",
    by: User,
) -> HandOver:
    """Ask that a territory, or these parts of it, change hands on a day. Those who may approve it and both sides are told."""
    policies.check_can_propose(by=by, giver=giver, taker=taker, territory=territory, effective_on=effective_on)
    handover = HandOver(
        territory=territory,
        giver=giver,
        taker=taker,
        to_territory=to_territory if zips or practices else None,
        zips=sorted(zips),
        practices=sorted(practices),
        effective_on=effective_on,
        takes=sorted(takes),
        note=note.strip(),
        proposed_by=by,
    )
    policies.check_parts(handover=handover)
    handover.save()
    record("handover.proposed", by=by, target=handover, territory=territory, giver=giver, taker=taker, effective_on=effective_on)
    approvers = [
        person for person in User.objects.active().filter(role__in=[Role.MANAGER, Role.ADMIN]) if policies.can_decide(person, handover)
    ]
    _tell([*approvers, giver, taker], handover, f"{by} proposes: {handover}, from {effective_on:%b %-d}", by=by)
    return handover


def _tell(people: Collection[User], handover: HandOver, text: str, *, by: User | None) -> None:
    notify(to=people, kind=NoticeKind.HAND_OVER, text=text, url=handover.get_absolute_url(), by=by, key=f"handover {handover.pk}")


def _sides(handover: HandOver) -> list[User]:
    """Both of them, and who proposed it."""
    return [handover.giver, handover.taker, handover.proposed_by]


def _locked(handover: HandOver) -> HandOver:
    rows = HandOver.objects.select_for_update(of=("self",)).select_related("territory", "giver", "taker", "to_territory", "proposed_by")
    return rows.get(pk=handover.pk)


@transaction.atomic
def approve_handover(*, handover: HandOver, by: User) -> HandOver:
    """It takes effect on its day; today's at once, in a worker."""
    return _decide(handover, HandOverState.APPROVED, "", by=by)


@transaction.atomic
def decline_handover(*, handover: HandOver, why: str = "", by: User) -> HandOver:
    """It does not take place; both sides are told, with the reason."""
    return _decide(handover, HandOverState.DECLINED, why, by=by)


def _decide(handover: HandOver, state: str, why: str, *, by: User) -> HandOver:
    handover = _locked(handover)
    policies.check_can_decide(by, handover)
    handover.state, handover.decided_by, handover.decided_at, handover.decided_why = state, by, timezone.now(), why.strip()[:300]
    handover.save(update_fields=["state", "decided_by", "decided_at", "decided_why"])
    record(f"handover.{state}", by=by, target=handover, why=handover.decided_why)
    _tell(_sides(handover), handover, f"{by} {'approved' if state == HandOverState.APPROVED else 'declined'}: {handover}", by=by)
    if state == HandOverState.APPROVED and handover.effective_on <= timezone.localdate():
        enqueue(HANDLER, by=by, key=HANDLER)
    return handover


@transaction.atomic
def withdraw_handover(*, handover: HandOver, by: User) -> HandOver:
    """Not to happen after all, before its day."""
    handover = _locked(handover)
    if not policies.can_withdraw(by, handover):
        raise PolicyViolation("It cannot be withdrawn any more, or not by you.")
    handover.state = HandOverState.WITHDRAWN
    handover.save(update_fields=["state"])
    record("handover.withdrawn", by=by, target=handover)
    _tell(_sides(handover), handover, f"{by} withdrew: {handover}", by=by)
    return handover


def take_due_handovers(*, by: User | None = None) -> int:
    """Let every approved hand-over whose day has come take effect, each once; returns how many. One that cannot is told of."""
    due = HandOver.objects.filter(state=HandOverState.APPROVED, effective_on__lte=timezone.localdate()).order_by("effective_on", "pk")
    done = 0
    for handover in due:
        try:
            done += _take_effect(handover=handover)
        except PolicyViolation as refusal:
            _note_problem(handover=handover, problem=str(refusal))
    return done


@transaction.atomic
def _take_effect(*, handover: HandOver) -> bool:
    handover = _locked(handover)
    by = handover.decided_by
    if handover.state != HandOverState.APPROVED or by is None:  # another worker was first
        return False
    on = handover.effective_on
    practices = practices_of(handover)
    work = in_hand(handover.giver, practices)
    moved: dict[str, object] = {"practices": len(practices)}
    if handover.is_partial:
        policies.check_parts(handover=handover)
        to = handover.to_territory
        pinned = [pk for pk in practices if pk in set(handover.practices)]
        change = change_field(
            owners={Rule(ZIP, zip_): to for zip_ in handover.zips}, pins=dict.fromkeys(pinned, to), note=str(handover)[:200], by=by
        )
        moved["change"] = change.pk if change else None
    else:
        held = policies.held_by(handover.giver, handover.territory, on)
        if not held:
            raise PolicyViolation(f"{handover.giver} does not look after {handover.territory} any more.")
        moved["assignments"] = carry_assignments(held=held, taker=handover.taker, on=on, by=by)
    taken = {kind: ids for kind, ids in work.items() if kind in handover.takes}
    moved["work"] = carry_work(work=taken, giver=handover.giver, taker=handover.taker, by=by)
    handover.state, handover.done_at, handover.moved, handover.problem = HandOverState.DONE, timezone.now(), moved, ""
    handover.save(update_fields=["state", "done_at", "moved", "problem"])
    record("handover.done", by=by, target=handover, practices=len(practices), work={kind: len(ids) for kind, ids in taken.items()})
    _tell(_sides(handover), handover, f"In force: {handover}", by=None)
    return True


@transaction.atomic
def _note_problem(*, handover: HandOver, problem: str) -> None:
    """Told once; it is tried again every hour."""
    if handover.problem != problem[:300]:
        handover.problem = problem[:300]
        handover.save(update_fields=["problem"])
        people = [handover.proposed_by, *([handover.decided_by] if handover.decided_by else [])]
        _tell(people, handover, f"Could not take effect: {handover}", by=None)


@transaction.atomic
def undo_handover(*, handover: HandOver, by: User) -> HandOver:
    """Give everything back from today on, where it still is the taker's. Credit of the days in between stays with whom it was given to."""
    handover = _locked(handover)
    if not policies.can_undo(by, handover):
        raise PolicyViolation("Only what took effect can be undone, by a manager of the territory or an admin.")
    moved = handover.moved
    if change := FieldChange.objects.filter(pk=moved.get("change"), undone_at=None).first():
        undo_field_change(change=change, by=by)
    carry_assignments_back(moved=moved.get("assignments", ()), giver=handover.giver, by=by)
    carry_work(work=moved.get("work", {}), giver=handover.taker, taker=handover.giver, by=by)
    handover.state, handover.undone_by, handover.undone_at = HandOverState.UNDONE, by, timezone.now()
    handover.save(update_fields=["state", "undone_by", "undone_at"])
    record("handover.undone", by=by, target=handover)
    _tell(_sides(handover), handover, f"{by} took back: {handover}", by=by)
    return handover
