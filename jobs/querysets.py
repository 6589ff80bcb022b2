"""Claiming work: compare-and-set UPDATEs, so that two workers never hold one job."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

if TYPE_CHECKING:
    from jobs.models import Job

LEASE = timedelta(seconds=60)
ATTEMPTS = 3


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: Any) -> "JobQuerySet":
        """A person's own jobs; those who may import or configure see all. Jobs hold ids and counts, no patient data."""
        return self if user.is_admin or user.is_analyst else self.filter(requested_by_id=str(user.pk))

    def claimable(self) -> "JobQuerySet":
        """Waiting, or running under a lease that has run out."""
        return self.filter(Q(state="queued") | Q(state="running", lease_until_at__lt=timezone.now()), attempt__lt=ATTEMPTS)

    def claim(self, job_id: int) -> "Job | None":
        """Take a lease on the job, or None when somebody else holds it or it is over. One UPDATE decides."""
        now = timezone.now()
        taken = (
            self.claimable()
            .filter(pk=job_id)
            .update(
                state="running",
                lease_until_at=now + LEASE,
                attempt=F("attempt") + 1,
                token=F("token") + 1,
                started_at=now,
                progress_done=0,
                progress_total=0,
                progress_note="",
            )
        )
        return self.get(pk=job_id) if taken else None

    def held(self, job_id: int, token: int) -> "JobQuerySet":
        """The job, if this token still holds it."""
        return self.filter(pk=job_id, token=token, state="running")
