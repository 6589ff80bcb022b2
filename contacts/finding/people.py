"""Providers by a few typed letters, among millions: small steps along sorted indexes, each stopping at the first ten.

1 digits: the NPI begins so. 2 the words are a name, cut short or not, in any order: first who works at a practice of ours, then who is only
an entry of the registry. 3 some of the words are a town or a specialty. 4 a word of the name has one slip. 5 another name of theirs.
6 every word stands somewhere within the name. A later step is taken only when the earlier ones found next to nobody.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import Q

from contacts.finding.reading import Asked, Split, name_ways, splits
from contacts.finding.words import near
from contacts.models import Specialty
from territories.scope import Scope

_LIVE = "p.merged_into_id IS NULL"
_HERE = """EXISTS (SELECT FROM contacts_affiliation a JOIN contacts_practice o ON o.id = a.practice_id
    WHERE a.provider_id = p.id AND a.ended_on IS NULL AND o.territory_id = ANY(%(territories)s))"""
_KNOWN = "EXISTS (SELECT FROM contacts_affiliation a WHERE a.provider_id = p.id AND a.ended_on IS NULL)"
_TOWN = "regexp_replace(normalize(lower(o.city), NFKD), '[^a-z0-9]', '', 'g')"
LAST = chr(0x10FFFF)  # sorts after every letter
FEW = 3
MOST_SPLITS = 6
_CONTAINED = 3  # letters: shorter words stand within every name


Way = tuple[str, str]  # what the last name begins with, and what first and middle name begin with


class PeopleSearch:
    """Looks for the providers of one question within a scope; `ids` holds them, best first, at most `limit`."""

    def __init__(self, asked: Asked, scope: Scope, limit: int) -> None:
        self.asked, self.scope, self.limit = asked, scope, limit
        self.ids: dict[int, None] = {}
        self.is_whole = False  # somebody's last name is what was typed, not only begins so
        self.values: dict[str, Any] = {"territories": sorted(scope.any_territory_ids)}

    def run(self) -> list[int]:
        """Primary keys, best first. What a person may see is asked here and asked again when the rows are read (`visible_to`)."""
        if self.asked.digits:
            self._by_number()
            return self.found
        for step in (self._by_name, self._by_place, self._by_slip, self._by_other_name, self._by_part):
            if len(self.ids) < self._enough:
                step()
        return self.found

    @property
    def _enough(self) -> int:
        """When so many fit, nobody looks further: one whose last name was typed whole beside other words, else a few."""
        return 1 if self.is_whole and len(self.asked.words) > 1 else FEW

    @property
    def found(self) -> list[int]:
        return list(self.ids)[: self.limit]

    @property
    def room(self) -> int:
        return self.limit - len(self.ids)

    @property
    def tiers(self) -> list[str]:
        """Who is looked at first, and next: those we know, then the rest of the registry for those who see the whole."""
        return [_KNOWN, "true"] if self.scope.whole else [_HERE]

    def _value(self, value: Any) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"

    def _begins(self, column: str, text: str) -> str:
        """The column begins so: a range of its index, as every longer text sorts before the text with LAST behind it."""
        return f"{column} >= {self._value(text)} AND {column} < {self._value(text + LAST)}" if text else "true"

    def _take(self, *queries: str) -> None:
        """Ask, and keep the answers in their order."""
        with connection.cursor() as cursor:
            for query in queries:
                if self.room > 0:
                    cursor.execute(query, self.values)
                    self.ids.update(dict.fromkeys(row[-1] for row in cursor.fetchall()))

    def _list(self, where: str) -> str:
        return f"SELECT p.id FROM contacts_provider p WHERE {_LIVE} AND {where} LIMIT {self.limit}"  # noqa: S608

    def _take_named(self, ways: Sequence[Way], tier: str, *, each: int, in_turns: bool = False) -> None:
        """Who is called in one of these ways, `each` of every way; one after the other, or the first of every way, then the second.

        One plan serves all ways: planning a query for each would take longer than running them. The longer part leads, since it leaves
        less of the index to read.
        """
        leads = {True: [way for way in ways if len(way[0]) >= len(way[1])], False: [way for way in ways if len(way[0]) < len(way[1])]}
        queries = [self._lateral(some, ways, tier, each, by_last=by_last) for by_last, some in leads.items() if some]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(queries), self.values)
            rows = cursor.fetchall()
        rows.sort(key=(lambda row: (row[1], row[0])) if in_turns else None)
        self.ids.update(dict.fromkeys(pk for _, _, pk, _ in rows))
        self.is_whole = self.is_whole or any(is_whole for *_, is_whole in rows)

    def _lateral(self, some: Sequence[Way], ways: Sequence[Way], tier: str, each: int, *, by_last: bool) -> str:
        numbers = {way: number for number, way in enumerate(ways)}
        columns = [[numbers[way] for way in some], [way[0] for way in some], [way[1] for way in some]]
        number, last, given = (self._value(column) for column in columns)
        first, second = ("last", "given") if by_last else ("given", "last")
        return f"""(SELECT way.number, hit.place, hit.id, hit.is_whole
            FROM unnest({number}::int[], {last}::text[], {given}::text[]) AS way (number, last, given), LATERAL (
                SELECT row_number() OVER () AS place, b.id, b.is_whole FROM (
                    SELECT p.id, p.folded_last = way.last AS is_whole FROM contacts_provider p
                    WHERE {_LIVE} AND p.folded_{first} >= way.{first} AND p.folded_{first} < way.{first} || chr({ord(LAST)})
                      AND starts_with(p.folded_{second}, way.{second}) AND {tier}
                    ORDER BY p.folded_{first}, p.folded_{second}, p.id LIMIT {each}) b) hit)"""  # noqa: S608

    def _by_number(self) -> None:
        npi = f"p.npi LIKE {self._value(self.asked.digits + '%')}"
        self._take(*(self._list(f"{npi} AND {tier}") for tier in self.tiers))

    def _by_name(self) -> None:
        for tier in self.tiers:
            if self.room > 0:
                self._take_named(name_ways(self.asked.words), tier, each=self.limit)

    # ---- towns and specialties

    def _by_place(self) -> None:
        asked = splits(self.asked.words)
        towns = self._towns({split.town for split in asked if split.town})
        specialties = _specialties({split.specialty for split in asked if split.specialty})
        fit = [
            split
            for split in asked
            if (not split.town or split.town in towns) and (not split.specialty or specialties.get(split.specialty))
        ]
        self._take(*(self._placed(split, specialties.get(split.specialty, [])) for split in fit[:MOST_SPLITS]))
        for split in fit:
            if self.room > 0 and self.scope.whole and split.name and not split.town:  # of the registry's own rows the town is not known
                of_it = f"p.specialty_id = ANY({self._value(specialties[split.specialty])})"
                self._take_named(name_ways(split.name), of_it, each=self.limit)

    def _towns(self, runs: set[tuple[str, ...]]) -> set[tuple[str, ...]]:
        """Which of the runs begin the name of a town with practices."""
        texts = ["".join(run) for run in runs if len("".join(run)) >= _CONTAINED]
        if not texts:
            return set()
        at_home = "" if self.scope.whole else "AND o.territory_id = ANY(%(territories)s)"
        sql = f"""SELECT text FROM unnest(%(texts)s::text[]) AS text WHERE EXISTS (
            SELECT FROM contacts_practice o WHERE {_TOWN} ~>=~ text AND {_TOWN} ~<~ (text || chr(1114111)) {at_home})"""  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(sql, {**self.values, "texts": texts})
            known = {text for (text,) in cursor.fetchall()}
        return {run for run in runs if "".join(run) in known}

    def _placed(self, split: Split, specialties: Sequence[int]) -> str:
        """Who works in that town, or within the scope, and is of that specialty and name.

        Of the whole field without a town the first to be met are taken: all who are of a specialty are never sorted.
        """
        works, wanted, tables = ["a.ended_on IS NULL"], [_LIVE], "contacts_affiliation a"
        if everywhere := self.scope.whole and not split.town:
            order = ""
        else:
            order, tables = "ORDER BY p.folded_last, p.folded_given, p.id", f"{tables} JOIN contacts_practice o ON o.id = a.practice_id"
        if split.town:
            text = "".join(split.town)
            works.append(f"{_TOWN} ~>=~ {self._value(text)} AND {_TOWN} ~<~ {self._value(text + LAST)}")
        if not self.scope.whole:
            works.append("o.territory_id = ANY(%(territories)s)")
        if split.specialty:
            wanted.append(f"p.specialty_id = ANY({self._value(list(specialties))})")
        if split.name:
            named = (
                f"({self._begins('p.folded_last', last)} AND {self._begins('p.folded_given', given)})"
                for last, given in name_ways(split.name)
            )
            wanted.append(f"({' OR '.join(named)})")
        at = f"SELECT {'' if everywhere else 'DISTINCT'} a.provider_id FROM {tables} WHERE {' AND '.join(works)}"  # noqa: S608
        return (
            f"WITH there AS {'' if everywhere else 'MATERIALIZED'} ({at}) SELECT p.id FROM there"  # noqa: S608
            f" JOIN contacts_provider p ON p.id = there.provider_id WHERE {' AND '.join(wanted)} {order} LIMIT {self.limit}"
        )

    # ---- slips, other names, parts

    def _by_slip(self) -> None:
        """One word of several is taken as it stands and the other mended; the words run together are mended as last or given name; and of
        two words both may be wrong.
        """
        mended: dict[str, list[str]] = {}
        parts = {part for pair in self._pairs() for part in pair} | {self.asked.joined}
        for part in parts:
            mended[part] = near(part)
        ways = [way for wrong, other in self._pairs() for word in mended[wrong] for way in ((word, other), (other, word))]
        ways += [way for word in mended[self.asked.joined] for way in ((word, ""), ("", word))]
        if ways:
            for tier in self.tiers:
                if self.room > 0:
                    self._take_named(ways, tier, each=4, in_turns=True)
        if len(self.asked.words) == 2 and not self.ids:
            first, second = (mended[word][:5] for word in self.asked.words)
            both = [way for one in first for other in second for way in ((one, other), (other, one))]
            if both:
                self._take_named(both, self.tiers[-1], each=2, in_turns=True)

    def _pairs(self) -> list[tuple[str, str]]:
        """(the part that may be wrong, the rest), for two and more words in the order typed."""
        words = self.asked.words[:4]
        cuts = [("".join(words[:cut]), "".join(words[cut:])) for cut in range(1, len(words))]
        return [pair for front, behind in cuts for pair in ((front, behind), (behind, front))]

    def _by_other_name(self) -> None:
        """A former or professional name of theirs, last name first, begins so."""
        words = self.asked.words
        texts = dict.fromkeys("".join((*words[cut:], *words[:cut])) for cut in range(len(words)))
        begins = " OR ".join(f"n.folded_name LIKE {self._value(text + '%')}" for text in texts)
        named = f"p.id IN (SELECT n.provider_id FROM contacts_providername n WHERE n.provider_id IS NOT NULL AND ({begins}))"  # noqa: S608
        self._take(*(self._list(f"{named} AND {tier}") for tier in self.tiers))

    def _by_part(self) -> None:
        if min(map(len, self.asked.words)) < _CONTAINED:
            return
        parts = " AND ".join(f"p.folded_name LIKE {self._value(f'%{word}%')}" for word in self.asked.words)
        self._take(*(self._list(f"{parts} AND {tier}") for tier in self.tiers))


def _specialties(runs: set[tuple[str, ...]]) -> dict[tuple[str, ...], list[int]]:
    """For each run of words, the specialties of which the name, or the name of their line, has every word as the beginning of one."""
    long = {run for run in runs if len("".join(run)) >= _CONTAINED}
    if not long:
        return {}
    words = {word for run in long for word in run if len(word) >= _CONTAINED}
    begins = [Q(**{f"{name}__icontains": word}) for word in words for name in ("name", "service_line__name")]
    rows = Specialty.objects.filter(reduce(or_, begins, Q())).order_by().values_list("pk", "name", "service_line__name")
    named = [
        (pk, [word.casefold() for text in (name, line or "") for word in text.replace("/", " ").replace("-", " ").split()])
        for pk, name, line in rows
    ]
    return {run: [pk for pk, words in named if all(any(known.startswith(word) for known in words) for word in run)] for run in long}
