"""How much a practice matters to us, and how often each tier is to be visited."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from contacts.querysets import TierChangeQuerySet


class Tier(models.TextChoices):
    A = "A", "A"
    B = "B", "B"
    C = "C", "C"
    D = "D", "D"


class Cadence(models.Model):
    """A visit every so many days is promised to each practice of the tier. A tier without a cadence is promised none."""

    tier = models.CharField(max_length=1, choices=Tier, primary_key=True)
    every_days = models.PositiveSmallIntegerField(help_text="days from one visit to the next")

    class Meta:
        ordering = ("tier",)
        constraints = (models.CheckConstraint(condition=Q(every_days__gte=1), name="cadence_has_days"),)

    def __str__(self) -> str:
        return f"{self.tier}: a visit every {self.every_days} days"


class TierChange(models.Model):
    """Practices that were put into a tier together, with the tier that each had before, so that it can be undone."""

    tier = models.CharField(max_length=1, choices=Tier, blank=True)
    before = models.JSONField(help_text="{practice id: its tier before}")
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = TierChangeQuerySet.as_manager()

    class Meta:
        ordering = ("-changed_at", "-pk")

    def __str__(self) -> str:
        count = len(self.before)
        what = f"tier {self.tier}" if self.tier else "no tier"
        return f"{count:,} practice{'' if count == 1 else 's'} put into {what}"
