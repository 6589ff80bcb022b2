"""Resources of one file, found again by the references between them, in a file that nobody else can open and that is gone with the process.

Kept is only what the reader asks for: of a patient the numbers, never a name or a birth date.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

_REFERENCE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?")

_TABLES = """
CREATE TABLE resource (id INTEGER PRIMARY KEY, line INTEGER, type TEXT, own TEXT, body TEXT);
CREATE TABLE name (name TEXT PRIMARY KEY, id INTEGER) WITHOUT ROWID;
CREATE TABLE link (name TEXT, own TEXT, PRIMARY KEY (name, own)) WITHOUT ROWID;
"""


class Kept(NamedTuple):
    """A resource as it was kept: its place, type and own name ("Task/7"), and what it says."""

    line: int
    type: str
    own: str
    says: dict[str, Any]


def local(reference: str) -> str:
    """ "ServiceRequest/7" of an address that ends so, whatever the server or the version; "" when it names no type."""
    found = _REFERENCE.fullmatch(reference)
    return found[1] if found else ""


class Store:
    """Keeps, names and links resources; looks them up."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self.named = lru_cache(maxsize=20_000)(self._named)

    def keep(self, line: int, type: str, own: str, names: list[str], says: dict[str, Any]) -> bool:
        """Keep a resource. False when the same one, saying the same, is there already."""
        body = json.dumps(says, separators=(",", ":"))
        if own and self._db.execute("SELECT 1 FROM name JOIN resource USING (id) WHERE name = ? AND body = ?", (own, body)).fetchone():
            return False
        number = self._db.execute("INSERT INTO resource (line, type, own, body) VALUES (?, ?, ?, ?)", (line, type, own, body)).lastrowid
        self._db.executemany("INSERT OR REPLACE INTO name VALUES (?, ?)", [(name, number) for name in names if name])
        return True

    def link(self, name: str, own: str) -> None:
        """Let a resource be found by what it points to, too."""
        self._db.execute("INSERT OR IGNORE INTO link VALUES (?, ?)", (name, own))

    def linked(self, name: str) -> Kept | None:
        """The one resource that points there; None when there are several."""
        found = self._db.execute("SELECT own FROM link WHERE name = ? LIMIT 2", (name,)).fetchall()
        return self.named(found[0][0]) if len(found) == 1 else None

    def all_linked(self, name: str) -> Iterator[Kept]:
        """All resources that point there."""
        for (own,) in self._db.execute("SELECT own FROM link WHERE name = ?", (name,)):
            if found := self.named(own):
                yield found

    def _named(self, name: str) -> Kept | None:
        found = self._db.execute("SELECT line, type, own, body FROM name JOIN resource USING (id) WHERE name = ?", (name,)).fetchone()
        return Kept(found[0], found[1], found[2], json.loads(found[3])) if found else None

    def of(self, *types: str) -> Iterator[Kept]:
        """All resources of these types, in the file's order."""
        marks = ", ".join("?" * len(types))
        rows = self._db.execute(f"SELECT line, type, own, body FROM resource WHERE type IN ({marks}) ORDER BY id", types)  # noqa: S608
        for line, type, own, body in rows:
            yield Kept(line, type, own, json.loads(body))

    def count(self, *types: str) -> int:
        """How many resources of these types there are."""
        marks = ", ".join("?" * len(types))
        return int(self._db.execute(f"SELECT count(*) FROM resource WHERE type IN ({marks})", types).fetchone()[0])  # noqa: S608


@contextmanager
def open_store() -> Iterator[Store]:
    """A store of its own. SQLite gives a database without a name a file that is unlinked at once: a crash leaves nothing behind."""
    connection = sqlite3.connect("", isolation_level=None)
    try:
        connection.executescript(f"PRAGMA cache_size = -32000; PRAGMA synchronous = OFF; {_TABLES} BEGIN;")
        yield Store(connection)
    finally:
        connection.close()
