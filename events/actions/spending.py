"""What an event costs, handed to the spend ledger. Only here do events and the ledger meet."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

import compliance.actions
from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from compliance.drafts import SpendDraft
from compliance.models import SpendEntry, SpendKind, SpendState
from contacts.models import Organization, Provider, Staff
from events import policies
from events.models import Event, EventSpend, EventState
from notices.actions import notify
from notices.models import NoticeKind


@dataclass(frozen=True)
class Cost:
    """What somebody says of it: the amount in all, and who has part of it. `others` are guests of whom we have no record, `ours` our own
    people; both share the amount, and nothing of it counts to a physician.
    """

    amount: Decimal
    purpose: str
    kind: str = SpendKind.MEAL
    providers: Collection[Provider] = ()
    staff: Collection[Staff] = ()
    others: int = 0
    ours: int = 0
    payer: Organization | None = None
    vendor: str = ""
    override_reason: str = ""
    is_none: bool = False


@transaction.atomic
def save_cost(*, event: Event, cost: Cost, entry: SpendEntry | None = None, by: User) -> SpendEntry:
    """Before the event it is planned, and held against everybody's limit; once it was held it happened, and is always kept.

    With `entry`, that entry of the event is said anew: so what was planned becomes what happened. Only guests of the event have part of it.
    """
    event = Event.objects.select_for_update(of=("self",)).select_related("practice", "owner").get(pk=event.pk)
    policies.check_can_edit(by, event)
    if not by.can(Permission.SPEND_EDIT):
        raise PolicyViolation("Your role does not write down spend.")
    if event.state == EventState.PLANNED and event.is_over:
        raise PolicyViolation("This event is over. Say first that it was held, then write down what it cost.")
    policies.check_is(event, EventState.PLANNED, EventState.HELD)
    draft = _draft(event, cost)
    if entry is None:
        stored = compliance.actions.record_spend(draft=draft, by=by, of_visit=True)
        EventSpend.objects.create(event=event, entry=stored)
    else:
        if not event.spend_links.filter(entry=entry).exists():
            raise PolicyViolation("This entry belongs to another occasion.")
        stored = compliance.actions.change_spend(entry=entry, draft=draft, by=by, of_visit=True)
    record("event.cost_saved", by=by, target=event, entry=stored.pk, state=stored.state)
    return stored


@transaction.atomic
def cancel_cost(*, event: Event, entry: SpendEntry, reason: str, by: User) -> SpendEntry:
    """It was not spent, or was written down wrongly: it stays to be seen in the ledger, and counts for nothing."""
    policies.check_can_edit(by, event)
    if not event.spend_links.filter(entry=entry).exists():
        raise PolicyViolation("This entry belongs to another occasion.")
    cancelled = compliance.actions.cancel_spend(entry=entry, reason=reason, by=by)
    record("event.cost_cancelled", by=by, target=event, entry=entry.pk)
    return cancelled


def cancel_planned_costs(*, event: Event, by: User) -> None:
    """The event is off: so is what was planned to be spent on it. What somebody else has to cancel they are told of."""
    for link in event.spend_links.filter(entry__state=SpendState.PLANNED).select_related("entry__recorded_by"):
        try:
            compliance.actions.cancel_spend(entry=link.entry, reason="The event was cancelled.", by=by)
        except PolicyViolation:
            said = f"{event} was cancelled; the spend that you planned for it still stands."
            notify(to=link.entry.recorded_by, kind=NoticeKind.SPEND, text=said, url=link.entry.get_absolute_url(), by=by)


def _draft(event: Event, cost: Cost) -> SpendDraft:
    guests = event.guests.standing()
    providers = set(guests.exclude(provider=None).values_list("provider_id", flat=True))
    staff = set(guests.exclude(staff=None).values_list("staff_id", flat=True))
    if {person.pk for person in cost.providers} - providers or {person.pk for person in cost.staff} - staff:
        raise PolicyViolation("Somebody named here is not on the event's list. Ask them or sign them in first.")
    return SpendDraft(
        amount=cost.amount,
        kind=cost.kind,
        purpose=cost.purpose,
        spent_on=timezone.localdate(event.starts_at, event.zone),
        state=SpendState.HAPPENED if event.state == EventState.HELD else SpendState.PLANNED,
        providers=tuple(cost.providers),
        staff=tuple(cost.staff),
        staff_count=cost.others,
        ours=cost.ours,
        practice=event.practice,
        payer=cost.payer,
        vendor=cost.vendor,
        override_reason=cost.override_reason,
        is_none=cost.is_none,
    )
