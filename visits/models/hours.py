"""When somebody is in the field, how long a visit takes them, and from where they start."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from visits.querysets import WorkingHoursQuerySet

WEEKDAYS = (0, 1, 2, 3, 4)  # Monday to Friday


def usual_weekdays() -> list[int]:
    return list(WEEKDAYS)


class WorkingHours(models.Model):
    """A person's days in the field. Who has not said anything works Monday to Friday, eight to half past four.

    `weekdays` counts from Monday, 0. Minutes are what one day or one visit takes. The start is where the day's first and last drive begin
    and end: a point where one was given, else the middle of the ZIP code.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="working_hours")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=usual_weekdays, help_text="0 is Monday")
    starts_at = models.TimeField(default=dt.time(8))
    ends_at = models.TimeField(default=dt.time(16, 30))
    pause_minutes = models.PositiveSmallIntegerField(default=30, help_text="lunch, on each day")
    visit_minutes = models.PositiveSmallIntegerField(default=25, help_text="one visit, with parking and the way in")
    start_address = models.CharField(max_length=200, blank=True)
    start_zip = models.CharField("ZIP code", max_length=5, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)

    objects = WorkingHoursQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "working hours"
        constraints = (
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="working_hours_end_after_start"),
            models.CheckConstraint(condition=Q(visit_minutes__gte=1), name="a_visit_takes_time"),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None) | Q(latitude__isnull=False, longitude__isnull=False),
                name="a_point_has_both",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.starts_at:%H:%M} to {self.ends_at:%H:%M}"

    @property
    def minutes_a_day(self) -> int:
        """Minutes of one working day, without the pause."""
        span = dt.datetime.combine(dt.date.min, self.ends_at) - dt.datetime.combine(dt.date.min, self.starts_at)
        return max(0, int(span.total_seconds()) // 60 - self.pause_minutes)

    def works_on(self, day: dt.date) -> bool:
        return day.weekday() in self.weekdays
