"""What a visit said before and after each edit."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from visits.models.visits import Visit


class VisitVersion(models.Model):
    """A visit as it stood after one edit; number 1 is how it was logged, written down when the first edit comes.

    `values` holds what can be edited, {field: value}, people and topics as sorted keys. Whoever sees the visit sees its versions.
    """

    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    values = models.JSONField(default=dict)
    changed = models.JSONField(default=list, help_text="names of the fields that this edit changed")
    saved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)
    client_id = models.UUIDField(null=True, blank=True)
    body_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ("visit", "number")
        constraints = (
            models.UniqueConstraint(fields=["visit", "number"], name="visit_version_once"),
            models.UniqueConstraint(fields=["saved_by", "client_id"], condition=~Q(client_id=None), name="visit_edit_once"),
        )

    def __str__(self) -> str:
        return f"{self.visit}, version {self.number}"
