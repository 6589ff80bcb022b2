"""Providers by a few typed letters, among millions: small steps along sorted indexes, each stopping at the first ten.

1 digits: the NPI begins so. 2 the words are a name, cut short or not, in any order: first who works at a practice of ours, then who is only
an entry of the registry. 3 some of the words are a town or a specialty. 4 a word of the name has one slip. 5 another name of theirs.
6 every word stands somewhere within the name. A later step is taken only when the earlier ones left room.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

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
_CONTAINED = 3  # letters: shorter words stand within every name


class PeopleSearch:
    """Looks for the providers of one question within a scope; `ids` holds them, best first, at most `limit`."""

    def __init__(self, asked: Asked, scope: Scope, limit: int) -> None:
        self.asked, self.scope, self.limit = asked, scope, limit
        self.ids: dict[int, None] = {}
        self.values: dict[str, Any] = {"territories": sorted(scope.any_territory_ids)}

    def run(self) -> list[int]:
        """Primary keys, best first. What a person may see is asked here and asked again when the rows are read (`visible_to`)."""
        if self.asked.digits:
            self._by_number()
            return self.found
        for step in (self._by_name, self._by_place, self._by_slip, self._by_other_name, self._by_part):
            if self.room and self.asked.words:
                step()
        return self.found

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
        """The column begins so: a range of its index, since in its collation (C) every longer text sorts before the text with LAST behind."""
        return f"{column} >= {self._value(text)} AND {column} < {self._value(text + LAST)}" if text else "true"

    def _named(self, last: str, given: str) -> str:
        return f"{self._begins('p.folded_last', last)} AND {self._begins('p.folded_given', given)}"

    def _take(self, branches: Iterable[str]) -> None:
        """Ask for several lists at once and keep them in their order."""
        for _, _, pk in sorted(self._rows(list(branches))):
            self.ids.setdefault(pk)

    def _take_in_turns(self, branches: Iterable[str]) -> None:
        """The first of every list, then the second of every list: a common name does not crowd out the others."""
        for _, _, pk in sorted(self._rows(list(branches)), key=lambda row: (row[1], row[0])):
            self.ids.setdefault(pk)

    def _rows(self, branches: Sequence[str]) -> list[tuple[int, int, int]]:
        """(number of the branch, place within it, primary key)."""
        numbered = [f"(SELECT {n}, row_number() OVER (), id FROM ({branch}) AS b)" for n, branch in enumerate(branches)]  # noqa: S608
        if not numbered:
            return []
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(numbered), self.values)
            return cursor.fetchall()

    def _list(self, where: str, *, order: str = "p.folded_last, p.folded_given, p.id", limit: int | None = None) -> str:
        sort = f" ORDER BY {order}" if order else ""
        return f"SELECT p.id FROM contacts_provider p WHERE {_LIVE} AND {where}{sort} LIMIT {limit or self.limit}"  # noqa: S608

    def _by_number(self) -> None:
        npi = f"p.npi LIKE {self._value(self.asked.digits + '%')}"
        for tier in self.tiers:
            if self.room:
                self._take([self._list(f"{npi} AND {tier}", order="")])

    def _by_name(self) -> None:
        ways = name_ways(self.asked.words)
        for tier in self.tiers:
            if self.room:
                self._take([self._way(last, given, tier) for last, given in ways])

    def _way(self, last: str, given: str, tier: str, *, limit: int | None = None) -> str:
        order = "p.folded_last, p.folded_given, p.id" if last else "p.folded_given, p.folded_last, p.id"
        return self._list(f"{self._named(last, given)} AND {tier}", order=order, limit=limit)

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
        self._take(self._placed(split, specialties.get(split.specialty, [])) for split in fit[:8])
        if self.room and self.scope.whole:  # of the registry's own rows the town is not known
            among = [split for split in fit if split.name and not split.town][:4]
            self._take(
                self._way(last, given, f"p.specialty_id = ANY({self._value(specialties[split.specialty])})")
                for split in among
                for last, given in name_ways(split.name)
            )

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
            wanted.append("(" + " OR ".join(f"({self._named(*way)})" for way in name_ways(split.name)) + ")")
        at = f"SELECT {'' if everywhere else 'DISTINCT'} a.provider_id FROM {tables} WHERE {' AND '.join(works)}"  # noqa: S608
        return (
            f"WITH there AS {'' if everywhere else 'MATERIALIZED'} ({at}) SELECT p.id FROM there"  # noqa: S608
            f" JOIN contacts_provider p ON p.id = there.provider_id WHERE {' AND '.join(wanted)} {order} LIMIT {self.limit}"
        )

    # ---- slips, other names, parts

    def _by_slip(self) -> None:
        """One word of two is taken as it stands and the other mended, else both are; a single word is mended as last or given name."""
        words = self.asked.words[:3]
        mended = {word: near(word) for word in dict.fromkeys((*words, self.asked.joined))}
        if len(words) == 1:
            ways = [[(word, "")] for word in mended[words[0]]] + [[("", word)] for word in mended[words[0]]]
        else:
            ways = [[(word, other), (other, word)] for wrong, other in self._pairs() for word in mended.get(wrong) or near(wrong)]
        for tier in self.tiers:
            if self.room:
                self._take_in_turns([self._way(last, given, tier, limit=4) for way in ways for last, given in way])
        if self.room and len(words) == 2:
            both = [(last, given) for last in mended[words[0]][:6] for given in mended[words[1]][:6]]
            both += [(given, last) for last, given in both]
            self._take(self._way(last, given, self.tiers[-1], limit=2) for last, given in both)

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
        for tier in self.tiers:
            if self.room:
                self._take([self._list(f"{named} AND {tier}", order="")])

    def _by_part(self) -> None:
        if min(map(len, self.asked.words)) < _CONTAINED:
            return
        parts = " AND ".join(f"p.folded_name LIKE {self._value(f'%{word}%')}" for word in self.asked.words)
        for tier in self.tiers:
            if self.room:
                self._take([self._list(f"{parts} AND {tier}", order="")])


def _specialties(runs: set[tuple[str, ...]]) -> dict[tuple[str, ...], list[int]]:
    """For each run of words, the specialties of which the name, or the name of their line, has every word as the beginning of one."""
    long = {run for run in runs if len("".join(run)) >= _CONTAINED}
    if not long:
        return {}
    rows = Specialty.objects.order_by().values_list("pk", "name", "service_line__name")
    named = [
        (pk, [word.casefold() for text in (name, line or "") for word in text.replace("/", " ").replace("-", " ").split()])
        for pk, name, line in rows
    ]
    return {run: [pk for pk, words in named if all(any(known.startswith(word) for known in words) for word in run)] for run in long}
