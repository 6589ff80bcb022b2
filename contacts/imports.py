"""The contact files that PRM reads, and reading one: parse, load, place, let the facts follow, write it into the history."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.db import connection, models, transaction

from audit.actions import record
from common.exceptions import InputError
from common.tables import Table, open_table
from contacts.finding.words import learn_all_words
from contacts.importing import network, nppes, nucc, practices, roster
from contacts.importing.nppes import Choice
from contacts.importing.outcome import MANY, Outcome, Progress
from contacts.models import Affiliation, Alignment, Organization, Practice, Provider
from contacts.placement import place_practices
from jobs.actions import enqueue

EVENT, CHECKED = "contacts.imported", "contacts.import_checked"
TOLD = 100  # refused rows that the history keeps
FEW = 100  # new records that no plan of Postgres depends on


Source = Path | str | IO[bytes]
Load = Callable[[Source, Outcome, Progress | None, Choice | None], None]


@dataclass(frozen=True)
class Feed:
    """One kind of file: what a person calls it, what it holds, and what loads it."""

    label: str
    columns: str
    load: Load


def _table(load: Callable[[Table, Outcome, Progress | None], None]) -> Load:
    """The loader of a feed that is one table."""

    def open_and_load(source: Source, outcome: Outcome, progress: Progress | None, choice: Choice | None) -> None:
        with open_table(source) as table:
            load(table, outcome, progress)

    return open_and_load


FEEDS = {
    "providers": Feed(
        "Providers",
        "the registry's zip (NPPES) as it is downloaded, of a month or a week, or any file of it; also its report of deactivated numbers",
        nppes.load,
    ),
    "practices": Feed("Practices", "practice, address, zip, provider_npi", _table(practices.load)),
    "roster": Feed("Roster", "practice, alignment, from, to", _table(roster.load)),
    "network": Feed("Network", "organization, alignment, from, to, service_line", _table(network.load)),
    "taxonomy": Feed("Specialty codes", "the code set of the NUCC as it is downloaded: what the registry's codes mean", _table(nucc.load)),
}


def import_file(
    *,
    kind: str,
    source: Source,
    file_name: str,
    by: models.Model | None,
    dry_run: bool = False,
    progress: Progress | None = None,
    job_id: int | None = None,
    choice: Choice | None = None,
) -> Outcome:
    """Read a file of this kind, all or (when its structure is wrong) nothing; bad rows are told and never stop good ones.

    A dry run does the same work and keeps nothing of it.
    """
    if kind not in FEEDS:
        raise InputError(f"Files can be of these kinds: {', '.join(FEEDS)}.")
    outcome = Outcome()
    with transaction.atomic():
        FEEDS[kind].load(source, outcome, progress, choice)
        if kind == "providers" and (outcome.new or outcome.changed):
            learn_all_words()
        if outcome.unplaced:
            place_practices(outcome.unplaced, by=by)
        _let_facts_follow(kind, outcome, by)
        _tell(EVENT, outcome, kind, file_name, job_id, by)
        if dry_run:
            transaction.set_rollback(True)
        elif outcome.new > FEW:
            _refresh_statistics()
    if dry_run and job_id:
        _tell(CHECKED, outcome, kind, file_name, job_id, by)
    return outcome


def _refresh_statistics() -> None:
    """After a load the planner still thinks of small tables, and lists take seconds until Postgres looks again by itself.

    Where the tables were looked at while they were empty (sample data taken away), a few hundred new rows are enough for minutes.
    """
    tables = ", ".join(model._meta.db_table for model in (Provider, Practice, Organization, Affiliation, Alignment))
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables}")


def _tell(event: str, outcome: Outcome, kind: str, file_name: str, job_id: int | None, by: models.Model | None) -> None:
    refused = [{"line": line, "reason": error.reason, "sentence": error.sentence} for line, error in outcome.refusals[:TOLD]]
    record(event, by=by, kind=kind, file=file_name[:200], job=job_id, refused=refused, **outcome.counts())


def _let_facts_follow(kind: str, outcome: Outcome, by: models.Model | None) -> None:
    """What was unmatched may match now, and what was derived from these records may have changed."""
    if kind != "taxonomy" and (outcome.new or outcome.changed):
        enqueue("referrals.rematch", by=by, key="referrals.rematch")
    derived = {
        "providers": {"providers": outcome.providers},
        "practices": {"providers": outcome.providers},
        "roster": {"practices": outcome.practices},
        "network": {"organizations": outcome.organizations},
    }.get(kind, {})
    if sum(map(len, derived.values())) > MANY:
        enqueue("referrals.derive", "all", by=by, key="referrals.derive:all")
        return
    for what, keys in derived.items():
        if keys:
            enqueue("referrals.derive", what, sorted(keys), by=by)
