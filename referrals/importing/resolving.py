"""Names and NPIs in a table of referrals become ids: each distinct combination is asked of the directory once."""

from typing import Any

from django.db.backends.utils import CursorWrapper
from psycopg2.extras import execute_values

from contacts.matching import MATCHED, Directory
from referrals.rollups import FACTS

# What says who is meant, and what it resolves to.
REFERRER = ("referring_npi", "referring_name", "referring_org", "referring_zip")
PERFORMER = ("performing_npi", "performing_name")
DESTINATION = ("destination_name",)
WORDS = {"provider_id": REFERRER, "named_practice_id": REFERRER, "destination_id": DESTINATION, "performer_id": PERFORMER}
RESOLVED = tuple(WORDS)


def resolve(cursor: CursorWrapper, *, table: str, columns: tuple[str, ...] = RESOLVED) -> None:
    """Fill the resolved columns of a table that holds the given ones.

    A match once made is kept when the same words lead nowhere today (the practice was archived, a namesake came): contacts change, what was
    referred does not. Words that changed are matched anew.
    """
    directory = Directory.load()
    found: list[tuple[Any, ...]] = []
    for npi, name, org, zip_ in _distinct(cursor, table, REFERRER, "referrer_named <> 'self'"):
        practice = directory.practice(org, zip_)
        provider = directory.provider(npi, name, practice.id, zip_)
        found.append((npi, name, org, zip_, provider.id if provider.outcome == MATCHED else None, practice.id))
    _fill(cursor, table, REFERRER, {"provider_id": "bigint", "named_practice_id": "bigint"}, found)
    people = _distinct(cursor, table, PERFORMER, "true")
    _fill(cursor, table, PERFORMER, {"performer_id": "bigint"}, [(npi, name, directory.provider(npi, name).id) for npi, name in people])
    places = _distinct(cursor, table, DESTINATION, "true")
    _fill(cursor, table, DESTINATION, {"destination_id": "bigint"}, [(name, directory.organization(name).id) for (name,) in places])
    for column, words in WORDS.items():
        same = " AND ".join(f"t.{word} = r.{word}" for word in words)
        cursor.execute(
            f"""UPDATE {table} t SET {column} = r.{column} FROM {FACTS} r
                WHERE r.id = t.id AND t.{column} IS NULL AND r.{column} IS NOT NULL AND {same}"""  # noqa: S608 - our own names
        )


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
