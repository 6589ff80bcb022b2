"""What the registry says of somebody we know and we do not: a move, another specialty, a number that is over."""

from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from contacts.models.directory import Provider
from contacts.querysets import MoveNoticeQuerySet


class MoveKind(models.TextChoices):
    ADDRESS = "address", "Another address"
    TAXONOMY = "taxonomy", "Another specialty"
    DEACTIVATED = "deactivated", "Number deactivated"
    REPLACED = "replaced", "Number replaced"


class MoveState(models.TextChoices):
    OPEN = "open", "To decide"
    ACCEPTED = "accepted", "Accepted"
    DISMISSED = "dismissed", "Dismissed"


class MoveNotice(models.Model):
    """One difference between the registry and us, of a provider who works at one of our practices.

    `was` and `now` are for reading; `told` is what the registry said (address, city, state, zip, phone; or code; or the day; or npi).
    `mark` is a fingerprint of it: the same file again, or the same word in the next file, makes no second notice. `undo` keeps what
    accepting it changed.
    """

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="moves")
    kind = models.CharField(max_length=11, choices=MoveKind)
    was = models.CharField(max_length=300, blank=True)
    now = models.CharField(max_length=300)
    told = models.JSONField()
    mark = models.CharField(max_length=64)
    registry_on = models.DateField(null=True, blank=True, help_text="the record's Last Update Date")
    found_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=9, choices=MoveState, default=MoveState.OPEN)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    undo = models.JSONField(default=dict)

    objects = MoveNoticeQuerySet.as_manager()

    class Meta:
        ordering = ("-found_at", "-pk")
        constraints = (models.UniqueConstraint(fields=["provider", "kind", "mark"], name="move_notice_once"),)
        indexes = (models.Index(fields=["-found_at"], condition=models.Q(state="open"), name="move_notice_open"),)

    def __str__(self) -> str:
        return f"{self.provider}: {self.get_kind_display().lower()}"

    def get_absolute_url(self) -> str:
        return reverse("contacts:move", args=[self.pk])
