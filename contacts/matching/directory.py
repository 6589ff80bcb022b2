"""Everybody we know, asked many times over.

A `Directory` is read from the database once and asked once per distinct combination, never per row. Three outcomes: matched, ambiguous
(several fit equally well) and unmatched. Evidence is tried from strong to weak, and the first that decides wins: a weak hint never
overrules a strong one, and a guess between two is no match. What a person decided (an alias) comes right after the NPI.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Model, Q, QuerySet
from rapidfuzz import fuzz, process

from common.names import exact_key, fold, split_person_name
from common.npi import is_valid_npi
from contacts.matching.words import Words
from contacts.models import Affiliation, Alias, Alignment, Organization, Practice, Provider, ProviderLocation, ProviderName, WordsKind

MATCHED = "matched"
AMBIGUOUS = "ambiguous"
UNMATCHED = "unmatched"

SIMILAR = "similar name"  # by likeness alone: right nearly always, and shown until a person has confirmed it
NEAR_PLACE = 94.0  # of 100: one letter lost or swapped in a name of usual length, not a word more
NEAR_PERSON = 85.0
MARGIN = 4.0  # how much better than the second the best must be


@dataclass(frozen=True, slots=True)
class Match:
    """`how` says by which evidence: NPI, alias, name, folded name, name in ZIP, similar name."""

    outcome: str
    id: int | None = None
    how: str = ""
    score: float = 0.0

    @property
    def is_nobody(self) -> bool:
        """A person decided that nobody we know is meant."""
        return self.outcome == UNMATCHED and self.how == "alias"


UNKNOWN = Match(UNMATCHED)


@dataclass(frozen=True, slots=True)
class _Person:
    """A name of a provider; `id` is the survivor's where two were merged."""

    id: int
    first: str
    middle: str
    last: str
    exact: tuple[str, str]
    folded: str


def _person(pk: int, first: str, middle: str, last: str) -> _Person:
    return _Person(pk, fold(first), fold(middle), fold(last), (exact_key(first), exact_key(last)), fold(f"{last} {first}"))


def survivors(merged: Iterable[tuple[int, int | None]]) -> dict[int, int]:
    """From (record, what it was merged into), the last of each chain: A into B into C leads A and B to C."""
    into = {pk: other for pk, other in merged if other is not None}

    def last(pk: int) -> int:
        while pk in into:
            pk = into[pk]
        return pk

    return {pk: last(pk) for pk in into}


class Directory:
    """Everybody and every place we know, by all the keys that a source may give."""

    def __init__(
        self,
        *,
        providers: Iterable[tuple[int, str, str, str, str]],
        affiliations: Iterable[tuple[int, int]],
        practices: Iterable[tuple[int, str, str]],
        organizations: Iterable[tuple[int, str, str]],
        names: Iterable[tuple[int, str]] = (),
        locations: Iterable[tuple[int, str]] = (),
        aliases: Iterable[tuple[str, int | None]] = (),
        merged: Mapping[int, int] | None = None,
        merged_organizations: Mapping[int, int] | None = None,
        organization_names: Iterable[tuple[int, str]] = (),
    ) -> None:
        """Rows of (id, npi, first, middle, last), (provider, practice), (id, folded name, zip) and (id, folded name, npi).

        Further: other names of providers (provider, name), ZIP codes where they work besides (provider, zip), other folded names of
        organisations, what people decided (key of the words, whom they mean), and who was merged into whom.
        """
        merged, self._merged_organizations = merged or {}, merged_organizations or {}
        self._aliases = dict(aliases)
        self._merged = merged
        self._npis: dict[str, int] = {}
        self._names: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
        self._people: dict[int, list[_Person]] = {}
        for pk, npi, first, middle, last in providers:
            one = merged.get(pk, pk)
            if npi:
                self._npis[npi] = one
            self._names[one].append((first, middle, last))
        for pk, name in names:
            self._names[merged.get(pk, pk)].append(split_person_name(name))
        self._practice_names: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._practices_in: dict[str, dict[int, str]] = defaultdict(dict)
        self._zip_of: dict[int, str] = {}
        for pk, name, zip_ in practices:
            self._practice_names[name].append((pk, zip_))
            self._practices_in[zip_][pk] = name
            self._zip_of[pk] = zip_
        self._people_at: dict[int, set[int]] = defaultdict(set)
        self._people_in: dict[str, set[int]] = defaultdict(set)
        for pk, practice in affiliations:
            self._people_at[practice].add(merged.get(pk, pk))
            if zip_ := self._zip_of.get(practice, ""):
                self._people_in[zip_].add(merged.get(pk, pk))
        for pk, zip_ in locations:
            self._people_in[zip_].add(merged.get(pk, pk))
        self._organizations: dict[int, str] = {}
        self._organization_names: dict[str, int] = {}
        self._organization_npis: dict[str, int] = {}
        for pk, name, npi in organizations:
            self._organizations[pk] = name
            self._organization_names[name] = self._merged_organizations.get(pk, pk)
            if npi:
                self._organization_npis[npi] = self._merged_organizations.get(pk, pk)
        others: dict[str, set[int]] = defaultdict(set)
        for pk, name in organization_names:
            others[name].add(self._merged_organizations.get(pk, pk))
        for name, owners in others.items():
            if len(owners) == 1:  # a name of two is no evidence
                self._organization_names.setdefault(name, *owners)

    @classmethod
    def load(
        cls, *, npis: Collection[str] = (), destinations: Collection[str] = (), as_if: Mapping[type[Model], tuple[int, int]] | None = None
    ) -> "Directory":
        """The directory as the database has it now, as far as the question needs it.

        The registry may know millions. A name is evidence only where somebody works, so of those who work nowhere that we know only the
        NPIs asked for are read, and of organisations that are nothing but an entry of the registry only the names and NPIs asked for.
        Closed affiliations count: referrals are of the past. `as_if` names a record that is taken to be merged into another.
        """
        merged, merged_organizations = (
            survivors([*model._default_manager.exclude(merged_into=None).values_list("pk", "merged_into"), *_pair(as_if, model)])
            for model in (Provider, Organization)
        )
        near = ProviderLocation.objects.filter(zip__in=Practice.objects.live().exclude(zip="").order_by().values("zip"))
        near = near.exclude(provider=None).order_by()
        known = Q(pk__in=Affiliation.objects.order_by().values("provider")) | Q(pk__in=[*merged, *merged.values()])
        providers = list(_people(Provider.objects.filter(known | Q(pk__in=near.values("provider")))))
        read = {pk for pk, *_ in providers}
        have = {npi for _, npi, *_ in providers if npi}
        providers += _people(Provider.objects.filter(npi__in=[npi for npi in npis if npi and npi not in have]))
        names = ProviderName.objects.order_by()
        aliases = Alias.objects.order_by().values_list("key", "provider", "practice", "organization")
        return cls(
            providers=providers,
            affiliations=Affiliation.objects.order_by().values_list("provider_id", "practice_id"),
            practices=Practice.objects.live().order_by().values_list("pk", "folded_name", "zip"),
            organizations=Organization.objects.filter(_matters(destinations)).order_by().values_list("pk", "folded_name", "npi"),
            names=(row for row in names.exclude(provider=None).values_list("provider_id", "name") if row[0] in read),
            locations=near.values_list("provider_id", "zip"),
            organization_names=names.exclude(organization=None).values_list("organization_id", "folded_name"),
            aliases=((key, next((pk for pk in who if pk is not None), None)) for key, *who in aliases),
            merged=merged,
            merged_organizations=merged_organizations,
        )

    def _known(self, who: Iterable[int]) -> list[_Person]:
        """All names of these people; names are made comparable when somebody asks near them, not before."""
        found: list[_Person] = []
        for pk in sorted(who):
            if pk not in self._people:
                self._people[pk] = [_person(pk, *name) for name in self._names.get(pk, ())]
            found += self._people[pk]
        return found

    def _alias(self, words: Words, merged: Mapping[int, int]) -> Match | None:
        """What a person decided about these words."""
        key = words.key
        if key not in self._aliases:
            return None
        pk = self._aliases[key]
        return Match(UNMATCHED, None, "alias") if pk is None else Match(MATCHED, merged.get(pk, pk), "alias", 100.0)

    def practice(self, name: str, zip_: str = "") -> Match:
        """The practice of this name; with a ZIP, the one there."""
        folded = fold(name)
        if not folded:
            return UNKNOWN
        if decided := self._alias(Words(WordsKind.PRACTICE, name=name, zip=zip_), {}):
            return decided
        named = self._practice_names.get(folded, [])
        here = [pk for pk, at in named if at == zip_] if zip_ else [pk for pk, _ in named]
        # A practice whose ZIP we do not know, or a row without one, cannot contradict the name; another ZIP does.
        here = here or [pk for pk, at in named if not at]
        if here:
            return _only(here, "name", 100.0)
        return _nearest(folded, self._practices_in.get(zip_, {})) if zip_ else UNKNOWN

    def organization(self, name: str) -> Match:
        """The organisation of this name, or of this NPI where a source has nothing else."""
        if (pk := self._organization_npis.get(name.strip())) is not None:
            return Match(MATCHED, pk, "NPI", 100.0)
        if decided := self._alias(Words(WordsKind.ORGANIZATION, name=name), self._merged_organizations):
            return decided
        folded = fold(name)
        if not folded or is_valid_npi(name.strip()):
            return UNKNOWN
        if (pk := self._organization_names.get(folded)) is not None:
            return Match(MATCHED, pk, "name", 100.0)
        return _nearest(folded, self._organizations, self._merged_organizations)

    def provider(self, npi: str, name: str, practice_id: int | None = None, zip_: str = "", *, office: str = "") -> Match:
        """The person of this NPI, else whom somebody said the words mean, else of this name at the practice, else in its ZIP.

        `office` is the practice as the source wrote it; `practice_id` what it was resolved to.
        """
        if (pk := self._npis.get(npi)) is not None:
            return Match(MATCHED, pk, "NPI", 100.0)
        if decided := self._alias(Words(WordsKind.PROVIDER, npi, name, office, zip_), self._merged):
            return decided
        first, middle, last = split_person_name(name)
        if not last:
            return UNKNOWN
        at = self._known(self._people_at.get(practice_id, ())) if practice_id is not None else []
        zip_ = zip_ or (self._zip_of.get(practice_id, "") if practice_id is not None else "")
        nearby = self._known(self._people_in.get(zip_, ())) if zip_ else []
        # Zoe and Zoë are two people where both are known: accents count first, and are forgiven only when nobody fits to the letter.
        exact, folded = (exact_key(first), exact_key(last)), fold(f"{last} {first}")
        for how, group in (("name", at), ("name in ZIP", nearby)):
            for fits in (
                [person for person in group if person.exact == exact],
                [person for person in group if person.folded == folded],
            ):
                if fits:
                    how = how if fits[0].exact == exact else f"folded {how}"
                    return _only([person.id for person in _of_initial(fits, middle)], how, 100.0)
        return _similar(first, last, middle, at or nearby)


def _only(ids: Sequence[int], how: str, score: float) -> Match:
    among = tuple(dict.fromkeys(ids))  # somebody known by two names is one
    return Match(MATCHED, among[0], how, score) if len(among) == 1 else Match(AMBIGUOUS, None, how, score)


def _of_initial(people: list[_Person], middle: str) -> list[_Person]:
    """Of several of one name, those whose middle initial agrees; a single one stays, whatever its initial."""
    initial = fold(middle)[:1]
    if len(people) < 2 or not initial:
        return people
    return [person for person in people if person.middle[:1] == initial] or people


def _nearest(folded: str, names: dict[int, str], merged: Mapping[int, int] | None = None) -> Match:
    """The one name that is nearly this one. Numbers in names tell offices apart, so they must agree."""
    found = process.extract(folded, names, scorer=fuzz.ratio, score_cutoff=NEAR_PLACE - MARGIN, limit=5)
    near = [(score, (merged or {}).get(pk, pk)) for name, score, pk in found if _numbers(name) == _numbers(folded)]
    return _best(near, NEAR_PLACE)


def _similar(first: str, last: str, middle: str, people: list[_Person]) -> Match:
    """Nearly this person: the last name off by a letter or two, the first name too, or only its initial given."""
    given, family = fold(first), fold(last)
    if not given or not family:
        return UNKNOWN
    near = [
        (score, person.id)
        for person in _of_initial([person for person in people if person.first[:1] == given[:1]], middle)
        if (score := min(fuzz.ratio(family, person.last), _given_score(given, person.first))) >= NEAR_PERSON - MARGIN
    ]
    return _best(near, NEAR_PERSON)


def _given_score(given: str, first: str) -> float:
    return 95.0 if 1 in (len(given), len(first)) else fuzz.ratio(given, first)


def _best(near: list[tuple[float, int]], cutoff: float) -> Match:
    best: dict[int, float] = {}
    for score, pk in sorted(near, reverse=True):
        best.setdefault(pk, score)
    if not best or (top := max(best.values())) < cutoff:
        return UNKNOWN
    if len(best) > 1 and top - sorted(best.values())[-2] < MARGIN:
        return Match(AMBIGUOUS, None, SIMILAR, top)
    return Match(MATCHED, next(iter(best)), SIMILAR, top)


@lru_cache(maxsize=1 << 14)
def _numbers(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d+", name))


def _pair(as_if: Mapping[type[Model], tuple[int, int]] | None, model: type[Model]) -> list[tuple[int, int]]:
    return [as_if[model]] if as_if and model in as_if else []


def _people(rows: QuerySet[Provider]) -> Iterable[tuple[int, str, str, str, str]]:
    return rows.order_by().values_list("pk", "npi", "first_name", "middle_name", "last_name")


def _matters(destinations: Collection[str]) -> Q:
    """Organisations about which we know more than the registry does (their names may be misspelled), and those that are asked for."""
    related = (Alignment.objects.exclude(organization=None), Practice.objects.exclude(organization=None))
    known = Q(registry_updated_on=None) | ~Q(service_line=None) | ~Q(merged_into=None)
    for rows in related:
        known |= Q(pk__in=rows.order_by().values("organization"))
    known |= Q(pk__in=Organization.objects.exclude(merged_into=None).order_by().values("merged_into"))
    asked = [text.strip() for text in destinations]
    return known | Q(folded_name__in={fold(text) for text in asked}) | Q(npi__in=[text for text in asked if is_valid_npi(text)])
