"""Who is meant: names and NPIs as sources write them, resolved to our providers, practices and organisations.

A `Directory` is read from the database once and asked once per distinct combination, never per row. Three outcomes: matched, ambiguous
(several fit equally well) and unmatched. Evidence is tried from strong to weak, and the first that decides wins: a weak hint never
overrules a strong one, and a guess between two is no match.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from common.names import exact_key, fold, split_person_name
from common.npi import is_valid_npi
from contacts.models import Affiliation, Organization, Practice, Provider

MATCHED = "matched"
AMBIGUOUS = "ambiguous"
UNMATCHED = "unmatched"

NEAR_PLACE = 94.0  # of 100: one letter lost or swapped in a name of usual length, not a word more
NEAR_PERSON = 85.0
MARGIN = 4.0  # how much better than the second the best must be


@dataclass(frozen=True, slots=True)
class Match:
    """`how` says by which evidence: NPI, name, folded name, name in ZIP, similar name."""

    outcome: str
    id: int | None = None
    how: str = ""
    score: float = 0.0


NOBODY = Match(UNMATCHED)


@dataclass(frozen=True, slots=True)
class _Person:
    id: int
    first: str
    middle: str
    last: str
    exact: tuple[str, str]
    folded: str


class Directory:
    """Everybody and every place we know, by all the keys that a source may give."""

    def __init__(
        self,
        *,
        providers: Iterable[tuple[int, str, str, str, str]],
        affiliations: Iterable[tuple[int, int]],
        practices: Iterable[tuple[int, str, str]],
        organizations: Iterable[tuple[int, str, str]],
    ) -> None:
        """Rows of (id, npi, first, middle, last), (provider, practice), (id, folded name, zip) and (id, folded name, npi)."""
        self._npis: dict[str, int] = {}
        people: dict[int, _Person] = {}
        for pk, npi, first, middle, last in providers:
            if npi:
                self._npis[npi] = pk
            people[pk] = _Person(pk, fold(first), fold(middle), fold(last), (exact_key(first), exact_key(last)), fold(f"{last} {first}"))
        self._practice_names: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._practices_in: dict[str, dict[int, str]] = defaultdict(dict)
        self._zip_of: dict[int, str] = {}
        for pk, name, zip_ in practices:
            self._practice_names[name].append((pk, zip_))
            self._practices_in[zip_][pk] = name
            self._zip_of[pk] = zip_
        self._people_at: dict[int, dict[int, _Person]] = defaultdict(dict)
        self._people_in: dict[str, dict[int, _Person]] = defaultdict(dict)
        for provider, practice in affiliations:
            self._people_at[practice][provider] = people[provider]
            if zip_ := self._zip_of.get(practice, ""):
                self._people_in[zip_][provider] = people[provider]
        self._organizations: dict[int, str] = {}
        self._organization_names: dict[str, int] = {}
        self._organization_npis: dict[str, int] = {}
        for pk, name, npi in organizations:
            self._organizations[pk] = name
            self._organization_names[name] = pk
            if npi:
                self._organization_npis[npi] = pk

    @classmethod
    def load(cls) -> "Directory":
        """The directory as the database has it now. Closed affiliations count: referrals are of the past."""
        return cls(
            providers=Provider.objects.order_by().values_list("pk", "npi", "first_name", "middle_name", "last_name"),
            affiliations=Affiliation.objects.order_by().values_list("provider_id", "practice_id"),
            practices=Practice.objects.live().order_by().values_list("pk", "folded_name", "zip"),
            organizations=Organization.objects.order_by().values_list("pk", "folded_name", "npi"),
        )

    def practice(self, name: str, zip_: str = "") -> Match:
        """The practice of this name; with a ZIP, the one there."""
        folded = fold(name)
        if not folded:
            return NOBODY
        named = self._practice_names.get(folded, [])
        here = [pk for pk, at in named if at == zip_] if zip_ else [pk for pk, _ in named]
        # A practice whose ZIP we do not know, or a row without one, cannot contradict the name; another ZIP does.
        here = here or [pk for pk, at in named if not at]
        if here:
            return _only(here, "name", 100.0)
        return _nearest(folded, self._practices_in.get(zip_, {})) if zip_ else NOBODY

    def organization(self, name: str) -> Match:
        """The organisation of this name, or of this NPI where a source has nothing else."""
        if (pk := self._organization_npis.get(name.strip())) is not None:
            return Match(MATCHED, pk, "NPI", 100.0)
        folded = fold(name)
        if not folded or is_valid_npi(name):
            return NOBODY
        if (pk := self._organization_names.get(folded)) is not None:
            return Match(MATCHED, pk, "name", 100.0)
        return _nearest(folded, self._organizations)

    def provider(self, npi: str, name: str, practice_id: int | None = None, zip_: str = "") -> Match:
        """The person of this NPI, else of this name at the practice, else in its ZIP."""
        if (pk := self._npis.get(npi)) is not None:
            return Match(MATCHED, pk, "NPI", 100.0)
        first, middle, last = split_person_name(name)
        if not last:
            return NOBODY
        at = self._people_at.get(practice_id, {}) if practice_id is not None else {}
        zip_ = zip_ or (self._zip_of.get(practice_id, "") if practice_id is not None else "")
        nearby = self._people_in.get(zip_, {}) if zip_ else {}
        # Zoe and Zoë are two people where both are known: accents count first, and are forgiven only when nobody fits to the letter.
        exact, folded = (exact_key(first), exact_key(last)), fold(f"{last} {first}")
        for how, group in (("name", at), ("name in ZIP", nearby)):
            for fits in (
                [person for person in group.values() if person.exact == exact],
                [person for person in group.values() if person.folded == folded],
            ):
                if fits:
                    how = how if fits[0].exact == exact else f"folded {how}"
                    return _only([person.id for person in _of_initial(fits, middle)], how, 100.0)
        return _similar(first, last, middle, list((at or nearby).values()))


def _only(ids: Sequence[int], how: str, score: float) -> Match:
    return Match(MATCHED, ids[0], how, score) if len(ids) == 1 else Match(AMBIGUOUS, None, how, score)


def _of_initial(people: list[_Person], middle: str) -> list[_Person]:
    """Of several of one name, those whose middle initial agrees; a single one stays, whatever its initial."""
    initial = fold(middle)[:1]
    if len(people) < 2 or not initial:
        return people
    return [person for person in people if person.middle[:1] == initial] or people


def _nearest(folded: str, names: dict[int, str]) -> Match:
    """The one name that is nearly this one. Numbers in names tell offices apart, so they must agree."""
    found = process.extract(folded, names, scorer=fuzz.ratio, score_cutoff=NEAR_PLACE - MARGIN, limit=5)
    near = [(score, pk) for name, score, pk in found if _numbers(name) == _numbers(folded)]
    return _best(near, NEAR_PLACE)


def _similar(first: str, last: str, middle: str, people: list[_Person]) -> Match:
    """Nearly this person: the last name off by a letter or two, the first name too, or only its initial given."""
    given, family = fold(first), fold(last)
    if not given or not family:
        return NOBODY
    near = [
        (score, person.id)
        for person in _of_initial([person for person in people if person.first[:1] == given[:1]], middle)
        if (score := min(fuzz.ratio(family, person.last), _given_score(given, person.first))) >= NEAR_PERSON - MARGIN
    ]
    return _best(near, NEAR_PERSON)


def _given_score(given: str, first: str) -> float:
    return 95.0 if 1 in (len(given), len(first)) else fuzz.ratio(given, first)


def _best(near: list[tuple[float, int]], cutoff: float) -> Match:
    near.sort(reverse=True)
    if not near or near[0][0] < cutoff:
        return NOBODY
    if len(near) > 1 and near[0][0] - near[1][0] < MARGIN:
        return Match(AMBIGUOUS, None, "similar name", near[0][0])
    return Match(MATCHED, near[0][1], "similar name", near[0][0])


@lru_cache(maxsize=1 << 14)
def _numbers(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d+", name))
