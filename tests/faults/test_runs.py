"""Scenario 12 and what goes with it: workers killed at any instant of a report, two who ask at once, cancels that meet the worker."""

import random
import re
import time

import pytest

from prm import processes
from tests.faults.stack import Stack
from tests.faults.test_broker import ask_for_report

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet")]
INSTANTS = 50
MONTHS = ("2026-06-01", "2026-07-01", "2026-08-01", "2026-09-01")
FIELDS = "SELECT count(*), count(computed_at), count(result), count(data_version) FROM reports_reportrun WHERE id = %s"
# What one computation leaves behind, counted over all runs: finished once, whole.
HALVES = """SELECT count(*) FROM reports_reportrun
    WHERE (computed_at IS NULL) <> (result IS NULL) OR (computed_at IS NULL) <> (data_version IS NULL)"""


def job_of(stack: Stack, run: int) -> int:
    return stack.one("SELECT job_id FROM reports_reportrun WHERE id = %s", run)


def test_killed_at_any_instant_it_ends_once_and_nobody_sees_half_of_it(stack: Stack) -> None:
    """kill -9 at so many random instants of a report, from before its first query to after its commit; the lease decides who goes on."""
    chance, dana = random.Random(12), stack.person("dana")
    caught = 0
    for round in range(INSTANTS):
        stack.sql("DELETE FROM reports_reportrun_asked_by")
        stack.sql("DELETE FROM reports_reportrun WHERE NOT is_standard")
        run, _ = ask_for_report(dana, MONTHS[round % 3], MONTHS[-1])
        job = job_of(stack, run)
        assert processes.until(lambda job=job: stack.job(job)[0] != "queued", seconds=60, every=0.005)
        time.sleep(chance.uniform(0, 0.15))
        stack.kill_workers()
        state, attempt, _ = stack.job(job)
        written = stack.sql(FIELDS, run)[0]
        assert written in {(1, 0, 0, 0), (1, 1, 1, 1)}, "half of a report is to be seen"
        assert (written == (1, 1, 1, 1)) == (state == "done"), "the result and the end of its job are one"
        if state == "running":
            caught += 1
            page = dana.get(f"/reports/runs/{run}/")
            assert 'id="run-progress"' in page.text
            stack.end_lease(job)
        stack.await_job(job)
        assert stack.job(job)[0] == "done", stack.job(job)
        assert stack.job(job)[1] <= attempt + 1, "taken over exactly once"
        assert stack.sql(FIELDS, run) == [(1, 1, 1, 1)]
        assert stack.one(HALVES) == 0
    assert caught >= INSTANTS // 5, f"only {caught} workers were caught at work"


def test_a_late_worker_is_fenced_off(stack: Stack) -> None:
    """A worker that was thought dead comes back with its result: the one that took over has written, and what was written stays."""
    dana = stack.person("dana")
    run, _ = ask_for_report(dana, "2026-07-01", "2026-08-01")
    job = job_of(stack, run)
    stack.await_job(job)
    first = stack.sql("SELECT computed_at, result::text, data_version FROM reports_reportrun WHERE id = %s", run)
    late = f"""
from jobs.actions import Lease, LostLease
from jobs.models import Job
from reports import actions
from reports.models import ReportRun
job = Job.objects.get(pk={job})
lease = Lease(job)
lease.token -= 1
try:
    actions.compute_run(run=ReportRun.objects.get(pk={run}), compute=lambda *asked: {{"late": True}}, lease=lease)
except LostLease:
    print("fenced off")
"""
    assert stack.python(late) == "fenced off"
    assert stack.sql("SELECT computed_at, result::text, data_version FROM reports_reportrun WHERE id = %s", run) == first


def test_two_who_ask_at_once_are_given_one_computation(stack: Stack) -> None:
    """Ten people over the same field press the button in the same moment."""
    code = """
import threading
from django.db import connection
from accounts.models import User
from jobs.models import Job
from reports import actions
from reports.models import ReportRun
person, found, gate = User.objects.get(email="dana@example.org"), [], threading.Barrier(10)
asked = {"kind": "volume", "parameters": {"start": "2026-05-01", "end": "2026-09-01"}, "territory": None, "by": person}
before = Job.objects.filter(name="reports.run").count()
def press():
    gate.wait()
    try:
        found.append(actions.ask_for_run(**asked).pk)
    finally:
        connection.close()
threads = [threading.Thread(target=press) for _ in range(10)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(found), len(set(found)), Job.objects.filter(name="reports.run").count() - before, found[0])
"""
    said = stack.python(code).split()
    assert said[:3] == ["10", "1", "1"]
    stack.await_job(job_of(stack, int(said[3])))
    assert stack.sql(FIELDS, int(said[3])) == [(1, 1, 1, 1)]


def test_a_cancel_that_meets_the_worker_at_any_instant_leaves_nothing(stack: Stack) -> None:
    chance, dana = random.Random(7), stack.person("dana")
    for round in range(15):
        run, _ = ask_for_report(dana, "2026-06-01", "2026-06-01")
        job = job_of(stack, run)
        if round % 3:
            processes.until(lambda job=job: stack.job(job)[0] != "queued", seconds=60, every=0.005)
        time.sleep(chance.uniform(0, 0.1))
        answer = dana.post(f"/reports/runs/{run}/withdraw/")
        assert answer.status == 200
        assert re.search(r"was (cancelled|deleted)", answer.text)
        assert processes.until(lambda job=job: stack.job(job)[0] in {"done", "cancelled"}, seconds=60)
        time.sleep(0.3)
        assert stack.sql(FIELDS, run) == [(0, 0, 0, 0)]
        assert dana.get(f"/reports/runs/{run}/").status == 404


def test_a_report_reads_one_state_of_the_data(stack: Stack) -> None:
    """While the worker reads, the data changes between its queries: what it writes is all of one version, or it is read anew."""
    code = """
import datetime as dt
import threading
from django.db import connection, transaction
from accounts.models import User
from jobs import actions as jobs
from jobs.models import Job
from referrals.models import DataVersion, SourceMonth
from reports import actions, kinds
from reports.models import ReportRun
real = kinds.KINDS["volume"].compute
seen = []
cell = SourceMonth.objects.first()
def change():
    SourceMonth.objects.filter(pk=cell.pk).update(n_outside=77)
    DataVersion.objects.create(cause="in the middle")
    connection.close()
def compute(parameters, scope, progress):
    before = sorted(SourceMonth.objects.values_list("pk", "n_outside"))
    other = threading.Thread(target=change)
    other.start(); other.join()
    seen.append(before == sorted(SourceMonth.objects.values_list("pk", "n_outside")))
    return real(parameters, scope, progress)
person = User.objects.get(email="dana@example.org")
version = DataVersion.objects.latest("pk").pk
with transaction.atomic():  # no other worker sees it in between
    run = actions.ask_for_run(kind="volume", parameters={"start": "2026-04-01", "end": "2026-06-01"}, territory=None, by=person)
    lease = jobs.Lease(Job.objects.claim(run.job_id))
with lease:
    actions.compute_run(run=run, compute=compute, lease=lease)
SourceMonth.objects.filter(pk=cell.pk).update(n_outside=cell.n_outside)
run.refresh_from_db()
print(seen, run.data_version == version, DataVersion.objects.latest("pk").pk > version, run.job.state)
"""
    assert stack.python(code) == "[True] True True done"


def test_a_person_does_not_wait_behind_what_the_system_asked_of_itself(stack: Stack) -> None:
    dana = stack.person("dana")
    for child in stack.workers():
        child.suspend()
    stack.python("from jobs.actions import enqueue; [enqueue('reports.refresh') for _ in range(40)]")
    assert processes.until(lambda: stack.one("SELECT count(*) FROM jobs_job WHERE state = 'queued' AND woken_at IS NULL") == 0, seconds=60)
    run, _ = ask_for_report(dana, "2026-06-01", "2026-07-01")
    job = job_of(stack, run)
    assert processes.until(lambda: stack.one("SELECT woken_at IS NOT NULL FROM jobs_job WHERE id = %s", job), seconds=60)
    for child in stack.workers():
        child.resume()
    stack.await_job(job)
    assert processes.until(lambda: stack.one("SELECT count(*) FROM jobs_job WHERE state IN ('queued', 'running')") == 0, seconds=120)
    before = stack.one(
        "SELECT count(*) FROM jobs_job WHERE name = 'reports.refresh' AND started_at < (SELECT started_at FROM jobs_job WHERE id = %s)"
        " AND queued_at > (SELECT queued_at FROM jobs_job WHERE id = %s) - interval '2 minutes'",
        job,
        job,
    )
    assert before <= 10, "only what the workers had in their hands already went first"
