"""Two imports at once, and a worker that dies in the middle."""

import datetime as dt
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from common.exceptions import PolicyViolation
from jobs.actions import run
from jobs.models import Job, JobState
from prm.processes import until
from referrals import actions
from referrals.importing import writing
from referrals.models import BatchState, ImportBatch, Referral, SourceRow, StatusEvent
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


@pytest.mark.parametrize("start", [actions.start_dry_run, actions.start_load], ids=["check", "load"])
def test_who_waits_for_the_batch_finds_that_somebody_was_quicker(start: Callable[..., Job]) -> None:
    """The second one's question began before the first one's answer stood: it must not take the batch for one that is stuck."""
    field()
    batch, refused = upload(order(1)), []

    def second() -> None:
        try:
            start(batch=ImportBatch.objects.get(), by=None)
        except PolicyViolation as error:
            refused.append(str(error))
        finally:
            connection.close()

    thread = Thread(target=second)
    with transaction.atomic():
        start(batch=batch, by=None)
        thread.start()
        assert until(waits, seconds=20)
    thread.join(20)
    assert len(refused) == Job.objects.filter(name__in=["referrals.dry_run", "referrals.load"]).count() == 1


def waits() -> bool:
    """Does somebody wait for a row of ours?"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("act", ["discard", "start anew"])
def test_a_batch_is_answered_for_while_a_worker_writes_beside_it(act: str) -> None:
    """The rows of a batch that a worker keeps hold no more of it than its number."""
    field()
    batch = upload(order(1))
    job = actions.start_dry_run(batch=batch, by=None)
    kept, may_go, answered = Event(), Event(), []

    def worker() -> None:
        try:
            with transaction.atomic():
                SourceRow.objects.create(batch_id=batch.pk, line_number=2, outcome="finding", reason="x")
                kept.set()
                may_go.wait(20)
        finally:
            connection.close()

    def person() -> None:
        try:
            if act == "discard":
                actions.discard_batch(batch=ImportBatch.objects.get(), by=None)
            else:
                Job.objects.filter(pk=job.pk).update(state=JobState.CANCELLED)
                actions.start_load(batch=ImportBatch.objects.get(), by=None)
            answered.append(act)
        finally:
            connection.close()

    threads = [Thread(target=worker), Thread(target=person)]
    threads[0].start()
    assert kept.wait(20)
    threads[1].start()
    threads[1].join(5)
    was_answered = list(answered)
    may_go.set()
    for thread in threads:
        thread.join(20)
    assert was_answered == [act]
