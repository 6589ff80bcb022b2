"""Runs of before any kind could be asked for: what was computed stays, with its months, its field and who asked."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from reports.models import ReportRun
from reports.queries.runs import question_of
from territories.models import Territory

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(to: Any) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(to)
    return MigrationExecutor(connection).loader.project_state(to).apps


@pytest.fixture
def before() -> Iterator[Any]:
    apps = migrate([("reports", "0004_report_rules")])
    yield apps
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


def test_what_was_computed_stays(before: Any) -> None:
    territory = Territory.objects.create(name="North")
    person = User.objects.create(email="dana@example.org", full_name="Dana")
    job = before.get_model("jobs", "Job").objects.create(name="reports.run", state="done", requested_by_id=str(person.pk))
    waiting = before.get_model("jobs", "Job").objects.create(name="reports.compute", args=[1, None])
    runs = before.get_model("reports", "ReportRun").objects
    field = {"whole": False, "territories": [territory.pk], "overlays": []}
    told = {"start_on": dt.date(2025, 10, 1), "end_on": dt.date(2026, 10, 1), "data_version": 7, "territory_id": territory.pk}
    runs.create(name="volume", result={**field, "asked_by": "", "movers": []}, **told)
    runs.create(name="leakage", result={**field, "asked_by": "Dana", "movers": [[1, 2, 3.5]]}, job_id=job.pk, **told)
    migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())

    standard, asked = (ReportRun.objects.get(kind=kind) for kind in ("volume", "leakage"))
    for run in (standard, asked):
        assert run.parameters == {"start": "2025-10-01", "end": "2026-10-01"}
        assert (run.data_version, run.asked_version, run.is_finished) == (7, 7, True)
        assert run.question == question_of(
            kind=run.kind, parameters=run.parameters, territory_id=territory.pk, liaison_id=None, scope=run.scope
        )
        assert run.scope.territory_ids == {territory.pk}
    assert (standard.is_standard, asked.is_standard) == (True, False)
    assert [str(one) for one in asked.asked_by.all()] == ["Dana"]
    assert asked.result == {"movers": [[1, 2, 3.5]]}
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error) == ("cancelled", "Asked for before an update. Ask again.")
