"""Texts of the registry as we write them. Each distinct text is read once, in Python, into a table that SQL joins: the same pure functions
say what a name, a date or an address is, whether there are ten rows of it or ten million."""

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from common.names import fold
from contacts.importing.cells import read_day, read_zip
from contacts.importing.spelling import organization_case, person_case

AT_ONCE = 20_000
NAME, BODY, PLACE = 80, 200, 110
BODY_COLUMNS = "text text, folded text, folded_place text, folded_number text"

Reader = Callable[[str], Sequence[Any]]


def read_texts(cursor: CursorWrapper, table: str, columns: str, reader: Reader, *, of: Sequence[str], source: str = "nppes_row") -> None:
    """Make the temporary table (raw, …columns) of the distinct texts in columns of the source; less what is blank or means nothing."""
    names = ", ".join(column.split()[0] for column in columns.split(", "))
    given = " UNION ALL ".join(f"SELECT {column} FROM {source}" for column in of)  # noqa: S608 - names of our own
    cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
    cursor.execute(f"CREATE TEMP TABLE {table} (raw text NOT NULL, {columns}) ON COMMIT DROP")
    with connection.chunked_cursor() as texts:
        texts.execute(f"SELECT DISTINCT raw FROM ({given}) AS given (raw) WHERE raw <> ''")  # noqa: S608
        while some := texts.fetchmany(AT_ONCE):
            out = io.StringIO()
            csv.writer(out, quoting=csv.QUOTE_ALL).writerows((raw, *read) for (raw,) in some if None not in (read := reader(raw)))
            out.seek(0)
            cursor.copy_expert(f"COPY {table} (raw, {names}) FROM STDIN WITH (FORMAT csv)", out)
    cursor.execute(f"ANALYZE {table}")


def spaced(raw: str) -> str:
    """With single spaces."""
    return " ".join(raw.split())


def as_day(raw: str) -> Sequence[Any]:
    """The date, or none."""
    text = spaced(raw)
    return (read_day(text) if text else None,)


def as_person(raw: str) -> Sequence[Any]:
    """A part of a person's name, or a town, with the folded text."""
    text = person_case(spaced(raw))[:NAME]
    return text, fold(text)


def as_body(raw: str) -> Sequence[Any]:
    """A body's name with its folded text, whole and cut to where a place or a number is put behind it."""
    text = organization_case(spaced(raw))[:BODY]
    return text, fold(text)[:BODY], fold(text[:PLACE]), fold(text[: BODY - 20])


def as_credential(raw: str) -> Sequence[Any]:
    """M.D. → MD, P.A.-C → PA-C."""
    return (spaced(raw).replace(".", "").strip(" ,;>/")[:40],)


def as_zip(raw: str) -> Sequence[Any]:
    """Five digits, or blank."""
    return (read_zip(raw),)


def is_npi(column: str) -> str:
    """SQL for common.npi.is_valid_npi."""
    digits = (f"substr({column}, {place}, 1)" for place in range(1, 11))
    terms = (f"translate({d}, '0123456789', '0246813579')::int" if n % 2 == 0 and n < 9 else f"{d}::int" for n, d in enumerate(digits))
    return f"(CASE WHEN {column} ~ '^[0-9]{{10}}$' THEN mod(24 + {' + '.join(terms)}, 10) = 0 ELSE false END)"


def phone(column: str) -> str:
    """SQL for 203-555-1234, or what stands there when it has not ten digits."""
    dashed = f"substr({column}, 1, 3) || '-' || substr({column}, 4, 3) || '-' || substr({column}, 7)"
    return f"CASE WHEN {column} ~ '^[0-9]{{10}}$' THEN {dashed} ELSE left({column}, 40) END"


def state(column: str) -> str:
    """SQL for the two letters of a state, or blank."""
    return f"CASE WHEN length({column}) = 2 THEN upper({column}) ELSE '' END"
