"""Work as rows: a queued Job is the outbox, a running one holds a lease, a finished one keeps its outcome."""

from django.db import models
from django.utils import timezone

from jobs.querysets import JobQuerySet


class JobState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Job(models.Model):
    """One piece of work, whoever wakes whom.

    `name` is "app.verb", the key of a registered handler; `args` are ids and words, never patient data. `token` rises with each
    claim and fences off a worker that lost its lease. `key` makes a second request for the same waiting work harmless.
    """

    name = models.CharField(max_length=80)
    args = models.JSONField(default=list)
    key = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    token = models.PositiveBigIntegerField(default=0)
    lease_until_at = models.DateTimeField(null=True, blank=True)
    woken_at = models.DateTimeField(null=True, blank=True)
    requested_by_id = models.CharField(max_length=40, blank=True)
    requested_by_label = models.CharField(max_length=200, blank=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)
    progress_note = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ("-queued_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["key"], condition=models.Q(state="queued") & ~models.Q(key=""), name="job_waiting_once"),
        )
        indexes = (
            models.Index(fields=["queued_at"], condition=models.Q(state="queued"), name="job_waiting"),
            models.Index(fields=["lease_until_at"], condition=models.Q(state="running"), name="job_running"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"

    @property
    def is_finished(self) -> bool:
        return self.state in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}

    @property
    def percent(self) -> int:
        """Whole percent of the known total, 0 while the total is unknown."""
        return min(100, 100 * self.progress_done // self.progress_total) if self.progress_total else 0
