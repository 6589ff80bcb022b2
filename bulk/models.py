"""What was done with many rows at once, row by row, so that it can be told and undone."""

from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from bulk.querysets import BulkRunQuerySet
from jobs.models import Job


class BulkRun(models.Model):
    """One act on many rows, asked for once: `client_key` comes with the preview, so that confirming it twice is once.

    `settings` are the act's fields as they were typed ({name: [texts]}); `words` say what is done. Until `done_at` a worker has it.
    """

    list_key = models.CharField(max_length=40)
    act_key = models.CharField(max_length=40)
    settings = models.JSONField(default=dict)
    words = models.CharField(max_length=300)
    client_key = models.UUIDField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="bulk_runs")
    asked_at = models.DateTimeField(default=timezone.now)
    changed = models.PositiveIntegerField(default=0, help_text="rows")
    kept = models.PositiveIntegerField(default=0, help_text="rows that stayed as they were")
    done_at = models.DateTimeField(null=True, blank=True)
    undone = models.PositiveIntegerField(default=0, help_text="rows that are as before")
    undone_at = models.DateTimeField(null=True, blank=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = BulkRunQuerySet.as_manager()

    class Meta:
        ordering = ("-asked_at", "-pk")
        constraints = (models.UniqueConstraint(fields=["asked_by", "client_key"], name="bulk_run_once"),)

    def __str__(self) -> str:
        return self.words

    def get_absolute_url(self) -> str:
        return reverse("bulk:run", args=[self.pk])

    @property
    def can_be_undone(self) -> bool:
        return self.done_at is not None and self.undone_at is None and self.changed > 0


class ItemState(models.TextChoices):
    CHOSEN = "chosen", "Chosen"
    CHANGED = "changed", "Changed"
    KEPT = "kept", "Stayed as it was"


class BulkItem(models.Model):
    """A row of a run: `why` it stayed as it was, or what it takes to `undo` the change."""

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="items")
    row_id = models.BigIntegerField()
    label = models.CharField(max_length=200)
    state = models.CharField(max_length=7, choices=ItemState, default=ItemState.CHOSEN)
    why = models.CharField(max_length=300, blank=True)
    undo = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ("run", "pk")
        constraints = (models.UniqueConstraint(fields=["run", "row_id"], name="bulk_row_once"),)

    def __str__(self) -> str:
        return self.label
