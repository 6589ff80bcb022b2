"""Promise 13: what a report worker holds after 200 reports, each computed and printed, beside what it held after ten."""

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import psutil
from django.db import connection

from accounts.models import User
from accounts.roles import Role
from benchmarks.facts import make_facts, make_names
from benchmarks.measuring import Ratio
from jobs.models import Job, JobState
from jobs.relay import wake
from reports import actions
from reports.models import ReportRun
from reports.periods import add_months
from territories.models import Territory

RUNS, WARM = 200, 10
LAST = dt.date(2026, 10, 1)
PATIENCE = 120  # seconds for one job


def measure(*, rows: int, rounds: int, seed: int) -> list[Ratio]:
    """One worker process does all runs; `rounds` is not used: a worker grows once."""
    if not Territory.objects.exists():
        make_names()
    print(f"Making {rows:,} facts …", flush=True)
    make_facts("memory", rows, seed)
    person = User.objects.create(email="memory@example.org", full_name="Bench", role=Role.ANALYST)
    held: list[float] = []
    with _seen_by_everybody("memory"), _worker() as parent:
        for done, (kind, territory, months) in enumerate(_questions(), 1):
            _report(person, kind, territory, months)
            held.append(_megabytes(parent))
            print(f"\rreport {done} of {RUNS}: {held[-1]:.0f} MB", end="\n" if done == RUNS else "", flush=True)
    return [Ratio("13 · worker memory after 200 reports ÷ after 10", 1.1, False, held[-1] / held[WARM - 1], {"MB": held})]


def _questions() -> list[tuple[str, Territory | None, int]]:
    """200 questions that are all different, so that each is computed: two kinds, the whole and territories, months back."""
    places: list[Territory | None] = [None, *Territory.objects.exclude(parent=None).order_by("pk")[:9]]
    return list(product(("leakage", "volume"), places, range(3, 13)))[:RUNS]


def _report(person: User, kind: str, territory: Territory | None, months: int) -> None:
    """Asked for, computed, printed: as a person would have it."""
    parameters = {"start": add_months(LAST, -months).isoformat(), "end": LAST.isoformat()}
    run = actions.ask_for_run(kind=kind, parameters=parameters, territory=territory, by=person)
    _await(run.job_id)
    run = ReportRun.objects.get(pk=run.pk)
    if not run.is_finished:
        raise SystemExit(f"The worker did not finish a report: {run.error}")
    file = actions.ask_for_file(run=run, kind="pdf", by=person)
    _await(file.job_id)
    file.refresh_from_db()
    if not bytes(file.content or b"").startswith(b"%PDF"):
        raise SystemExit("The worker did not print a report.")


def _await(job_id: int | None) -> None:
    assert job_id is not None
    until = time.monotonic() + PATIENCE
    wake()
    while Job.objects.filter(pk=job_id, state__in=[JobState.QUEUED, JobState.RUNNING]).exists():
        if time.monotonic() > until:
            raise SystemExit("The worker is silent.")
        time.sleep(0.02)


@contextmanager
def _seen_by_everybody(schema: str) -> Iterator[None]:
    """New connections of this role, the worker's among them, find the facts in this schema."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER ROLE CURRENT_USER SET search_path TO {schema}, public")
        cursor.execute(f"SET search_path TO {schema}, public")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER ROLE CURRENT_USER RESET search_path")
            cursor.execute("RESET search_path")


@contextmanager
def _worker() -> Iterator[psutil.Process]:
    """A Celery worker as an installation runs it, with one process that is not renewed: what it holds is all that it took."""
    command = [sys.executable, "-P", "-m", "celery", "--app", "prm", "worker", "--concurrency", "1", "--max-tasks-per-child", "100000"]
    command += ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _megabytes(parent: psutil.Process) -> float:
    """What the process that does the work holds for itself."""
    [child] = parent.children()
    return child.memory_full_info().uss / 2**20
