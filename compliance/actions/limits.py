"""Limits and policies. A change settles the ledger anew in a worker."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import User
from audit.actions import record
from compliance import policies
from compliance.models import SpendEntry, SpendLimit, SpendPolicy
from contacts.models import Organization
from jobs.actions import enqueue


@transaction.atomic
def save_limit(
    *,
    year: int,
    non_monetary: Decimal | None,
    incidental: Decimal | None,
    source: str,
    entity: Organization | None = None,
    limit: SpendLimit | None = None,
    by: User,
) -> SpendLimit:
    """Add a year's limits or change them; entries keep what they counted, tasks follow the new limit."""
    policies.check_may_set_up(by)
    years = {year} | ({limit.year} if limit else set())
    event = "spend-limit.edited" if limit else "spend-limit.added"
    limit = limit or SpendLimit()
    limit.year, limit.entity, limit.non_monetary, limit.incidental, limit.source = year, entity, non_monetary, incidental, source.strip()
    limit.save()
    record(event, by=by, target=limit, non_monetary=non_monetary, incidental=incidental)
    for changed in sorted(years):
        enqueue("compliance.settle_year", changed, by=by)
    return limit


@transaction.atomic
def remove_limit(*, limit: SpendLimit, by: User) -> None:
    """Take a row out; its year falls back to the row of all entities, or to none."""
    policies.check_may_set_up(by)
    record("spend-limit.removed", by=by, target=limit, non_monetary=limit.non_monetary, incidental=limit.incidental)
    year = limit.year
    limit.delete()
    enqueue("compliance.settle_year", year, by=by)


@transaction.atomic
def save_policy(*, by: User, **fields: Any) -> SpendPolicy:
    """Change the settings beside the limits. Entries keep what they counted; tasks of every year follow."""
    policies.check_may_set_up(by)
    SpendPolicy.objects.get_or_create(pk=1)
    policy = SpendPolicy.objects.select_for_update().get(pk=1)
    changes = {name: [str(getattr(policy, name)), str(value)] for name, value in fields.items() if getattr(policy, name) != value}
    for name, value in fields.items():
        setattr(policy, name, value)
    policy.save()
    if changes:
        record("spend-policy.changed", by=by, target=policy, changes=changes)
        for year in sorted(set(SpendEntry.objects.order_by().values_list("spent_on__year", flat=True))):
            enqueue("compliance.settle_year", year, by=by)
    return policy
