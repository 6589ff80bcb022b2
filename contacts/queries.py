"""Reads over several models: who looks after what, whose somebody is and why, who is meant by a few typed letters."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Case, IntegerField, When
from django.utils import timezone

from accounts.models import User
from common.names import fold
from contacts.models import Alignment, AlignmentKind, Organization, Practice, Provider
from contacts.querysets import words_of
from territories.models import Assignment, Territory

ALIKE = 0.45  # of 1: a swapped or missing letter or two in a name of usual length


def owners_of(territories: Iterable[int | None]) -> dict[int, User]:
    """Who has the credit for these territories today: their primary person, else that of the nearest territory above."""
    wanted = {pk for pk in territories if pk}
    if not wanted:
        return {}
    parents = dict(Territory.objects.values_list("pk", "parent_id"))
    primary = Assignment.objects.today().filter(is_primary=True, service_line=None).select_related("user")
    held = {assignment.territory_id: assignment.user for assignment in primary}
    owners: dict[int, User] = {}
    for territory in wanted:
        node: int | None = territory
        while node is not None and node not in held:
            node = parents.get(node)
        if node is not None:
            owners[territory] = held[node]
    return owners


def survivor_of(model: type[Provider] | type[Organization], pk: int) -> int | None:
    """Into whom the record was merged, at the end of the chain; none when it was not."""
    into = model._default_manager.filter(pk=pk).values_list("merged_into", flat=True).first()
    further = survivor_of(model, into) if into is not None else None
    return further if further is not None else into


@dataclass(frozen=True)
class Standing:
    """Whose somebody is today, and who says so."""

    kind: str
    label: str
    because: str
    since: dt.date | None = None


def standing_of(owner: Provider | Practice, *, practice: Practice | None = None) -> Standing:
    """The owner's own word, else the practice's, else the organization's. For a provider, `practice` is the primary one."""
    today = timezone.localdate()
    office = practice if isinstance(owner, Provider) else owner
    levels: list[tuple[str, str, int | None]] = []
    if isinstance(owner, Provider):
        levels.append(("provider", "", owner.pk))
    if office is not None:
        levels.append(("practice", "" if office is owner else f"as {office}", office.pk))
        if office.organization:
            levels.append(("organization", f"as {office.organization}", office.organization_id))
    for field, because, pk in levels:
        if found := Alignment.objects.on(today).filter(**{field: pk}).first():
            return Standing(found.kind, AlignmentKind(found.kind).label, because, found.started_on)
    return Standing(AlignmentKind.UNKNOWN, AlignmentKind.UNKNOWN.label, "nobody has said yet")


@dataclass(frozen=True)
class Hit:
    """One answer of the search."""

    what: str
    pk: int
    label: str
    sub: str
    url: str


def search(user: User, text: str, *, what: str = "", limit: int = 10) -> list[Hit]:
    """Providers and practices in the person's scope, best first: what contains every word, then what is spelled alike."""
    if not fold(text):
        return []
    people = _find_providers(user, text, limit) if what in ("", "provider") else []
    places = _find_practices(user, text, limit) if what in ("", "practice") else []
    room = max(limit - len(places), limit - limit // 3)
    people = people[:room]
    return [*people, *places[: limit - len(people)]]


def _find_providers(user: User, text: str, limit: int) -> list[Hit]:
    visible = Provider.objects.visible_to(user).for_list(user, timezone.localdate())
    hits = []
    for provider in _best(visible, text, limit):
        works = sorted(provider.works_at, key=lambda works: not works.is_primary)
        told = [str(provider.specialty or ""), str(works[0].practice) if works else "", f"NPI {provider.npi}" if text.isdigit() else ""]
        hits.append(Hit("provider", provider.pk, str(provider), " · ".join(filter(None, told)), provider.get_absolute_url()))
    return hits


def _find_practices(user: User, text: str, limit: int) -> list[Hit]:
    visible = Practice.objects.visible_to(user).live().select_related("territory")
    return [
        Hit("practice", practice.pk, str(practice), place_of(practice), practice.get_absolute_url())
        for practice in _best(visible, text, limit)
    ]


def place_of(practice: Practice) -> str:
    """12 Elm St, Hartford 06103 · North."""
    town = " ".join(filter(None, [practice.city, practice.zip]))
    return " · ".join(filter(None, [", ".join(filter(None, [practice.address, town])), str(practice.territory or "")]))


def _best(visible: Any, text: str, limit: int) -> list[Any]:
    """Of a queryset of providers or of practices."""
    first = (words_of(text) or [fold(text)])[0]
    rank = Case(When(folded_name__startswith=first, then=0), default=1, output_field=IntegerField())
    found = list(visible.named_like(text).annotate(rank=rank).order_by("rank", "folded_name", "pk")[:limit])
    joined = fold(text)
    if len(found) >= 3 or len(joined) < 4 or text.isdigit():
        return found
    alike = visible.exclude(pk__in=[row.pk for row in found]).annotate(alike=TrigramWordSimilarity(joined, "folded_name"))
    return [*found, *alike.filter(alike__gte=ALIKE).order_by("-alike", "folded_name", "pk")[: limit - len(found)]]
