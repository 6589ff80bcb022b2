"""Records that seem to be one, with a score and the reasons. They only ask: a person decides."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from django.db.models import Q
from rapidfuzz import fuzz

from accounts.models import User
from common.names import fold
from contacts.models import Affiliation, KeptApart, Organization, Provider
from contacts.policies import may_be_one

LEAST = 60
LIMIT = 500
_ALIKE = 88.0  # of 100: two letters of a name of usual length
_ENDINGS = frozenset("inc incorporated llc llp pllc pc pa corp corporation co company ltd the of and at".split())


@dataclass(frozen=True)
class Pair:
    """Two records; the first would stay. `score` is of 100, `why` are its parts in words."""

    first: Provider | Organization
    second: Provider | Organization
    score: int
    why: tuple[str, ...]


def provider_pairs(user: User) -> list[Pair]:
    """Providers of whom one has no NPI in use: two NPIs in use are two people."""
    seen = Provider.objects.visible_to(user).select_related("specialty")
    unsure = {person.pk: person for person in seen.filter(Q(npi="") | Q(is_stale=True)).order_by("pk")[:LIMIT]}
    if not unsure:
        return []
    works = _works(unsure)
    near = Affiliation.objects.filter(practice__zip__in={zip_ for places in works.values() for _, zip_ in places if zip_})
    namesakes = Q(folded_name__in={person.folded_name for person in unsure.values()})
    others = list(seen.filter(namesakes | Q(pk__in=near.order_by().values("provider"))))
    works = _works([*unsure, *(person.pk for person in others)])
    blocks: dict[str, list[Provider]] = defaultdict(list)
    for person in {person.pk: person for person in others}.values():
        for block in {person.folded_name, *(f"{zip_} {person.folded_name[:1]}" for _, zip_ in works[person.pk] if zip_)}:
            blocks[block].append(person)
    apart = set(KeptApart.objects.exclude(first_provider=None).values_list("first_provider", "second_provider"))
    found: dict[tuple[int, int], Pair] = {}
    for person in unsure.values():
        for block in {person.folded_name, *(f"{zip_} {person.folded_name[:1]}" for _, zip_ in works[person.pk] if zip_)}:
            for other in blocks[block]:
                key = (min(person.pk, other.pk), max(person.pk, other.pk))
                if person.pk != other.pk and key not in apart and key not in found and may_be_one(person, other):
                    score, why = why_one(person, other, works[person.pk], works[other.pk])
                    if score >= LEAST:
                        first, second = _survivor_first(person, other, works)
                        found[key] = Pair(first, second, score, why)
    return sorted(found.values(), key=lambda pair: (-pair.score, str(pair.first), pair.first.pk))[:LIMIT]


Places = set[tuple[int, str]]


def _works(people: Iterable[int]) -> dict[int, Places]:
    """(practice, ZIP) where each works or worked."""
    found: dict[int, Places] = defaultdict(set)
    for provider, practice, zip_ in Affiliation.objects.filter(provider__in=list(people)).values_list(
        "provider_id", "practice_id", "practice__zip"
    ):
        found[provider].add((practice, zip_))
    return found


def why_one(first: Provider, second: Provider, here: Places, there: Places) -> tuple[int, tuple[str, ...]]:
    """How much speaks for one person, of 100, and what."""
    alike = fuzz.ratio(first.folded_name, second.folded_name)
    if alike < _ALIKE or fold(first.first_name)[:1] != fold(second.first_name)[:1]:
        return 0, ()
    score = 50.0 if alike == 100 else 40 * alike / 100
    why = ["same name" if alike == 100 else f"name {alike:.0f}% alike"]
    if here & there:
        score, why = score + 25, [*why, "same practice"]
    elif zips := {zip_ for _, zip_ in here if zip_} & {zip_ for _, zip_ in there}:
        score, why = score + 15, [*why, f"both in {min(zips)}"]
    phones = {re.sub(r"\D", "", person.phone)[-10:] for person in (first, second)}
    if len(phones) == 1 and phones != {""}:
        score, why = score + 15, [*why, "same phone"]
    if first.specialty_id and first.specialty_id == second.specialty_id:
        score, why = score + 10, [*why, "same specialty"]
    elif first.specialty_id and second.specialty_id:
        score -= 15
    initials = {fold(person.middle_name)[:1] for person in (first, second)} - {""}
    if len(initials) > 1:
        score, why = score - 30, [*why, "but another middle initial"]
    if first.npi and second.npi:
        why.append("one NPI is no longer in use")
    elif first.npi or second.npi:
        why.append("one has no NPI")
    return max(min(round(score), 100), 0), tuple(why)


def _survivor_first(one: Provider, other: Provider, works: dict[int, Places]) -> Sequence[Provider]:
    """Who has an NPI in use stays; else who works in more places; else who came first."""
    return sorted((one, other), key=lambda person: (not person.npi or person.is_stale, -len(works[person.pk]), person.pk))


def organization_pairs(user: User) -> list[Pair]:
    """Organizations of nearly one name, as far as more than the registry speaks of them."""
    rows = Organization.objects.visible_to(user).filter(Q(registry_updated_on=None) | ~Q(alignments=None)).distinct().order_by("pk")
    blocks: dict[str, list[tuple[Organization, str]]] = defaultdict(list)
    for row in rows[: 10 * LIMIT]:
        words = [word for word in re.findall(r"\w+", row.name.casefold()) if word not in _ENDINGS]
        plain = " ".join(words)
        for block in {plain[:4], " ".join(sorted(words))}:
            blocks[block].append((row, plain))
    apart = set(KeptApart.objects.exclude(first_organization=None).values_list("first_organization", "second_organization"))
    found: dict[tuple[int, int], Pair] = {}
    for rows_alike in blocks.values():
        for (one, plain), (other, name) in combinations(rows_alike, 2):
            key = (min(one.pk, other.pk), max(one.pk, other.pk))
            if key in apart or key in found or (one.npi and other.npi) or re.findall(r"\d+", plain) != re.findall(r"\d+", name):
                continue
            alike = max(fuzz.ratio(plain, name), 0.98 * fuzz.token_sort_ratio(plain, name))
            if alike >= 94:
                town = bool(one.city) and fold(one.city) == fold(other.city)
                why = ["same name but for its ending" if plain == name else f"name {alike:.0f}% alike", *(["same town"] if town else [])]
                first, second = sorted((one, other), key=lambda row: (not row.npi, row.pk))
                found[key] = Pair(first, second, min(round(alike) + 2 * town - 2, 100), tuple(why))
    return sorted(found.values(), key=lambda pair: (-pair.score, str(pair.first), pair.first.pk))[:LIMIT]
