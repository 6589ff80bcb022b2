"""What the search answers: a line each for people, practices and organizations, best first."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Case, IntegerField, Q, When

from accounts.models import User
from contacts.finding.people import PeopleSearch
from contacts.finding.reading import Asked, read
from contacts.models import Alignment, Organization, Practice, Provider
from territories.scope import scope_of

ALIKE = 0.45  # of 1: a swapped or missing letter or two in a name of usual length
LIMIT = 10


@dataclass(frozen=True)
class Hit:
    """One answer of the search."""

    what: str
    pk: int
    label: str
    sub: str
    url: str


def search(user: User, text: str, *, what: str = "", limit: int = LIMIT) -> list[Hit]:
    """Whom the person may see, best first; `what` is "provider", "practice", "organization", or blank for all of them.

    With all of them, a third of the room is kept for places where any fit.
    """
    asked = read(text)
    if not (asked.words or asked.digits):
        return []
    people = find_providers(user, asked, limit) if what in ("", "provider") else []
    places = find_practices(user, asked, limit) if what in ("", "practice") else []
    bodies = find_organizations(user, asked, limit) if what == "organization" or (not what and len(people) + len(places) < limit) else []
    people = people[: max(limit - len(places) - len(bodies), limit - limit // 3)]
    places = places[: limit - len(people)]
    return [*people, *places, *bodies[: limit - len(people) - len(places)]]


def find_providers(user: User, asked: Asked, limit: int) -> list[Hit]:
    scope = scope_of(user)
    if scope.is_empty:
        return []
    found = PeopleSearch(asked, scope, limit).run()
    if not found:
        return []
    order = {pk: place for place, pk in enumerate(found)}
    rows = Provider.objects.visible_to(user).filter(pk__in=found).with_places(user).select_related("specialty")
    return [_provider_hit(provider, with_npi=bool(asked.digits)) for provider in sorted(rows, key=lambda row: order[row.pk])]


def _provider_hit(provider: Provider, *, with_npi: bool) -> Hit:
    works = sorted(provider.works_at, key=lambda works: not works.is_primary)  # type: ignore[attr-defined]  # a prefetch's own attribute
    place = works[0].practice if works else None
    at = ", ".join(filter(None, [str(place), place.city])) if place else "in the registry only" if provider.registry_updated_on else ""
    told = [str(provider.specialty or ""), at, f"NPI {provider.npi}" if with_npi or (not place and provider.npi) else ""]
    return Hit("provider", provider.pk, str(provider), " · ".join(filter(None, told)), provider.get_absolute_url())


def find_practices(user: User, asked: Asked, limit: int) -> list[Hit]:
    visible = Practice.objects.visible_to(user).live().select_related("territory")
    if asked.digits:
        rows = list(visible.filter(zip__startswith=asked.digits).order_by("zip", "name", "pk")[:limit])
    else:
        rows = _best(visible, asked, limit, by_town=True)
    return [Hit("practice", practice.pk, str(practice), place_of(practice), practice.get_absolute_url()) for practice in rows]


def place_of(practice: Practice) -> str:
    """12 Elm St, Hartford 06103 · North."""
    town = " ".join(filter(None, [practice.city, practice.zip]))
    return " · ".join(filter(None, [", ".join(filter(None, [practice.address, town])), str(practice.territory or "")]))


def find_organizations(user: User, asked: Asked, limit: int) -> list[Hit]:
    """Those we know something about, by any of their words; of those that are only in the registry, whose name or NPI begins so."""
    visible = Organization.objects.visible_to(user).select_related("service_line")
    if asked.digits:
        rows = list(visible.filter(npi__startswith=asked.digits)[:limit])
    else:
        offices = Practice.objects.exclude(organization=None).order_by().values("organization")
        aligned = Alignment.objects.exclude(organization=None).order_by().values("organization")
        known = visible.filter(Q(registry_updated_on=None) | Q(pk__in=offices) | Q(pk__in=aligned) | Q(service_line__isnull=False))
        rows = _best(known, asked, limit)
        if len(rows) < limit and len(asked.joined) >= 3:
            more = visible.filter(folded_name__startswith=asked.joined).exclude(pk__in=[row.pk for row in rows])
            rows += more[: limit - len(rows)]
    return [Hit("organization", row.pk, str(row), _about(row), row.get_absolute_url()) for row in rows]


def _about(organization: Organization) -> str:
    town = ", ".join(filter(None, [organization.city, organization.state]))
    return " · ".join(filter(None, ["Organization", str(organization.service_line or ""), town]))


def _best(visible: Any, asked: Asked, limit: int, *, by_town: bool = False) -> list[Any]:
    """Of practices or organizations: what contains every word, those that begin with the first word first; then what is spelled alike."""
    rank = Case(When(folded_name__startswith=asked.words[0], then=0), default=1, output_field=IntegerField())
    within = visible
    for word in asked.words:
        within = within.filter(Q(folded_name__contains=word) | Q(city__istartswith=word) if by_town else Q(folded_name__contains=word))
    found = list(within.annotate(rank=rank).order_by("rank", "folded_name", "pk")[:limit])
    if len(found) >= 3 or len(asked.joined) < 4:
        return found
    alike = visible.exclude(pk__in=[row.pk for row in found]).annotate(alike=TrigramWordSimilarity(asked.joined, "folded_name"))
    return [*found, *alike.filter(alike__gte=ALIKE).order_by("-alike", "folded_name", "pk")[: limit - len(found)]]
