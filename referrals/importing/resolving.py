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

_NOBODY = -1  # decided: nobody; no match of before is kept


def resolve(cursor: CursorWrapper, *, table: str) -> None:
    """Fill the resolved columns of a table that holds the given ones."""
    ask(cursor, table=table)
    keep(cursor, table=table)


def ask(cursor: CursorWrapper, *, table: str, as_if: Mapping[type[Model], tuple[int, int]] | None = None) -> None:
    """Ask the directory for every combination of words; what is matched by likeness only is remembered, to be shown to people.

    Words that lead nowhere, but would `as_if` two records were one, become decidedly nobody: only their merge had made the match.
    """
    referrers = _distinct(cursor, table, REFERRER, "referrer_named <> 'self'")
    people = _distinct(cursor, table, PERFORMER, "true")
    places = _distinct(cursor, table, DESTINATION, "true")
    npis, names = {npi for npi, *_ in (*referrers, *people) if npi}, {name for (name,) in places}
    joined = Directory.load(npis=npis, destinations=names, as_if=as_if) if as_if else None
    desk = _Desk(Directory.load(npis=npis, destinations=names), joined)
    found = [(*words, *desk.referrer(*words)) for words in referrers]
    _fill(cursor, table, REFERRER, {"provider_id": "bigint", "named_practice_id": "bigint"}, found)
    found = [(npi, name, desk.provider(npi, name)) for npi, name in people]
    _fill(cursor, table, PERFORMER, {"performer_id": "bigint"}, found)
    found = [(name, desk.organization(name)) for (name,) in places]
    _fill(cursor, table, DESTINATION, {"destination_id": "bigint"}, found)
    remember_guesses(asked=desk.asked, guesses=desk.guesses)


def keep(cursor: CursorWrapper, *, table: str, anew: Collection[str] = ()) -> None:
    """Keep a match once made when the same words lead nowhere today, except in the columns `anew` (what was said is taken back).

    The practice was archived, a namesake came: contacts change, what was referred does not. Words that changed are matched anew.
    """
    for column, words in WORDS.items():
        if column not in anew:
            same = " AND ".join(f"t.{word} = r.{word}" for word in words)
            cursor.execute(
                f"""UPDATE {table} t SET {column} = r.{column} FROM {FACTS} r
                    WHERE r.id = t.id AND t.{column} IS NULL AND r.{column} IS NOT NULL AND {same}"""  # noqa: S608 - our own names
            )
        cursor.execute(f"UPDATE {table} SET {column} = NULL WHERE {column} = {_NOBODY}")  # noqa: S608 - our own names


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


def _fill(cursor: CursorWrapper, table: str, words: tuple[str, ...], columns: dict[str, str], found: list[tuple[Any, ...]]) -> None:
    known = [row for row in found if any(value is not None for value in row[len(words) :])]
    cursor.execute("DROP TABLE IF EXISTS pg_temp.found")
    texts = ", ".join(f"{word} text" for word in words)
    cursor.execute(f"CREATE TEMP TABLE found ({texts}, {', '.join(f'{name} {kind}' for name, kind in columns.items())}) ON COMMIT DROP")
    execute_values(cursor.cursor, "INSERT INTO found VALUES %s", known, page_size=1_000)
    same = " AND ".join(f"t.{word} = found.{word}" for word in words)
    cursor.execute(f"UPDATE {table} t SET {', '.join(f'{name} = found.{name}' for name in columns)} FROM found WHERE {same}")  # noqa: S608
