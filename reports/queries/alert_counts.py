"""Counts of everybody who refers to us, for the alerts: one query of the rollup; the facts only where a feed fell silent."""

import datetime as dt
from collections.abc import Collection
from typing import Any, NamedTuple

from django.db.models import Count, F, Sum

from contacts.models import Affiliation, Provider
from referrals.models import ProviderMonth, Referral


class Row(NamedTuple):
    """Referrals of a provider from a practice in a month: inbound, and those that show that the provider was one of ours then."""

    provider: int
    practice: int | None
    month: dt.date
    inbound: int
    ours: int


def referrers(*, since: dt.date) -> list[Row]:
    """Every provider's inbound referrals by practice and month. Rows that name no provider are nobody's."""
    rows = ProviderMonth.objects.filter(month__gte=since, provider__isnull=False).order_by()
    ours = Sum(F("n_internal") + F("n_outbound") + F("n_undetermined"))
    found = rows.values_list("provider", "practice", "month").annotate(inbound=Sum("n_inbound"), ours=ours)
    return [Row(*row) for row in found.iterator(chunk_size=20_000)]


class LineRow(NamedTuple):
    """Inbound referrals of a provider from a practice for a service line in a month."""

    provider: int
    practice: int | None
    line: int | None
    month: dt.date
    inbound: int


def lines_of(providers: Collection[int], *, since: dt.date) -> list[LineRow]:
    """The referrals of a few providers by service line too, which the rollup of providers does not know."""
    rows = Referral.objects.counted().filter(provider__in=providers, month__gte=since, flow="inbound").order_by()
    found = rows.values_list("provider", "practice", "service_line", "month").annotate(n=Count("pk"))
    return [LineRow(*row) for row in found]


def off_lists() -> set[int]:
    """Who stays off lists of decliners: by specialty, or by an admin's word."""
    return set(Provider.objects.exclude(pk__in=Provider.objects.on_lists().values("pk")).values_list("pk", flat=True))


def brought_by(*, since: dt.date) -> dict[int, dict[int, int]]:
    """{provider: {feed: inbound referrals}} since then."""
    rows = Referral.objects.counted().filter(month__gte=since, flow="inbound", provider__isnull=False).order_by()
    found: dict[int, dict[int, int]] = {}
    for provider, source, n in rows.values_list("provider", "source").annotate(n=Count("pk")):
        found.setdefault(provider, {})[source] = n
    return found


def works_at(providers: Collection[int]) -> dict[int, dict[int, bool]]:
    """{provider: {practice: whether it is the primary one}}, as of today."""
    found: dict[int, dict[int, Any]] = {}
    rows = Affiliation.objects.open().filter(provider__in=providers).order_by("-is_primary", "pk")
    for provider, practice, primary in rows.values_list("provider", "practice", "is_primary"):
        found.setdefault(provider, {})[practice] = primary
    return found
