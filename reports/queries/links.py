"""Who sends to whom, as counted links by month: the whole network of a field, or what one sends and receives.

A link leads from a practice to the organization that a referral names. Visibility is the referral's own territory; what others send to
somebody whom the person sees is one gathered number, and nobody of them is named.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db.models import Count, Q, QuerySet

from contacts.models import Affiliation, Practice
from referrals.models import Sees, Source
from reports.periods import Window
from reports.queries.cells import Ground, Where, ground, seen
from territories.scope import Scope

PRACTICE, ORGANIZATION, PROVIDER = "practice", "organization", "provider"
KINDS = (PROVIDER, PRACTICE, ORGANIZATION)


def key_of(kind: str, pk: int) -> str:
    """How a node is called in links, pictures, files and the API: "practice:12"."""
    return f"{kind}:{pk}"


def part(key: str) -> tuple[str, int]:
    """Kind and id of a node."""
    kind, _, pk = key.partition(":")
    return kind, int(pk)


@dataclass(frozen=True, slots=True)
class Link:
    """Referrals of one month from one to another. `whole` of them come from feeds that see all destinations."""

    source: str
    target: str
    month: dt.date
    n: int
    whole: int


@dataclass(frozen=True)
class Links:
    """`unnamed`: referrals of the selection that name no practice or no organization we know, and so are no link."""

    links: list[Link]
    unnamed: int


@dataclass(frozen=True)
class EgoLinks:
    """What one sends and receives.

    `within`: what those who send to it send to those whom it sends to. `elsewhere`: referrals to it from outside the person's field,
    from so many practices. `other_offices`: what a provider or an organization sends from offices outside the field. `unnamed`: sent by
    it, to nobody we know.
    """

    links: list[Link]
    within: list[Link]
    elsewhere: int
    elsewhere_practices: int
    other_offices: int
    unnamed: int


def links(*, window: Window, where: Where, scope: Scope, level: str) -> Links:
    """The network of a field. On the level of organizations a practice stands for the organization it belongs to, if any."""
    if scope.is_empty:
        return Links([], 0)
    source = _facts(window, where, scope)
    named = Q(practice__isnull=False, destination__isnull=False)
    group_of = _organizations() if level == ORGANIZATION else {}
    found = [
        Link(_sender(practice, group_of), key_of(ORGANIZATION, organization), month, n, whole)
        for practice, organization, month, n, whole in _grouped(source.rows.filter(named), "practice_id", "destination_id")
    ]
    return Links(found, source.rows.exclude(named).count())


def ego_links(*, kind: str, pk: int, window: Window, where: Where, scope: Scope) -> EgoLinks:
    """The links of one provider, practice or organization; `where` must not narrow by practice or provider."""
    if scope.is_empty:
        return EgoLinks([], [], 0, 0, 0, 0)
    center, everywhere = key_of(kind, pk), Scope(whole=True)
    offices = set(Practice.objects.filter(organization=pk).values_list("pk", flat=True)) if kind == ORGANIZATION else {pk}
    sends = Q(provider=pk) if kind == PROVIDER else Q(practice__in=offices)
    own = _facts(window, where, scope).rows.filter(sends)
    out = [
        Link(center, key_of(ORGANIZATION, organization), month, n, whole)
        for organization, month, n, whole in _grouped(own.filter(destination__isnull=False), "destination_id")
        if (kind, pk) != (ORGANIZATION, organization)
    ]
    receives = _receives(kind, pk)
    to_it, to_it_seen = (_facts(window, where, whose).rows.filter(receives) for whose in (everywhere, scope))
    group_of = _organizations()
    mutual = {link.target for link in out}
    back = []
    named = Q(practice__isnull=False)
    for practice, month, n, whole in _grouped(to_it_seen.filter(named), "practice_id"):
        if kind != PROVIDER and practice in offices:
            continue
        group = key_of(ORGANIZATION, group_of[practice]) if practice in group_of else ""
        back.append(Link(group if group in mutual else key_of(PRACTICE, practice), center, month, n, whole))
    elsewhere = elsewhere_practices = 0
    if not scope.whole:
        totals = to_it.exclude(seen(scope)).order_by().aggregate(n=Count("pk"), practices=Count("practice", distinct=True))
        elsewhere, elsewhere_practices = totals["n"], totals["practices"]
    other_offices = 0
    if kind != PRACTICE and not scope.whole:
        other_offices = _facts(window, where, everywhere).rows.filter(sends).count() - own.count()
    return EgoLinks(
        _summed(out + back),
        _within(back, mutual, window, where, scope),
        elsewhere,
        elsewhere_practices,
        other_offices,
        own.filter(destination=None).count(),
    )


def _facts(window: Window, where: Where, scope: Scope) -> Ground:
    """No rollup holds both ends, so the facts are read."""
    return ground(dimensions=("practice", "destination"), start=window.start, end=window.end, where=where, scope=scope)


def _grouped(rows: QuerySet[Any], *columns: str) -> QuerySet[Any, Any]:
    """(columns, month, n, of feeds that see all destinations)."""
    one_sided = list(Source.objects.filter(sees=Sees.RECEIVED).values_list("pk", flat=True))
    counts = {"n": Count("pk"), "whole": Count("pk", filter=~Q(source__in=one_sided))}
    grouped: QuerySet[Any, Any] = rows.order_by().values(*columns, "month").annotate(**counts).values_list(*columns, "month", "n", "whole")
    return grouped


def _organizations() -> dict[int, int]:
    """Practice → the organization it belongs to."""
    return dict(Practice.objects.filter(organization__isnull=False).values_list("pk", "organization_id"))


def memberships() -> str:
    """A word for which practice belongs to which organization: another one when that changes."""
    return sha256(repr(sorted(_organizations().items())).encode()).hexdigest()


def _sender(practice: int, group_of: Mapping[int, int]) -> str:
    return key_of(ORGANIZATION, group_of[practice]) if practice in group_of else key_of(PRACTICE, practice)


def _receives(kind: str, pk: int) -> Q:
    """Rows that were sent to it.

    Referrals name organizations, so a practice receives what names one of those who work there first, and what names its organization
    where that has no other practice.
    """
    if kind == PROVIDER:
        return Q(performer=pk)
    if kind == ORGANIZATION:
        return Q(destination=pk)
    people = Affiliation.objects.filter(practice=pk, ended_on=None, is_primary=True).values_list("provider_id", flat=True)
    receives = Q(performer__in=list(people))
    organization = Practice.objects.filter(pk=pk).values_list("organization_id", flat=True).first()
    if organization and not Practice.objects.filter(organization=organization, archived_at=None).exclude(pk=pk).exists():
        receives |= Q(destination=organization)
    return receives


def _within(back: Collection[Link], targets: Collection[str], window: Window, where: Where, scope: Scope) -> list[Link]:
    practices = {pk for kind, pk in (part(link.source) for link in back) if kind == PRACTICE}
    organizations = {part(target)[1] for target in targets}
    if not (practices and organizations):
        return []
    rows = _facts(window, where, scope).rows.filter(practice__in=practices, destination__in=organizations)
    return [
        Link(key_of(PRACTICE, practice), key_of(ORGANIZATION, organization), month, n, whole)
        for practice, organization, month, n, whole in _grouped(rows, "practice_id", "destination_id")
    ]


def _summed(found: Collection[Link]) -> list[Link]:
    """One link per pair and month: several practices may stand for one organization."""
    counts: Counter[tuple[str, str, dt.date]] = Counter()
    whole: Counter[tuple[str, str, dt.date]] = Counter()
    for link in found:
        counts[link.source, link.target, link.month] += link.n
        whole[link.source, link.target, link.month] += link.whole
    return [Link(*pair, n, whole[pair]) for pair, n in counts.items()]
