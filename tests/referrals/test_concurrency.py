"""Two imports at once, and a worker that dies in the middle."""

import datetime as dt
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from jobs.actions import run
from jobs.models import JobState
from referrals import actions
from referrals.importing import writing
from referrals.models import BatchState, Referral, StatusEvent
from tests import factories
from tests.factories.referrals import row, upload
from tests.referrals.slow import assert_derived, assert_rollups

pytestmark = pytest.mark.django_db(transaction=True)


def field() -> None:
    territory = factories.make_territory("North", zips=("44101",))
    factories.make_practice("North Office", territory=territory, zip="44101", alignment="employed")
    factories.make_organization("Our Hospital", alignment="employed")
    factories.make_line("Cardiology")


def order(key: int, **cells: Any) -> dict[str, str]:
    """Many orders of few patients, so that the batches speak of the same referrals and of each other's neighbours."""
    day = dt.date(2026, 5, 1) + dt.timedelta(key % 20)
    return row(f"{key:03d}", office="North Office", zip="44101", line="Cardiology", ordered=day, mrn=str(key % 7), **cells)


def test_imports_at_once_end_as_one_after_the_other() -> None:
    field()
    batches = [
        upload(*(order(n, state="appt", appointment="2026-06-01", to="Our Hospital") for n in range(0, 60))),
        upload(*(order(n, state="seen", appointment="2026-06-01", payer="Aetna") for n in range(20, 80))),
        upload(*(order(n, state="new") for n in range(40, 100))),
    ]
    jobs = [actions.start_load(batch=batch, by=None) for batch in batches]

    def work(job_id: int) -> None:
        try:
            run(job_id)
        finally:
            connection.close()

    threads = [Thread(target=work, args=[job.pk]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for job in jobs:
        job.refresh_from_db()
        assert job.state == JobState.DONE, job.error
    assert Referral.objects.count() == 100
    states = [Referral.objects.get(source_key=f"{n:03d}").state for n in (0, 30, 50, 90)]
    assert states == ["scheduled", "seen", "seen", "received"]
    assert Referral.objects.exclude(payer=None).count() == 60
    assert_derived()
    assert_rollups()


def test_a_worker_that_dies_leaves_nothing_and_the_next_one_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    field()
    batch = upload(order(1), order(2))
    job = actions.start_load(batch=batch, by=None)

    def die(*_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patch:
        patch.setattr(writing, "settle", die)
        assert not run(job.pk)
    batch.refresh_from_db()
    job.refresh_from_db()
    assert (job.state, batch.state, Referral.objects.count(), StatusEvent.objects.count()) == (JobState.QUEUED, BatchState.LOADING, 0, 0)
    assert actions.open_upload(batch).exists()
    assert run(job.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.new, batch.stored_as) == (BatchState.LOADED, 2, "")
    assert_rollups()
