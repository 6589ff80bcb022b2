"""How far physicians' years are used. A physician is everybody who was merged into them: merging carries spend, unmerging gives it back."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet, Sum
from django.utils import timezone

from compliance.models import Rule, SpendLimit, SpendPolicy, SpendShare, SpendState
from compliance.rules import NOTHING, Allowance
from contacts.models import Alignment, AlignmentKind, Organization, Provider

OURS = (AlignmentKind.EMPLOYED, AlignmentKind.AFFILIATED)


def payers() -> QuerySet[Organization]:
    """Our entities, that pay for things: organizations that are employed or affiliated today."""
    aligned = Alignment.objects.on(timezone.localdate()).filter(kind__in=OURS).exclude(organization=None)
    return Organization.objects.live().filter(pk__in=aligned.values("organization"))


def limit_of(year: int, payer_id: int | None) -> Decimal | None:
    """The non-monetary limit; None where the year has no row, or its amount is not known."""
    row = SpendLimit.objects.for_entity(payer_id, year)
    return row.non_monetary if row else None


def no_limit_sentence(year: int) -> str:
    return f"No limit is set for {year}, so nothing can be planned for it. An admin types it in under Settings, Spend limits."


def counted_of(providers: Collection[int], *, rule: str, year: int, payer_id: int | None, without: int | None = None) -> dict[str, Decimal]:
    """What counts for these records together in a year, by state of the entry; `without` leaves one entry out."""
    rows = SpendShare.objects.of_year(year).filter(provider__in=providers, rule=rule, entry__payer=payer_id).exclude(entry=without)
    return {row["entry__state"]: row["sum"] for row in rows.order_by().values("entry__state").annotate(sum=Sum("counted"))}


def allowance_of(
    provider: Provider, *, year: int, payer_id: int | None = None, rule: str = Rule.LIMIT, without: int | None = None
) -> Allowance:
    """One physician's year against the yearly limit, or, of an employed one, against the policy for them."""
    policy = SpendPolicy.current()
    limit = limit_of(year, payer_id) if rule == Rule.LIMIT else policy.employed_yearly
    sums = counted_of(
        list(Provider.objects.all_of(provider).values_list("pk", flat=True)), rule=rule, year=year, payer_id=payer_id, without=without
    )
    return Allowance(limit, sums.get(SpendState.HAPPENED, NOTHING), sums.get(SpendState.PLANNED, NOTHING), policy.warn_at)


@dataclass(frozen=True)
class PhysicianYear:
    """A physician, the rule that their spend falls under that day, and their year; `rule` is staff for those who are no physicians."""

    provider: Provider
    rule: str
    allowance: Allowance


def aligned_as(provider: Provider) -> str:
    """Of a row that was read `with_alignment`."""
    return str(vars(provider)["alignment_today"])


def rule_of(kind: str, alignment: str) -> Rule:
    """Nurse practitioners and physician assistants are no physicians; employed ones follow the policy of the house."""
    if kind in {"np", "pa"}:
        return Rule.STAFF
    return Rule.EMPLOYED if alignment == AlignmentKind.EMPLOYED else Rule.LIMIT


def allowances_of(providers: Iterable[Provider], *, on: dt.date, payer_id: int | None = None) -> list[PhysicianYear]:
    """Several physicians' years, under the rule that holds for each on that day. A fixed number of queries."""
    aligned = {row.pk: row for row in Provider.objects.filter(pk__in=[provider.pk for provider in providers]).with_alignment(on)}
    into = dict(Provider.objects.exclude(merged_into=None).values_list("pk", "merged_into"))
    members: dict[int, list[int]] = defaultdict(list)
    for pk in into:
        members[_last(pk, into)].append(pk)
    wanted = {pk: [_last(pk, into), *members[_last(pk, into)]] for pk in aligned}
    sums: dict[tuple[int, str, str], Decimal] = defaultdict(lambda: NOTHING)
    rows = SpendShare.objects.of_year(on.year).filter(provider__in={one for many in wanted.values() for one in many}, entry__payer=payer_id)
    for row in rows.order_by().values("provider", "rule", "entry__state").annotate(sum=Sum("counted")):
        sums[_last(row["provider"], into), row["rule"], row["entry__state"]] += row["sum"]
    policy, limit = SpendPolicy.current(), limit_of(on.year, payer_id)
    found = []
    for pk, provider in aligned.items():
        rule, whole = rule_of(provider.kind, aligned_as(provider)), _last(pk, into)
        most = limit if rule == Rule.LIMIT else policy.employed_yearly if rule == Rule.EMPLOYED else None
        year = Allowance(most, sums[whole, rule, SpendState.HAPPENED], sums[whole, rule, SpendState.PLANNED], policy.warn_at)
        found.append(PhysicianYear(provider, rule, year))
    return sorted(found, key=lambda one: (one.provider.last_name, one.provider.first_name, one.provider.pk))


def _last(pk: int, into: dict[int, int | None]) -> int:
    """At the end of a chain of merges."""
    while (following := into.get(pk)) is not None:
        pk = following
    return pk
