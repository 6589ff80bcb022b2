"""One worker at a time, by a lock that the database takes back when its holder dies."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def held(name: str) -> Iterator[None]:
    """Wait until nobody else holds this name, and hold it. For work that cannot be inside a transaction, such as handing a mail over.

    A session's advisory lock of Postgres: it needs no row, and ends with the connection of whoever holds it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
