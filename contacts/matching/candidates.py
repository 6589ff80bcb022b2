"""The best few whom words may mean, with a score and the reasons, for a person who decides.

A small pool is asked of the database (same office, same ZIP, a name alike, an NPI nearly the same: each has an index, whatever the size of
the registry) and scored here. Scores order the few; they decide nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import QuerySet
from rapidfuzz import fuzz

from common.names import fold, split_person_name
from common.npi import is_valid_npi
from contacts.matching.words import Words
from contacts.models import Affiliation, Alias, Organization, Practice, Provider, WordsKind

LIMIT = 5
LEAST = 35  # of 100: below that, one could as well throw dice
_POOL = 60
_ALIKE = 75.0


@dataclass(frozen=True)
class Candidate:
    """Somebody who may be meant; `score` is of 100, `why` are its parts in words, `where` says who this is."""

    target: Provider | Practice | Organization
    score: int
    why: tuple[str, ...]
    where: str


def candidates_for(words: Words, *, limit: int = LIMIT) -> list[Candidate]:
    """The best `limit` for these words, best first."""
    find = {WordsKind.PROVIDER: _providers, WordsKind.PRACTICE: _practices, WordsKind.ORGANIZATION: _organizations}[WordsKind(words.kind)]
    found = [candidate for candidate in find(words) if candidate.score >= LEAST]
    return sorted(found, key=lambda candidate: (-candidate.score, str(candidate.target), candidate.target.pk))[:limit]


def near_npis(npi: str) -> list[str]:
    """Valid NPIs one digit off, or with two neighbours swapped."""
    if len(npi) != 10 or not npi.isdigit():
        return []
    swapped = {npi[:at] + second + first + npi[at + 2 :] for at, (first, second) in enumerate(pairwise(npi))}
    changed = {npi[:at] + digit + npi[at + 1 :] for at in range(10) for digit in "0123456789"}
    return sorted(near for near in (swapped | changed) - {npi} if is_valid_npi(near))


def _pool(rows: QuerySet[Any], name: str, folded: str, more: Iterable[int]) -> list[int]:
    alike = rows.filter(**{f"{name}__trigram_similar": folded}).values_list("pk", flat=True)[:_POOL] if folded else []
    return list(dict.fromkeys([*alike, *more]))


def _office_of(words: Words) -> int | None:
    """The practice that the words name, when it is one that we know."""
    if not fold(words.office):
        return None
    decided = Alias.objects.filter(key=Words(WordsKind.PRACTICE, name=words.office, zip=words.zip).key).values_list("practice", flat=True)
    if decided:
        return decided[0]
    here = Practice.objects.live().filter(folded_name=fold(words.office))
    found = list((here.filter(zip=words.zip) if words.zip else here).values_list("pk", flat=True)[:2])
    return found[0] if len(found) == 1 else None


def _providers(words: Words) -> list[Candidate]:
    first, _, last = split_person_name(words.name)
    office = _office_of(words)
    zips = {words.zip} - {""}
    if office is not None:
        zips |= set(Practice.objects.filter(pk=office).exclude(zip="").values_list("zip", flat=True))
    there = Affiliation.objects.filter(practice=office) if office is not None else Affiliation.objects.none()
    nearby = Affiliation.objects.filter(practice__zip__in=zips)
    live = Provider.objects.live()
    near = set(live.filter(npi__in=near_npis(words.npi)).values_list("pk", flat=True))
    family = fold(last)
    local = list(there.values_list("provider", flat=True)) + list(
        nearby.filter(provider__folded_name__startswith=family[:1]).values_list("provider", flat=True)[: 10 * _POOL] if family else []
    )
    pool = _pool(live, "folded_name", f"{family}{fold(first)}", [*near, *local])
    people = live.filter(pk__in=pool).select_related("specialty")
    works: dict[int, list[Practice]] = {}
    for row in Affiliation.objects.filter(provider__in=pool).select_related("practice").order_by("-is_primary", "pk"):
        works.setdefault(row.provider_id, []).append(row.practice)
    return [_provider(person, first, last, works.get(person.pk, []), office, zips, is_near=person.pk in near) for person in people]


def _provider(
    person: Provider, first: str, last: str, works: Sequence[Practice], office: int | None, zips: set[str], *, is_near: bool
) -> Candidate:
    why, score = [], 0.0
    if last:
        given, family = fold(first), fold(last)
        alike = fuzz.ratio(family, fold(person.last_name))
        initial = given[:1] == fold(person.first_name)[:1]
        alike_first = 90.0 if initial and 1 in (len(given), len(fold(person.first_name))) else fuzz.ratio(given, fold(person.first_name))
        together = 0.65 * alike + 0.35 * alike_first
        score += max(together - 40, 0)  # half of all letters are alike in any two names
        if together >= _ALIKE:
            why.append("same name" if together == 100 else f"name {together:.0f}% alike")
    if is_near:
        score += 35
        why.append(f"NPI {person.npi} is nearly the same")
    if office is not None and any(practice.pk == office for practice in works):
        score += 30
        why.append("works there")
    elif town := next((practice for practice in works if practice.zip in zips), None):
        score += 18
        why.append(f"works in {town.zip}")
    where = " · ".join(filter(None, [str(person.specialty or ""), str(works[0]) if works else "", person.npi and f"NPI {person.npi}"]))
    return Candidate(person, min(round(score), 100), tuple(why), where)


def _practices(words: Words) -> list[Candidate]:
    folded = fold(words.name)
    live = Practice.objects.live()
    there = list(live.filter(zip=words.zip).values_list("pk", flat=True)[: 5 * _POOL]) if words.zip else []
    found = []
    for practice in live.filter(pk__in=_pool(live, "folded_name", folded, there)):
        alike = _alike(words.name, practice.name)
        score = max(alike - 30, 0)
        why = [_told(alike)] if alike >= _ALIKE else []
        if words.zip and practice.zip == words.zip:
            score += 30
            why.append(f"in {practice.zip}")
        elif words.zip and practice.zip[:3] == words.zip[:3]:
            score += 10
            why.append(f"near, in {practice.zip}")
        where = ", ".join(filter(None, [practice.address, " ".join(filter(None, [practice.city, practice.zip]))]))
        found.append(Candidate(practice, min(round(score), 100), tuple(why), where))
    return found


def _organizations(words: Words) -> list[Candidate]:
    live = Organization.objects.live()
    near = set(live.filter(npi__in=near_npis(words.name.strip())).values_list("pk", flat=True))
    found = []
    for organization in live.filter(pk__in=_pool(live, "folded_name", fold(words.name), near)).select_related("service_line"):
        alike = _alike(words.name, organization.name)
        why = ([_told(alike)] if alike >= _ALIKE else []) + (["NPI is nearly the same"] if organization.pk in near else [])
        score = max(alike, 70.0 if organization.pk in near else 0.0)
        place = ", ".join(filter(None, [organization.city, organization.state]))
        where = " · ".join(filter(None, [str(organization.service_line or ""), place]))
        found.append(Candidate(organization, min(round(score), 100), tuple(why), where))
    return found


def _alike(told: str, ours: str) -> float:
    """Whole names, or the same words in another order or with some left out, which is worth a little less."""
    words, names = told.casefold(), ours.casefold()
    return max(fuzz.ratio(fold(told), fold(ours)), 0.95 * fuzz.token_sort_ratio(words, names), 0.85 * fuzz.token_set_ratio(words, names))


def _told(alike: float) -> str:
    return "same name" if alike == 100 else f"name {alike:.0f}% alike"
