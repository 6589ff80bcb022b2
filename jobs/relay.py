"""The relay: wakes workers for queued jobs, frees jobs whose worker died. Broker down means later, never lost."""

import logging
from datetime import timedelta

from celery import current_app
from django.db import connection, transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils import timezone

from jobs.models import Job, JobState
from jobs.querysets import ATTEMPTS

log = logging.getLogger(__name__)
WAKE_AGAIN = timedelta(seconds=30)
FIRST, LATER = 0, 6  # the broker's priorities: lower goes first
_BY_PEOPLE = ExpressionWrapper(~Q(requested_by_id=""), output_field=BooleanField())


def sweep() -> int:
    """Queue jobs whose lease ran out again, fail those that used up their attempts; returns how many changed."""
    lost = Job.objects.filter(state=JobState.RUNNING, lease_until_at__lt=timezone.now())
    gone = lost.filter(attempt__gte=ATTEMPTS).update(
        state=JobState.FAILED, finished_at=timezone.now(), error="Its worker died three times. The log of the worker says more."
    )
    return gone + lost.filter(attempt__lt=ATTEMPTS).update(state=JobState.QUEUED, lease_until_at=None, woken_at=None)


def wake(batch: int = 100) -> int:
    """Send one message for each waiting job that got none lately; returns how many were sent.

    What a person asked for goes before what the system asked of itself, here and in the broker: nobody waits behind hundreds of standard
    reports. Several relays share the work by SKIP LOCKED. A message that cannot be sent leaves its job as it was.
    """
    sent = 0
    with transaction.atomic():
        due = Q(woken_at=None) | Q(woken_at__lt=timezone.now() - WAKE_AGAIN)
        waiting = (
            Job.objects.select_for_update(skip_locked=True)
            .filter(due, state=JobState.QUEUED)
            .order_by(_BY_PEOPLE.desc(), "queued_at", "pk")
        )
        for job_id, by_person in list(waiting.values_list("pk", _BY_PEOPLE)[:batch]):
            try:
                current_app.send_task("jobs.run", args=[job_id], retry=False, priority=FIRST if by_person else LATER)
            except Exception as error:
                log.warning("relay: broker out of reach (%s), %s jobs wait", type(error).__name__, waiting.count())
                break
            Job.objects.filter(pk=job_id).update(woken_at=timezone.now())
            sent += 1
    return sent


def turn() -> None:
    """One round of the relay; a database that is away is met again next round."""
    try:
        sweep()
        wake()
    except Exception as error:
        log.warning("relay: %s", type(error).__name__)
        connection.close()
