"""What was promised, by whom to whom until when, and what became of it."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from contacts.models import Practice, Provider
from visits.models.visits import Visit
from visits.querysets import FollowUpQuerySet


class FollowUp(models.Model):
    """Something promised, with an owner and a date. `snoozes` counts how often the date was put off and not taken back.

    `uid`, `sequence` and `revised_at` are what calendars know it by, as with a visit.
    """

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="follow_ups")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="follow_ups")
    visit = models.ForeignKey(Visit, on_delete=models.SET_NULL, null=True, blank=True, related_name="follow_ups")
    text = models.CharField(max_length=300)
    due_on = models.DateField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="follow_ups")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    snoozes = models.PositiveSmallIntegerField(default=0, db_default=0)
    handed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="who gave it last")
    handed_note = models.CharField(max_length=300, blank=True, db_default="", help_text="what they said with it")
    uid = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, db_default=0, editable=False, help_text="rises with each step, for calendars")
    revised_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        ordering = ("due_on", "pk")
        indexes = (models.Index(fields=["owner", "due_on"], condition=Q(done_at=None), name="follow_up_open"),)

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        return reverse("visits:follow-up", args=[self.pk])

    @property
    def is_late(self) -> bool:
        """Promised for a day that is over."""
        return self.done_at is None and self.due_on < timezone.localdate()

    @property
    def days_late(self) -> int:
        """Days since an open promise was due; 0 within its time."""
        return (timezone.localdate() - self.due_on).days if self.is_late else 0


class StepKind(models.TextChoices):
    DONE = "done", "Done"
    REOPENED = "reopened", "Reopened"
    SNOOZED = "snoozed", "Snoozed"
    CHANGED = "changed", "Changed"
    HANDED = "handed", "Handed over"


class FollowUpStep(models.Model):
    """One thing that was done with a follow-up, and what it was before: the last step can be taken back.

    `batch` is shared by all that one press of a button did, so that one press takes it back.
    """

    follow_up = models.ForeignKey(FollowUp, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=8, choices=StepKind)
    was = models.JSONField(help_text="the fields that it changed, as they were before")
    note = models.CharField(max_length=300, blank=True)
    batch = models.UUIDField(default=uuid.uuid4, db_index=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("made_at", "pk")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.made_at:%d %b %Y}"
