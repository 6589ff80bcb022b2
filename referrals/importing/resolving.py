"""Names and NPIs in a table of referrals become ids: each distinct combination is asked of the directory once."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from psycopg2.extras import execute_values

from contacts.actions import remember_guesses
from contacts.matching import MATCHED, SIMILAR, Directory, Match, Words
from contacts.models import WordsKind
from referrals.rollups import FACTS

# What says who is meant, and what it resolves to.
REFERRER = ("referring_npi", "referring_name", "referring_org", "referring_zip")
PERFORMER = ("performing_npi", "performing_name")
DESTINATION = ("destination_name",)
WORDS = {"provider_id": REFERRER, "named_practice_id": REFERRER, "destination_id": DESTINATION, "performer_id": PERFORMER}
RESOLVED = tuple(WORDS)
# Where `look_up` puts what it found.
_FOUND = {REFERRER: "found_referrers", PERFORMER: "found_performers", DESTINATION: "found_destinations"}

_NOBODY = -1  # decided: nobody; no match of before is kept


def look_up(cursor: CursorWrapper, *, table: str, not_self: str, as_if: Mapping[type[Model], tuple[int, int]] | None = None) -> None:
    """Ask the directory for every combination of words in a table; `joined` and `resolved` say how to read what it found.

    What is matched by likeness only is remembered, to be shown to people. Words that lead nowhere, but would `as_if` two records were one,
    become decidedly nobody: only their merge had made the match. `not_self` tells rows that name a referrer.
    """
    referrers = _distinct(cursor, table, REFERRER, not_self)
    people = _distinct(cursor, table, PERFORMER, "true")
    places = _distinct(cursor, table, DESTINATION, "true")
    npis, names = {npi for npi, *_ in (*referrers, *people) if npi}, {name for (name,) in places}
    desk = _Desk(
        Directory.load(npis=npis, destinations=names),
        Directory.load(npis=npis, destinations=names, as_if=as_if) if as_if else None,
    )
    _write_down(cursor, REFERRER, [(*words, *desk.referrer(*words)) for words in referrers])
    _write_down(cursor, PERFORMER, [(*words, desk.provider(*words)) for words in people])
    _write_down(cursor, DESTINATION, [(*words, desk.organization(*words)) for words in places])
    remember_guesses(asked=desk.asked, guesses=desk.guesses)


def joined(alias: str) -> str:
    """The joins from a table that holds the words to what `look_up` found."""
    return " ".join(
        f"LEFT JOIN {found} ON {' AND '.join(f'{found}.{word} = {alias}.{word}' for word in words)}" for words, found in _FOUND.items()
    )


def resolved(column: str, *, found: str = "", alias: str, keep: bool = True) -> str:
    """A resolved column of a row beside the same referral's `r` among the facts, NULL where nobody is found.

    A match once made is kept when the same words lead nowhere today: the practice was archived, a namesake came. Contacts change, what was
    referred does not. Words that changed are matched anew.
    """
    same = " AND ".join(f"{alias}.{word} = r.{word}" for word in WORDS[column]) if keep else "false"
    return f"NULLIF(coalesce({found or _FOUND[WORDS[column]]}.{column}, CASE WHEN {same} THEN r.{column} END), {_NOBODY}) AS {column}"


def ask(cursor: CursorWrapper, *, table: str, as_if: Mapping[type[Model], tuple[int, int]] | None = None) -> None:
    """Fill the resolved columns of a table with what its words lead to today; `keep` comes after."""
    look_up(cursor, table=table, not_self="referrer_named <> 'self'", as_if=as_if)
    cursor.execute(
        f"""UPDATE {table} t SET {", ".join(f"{column} = f.{column}" for column in RESOLVED)}
            FROM (SELECT t.id, {", ".join(f"{_FOUND[words]}.{column}" for column, words in WORDS.items())} FROM {table} t {joined("t")}) f
            WHERE f.id = t.id AND coalesce({", ".join(f"f.{column}" for column in RESOLVED)}) IS NOT NULL"""  # noqa: S608 - our own names
    )


def keep(cursor: CursorWrapper, *, table: str, anew: Collection[str] = ()) -> None:
    """Keep matches once made, as `resolved` does, except in the columns `anew` (what was said is taken back)."""
    kept = ", ".join(resolved(column, found="t", alias="t", keep=column not in anew) for column in RESOLVED)
    old, new = (", ".join(f"{alias}.{column}" for column in RESOLVED) for alias in "tk")
    cursor.execute(
        f"""UPDATE {table} t SET {", ".join(f"{column} = k.{column}" for column in RESOLVED)}
            FROM (SELECT t.id, {kept} FROM {table} t LEFT JOIN {FACTS} r ON r.id = t.id) k
            WHERE k.id = t.id AND ({old}) IS DISTINCT FROM ({new})"""  # noqa: S608 - our own names
    )


class _Desk:
    """Asks the directory and writes down what was asked and what is only believed. Answers with ids, `_NOBODY`, or None."""

    def __init__(self, directory: Directory, joined: Directory | None) -> None:
        self.asked: set[Words] = set()
        self.guesses: dict[Words, Match] = {}
        self._directory, self._joined = directory, joined

    def referrer(self, npi: str, name: str, org: str, zip_: str) -> tuple[int | None, int | None]:
        """The provider and the practice."""
        office = self._directory.practice(org, zip_)
        match = self._heard(office, Words(WordsKind.PRACTICE, name=org, zip=zip_))
        return self.provider(npi, name, office.id, zip_, org), match

    def provider(self, npi: str, name: str, practice: int | None = None, zip_: str = "", org: str = "") -> int | None:
        match = self._directory.provider(npi, name, practice, zip_, office=org)
        if match.outcome != MATCHED and self._joined and self._joined.provider(npi, name, practice, zip_, office=org).outcome == MATCHED:
            return _NOBODY
        return self._heard(match, Words(WordsKind.PROVIDER, npi, name, org, zip_))

    def organization(self, name: str) -> int | None:
        match = self._directory.organization(name)
        if match.outcome != MATCHED and self._joined and self._joined.organization(name).outcome == MATCHED:
            return _NOBODY
        return self._heard(match, Words(WordsKind.ORGANIZATION, name=name))

    def _heard(self, match: Match, words: Words) -> int | None:
        self.asked.add(words)
        if match.outcome == MATCHED and match.how == SIMILAR:
            self.guesses[words] = match
        return _NOBODY if match.is_nobody else match.id


def _distinct(cursor: CursorWrapper, table: str, words: tuple[str, ...], condition: str) -> list[tuple[Any, ...]]:
    some = " OR ".join(f"{word} <> ''" for word in words)
    cursor.execute(f"SELECT DISTINCT {', '.join(words)} FROM {table} WHERE ({some}) AND {condition}")  # noqa: S608 - our own names
    return list(cursor.fetchall())


def _write_down(cursor: CursorWrapper, words: tuple[str, ...], found: list[tuple[Any, ...]]) -> None:
    table, columns = _FOUND[words], [column for column, named in WORDS.items() if named == words]
    kinds = ", ".join([*(f"{word} text" for word in words), *(f"{column} bigint" for column in columns)])
    cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
    cursor.execute(f"CREATE TEMP TABLE {table} ({kinds}) ON COMMIT DROP")
    known = [row for row in found if any(value is not None for value in row[len(words) :])]
    execute_values(cursor.cursor, f"INSERT INTO {table} VALUES %s", known, page_size=1_000)  # noqa: S608 - our own names
    cursor.execute(f"ANALYZE {table}")
