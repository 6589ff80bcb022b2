"""Reports that workers computed, and those they will. No facts of their own: a run can be thrown away and made again."""

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import Job, JobState
from reports.numbers import Numbers
from reports.periods import Window
from reports.querysets import ReportRunQuerySet
from territories.models import Territory
from territories.scope import Scope


class RunState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    FINISHED = "finished", "Finished"
    FAILED = "failed", "Failed"


_STATE_OF_JOB = {JobState.QUEUED: RunState.QUEUED, JobState.RUNNING: RunState.RUNNING}


class ReportRun(models.Model):
    """One question to one kind of report, over one scope, at one version of the data.

    The scope is a territory with all below it, a liaison's territories, or (neither named) the whole organization; `field` keeps what
    that meant when it was asked: `{whole, territories, overlays}`. `question` is the fingerprint of kind, parameters, scope and whatever
    else the answer rests on; with `asked_version` it is unique, so that two who ask at once get one computation. `result` is written
    once, whole, when the run is finished: partial numbers are never seen. `data_version` is the one that the result speaks of, never
    older than the one asked at.
    """

    kind = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, null=True, blank=True, related_name="report_runs")
    liaison = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="report_runs")
    field = models.JSONField(default=dict)
    question = models.CharField(max_length=64)
    asked_version = models.PositiveBigIntegerField()
    asked_at = models.DateTimeField(default=timezone.now)
    asked_by = models.ManyToManyField(User, blank=True, related_name="asked_report_runs")
    is_standard = models.BooleanField(default=False, help_text="made by itself after each new version of the data")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    data_version = models.PositiveBigIntegerField(null=True)
    data_through_on = models.DateField(null=True)
    result = models.JSONField(null=True)
    computed_at = models.DateTimeField(null=True)

    objects = ReportRunQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["question", "asked_version"], name="report_run_once"),
            models.CheckConstraint(
                condition=Q(computed_at=None, result=None, data_version=None)
                | Q(computed_at__isnull=False, result__isnull=False, data_version__isnull=False),
                name="report_run_whole_or_nothing",
            ),
        )
        indexes = (models.Index(fields=["question", "data_version"], name="report_run_answers"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.parameters} v{self.data_version or self.asked_version}"

    def get_absolute_url(self) -> str:
        return reverse("reports:run", args=[self.pk])

    @property
    def is_finished(self) -> bool:
        return self.computed_at is not None

    @property
    def state(self) -> RunState:
        """Finished once the result is there; before, what its job says."""
        if self.is_finished:
            return RunState.FINISHED
        return _STATE_OF_JOB.get(JobState(self.job.state), RunState.FAILED) if self.job else RunState.FAILED

    @property
    def is_under_way(self) -> bool:
        return self.state in {RunState.QUEUED, RunState.RUNNING}

    @property
    def error(self) -> str:
        """Why there is no result, for a person; blank unless it failed."""
        if self.state != RunState.FAILED:
            return ""
        return (self.job.error if self.job else "") or "The work was stopped before it came to an end."

    @property
    def scope(self) -> Scope:
        """The field that the run speaks of, as it was when it was asked for."""
        overlays = frozenset((territory, line) for territory, line in self.field.get("overlays", ()))
        return Scope(self.field.get("whole", False), frozenset(self.field.get("territories", ())), overlays)

    @property
    def scope_name(self) -> str:
        """Over what the run speaks, in words."""
        if self.liaison is not None:
            return f"Territories of {self.liaison}"
        return str(self.territory) if self.territory else "Whole organization"

    @property
    def window(self) -> Window | None:
        """The days of a report over some time; None for a kind without `start` and `end`."""
        start, end = self.parameters.get("start"), self.parameters.get("end")
        return Window(dt.date.fromisoformat(start), dt.date.fromisoformat(end)) if start and end else None

    @property
    def numbers(self) -> Numbers:
        """What a finished run of leakage or volume found."""
        found: dict[str, Any] = self.result or {}
        return Numbers.from_json(found)
