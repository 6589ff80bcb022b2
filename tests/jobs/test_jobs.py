"""Work as rows: claimed once, fenced, retried, swept, never lost to a broker."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import InternalError, connection, transaction
from django.utils import timezone

from common.exceptions import InputError
from common.snapshot import snapshot
from jobs import actions, relay
from jobs.models import Job, JobState

done: list[tuple] = []


@pytest.fixture(autouse=True)
def _handlers(monkeypatch):
    done.clear()
    monkeypatch.setitem(actions.handlers, "test.note", lambda lease: done.append((lease.job_id, lease.attempt)))
    monkeypatch.setitem(actions.handlers, "test.crash", _crash)
    monkeypatch.setitem(actions.handlers, "test.refuse", _refuse)


def _crash(lease):
    Job.objects.create(name="test.half")
    raise RuntimeError("sec" + "ret of a patient")


def _refuse(lease):
    raise InputError("The file is empty.")


def _in_threads(work, n=20):
    results, start = [], threading.Barrier(n)

    def one():
        try:
            start.wait()
            results.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_do_a_job_once():
    job = actions.enqueue("test.note")
    assert sorted(_in_threads(lambda: actions.run(job.pk))) == [False] * 19 + [True]
    assert done == [(job.pk, 1)]


@pytest.mark.django_db(transaction=True)
def test_a_key_makes_one_waiting_job_from_twenty_requests():
    jobs = _in_threads(lambda: actions.enqueue("test.note", key="k").pk)
    assert len(set(jobs)) == 1
    actions.run(jobs[0])
    assert actions.enqueue("test.note", key="k").pk != jobs[0], "what was asked after the work began is new work"


@pytest.mark.django_db(transaction=True)
def test_an_error_is_tried_three_times_keeps_nothing_and_does_not_quote(caplog):
    job = actions.enqueue("test.crash")
    assert actions.run_waiting() == 3
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.FAILED, 3)
    assert "RuntimeError" in job.error
    assert not Job.objects.filter(name="test.half").exists()
    assert "secret" not in job.error + caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_sentence_for_people_ends_the_job_at_once():
    job = actions.enqueue("test.refuse")
    assert actions.run_waiting() == 1
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, "The file is empty.")


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lost_its_lease_cannot_finish():
    job = actions.enqueue("test.note")
    held = actions.Lease(Job.objects.claim(job.pk))
    Job.objects.filter(pk=job.pk).update(lease_until_at=timezone.now() - timedelta(seconds=1))
    assert relay.sweep() == 1
    assert actions.run(job.pk)
    with pytest.raises(actions.LostLease):
        held.complete()


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_job_rolls_back(world_admin):
    job = actions.enqueue("test.note")
    lease = actions.Lease(Job.objects.claim(job.pk))
    assert actions.cancel(job=job, by=world_admin)

    def work():
        with transaction.atomic():
            Job.objects.create(name="test.half")
            lease.complete()

    with pytest.raises(actions.LostLease):
        work()
    assert not Job.objects.filter(name="test.half").exists()


@pytest.fixture
def world_admin(transactional_db):
    from tests.factories import make_user  # noqa: PLC0415

    return make_user("root", role="admin")


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_while_the_work_is_open(monkeypatch):
    seen = []

    def work(lease):
        lease.progress(3, 10, "rows")
        deadline = timezone.now() + timedelta(seconds=5)
        other = connection.copy()
        while not seen and timezone.now() < deadline:
            with other.cursor() as cursor:
                cursor.execute("SELECT progress_done FROM jobs_job WHERE id = %s AND progress_done > 0", [lease.job_id])
                seen.extend(cursor.fetchall())
        other.close()

    monkeypatch.setitem(actions.handlers, "test.slow", work)
    assert actions.run(actions.enqueue("test.slow").pk)
    assert seen == [(3,)]


@pytest.mark.django_db(transaction=True)
def test_the_relay_survives_a_broker_that_is_away(settings, monkeypatch):
    from celery import current_app  # noqa: PLC0415

    job = actions.enqueue("test.note")
    monkeypatch.setattr(current_app.conf, "broker_url", "redis+socket:///nowhere/valkey.sock")
    with current_app.connection_for_write() as nowhere:
        monkeypatch.setattr(current_app, "send_task", lambda *args, **kwargs: nowhere.ensure_connection(max_retries=0))
        assert relay.wake() == 0
    job.refresh_from_db()
    assert (job.state, job.woken_at) == (JobState.QUEUED, None)


@pytest.mark.django_db(transaction=True)
def test_the_relay_wakes_each_waiting_job_once_in_a_while():
    actions.enqueue("test.note")
    assert (relay.wake(), relay.wake()) == (1, 0)
    Job.objects.update(woken_at=timezone.now() - timedelta(minutes=2))
    assert relay.wake() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_learns_that_its_job_was_cancelled(monkeypatch, world_admin):
    """At the next sign of life, not at the end of hours of work."""
    said = []

    def work(lease):
        actions.cancel(job=Job.objects.get(pk=lease.job_id), by=world_admin)
        for place in range(200):
            said.append(place)
            lease.progress(place, 200)
            time.sleep(0.05)

    monkeypatch.setitem(actions.handlers, "test.long", work)
    monkeypatch.setattr(actions, "own_transactions", {"test.long"})
    job = actions.enqueue("test.long")
    assert actions.run(job.pk) is False
    assert len(said) < 100
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


@pytest.mark.django_db(transaction=True)
def test_a_handler_with_transactions_of_its_own_ends_its_job_in_the_one_that_writes(monkeypatch):
    def work(lease):
        assert not connection.in_atomic_block
        with snapshot():
            assert Job.objects.filter(pk=lease.job_id).exists()
            with pytest.raises(InternalError, match="read-only"), transaction.atomic():
                Job.objects.create(name="test.half")
        with transaction.atomic():
            Job.objects.create(name="test.made")
            lease.complete(note="made")

    monkeypatch.setitem(actions.handlers, "test.own", work)
    monkeypatch.setattr(actions, "own_transactions", {"test.own"})
    job = actions.enqueue("test.own")
    assert actions.run(job.pk) is True
    job.refresh_from_db()
    assert (job.state, job.progress_note) == (JobState.DONE, "made")
    assert set(Job.objects.values_list("name", flat=True)) == {"test.own", "test.made"}


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_does_not_see_what_comes_later():
    seen = []

    def another():
        Job.objects.create(name="test.later")
        connection.close()

    with snapshot():
        seen.append(Job.objects.count())
        other = threading.Thread(target=another)
        other.start()
        other.join()
        seen.append(Job.objects.count())
    assert seen == [0, 0]
    assert Job.objects.count() == 1
