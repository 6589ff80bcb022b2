"""That the invented world is here, and what of the real one stood before it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.models import User
from jobs.models import Job


class Sample(models.Model):
    """The invented world in this installation: one row while it is here. Every table as it was before is kept in a schema of its own
    (demo.sample), and taking the world off puts that back.

    `untouched` are tables of single rows of settings that loading did not change: what is set there meanwhile is real, and stays.
    """

    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    loaded_at = models.DateTimeField(null=True)
    untouched = ArrayField(models.CharField(max_length=63), default=list)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(pk=1), name="sample_once"),)

    def __str__(self) -> str:
        return "Sample data"
