"""Entries: written down, changed, cancelled. Planned ones are held against the limits; what happened is always kept."""

import datetime as dt
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from compliance import policies, rules
from compliance.actions.receipts import add_receipt
from compliance.actions.tasks import settle_entry, settle_group
from compliance.actions.telling import is_told
from compliance.drafts import SpendDraft
from compliance.models import Role, Rule, SpendEntry, SpendKind, SpendLimit, SpendPolicy, SpendShare, SpendState
from compliance.queries import allowance_of, no_limit_sentence
from compliance.queries.allowances import aligned_as, rule_of
from contacts.models import AlignmentKind, Provider


@transaction.atomic
def record_spend(*, draft: SpendDraft, by: User, of_visit: bool = False) -> SpendEntry:
    """Write an occasion down. Planned, it is refused over a limit unless a manager overrides with a reason; happened, it is always kept.

    `of_visit`: the rules of a visit or an event said that these people were met, whoever looks after them today. With a receipt that
    cannot be kept nothing is.
    """
    if not of_visit:
        policies.check_can_record(by, draft)
    entry = _save(SpendEntry(recorded_by=by), draft, by=by)
    record("spend.recorded", by=by, target=entry, state=entry.state, kind=entry.kind, amount=entry.amount, practice=entry.practice_id)
    _settle(entry, by=by)
    for file, name in draft.receipts:
        add_receipt(entry=entry, file=file, name=name, by=by)
    return entry


@transaction.atomic
def change_spend(*, entry: SpendEntry, draft: SpendDraft, by: User, of_visit: bool = False) -> SpendEntry:
    """Mend an entry, or say that what was planned happened. Tasks follow: they grow, shrink or are withdrawn.

    `of_visit` as in `record_spend`.
    """
    entry = SpendEntry.objects.select_for_update(of=("self",)).select_related("recorded_by", "practice", "payer").get(pk=entry.pk)
    policies.check_can_change(by, entry)
    had = set(entry.shares.exclude(provider=None).values_list("provider", flat=True))
    if not of_visit:
        policies.check_can_record(by, _without_known(draft, entry, had))
    before = {name: str(getattr(entry, name) or "") for name in _FIELDS}
    people, group = _people(entry), (entry.payer_id, entry.year)
    entry = _save(entry, draft, by=by)
    changes = {name: [was, is_] for name, was in before.items() if was != (is_ := str(getattr(entry, name) or ""))}
    purpose = changes.pop("purpose", None)
    changed = sorted([*changes, *(["purpose"] if purpose else []), *(["people"] if people != _people(entry) else [])])
    if changed:
        record("spend.changed", by=by, target=entry, changed=changed, changes=changes)
    _settle(entry, by=by)
    for pk in had:
        settle_group(provider_id=pk, payer_id=group[0], year=group[1], by=by)
    for file, name in draft.receipts:
        add_receipt(entry=entry, file=file, name=name, by=by)
    return entry


@transaction.atomic
def cancel_spend(*, entry: SpendEntry, reason: str, by: User) -> SpendEntry:
    """It did not take place, or was written down wrongly: it stays to be seen, and counts for nothing."""
    entry = SpendEntry.objects.select_for_update(of=("self",)).select_related("recorded_by").get(pk=entry.pk)
    policies.check_can_change(by, entry)
    policies.check_reason(reason)
    entry.state, entry.cancel_reason, entry.cancelled_by, entry.cancelled_at = SpendState.CANCELLED, reason.strip(), by, timezone.now()
    entry.save(update_fields=["state", "cancel_reason", "cancelled_by", "cancelled_at"])
    record("spend.cancelled", by=by, target=entry, amount=entry.amount)
    _settle(entry, by=by)
    return entry


_FIELDS = ("spent_on", "kind", "amount", "quantity", "payer_id", "practice_id", "vendor", "purpose", "state", "is_solicited", "is_reported")


def _save(entry: SpendEntry, draft: SpendDraft, *, by: User) -> SpendEntry:
    """The entry with its shares, checked. Physicians are held, so that two plans at once cannot both fit into one rest."""
    policies.check_draft(draft)
    entry.spent_on = draft.spent_on or timezone.localdate()
    wanted = sorted({provider.pk for provider in (*draft.providers, *draft.family)})
    list(Provider.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=wanted).order_by("pk"))
    for name in ("kind", "amount", "quantity", "state", "is_solicited", "is_reported", "practice", "payer"):
        setattr(entry, name, getattr(draft, name))
    entry.vendor, entry.purpose = draft.vendor.strip(), draft.purpose.strip()
    parts = _shares(entry, draft)
    was = entry.override_reason
    entry.override_reason, entry.overridden_by = _override(entry, parts, draft, by=by)
    entry.save()
    if entry.override_reason != was and entry.overridden_by:
        record("spend.overridden", by=by, target=entry, amount=entry.amount)  # the reason stands in the entry
    entry.shares.all().delete()
    SpendShare.objects.bulk_create(
        SpendShare(
            entry=entry,
            role=part.guest.role,
            rule=part.guest.rule,
            provider_id=part.guest.provider_id,
            staff_id=part.guest.staff_id,
            people=part.guest.people,
            amount=part.amount,
            counted=part.counted,
        )
        for part in parts
    )
    return entry


def _shares(entry: SpendEntry, draft: SpendDraft) -> list[rules.Share]:
    """Physicians first, so that the cents that do not divide are theirs: the stricter way."""
    guests = guests_of(draft, on=entry.spent_on)
    limit = SpendLimit.objects.for_entity(entry.payer_id, entry.year)
    exempt = _is_exempt(entry, limit.incidental if limit else None)
    policy = SpendPolicy.current()
    return rules.shares(guests, entry.amount, kind=entry.kind, whole_gift=policy.gift_counts_whole, exempt=exempt)


def guests_of(draft: SpendDraft, *, on: dt.date) -> list[rules.Guest]:
    """Who had part of it, each under the rule that held for them on that day."""
    named = [*draft.providers, *draft.family]
    aligned = {row.pk: row for row in Provider.objects.filter(pk__in=[one.pk for one in named]).with_alignment(on)}
    guests = []
    for provider in draft.providers:
        rule = rule_of(provider.kind, aligned_as(aligned[provider.pk]))
        role = {Rule.STAFF: Role.STAFF, Rule.EMPLOYED: Role.EMPLOYED}.get(rule, Role.PHYSICIAN)
        guests.append(rules.Guest(role, rule, provider_id=provider.pk))
    for provider in draft.family:
        is_employed = aligned_as(aligned[provider.pk]) == AlignmentKind.EMPLOYED
        guests.append(rules.Guest(Role.FAMILY, Rule.EMPLOYED if is_employed else Rule.LIMIT, provider_id=provider.pk))
    guests.sort(key=lambda guest: (guest.rule != Rule.LIMIT, guest.role == Role.STAFF))
    guests += [rules.Guest(Role.STAFF, Rule.STAFF, staff_id=person.pk) for person in draft.staff]
    if draft.staff_count:
        guests.append(rules.Guest(Role.STAFF, Rule.STAFF, people=draft.staff_count))
    if draft.ours:
        guests.append(rules.Guest(Role.OURS, Rule.NONE, people=draft.ours))
    return guests


def _is_exempt(entry: SpendEntry, incidental: Decimal | None) -> bool:
    """An incidental item below the year's limit for one, or the first medical-staff event that the entity gives in the year."""
    if entry.kind == SpendKind.INCIDENTAL:
        return rules.is_incidental(entry.amount, entry.quantity, incidental)
    if entry.kind != SpendKind.STAFF_EVENT:
        return False
    others = SpendEntry.objects.in_year(entry.year).standing().filter(kind=SpendKind.STAFF_EVENT, payer=entry.payer)
    return not others.exclude(pk=entry.pk).exists()


def _override(entry: SpendEntry, parts: Sequence[rules.Share], draft: SpendDraft, *, by: User) -> tuple[str, User | None]:
    """For a plan over a limit: the manager's reason. What happened needs none; it stays with an entry that was planned over a limit."""
    if entry.state != SpendState.PLANNED:
        return entry.override_reason, entry.overridden_by
    if not (said := over_limits(entry, parts)):
        return "", None
    if not draft.override_reason.strip():
        raise policies.OverLimit(" ".join(said))
    policies.check_can_override(by)
    return draft.override_reason.strip(), by


def over_limits(entry: SpendEntry, parts: Sequence[rules.Share]) -> list[str]:
    """A sentence for each physician whom this would take over their year, and one for the office's staff."""
    counted: dict[tuple[int, str], Decimal] = {}
    for part in parts:
        if part.guest.rule in (Rule.LIMIT, Rule.EMPLOYED) and part.counted and part.guest.provider_id:
            key = (part.guest.provider_id, part.guest.rule)
            counted[key] = counted.get(key, rules.NOTHING) + part.counted
    said = []
    known = Provider.objects.in_bulk([pk for pk, _ in counted])
    for (pk, rule), more in counted.items():
        now = allowance_of(known[pk], year=entry.year, payer_id=entry.payer_id, rule=rule, without=entry.pk)
        if rule == Rule.LIMIT and now.limit is None:
            raise policies.OverLimit(no_limit_sentence(entry.year))
        after = now.with_planned(more)
        if after.limit is not None and after.is_over:
            over = after.used - after.limit
            said.append(f"{known[pk]} would be at ${after.used:,.2f} of ${after.limit:,.2f} in {entry.year}: ${over:,.2f} over.")
    most = SpendPolicy.current().staff_per_occasion
    heads = [rules.per_head(part.amount, part.guest.people) for part in parts if part.guest.rule == Rule.STAFF]
    if most is not None and heads and max(heads) > most:
        said.append(f"Office staff would have ${max(heads):,.2f} each; the policy allows ${most:,.2f}.")
    return said


def _settle(entry: SpendEntry, *, by: User) -> None:
    if entry.state != SpendState.PLANNED:
        is_told(entry, by=by)
    settle_entry(entry=entry, by=by)
    for pk in set(entry.shares.filter(rule__in=[Rule.LIMIT, Rule.EMPLOYED]).values_list("provider", flat=True)):
        settle_group(provider_id=pk, payer_id=entry.payer_id, year=entry.year, by=by)


def _people(entry: SpendEntry) -> list[tuple[Any, ...]]:
    return sorted(entry.shares.values_list("role", "provider", "staff", "people"), key=str)


def _without_known(draft: SpendDraft, entry: SpendEntry, had: Collection[int]) -> SpendDraft:
    """What is new in a draft: an entry that one may change can keep the people and the practice it has."""
    return SpendDraft(
        amount=draft.amount,
        providers=[provider for provider in draft.providers if provider.pk not in had],
        family=[provider for provider in draft.family if provider.pk not in had],
        practice=None if draft.practice is None or draft.practice.pk == entry.practice_id else draft.practice,
    )
