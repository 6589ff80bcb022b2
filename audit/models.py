"""One append-only history of who did what to which record, and who looked at patient-linked rows."""

from django.db import models
from django.utils import timezone


class AuditEvent(models.Model):
    """One thing that happened. Ids are text and there are no foreign keys: an event outlives what it speaks of.

    The database refuses UPDATE and DELETE (a trigger in the first migration).
    """

    happened_at = models.DateTimeField(default=timezone.now, db_index=True)
    event = models.CharField(max_length=80)
    by_id = models.CharField(max_length=40, blank=True)
    by_label = models.CharField(max_length=200, blank=True)
    target_type = models.CharField(max_length=80, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    target_label = models.CharField(max_length=300, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ("-happened_at", "-pk")
        indexes = (models.Index(fields=["target_type", "target_id", "-happened_at"], name="audit_target"),)

    def __str__(self) -> str:
        return f"{self.happened_at:%Y-%m-%d %H:%M} {self.event} {self.target_label}"

    @property
    def words(self) -> str:
        """The event as a person reads it: "Visit planned"."""
        return self.event.replace(".", " ").replace("_", " ").replace("-", " ").capitalize()
