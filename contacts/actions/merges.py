"""Two records that are one: merged, parted again, or said to be two."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from contacts import merging, policies
from contacts.models import KeptApart, Organization, OrganizationMerge, Provider, ProviderMerge
from jobs.actions import enqueue


def _follow(merge: ProviderMerge | OrganizationMerge, by: User | None) -> None:
    """Referrals are matched again and derived: those of the two, and those that wait for somebody of these names. Spend is settled anew."""
    scope = "providers" if isinstance(merge, ProviderMerge) else "organizations"
    enqueue("referrals.rematch", scope, [merge.pk], by=by)
    enqueue("referrals.derive", scope, [merge.survivor_id, merge.merged_id], by=by)
    if scope == "providers":
        enqueue("compliance.settle_providers", [merge.survivor_id, merge.merged_id], by=by)


@transaction.atomic
def merge_providers(*, survivor: Provider, merged: Provider, by: User | None) -> ProviderMerge:
    """From now on `merged` is `survivor`: their places, alignments, visits, follow-ups, aliases and referrals."""
    merge = ProviderMerge(survivor=survivor, merged=merged, merged_by=by)
    _put_together(merge, by)
    return merge


@transaction.atomic
def merge_organizations(*, survivor: Organization, merged: Organization, by: User | None) -> OrganizationMerge:
    """From now on `merged` is `survivor`: its practices, alignments, aliases and referrals."""
    merge = OrganizationMerge(survivor=survivor, merged=merged, merged_by=by)
    _put_together(merge, by)
    return merge


def _put_together(merge: ProviderMerge | OrganizationMerge, by: User | None) -> None:
    survivor, merged = merge.survivor, merge.merged
    _lock(type(survivor), survivor, merged)
    policies.check_can_merge(survivor=survivor, merged=merged)
    merge.moved = merging.move(survivor=survivor, merged=merged)
    merged.merged_into = survivor
    merged.save(update_fields=["merged_into"])
    merge.save()
    what = survivor._meta.model_name
    record(f"{what}.merged", by=by, target=survivor, merged=str(merged), npi=merged.npi)
    record(f"{what}.merged_away", by=by, target=merged, into=str(survivor))
    _follow(merge, by)


@transaction.atomic
def unmerge(*, merge: ProviderMerge | OrganizationMerge, by: User | None) -> None:
    """Two again: what came with the merge goes back as it was, what came since stays with the survivor."""
    merge = type(merge).objects.select_for_update().get(pk=merge.pk)
    if merge.unmerged_at:
        return
    survivor, merged = merge.survivor, merge.merged
    _lock(type(survivor), survivor, merged)
    merged.merged_into = None
    merged.save(update_fields=["merged_into"])
    merging.move_back(survivor=survivor, merged=merged, moved=merge.moved)
    for later in type(merge).objects.in_force().filter(merged__in=[survivor, *merging.above(survivor)]):
        later.moved = merging.without(later.moved, merge.moved)
        later.save(update_fields=["moved"])
    merge.unmerged_by, merge.unmerged_at = by, timezone.now()
    merge.save(update_fields=["unmerged_by", "unmerged_at"])
    what = survivor._meta.model_name
    record(f"{what}.unmerged", by=by, target=survivor, merged=str(merged))
    record(f"{what}.unmerged_from", by=by, target=merged, survivor=str(survivor))
    _follow(merge, by)


@transaction.atomic
def keep_apart(*, first: Provider | Organization, second: Provider | Organization, by: User | None) -> None:
    """Remember that these two are not the same, so that nobody is asked again."""
    first, second = sorted((first, second), key=lambda row: row.pk)
    kind = first._meta.model_name
    _, made = KeptApart.objects.get_or_create(**{f"first_{kind}": first, f"second_{kind}": second}, defaults={"said_by": by})
    if made:
        record(f"{kind}.kept_apart", by=by, target=first, other=str(second))


def _lock(model: type[Provider] | type[Organization], *rows: Provider | Organization) -> None:
    """One merge of a record at a time; the rows are as the database has them now."""
    list(model._default_manager.select_for_update(no_key=True).filter(pk__in=[row.pk for row in rows]).order_by("pk"))
    for row in rows:
        row.refresh_from_db()
    if len({row.pk for row in rows}) < len(rows):
        raise PolicyViolation("Choose two different records.")
