"""Tiers in bulk, with undo; and how often each tier is to be visited."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from contacts.models import Cadence, Practice, Tier, TierChange
from contacts.querysets import PracticeQuerySet


@transaction.atomic
def set_tiers(*, practices: PracticeQuerySet, tier: str, by: User) -> TierChange | None:
    """Put the practices into a tier (blank: none). What they were before is kept for `undo_tiers`; None when nothing differs."""
    if not by.can(Permission.CONTACT_EDIT):
        raise PolicyViolation("Your role does not edit practices.")
    seen = Practice.objects.visible_to(by).filter(pk__in=practices.order_by().values("pk")).exclude(tier=tier)
    before = dict(seen.select_for_update(of=("self",)).values_list("pk", "tier"))
    if not before:
        return None
    Practice.objects.filter(pk__in=before).update(tier=tier)
    change = TierChange.objects.create(tier=tier, before=before, changed_by=by)
    record("practices.tiered", by=by, target=change, tier=tier, practices=sorted(before))
    return change


@transaction.atomic
def undo_tiers(*, change: TierChange, by: User) -> int:
    """Give each practice the tier back that it had; who got another one since keeps that. Returns how many went back."""
    change = TierChange.objects.select_for_update().get(pk=change.pk)
    if change.undone_at:
        raise PolicyViolation("This was undone before.")
    back = 0
    for tier in ("", *Tier.values):
        had = [int(pk) for pk, before in change.before.items() if before == tier]
        if had:
            back += Practice.objects.filter(pk__in=had, tier=change.tier).update(tier=tier)
    change.undone_at = timezone.now()
    change.save(update_fields=["undone_at"])
    record("practices.tiers_undone", by=by, target=change, back=back, kept=len(change.before) - back)
    return back


@transaction.atomic
def save_cadence(*, days: Mapping[str, int | None], by: User) -> None:
    """Say for each tier after how many days the next visit is due; None promises it no visit."""
    if not by.can(Permission.SETTINGS_EDIT):
        raise PolicyViolation("Only an admin can change how often tiers are visited.")
    known = {cadence.tier: cadence.every_days for cadence in Cadence.objects.select_for_update()}
    changes = {tier: [known.get(tier), days.get(tier)] for tier in Tier.values if known.get(tier) != days.get(tier)}
    for tier, (_, every_days) in changes.items():
        if every_days is None:
            Cadence.objects.filter(tier=tier).delete()
        else:
            Cadence.objects.update_or_create(tier=tier, defaults={"every_days": every_days})
    if changes:
        record("cadence.changed", by=by, changes=changes)
