"""When a practice sees visitors, and where it lies: what a day's route has to know of it."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User


class LunchRule(models.TextChoices):
    CLOSED = "closed", "No visitors at lunch"
    WELCOME = "welcome", "Lunch may be brought"
    BOOKED = "booked", "Lunch only when booked before"
    NEVER = "never", "No lunches"


class HoursKind(models.TextChoices):
    OPEN = "open", "Sees visitors"
    CLOSED = "closed", "No visits"


class Weekday(models.IntegerChoices):
    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class VisitingHours(models.Model):
    """From `begins` until `ends` on one weekday a practice sees visitors, or does not; without a weekday it holds every day.

    A practice for which no open hours are noted is taken to see visitors at any hour; one with open hours on some days, on those only.
    """

    practice = models.ForeignKey("contacts.Practice", on_delete=models.CASCADE, related_name="visiting_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday, null=True, blank=True, help_text="blank: every day")
    kind = models.CharField(max_length=6, choices=HoursKind, default=HoursKind.OPEN)
    begins = models.TimeField()
    ends = models.TimeField()

    class Meta:
        ordering = ("practice", "weekday", "begins")
        verbose_name_plural = "visiting hours"
        constraints = (models.CheckConstraint(condition=Q(ends__gt=F("begins")), name="visiting_hours_end_after_begin"),)

    def __str__(self) -> str:
        day = "Every day" if self.weekday is None else Weekday(self.weekday).label
        return f"{day} {self.begins:%H:%M} to {self.ends:%H:%M}"


class MapPin(models.Model):
    """Where a practice lies, as somebody showed on a map; it goes before the middle of its ZIP code. Degrees, WGS 84."""

    practice = models.OneToOneField("contacts.Practice", on_delete=models.CASCADE, related_name="map_pin")
    latitude = models.FloatField(validators=(MinValueValidator(-90), MaxValueValidator(90)))
    longitude = models.FloatField(validators=(MinValueValidator(-180), MaxValueValidator(180)))
    dropped_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    dropped_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180), name="map_pin_on_earth"
            ),
        )

    def __str__(self) -> str:
        return f"{self.practice} at {self.latitude:.5f}, {self.longitude:.5f}"
