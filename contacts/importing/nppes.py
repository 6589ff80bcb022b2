"""The national provider registry (NPPES): people become providers, entity type 2 becomes organizations; read by header, streamed.

The main file and the weekly ones, the report of deactivations, other names and further locations, each by itself, packed, or all of them in
the zip as it is downloaded.
"""

import re
from dataclasses import dataclass

from django.db import connection

from common.exceptions import InputError
from common.tables.archives import Source
from contacts.importing.nppes_files import NAME, Kind, Member, kind_of_file, open_members
from contacts.importing.nppes_more import load_locations, load_names, write_names
from contacts.importing.nppes_records import write_records
from contacts.importing.outcome import Outcome, Progress

__all__ = ["NAME", "Choice", "Kind", "kind_of_file", "load", "open_members"]

# The two letters of states and what else the registry writes in their place.
STATES = frozenset(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT"
    " VT VA WA WV WI WY AS GU MP PR VI FM MH PW AA AE AP".split()
)


@dataclass(frozen=True)
class Choice:
    """Whom to take from the registry: of these states, of these specialties; blank is everybody. Who is known already is always updated."""

    states: tuple[str, ...] = ()
    taxonomies: tuple[str, ...] = ()

    @classmethod
    def of(cls, *, states: str = "", taxonomies: str = "") -> "Choice":
        """From texts like "CT, RI" and "207R, 363L": codes, or what they begin with."""
        chosen = cls(_parts(states), _parts(taxonomies))
        if unknown := [state for state in chosen.states if state not in STATES]:
            raise InputError(f'There is no state "{unknown[0][:20]}". Write two letters each, like CT, RI.')
        if odd := [code for code in chosen.taxonomies if not re.fullmatch(r"[0-9A-Z]{2,10}", code)]:
            raise InputError(f'"{odd[0][:20]}" is no taxonomy code. Write codes, or what they begin with, like 207R, 363LF0000X.')
        return chosen


def _parts(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.upper() for part in re.split(r"[\s,;]+", text) if part))


def load(source: Source, outcome: Outcome, progress: Progress | None = None, choice: Choice | None = None) -> None:
    """Read every file of the registry in what was sent, and apply it."""
    choice = choice or Choice()
    with open_members(source) as members:
        for number, member in enumerate(members):
            _load(member, outcome, _part(progress, number, len(members)), choice)
        if all(member.kind == Kind.ENDPOINTS for member in members):
            raise InputError(
                "This file holds the electronic addresses of the registry (endpoints), which are of no use here. Leave it out."
            )


def _part(progress: Progress | None, number: int, of: int) -> Progress | None:
    """Progress within one of several files."""
    if progress is None or of == 1:
        return progress
    return lambda done, total, note: progress((number * total + done) // of, total, f"File {number + 1} of {of}: {note}")


def _load(member: Member, outcome: Outcome, progress: Progress | None, choice: Choice) -> None:
    if member.kind == Kind.ENDPOINTS:
        outcome.findings["file of electronic addresses, which is passed over"] += 1
        return
    from contacts.importing.nppes_staging import READ, stage  # noqa: PLC0415 - pyarrow: 25 MB, for workers only

    with connection.cursor() as cursor:
        rows = stage(cursor, member, progress)
        outcome.rows += rows
        if progress:
            progress(READ, 100, f"{rows:,} rows read, writing them")
        if member.kind == Kind.NAMES:
            load_names(cursor, outcome)
        elif member.kind == Kind.LOCATIONS:
            load_locations(cursor, outcome)
        else:
            write_records(cursor, outcome, states=choice.states, taxonomies=choice.taxonomies)
            if member.kind == Kind.RECORDS and (names := write_names(cursor)):
                outcome.findings["other name learned"] += names
        if progress:
            progress(99, 100, f"{rows:,} rows read and written")
