"""A check, a load and an undo that break at any of their statements leave nothing behind. (tests/faults kills the real processes.)"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from jobs.actions import Lease, handlers, run
from jobs.models import Job, JobState
from referrals import actions
from referrals.models import BatchState, ImportBatch
from referrals.rollups import differences
from tests.factories.referrals import load, row, upload
from tests.referrals.slow import assert_rollups

pytestmark = pytest.mark.django_db(transaction=True)
EVERY = 7  # statements from one break to the next: 1 would be all of them, in half a minute


class Broken(Exception):
    """The statement that was not to be."""


class Breaking:
    """Lets so many statements of this thread pass, then none."""

    def __init__(self, passes: int) -> None:
        self.left = passes

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        if not self.left:
            raise Broken
        self.left -= 1
        return execute(*statement)


def contents() -> list[tuple[str, str]]:
    """Every row of every table but the jobs'."""
    with connection.cursor() as cursor:
        tables = sorted(set(connection.introspection.table_names(cursor)) - {"jobs_job"})
        told = " UNION ALL ".join(f"SELECT '{table}', to_jsonb(t)::text FROM {connection.ops.quote_name(table)} t" for table in tables)  # noqa: S608
        cursor.execute(f"SELECT * FROM ({told}) AS rows ORDER BY 1, 2")  # noqa: S608 - our own tables
        return list(cursor.fetchall())


def field() -> ImportBatch:
    """Two imports that speak of the same referrals, and a third that changes, repeats, refuses, names and adds."""
    load(row("1", payer="Aetna"), row("2", state="appt", appointment="2026-06-01"))
    load(row("2", state="appt", appointment="2026-06-01"), row("3", payer="Cigna"))
    return upload(
        row("1", state="seen", appointment="2026-06-01", payer="Humana", line="Sleep"),
        row("2", state="appt", appointment="2026-06-01"),
        row("3", state="frobbed"),
        row("4", to="Nowhere Known", mrn="77"),
        row("5", state="seen", mrn="77"),
    )


@pytest.mark.parametrize("what", ["check", "load", "undo"])
def test_broken_at_any_statement_nothing_is_left(
    world: Any, settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    settings.UPLOADS = tmp_path / "uploads"
    batch = field()
    if what == "undo":
        run(actions.start_load(batch=batch, by=world.ada).pk)
        job = actions.start_undo(batch=batch, by=world.ada, why="Wrong file")
    else:
        job = (actions.start_dry_run if what == "check" else actions.start_load)(batch=batch, by=world.ada)
    before, files = contents(), sorted(settings.UPLOADS.iterdir())
    whole, passes = handlers[job.name], 0

    def breaks(lease: Lease) -> None:
        with connection.execute_wrapper(Breaking(passes)):
            whole(lease)
        ended.append(passes)

    monkeypatch.setitem(handlers, job.name, breaks)
    ended: list[int] = []
    while not ended:
        Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, attempt=0)
        finished = run(job.pk)
        assert finished == bool(ended), passes
        if not finished:
            assert contents() == before, f"{passes} statements left something"
            assert sorted(settings.UPLOADS.iterdir()) == files
        passes += EVERY
    assert passes > 20
    batch.refresh_from_db()
    assert batch.state == {"check": BatchState.CHECKED, "load": BatchState.LOADED, "undo": BatchState.UNDONE}[what]
    assert sorted(settings.UPLOADS.iterdir()) == (files if what == "check" else [])
    assert differences() == []
    assert_rollups()
