"""Scenarios 12 and 25: a worker process killed in the middle of its work. It ends once, and nobody sees half of it."""

from pathlib import Path
from typing import Any

import pytest

from prm import processes
from tests.faults.stack import Stack
from tests.faults.test_broker import ask_for_report

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quiet")]
NUMBERS = """SELECT (SELECT count(*) FROM referrals_referral), (SELECT count(*) FROM referrals_statusevent),
    (SELECT sum(n_inbound + n_internal + n_outbound + n_undetermined) FROM referrals_providermonth),
    (SELECT sum(n_inbound + n_internal + n_outbound + n_undetermined) FROM referrals_linemonth),
    (SELECT max(id) FROM referrals_dataversion), (SELECT count(*) FROM audit_auditevent WHERE event = 'import.loaded')"""
START_LOAD = """
from pathlib import Path
from referrals import actions
path = Path({path!r})
with path.open("rb") as file:
    batch = actions.create_batch(source=actions.source_named(name={source!r}, by=None), file=file, file_name=path.name, by=None)
print(actions.start_load(batch=batch, by=None).pk)
"""


# Where the worker stands when it is killed: reading the file, writing facts, their history, the last rollup of the sums.
@pytest.mark.parametrize(
    "table", ["referrals_sourcerow", "referrals_referral", "referrals_statusevent", "referrals_sourcemonth"], ids=lambda t: t.split("_")[1]
)
def test_an_import_whose_worker_is_killed_ends_once(stack: Stack, world_folder: Path, truth: dict[str, Any], table: str) -> None:
    source = f"killed-at-{table.split('_')[1]}"
    before = stack.sql(NUMBERS)
    with stack.gate(table):
        job = int(stack.python(START_LOAD.format(path=str(world_folder / "referrals_b.psv"), source=source)))
        assert processes.until(lambda: stack.stands_at(table), seconds=60)
        stack.kill_workers()
        assert stack.job(job)[:2] == ("running", 1)
        assert stack.sql(NUMBERS) == before, "half an import is to be seen"
        stack.end_lease(job)
        assert processes.until(lambda: stack.job(job)[:2] == ("running", 2), seconds=60)
        assert stack.sql(NUMBERS) == before
    stack.await_job(job)
    assert stack.job(job) == ("done", 2, "")
    state, new, stored_as = stack.sql("SELECT state, new, stored_as FROM referrals_importbatch WHERE job_id = %s", job)[0]
    assert (state, new, stored_as) == ("loaded", truth["files"]["b"]["referrals"], "")
    after = stack.sql(NUMBERS)[0]
    assert after[0] == before[0][0] + new
    assert after[4:] == tuple(number + 1 for number in before[0][4:]), "one data version, one entry of the audit"
    assert stack.python("from referrals.rollups import differences; print(differences())") == "[]"


def test_a_report_whose_worker_is_killed_is_written_once(stack: Stack) -> None:
    dana = stack.person("dana")
    finished = "SELECT count(*) FROM reports_reportrun WHERE id = %s AND computed_at IS NOT NULL"
    for child in stack.workers():
        child.suspend()
    run, _ = ask_for_report(dana, "2026-08-01", "2026-09-01")
    job = stack.one("SELECT job_id FROM reports_reportrun WHERE id = %s", run)
    with stack.gate("reports_reportrun"):
        for child in stack.workers():
            child.resume()
        assert processes.until(lambda: stack.stands_at("reports_reportrun"), seconds=60)
        stack.kill_workers()
        assert stack.one(finished, run) == 0
        assert 'id="run-progress"' in dana.get(f"/reports/runs/{run}/").text
        stack.end_lease(job)
        assert processes.until(lambda: stack.job(job)[:2] == ("running", 2), seconds=60)
        assert stack.one(finished, run) == 0
    stack.await_job(job)
    assert stack.job(job) == ("done", 2, "")
    assert stack.one(finished, run) == 1
