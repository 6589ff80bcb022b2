"""What was driven on a day of visits, and what a mile is paid for."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from visits.querysets import MileageDayQuerySet


class MileageRate(models.Model):
    """Dollars a mile for business driving, from `started_on` until before `ended_on`. A day without a rate has no sum: none is guessed."""

    per_mile = models.DecimalField("per mile, $", max_digits=6, decimal_places=4)
    started_on = models.DateField("from")
    ended_on = models.DateField("until before", null=True, blank=True)
    source = models.CharField("where it was read", max_length=200)

    class Meta:
        ordering = ("-started_on",)
        constraints = (
            models.CheckConstraint(condition=Q(per_mile__gt=0), name="mileage_rate_positive"),
            models.CheckConstraint(condition=Q(ended_on=None) | Q(ended_on__gt=F("started_on")), name="mileage_rate_ends_after_start"),
        )

    def __str__(self) -> str:
        return f"${self.per_mile.normalize()} from {self.started_on:%b %d, %Y}"


class MileageDay(models.Model):
    """What a person typed about a day of driving: the miles, what for.

    Without it the day is estimated from its visits.
    """

    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="mileage_days")
    driven_on = models.DateField()
    miles = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True, help_text="blank: as estimated")
    purpose = models.CharField(max_length=200, blank=True)
    typed_at = models.DateTimeField(default=timezone.now)
    typed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = MileageDayQuerySet.as_manager()

    class Meta:
        ordering = ("-driven_on", "owner")
        constraints = (
            models.UniqueConstraint(fields=["owner", "driven_on"], name="mileage_day_once"),
            models.CheckConstraint(condition=Q(miles=None) | Q(miles__gte=0), name="mileage_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.owner}, {self.driven_on:%d %b %Y}"
