"""Asking for work, and carrying it out under a lease."""

import logging
import traceback
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Q
from django.utils import timezone

from audit.actions import record
from common.disk import FULL, is_disk_full
from common.exceptions import InputError, PolicyViolation
from jobs.models import Job, JobState
from jobs.querysets import ATTEMPTS, LEASE

log = logging.getLogger(__name__)
handlers: dict[str, Callable[["Lease"], None]] = {}
surroundings: list[Callable[[], AbstractContextManager[None]]] = []  # what apps above want to hold while any job runs: a clock
SIGN_OF_LIFE = 5  # seconds: how late a worker whose progress stands still learns that its job was cancelled
own_transactions: set[str] = set()  # names of handlers that read and write in transactions of their own


class LostLease(Exception):
    """Another worker took the job over, or it was cancelled: nothing written since may be kept."""


def handler(name: str, *, own_transaction: bool = False) -> Callable[[Callable[["Lease"], None]], Callable[["Lease"], None]]:
    """Register the function that does jobs of this name. Apps do it in their `tasks` module, which Celery and Django load.

    The function runs in one transaction, at whose end the job is done. With `own_transaction` it opens its own, and calls
    `lease.complete()` in the one that writes: so it may read from a snapshot first.
    """

    def register(function: Callable[["Lease"], None]) -> Callable[["Lease"], None]:
        handlers[name] = function
        if own_transaction:
            own_transactions.add(name)
        return function

    return register


def enqueue(name: str, *args: Any, by: models.Model | None = None, key: str = "") -> Job:
    """Queue work in the caller's transaction; the relay wakes a worker after the commit. Never talks to the broker.

    With a `key`, a job of that key that still waits is returned instead of a second one.
    """
    fields = {"name": name, "args": list(args), "key": key}
    if by is not None:
        fields |= {"requested_by_id": str(by.pk), "requested_by_label": str(by)[:200]}
    if not key:
        return Job.objects.create(**fields)
    for _ in range(3):  # the waiting job may be claimed between the collision and the look-up
        try:
            with transaction.atomic():
                return Job.objects.create(**fields)
        except IntegrityError:
            if waiting := Job.objects.filter(key=key, state=JobState.QUEUED).first():
                return waiting
    return Job.objects.create(**fields)


@transaction.atomic
def cancel(*, job: Job, by: models.Model) -> bool:
    """Stop a job that is not over. A running worker finds out at its next sign of life and rolls back."""
    stopped = Job.objects.filter(pk=job.pk, state__in=[JobState.QUEUED, JobState.RUNNING]).update(
        state=JobState.CANCELLED, finished_at=timezone.now(), lease_until_at=None
    )
    if stopped:
        record("job.cancelled", by=by, target=job)
    return bool(stopped)


class Lease:
    """A claimed job in the hands of its worker.

    Signs of life and progress go over a connection of their own, so that they are seen while the work's one transaction is open.
    `with lease:` keeps it alive from a thread; `complete()` is called inside the work's transaction and fails when the lease is lost.
    """

    def __init__(self, job: Job) -> None:
        self.job_id, self.name, self.args, self.token, self.attempt = job.pk, job.name, job.args, job.token, job.attempt
        self._stop = Event()
        self._lost = Event()
        self._progress = (0, 0, "")
        self._thread = Thread(target=self._stay_alive, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Tell how far the work is; shown within a second or two. Raises LostLease once a sign of life found the job cancelled or taken."""
        if self._lost.is_set():
            raise LostLease(self.name)
        self._progress = (done, total, note[:200])

    def _stay_alive(self) -> None:
        shown, waited = None, 0.0
        try:
            while not self._lost.is_set() and not self._stop.wait(0.5):
                waited += 0.5
                if self._progress != shown or waited >= SIGN_OF_LIFE:
                    shown, waited = self._progress, 0.0
                    if not self._tell(*shown):
                        self._lost.set()
        except Exception as error:
            log.warning("job %s: no sign of life (%s)", self.job_id, type(error).__name__)
        finally:
            connection.close()  # this thread's own

    def _tell(self, done: int, total: int, note: str) -> bool:
        """False once the job was cancelled or is somebody else's."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE jobs_job SET lease_until_at = %s, progress_done = %s, progress_total = %s, progress_note = %s"
                " WHERE id = %s AND token = %s AND state = 'running'",
                [timezone.now() + LEASE, done, total, note, self.job_id, self.token],
            )
            if cursor.rowcount:
                return True
            cursor.execute("SELECT 1 FROM jobs_job WHERE id = %s AND (token <> %s OR state <> 'running')", [self.job_id, self.token])
            return cursor.fetchone() is None

    def complete(self, *, note: str = "") -> None:
        """Mark the job done, in the transaction of the work itself: either both are seen or neither."""
        done, total, said = self._progress
        changed = Job.objects.held(self.job_id, self.token).update(
            state=JobState.DONE,
            finished_at=timezone.now(),
            lease_until_at=None,
            progress_done=total or done,
            progress_total=total,
            progress_note=note or said,
            error="",
        )
        if not changed:
            raise LostLease(self.name)

    def fail(self, sentence: str, *, final: bool) -> None:
        """Put the job back in the queue, or end it when it is final or was the last attempt."""
        over = final or self.attempt >= ATTEMPTS
        Job.objects.held(self.job_id, self.token).update(
            state=JobState.FAILED if over else JobState.QUEUED,
            finished_at=timezone.now() if over else None,
            lease_until_at=None,
            woken_at=None,
            error=sentence,
        )


def run(job_id: int) -> bool:
    """Claim the job and do it; True when this call finished it. Harmless when the job is over or somebody else's.

    A sentence for people (InputError, PolicyViolation) ends the job at once; any other error is tried again, three times in all.
    """
    job = Job.objects.claim(job_id)
    if job is None:
        return False
    lease = Lease(job)
    try:
        with lease, ExitStack() as stack:
            for surround in surroundings:
                stack.enter_context(surround())
            if job.name in own_transactions:
                handlers[job.name](lease)
            else:
                with transaction.atomic():
                    handlers[job.name](lease)
                    lease.complete()
    except LostLease:
        log.warning("job %s: lease lost, its writes were rolled back", job_id)
        return False
    except (InputError, PolicyViolation) as error:
        lease.fail(str(error), final=not is_disk_full(error))
        return False
    except Exception as error:
        # Where and what kind, never the message: a database error's text can quote the row that caused it.
        log.error("job %s failed: %s\n%s", job_id, type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        broken = f"Something went wrong in PRM itself ({type(error).__name__}). The log of the worker says more."
        lease.fail(FULL if is_disk_full(error) else broken, final=False)
        return False
    return True


def forget_done(name: str, *, older_than: timedelta) -> int:
    """Delete the rows of work that is asked for every minute and came to its end; failures are kept. Returns how many."""
    return Job.objects.filter(name=name, state=JobState.DONE, finished_at__lt=timezone.now() - older_than).delete()[0]


def run_waiting(*, apps: Collection[str] = (), limit: int = 1000) -> int:
    """Do waiting jobs in this process, oldest first, also those they enqueue; returns how many. For the command line and tests.

    With `apps`, only jobs whose name starts with one of them ("referrals").
    """
    wanted = Q(state=JobState.QUEUED)
    if apps:
        wanted &= Q(name__regex=rf"^({'|'.join(apps)})\.")
    done = 0
    while done < limit and (job_id := Job.objects.filter(wanted).order_by("queued_at", "pk").values_list("pk", flat=True).first()):
        run(job_id)
        done += 1
    return done
