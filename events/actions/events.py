"""Events: planned, changed, held, cancelled, brought back."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.clocks import organization_time_zone
from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from events import policies
from events.actions.mails import owe
from events.actions.spending import cancel_planned_costs
from events.models import Audience, Event, EventKind, EventState
from notices.actions import notify
from notices.models import NoticeKind, ReminderRules

# What an event says of itself; those that a calendar shows come first.
SHOWN = ("title", "starts_at", "ends_at", "time_zone", "place", "practice", "owner", "speaker", "about", "credits")
FIELDS = (*SHOWN, "kind", "audience", "service_line", "capacity", "accreditation", "reminds")
_FREE_TEXT = frozenset({"title", "place", "speaker", "about", "accreditation"})  # told by name, never quoted
_DEFAULTS: dict[str, Any] = {
    "place": "", "practice": None, "speaker": "", "about": "", "credits": None, "kind": EventKind.LUNCH, "audience": Audience.EXTERNAL,
    "service_line": None, "capacity": None, "accreditation": "",
}  # fmt: skip


@transaction.atomic
def plan_event(*, by: User, hosts: Collection[User] = (), is_none: bool = False, owner: User | None = None, **fields: Any) -> Event:
    """An event to come, of one's own or, by a manager, of somebody else. `fields` are those of `FIELDS`; `is_none` says that what looks
    like a patient's identifier in its texts is none.
    """
    of_all = {"time_zone": organization_time_zone(), "reminds": ReminderRules.current().reminds_guests}
    wanted = _DEFAULTS | of_all | _tidy(fields) | {"owner": owner or by}
    policies.check_can_plan(by=by, owner=wanted["owner"], practice=wanted["practice"])
    policies.check_fields(wanted, is_none=is_none)
    event = Event.objects.create(**wanted, planned_by=by)
    event.hosts.set(hosts)
    record("event.planned", by=by, target=event, kind=event.kind, audience=event.audience, starts_at=event.starts_at, owner=event.owner_id)
    notify(to=event.owner, kind=NoticeKind.EVENT, text=f"{by} planned an event for you: {event}", url=event.get_absolute_url(), by=by)
    return event


@transaction.atomic
def change_event(*, event: Event, by: User, hosts: Collection[User] | None = None, is_none: bool = False, **fields: Any) -> Event:
    """Say it anew; what is left out stays. Whoever was asked hears of what a calendar shows."""
    event = locked(event, by=by)
    policies.check_is(event, EventState.PLANNED, EventState.HELD)
    wanted = {name: getattr(event, name) for name in FIELDS} | _tidy(fields)
    if wanted["owner"] != event.owner or wanted["practice"] != event.practice:
        policies.check_can_plan(by=by, owner=wanted["owner"], practice=wanted["practice"])
    policies.check_fields(wanted, is_none=is_none)
    before = {name: getattr(event, name) for name in FIELDS}
    changed = [name for name in FIELDS if before[name] != wanted[name]]
    for name in changed:
        setattr(event, name, wanted[name])
    event.save(update_fields=changed or ["title"])
    if hosts is not None and set(hosts) != set(event.hosts.all()):
        event.hosts.set(hosts)
        changed.append("hosts")
    if changed:
        values = {name: [str(before[name] or ""), str(wanted[name] or "")] for name in changed if name in before and name not in _FREE_TEXT}
        record("event.changed", by=by, target=event, changed=changed, changes=values)
    if set(changed) & set(SHOWN):
        revise(event=event, by=by)
    return event


@transaction.atomic
def cancel_event(*, event: Event, reason: str = "", by: User) -> Event:
    """It will not take place: guests are told, what was planned to be spent is cancelled. `restore_event` brings it back."""
    event = locked(event, by=by)
    policies.check_is(event, EventState.PLANNED)
    policies.check_no_patient(reason)
    event.state, event.cancel_reason = EventState.CANCELLED, reason.strip()
    event.save(update_fields=["state", "cancel_reason"])
    record("event.cancelled", by=by, target=event)
    cancel_planned_costs(event=event, by=by)
    revise(event=event, by=by)
    _tell_holders(event, f"Cancelled: {event}", by=by)
    return event


@transaction.atomic
def hold_event(*, event: Event, by: User) -> Event:
    """It took place. Who came can still be signed in, and what it cost be written down."""
    event = locked(event, by=by)
    policies.check_can_hold(event)
    event.state = EventState.HELD
    event.save(update_fields=["state"])
    record("event.held", by=by, target=event, came=event.guests.came().count())
    return event


@transaction.atomic
def restore_event(*, event: Event, by: User) -> Event:
    """Undo "cancelled" or "held": it is planned again. Cancelled spend stays cancelled: it is written down anew if it is to be."""
    event = locked(event, by=by)
    if event.state == EventState.PLANNED:
        return event
    was_cancelled = event.state == EventState.CANCELLED
    event.state, event.cancel_reason = EventState.PLANNED, ""
    event.save(update_fields=["state", "cancel_reason"])
    record("event.restored", by=by, target=event)
    if was_cancelled:
        revise(event=event, by=by)
    return event


@transaction.atomic
def ask_owners_how_it_went(*, by: User | None = None) -> int:
    """Of every event that is over and of which nobody has said that it was held, its owner is asked once; returns how many."""
    over = Event.objects.select_for_update().filter(state=EventState.PLANNED, ends_at__lt=timezone.now(), reminded_at=None)
    asked = list(over)
    for event in asked:
        came = event.guests.came().count()
        said = f"{came} signed in" if came else "nobody has signed in"
        notify(
            to=event.owner, kind=NoticeKind.EVENT, text=f"Was it held? {event}: {said}.", url=event.get_absolute_url(), by=by,
            key=f"event {event.pk} over",
        )  # fmt: skip
    Event.objects.filter(pk__in=[event.pk for event in asked]).update(reminded_at=timezone.now())
    return len(asked)


def revise(*, event: Event, by: User) -> None:
    """Calendars show the event differently now: the next sequence, and a mail to everybody who was asked. In the change's transaction."""
    event.sequence, event.revised_at = event.sequence + 1, timezone.now()
    event.save(update_fields=["sequence", "revised_at"])
    owe(event)


def locked(event: Event, *, by: User) -> Event:
    """The row as it is now, held until the end of the transaction, for somebody who may change it."""
    event = Event.objects.select_for_update(of=("self",)).select_related("practice", "owner", "service_line").get(pk=event.pk)
    if not Event.objects.visible_to(by).filter(pk=event.pk).exists():
        raise PolicyViolation("This event is not in your territories.")
    policies.check_can_edit(by, event)
    return event


def _tell_holders(event: Event, text: str, *, by: User) -> None:
    notify(to=[event.owner, *event.hosts.all()], kind=NoticeKind.EVENT, text=text, url=event.get_absolute_url(), by=by)


def _tidy(fields: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(fields) - set(FIELDS):
        raise TypeError(f"An event has no {', '.join(sorted(unknown))}.")
    return {name: value.strip() if name in _FREE_TEXT else value for name, value in fields.items()}
