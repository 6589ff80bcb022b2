"""Every write of target lists: who is to be visited, why, and in whose hands the list is."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import InputError, PolicyViolation
from contacts.models import Practice, Provider
from notices.actions import notify
from notices.models import NoticeKind
from territories.models import ServiceLine
from visits import policies
from visits.models import TargetEntry, TargetHandover, TargetList


@dataclass(frozen=True)
class Wanted:
    """One stop for a list: whom, why, and what it is worth where that is known (`gain` in referrals, `value` in dollars, both a year)."""

    practice: Practice
    reason: str
    provider: Provider | None = None
    service_line: ServiceLine | None = None
    value: Decimal | None = None
    gain: Decimal | None = None
    parts: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def save_target_list(
    *,
    by: User,
    name: str,
    campaign: str = "",
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    note: str = "",
    target_list: TargetList | None = None,
) -> TargetList:
    """Begin a list, or change what it is called and when it runs."""
    if not name.strip():
        raise InputError("Give the list a name.")
    starts_on = starts_on or (target_list.starts_on if target_list else timezone.localdate())
    if ends_on is not None and ends_on < starts_on:
        raise InputError("The list ends before it starts. Choose a later day.")
    is_new = target_list is None
    if target_list is None:
        policies.check_can_make_list(by)
        target_list = TargetList(owner=by)
    else:
        target_list = _locked(target_list, by=by)
    target_list.name, target_list.campaign, target_list.note = name.strip()[:120], campaign.strip()[:120], note.strip()[:500]
    target_list.starts_on, target_list.ends_on = starts_on, ends_on
    target_list.save()
    record("targets.made" if is_new else "targets.changed", by=by, target=target_list, starts_on=starts_on, ends_on=ends_on)
    return target_list


@transaction.atomic
def add_targets(*, by: User, target_list: TargetList, wanted: Sequence[Wanted]) -> int:
    """Put stops on a list, behind those it has; who is on it already is written anew. Returns how many were not on it before."""
    target_list = _locked(target_list, by=by)
    policies.check_list_is_open(target_list)
    seen = set(Practice.objects.visible_to(by).filter(pk__in=[one.practice.pk for one in wanted]).values_list("pk", flat=True))
    if any(one.practice.pk not in seen for one in wanted):
        raise PolicyViolation("A list can hold practices in your territories only.")
    last = target_list.entries.order_by("-position").values_list("position", flat=True).first() or 0
    added = 0
    for position, one in enumerate(wanted, last + 1):
        told = {"value": one.value, "gain": one.gain, "parts": dict(one.parts), "reason": one.reason.strip()[:500]}
        _, is_new = TargetEntry.objects.update_or_create(
            list=target_list,
            practice=one.practice,
            provider=one.provider,
            service_line=one.service_line,
            defaults=told,
            create_defaults={**told, "position": position},
        )
        added += is_new
    record("targets.added", by=by, target=target_list, practices=sorted(one.practice.pk for one in wanted), added=added)
    return added


@transaction.atomic
def hand_over(*, by: User, target_list: TargetList, to: User) -> TargetHandover:
    """Give the list into somebody's hands: they see it, and their visits count for it. It can be taken back."""
    target_list = _locked(target_list, by=by)
    policies.check_list_is_open(target_list)
    policies.check_can_hand_over(by=by, target_list=target_list, to=to)
    try:
        with transaction.atomic():
            handover = TargetHandover.objects.create(list=target_list, to=to, handed_by=by)
    except IntegrityError as error:
        raise PolicyViolation(f"{to} has this list already.") from error
    record("targets.handed_over", by=by, target=target_list, to=to.pk)
    text = f"A list to visit is in your hands: {target_list}"
    notify(to=to, kind=NoticeKind.TARGETS, text=text, url=target_list.get_absolute_url(), by=by, key=f"targets {target_list.pk}")
    return handover


@transaction.atomic
def take_back(*, by: User, handover: TargetHandover) -> None:
    """Undo a hand-over. Visits made in between stay visits; they count for the list again when it is handed over again."""
    target_list = _locked(handover.list, by=by)
    handover = TargetHandover.objects.select_for_update().select_related("to").get(pk=handover.pk)
    if handover.taken_back_at is not None:
        raise PolicyViolation(f"{handover.to} does not have this list any more.")
    handover.taken_back_at, handover.taken_back_by = timezone.now(), by
    handover.save(update_fields=["taken_back_at", "taken_back_by"])
    record("targets.taken_back", by=by, target=target_list, to=handover.to_id)


@transaction.atomic
def drop_target(*, by: User, entry: TargetEntry, why: str) -> None:
    """Not to be visited after all, with the reason; it can be brought back."""
    entry = _locked_entry(entry, by=by)
    if not why.strip():
        raise InputError("Say why, so that nobody asks again.")
    if entry.dropped_at is not None:
        raise PolicyViolation("This one was dropped before.")
    entry.dropped_at, entry.dropped_by, entry.dropped_why = timezone.now(), by, why.strip()[:300]
    entry.save(update_fields=["dropped_at", "dropped_by", "dropped_why"])
    record("targets.dropped", by=by, target=entry.list, entry=entry.pk, practice=entry.practice_id)


@transaction.atomic
def take_off_target(*, by: User, entry: TargetEntry) -> bool:
    """Undo that it was put on the list: it leaves without a trace on the list. Visits that were made stay visits."""
    _locked(entry.list, by=by)
    deleted, _ = TargetEntry.objects.filter(pk=entry.pk, dropped_at=None).delete()
    if deleted:
        record("targets.taken_off", by=by, target=entry.list, practice=entry.practice_id)
    return bool(deleted)


@transaction.atomic
def bring_back_target(*, by: User, entry: TargetEntry) -> None:
    """Undo a drop."""
    entry = _locked_entry(entry, by=by)
    entry.dropped_at, entry.dropped_by, entry.dropped_why = None, None, ""
    entry.save(update_fields=["dropped_at", "dropped_by", "dropped_why"])
    record("targets.brought_back", by=by, target=entry.list, entry=entry.pk, practice=entry.practice_id)


@transaction.atomic
def set_list_closed(*, by: User, target_list: TargetList, closed: bool) -> None:
    """The list is done, or it is not after all."""
    target_list = _locked(target_list, by=by)
    if bool(target_list.closed_at) == closed:
        return
    target_list.closed_at = timezone.now() if closed else None
    target_list.save(update_fields=["closed_at"])
    record("targets.closed" if closed else "targets.reopened", by=by, target=target_list)


def _locked(target_list: TargetList, *, by: User) -> TargetList:
    """The list as it is now, for somebody who may change it."""
    locked = TargetList.objects.select_for_update(of=("self",)).select_related("owner").get(pk=target_list.pk)
    policies.check_can_change_list(by, locked)
    return locked


def _locked_entry(entry: TargetEntry, *, by: User) -> TargetEntry:
    """The entry as it is now, for somebody who may work on it."""
    locked = TargetEntry.objects.select_for_update(of=("self",)).select_related("list__owner").get(pk=entry.pk)
    policies.check_can_work_on_list(by, locked.list)
    return locked
