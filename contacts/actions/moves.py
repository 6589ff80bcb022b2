"""Deciding what the registry tells: accept a change, dismiss it, take either back."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from contacts import policies
from contacts.actions.records import affiliate, end_affiliation, make_primary, save_practice, save_provider, set_archived
from contacts.models import Affiliation, MoveKind, MoveNotice, MoveState, Practice, Specialty


@transaction.atomic
def accept_move(*, notice: MoveNotice, practice: Practice | None = None, new_name: str = "", stays: bool = False, by: User) -> MoveNotice:
    """What the registry says is so.

    Of another address the provider works at `practice` from now on, or at a new one of that name at the address; unless they stay, where
    they worked first ends. A deactivated number ends where they work. Another specialty, and a replaced number, were written by the import.
    """
    notice = _open(notice, by=by)
    steps: dict[str, Callable[[], dict[str, Any]]] = {
        MoveKind.ADDRESS: lambda: _move(notice, practice, new_name, stays, by),
        MoveKind.TAXONOMY: lambda: _specialize(notice, Specialty.objects.filter(code=notice.told["code"]).first(), by),
        MoveKind.DEACTIVATED: lambda: {"ended": _end_all(notice, by)},
        MoveKind.REPLACED: dict,
    }
    return _decide(notice, MoveState.ACCEPTED, steps[notice.kind](), by)


@transaction.atomic
def dismiss_move(*, notice: MoveNotice, by: User) -> MoveNotice:
    """It is not so, or nothing to us. The specialty that the import wrote goes back to what it was."""
    notice = _open(notice, by=by)
    undo: dict[str, Any] = {}
    if notice.kind == MoveKind.TAXONOMY:
        undo = _specialize(notice, Specialty.objects.filter(pk=notice.told["was_specialty"]).first(), by)
    return _decide(notice, MoveState.DISMISSED, undo, by)


@transaction.atomic
def undo_move(*, notice: MoveNotice, by: User) -> MoveNotice:
    """Back to be decided, and what deciding it changed back as it was."""
    notice = MoveNotice.objects.select_for_update(of=("self",)).select_related("provider").get(pk=notice.pk)
    policies.check_can_decide(notice, by)
    if notice.state == MoveState.OPEN:
        return notice
    undo = notice.undo
    if made := Affiliation.objects.filter(pk=undo.get("made"), ended_on=None).select_related("practice").first():
        record("affiliation.withdrawn", by=by, target=notice.provider, practice=made.practice)
        made.delete()
    for pk in undo.get("ended", ()):
        _reopen(pk, by)
    primary = Affiliation.objects.open().filter(pk=undo.get("primary")).first()
    if primary is not None and not primary.is_primary:
        make_primary(affiliation=primary, by=by)
    new = Practice.objects.filter(pk=undo.get("practice"), archived_at=None).first()
    if new is not None and not new.affiliations.open().exists():
        set_archived(practice=new, archived=True, by=by)
    if "specialty" in undo:
        save_provider(provider=notice.provider, specialty=Specialty.objects.filter(pk=undo["specialty"]).first(), by=by)
    notice.state, notice.decided_by, notice.decided_at, notice.undo = MoveState.OPEN, None, None, {}
    notice.save(update_fields=["state", "decided_by", "decided_at", "undo"])
    record("move.undone", by=by, target=notice.provider, move=notice.pk, kind=notice.kind)
    return notice


def _open(notice: MoveNotice, *, by: User) -> MoveNotice:
    notice = MoveNotice.objects.select_for_update(of=("self",)).select_related("provider").get(pk=notice.pk)
    policies.check_can_decide(notice, by)
    if notice.state != MoveState.OPEN:
        raise PolicyViolation(f"This was {notice.get_state_display().lower()} already. Undo that first.")
    return notice


def _decide(notice: MoveNotice, state: MoveState, undo: dict[str, Any], by: User) -> MoveNotice:
    notice.state, notice.decided_by, notice.decided_at, notice.undo = state, by, timezone.now(), undo
    notice.save(update_fields=["state", "decided_by", "decided_at", "undo"])
    record(f"move.{state}", by=by, target=notice.provider, move=notice.pk, kind=notice.kind)
    return notice


def _move(notice: MoveNotice, practice: Practice | None, new_name: str, stays: bool, by: User) -> dict[str, Any]:
    provider = notice.provider
    undo: dict[str, Any] = {}
    if practice is None and not new_name.strip():
        raise PolicyViolation("Choose the practice at the new address, or give a new one its name.")
    if practice is None:
        told = notice.told
        place = {"address": told["address"], "zip": told["zip"], "city": told["city"], "state": told["state"], "phone": told["phone"]}
        practice = save_practice(name=new_name, by=by, **{name: value for name, value in place.items() if value})
        undo["practice"] = practice.pk
    before = Affiliation.objects.open().filter(provider=provider, is_primary=True).first()
    undo["primary"] = before.pk if before else None
    here = Affiliation.objects.open().filter(provider=provider, practice=practice).first()
    if here is None:
        started_on = min(notice.registry_on or timezone.localdate(), timezone.localdate())
        undo["made"] = affiliate(provider=provider, practice=practice, started_on=started_on, is_primary=True, by=by).pk
    else:
        make_primary(affiliation=here, by=by)
    if before is not None and not stays and before.practice_id != practice.pk:
        before.refresh_from_db()
        undo["ended"] = [_end(before, by)]
    return undo


def _end(affiliation: Affiliation, by: User) -> int:
    ended_on = max(timezone.localdate(), (affiliation.started_on or dt.date.min) + dt.timedelta(days=1))
    end_affiliation(affiliation=affiliation, ended_on=ended_on, by=by)
    return affiliation.pk


def _end_all(notice: MoveNotice, by: User) -> list[int]:
    return [
        _end(affiliation, by) for affiliation in Affiliation.objects.open().filter(provider=notice.provider).order_by("is_primary", "pk")
    ]


def _specialize(notice: MoveNotice, specialty: Specialty | None, by: User) -> dict[str, Any]:
    before = notice.provider.specialty_id
    save_provider(provider=notice.provider, specialty=specialty, by=by)
    return {"specialty": before}


def _reopen(pk: int, by: User) -> None:
    """An affiliation that ended by mistake goes on, unless there is another one at the practice meanwhile."""
    ended = Affiliation.objects.filter(pk=pk).exclude(ended_on=None).select_related("provider", "practice").first()
    if ended is None or Affiliation.objects.open().filter(provider=ended.provider, practice=ended.practice).exists():
        return
    ended.ended_on = None
    ended.is_primary = not Affiliation.objects.open().filter(provider=ended.provider, is_primary=True).exists()
    ended.save(update_fields=["ended_on", "is_primary"])
    record("affiliation.reopened", by=by, target=ended.provider, practice=ended.practice)
