"""Reports that come by themselves: which, when, to whom; and each time that they came."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.clocks import time_zone_of
from accounts.models import User
from reports.models.runs import ReportRun
from reports.periods import Window, add_months
from reports.querysets import ScheduleDeliveryQuerySet, ScheduleQuerySet
from territories.models import Territory


class Rhythm(models.TextChoices):
    DAILY = "daily", "Every working day"
    WEEKLY = "weekly", "Every week"
    MONTHLY = "monthly", "Every month"


class FileKind(models.TextChoices):
    PDF = "pdf", "PDF"
    XLSX = "xlsx", "XLSX"


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FRIDAY, LAST_DAY = 4, 28


class ReportSchedule(models.Model):
    """A question to a kind of report, asked anew at each due day for each recipient, who gets what their own field and role show.

    Of a report over some months, `parameters` keep how many; they end with the last full month of that day. The mail holds a link behind
    the sign-in and nothing of the report.
    """

    kind = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, null=True, blank=True, related_name="report_schedules")
    rhythm = models.CharField(max_length=7, choices=Rhythm, default=Rhythm.WEEKLY)
    weekday = models.PositiveSmallIntegerField(default=0, help_text="0 is Monday; of a weekly one")
    month_day = models.PositiveSmallIntegerField(default=1, help_text="1 to 28; of a monthly one")
    hour = models.PositiveSmallIntegerField(default=7)
    file = models.CharField(max_length=4, choices=FileKind, default=FileKind.PDF)
    recipients = models.ManyToManyField(User, related_name="report_schedules")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    paused_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ("kind", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(weekday__lte=6, hour__lte=23, month_day__gte=1, month_day__lte=LAST_DAY), name="schedule_of_a_calendar"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}, {self.when}"

    def get_absolute_url(self) -> str:
        return reverse("reports:schedule", args=[self.pk])

    @property
    def when(self) -> str:
        """Every week on Monday, from 7:00."""
        on = {Rhythm.WEEKLY: f" on {WEEKDAYS[self.weekday]}", Rhythm.MONTHLY: f" on the {ordinal(self.month_day)}"}
        return f"{Rhythm(self.rhythm).label}{on.get(Rhythm(self.rhythm), '')}, from {self.hour}:00"

    @property
    def _zone(self) -> ZoneInfo:
        """The clock of whoever made it."""
        return ZoneInfo(time_zone_of(self.made_by))

    def last_due(self, now: dt.datetime) -> dt.date | None:
        """The newest day that was due by this moment, and not before the schedule was made; None while there is none."""
        here = now.astimezone(self._zone)
        made = self.made_at.astimezone(self._zone)
        day = here.date() if here.hour >= self.hour else here.date() - dt.timedelta(days=1)
        while not self.falls_on(day):
            day -= dt.timedelta(days=1)
        is_before = day < made.date() or (day == made.date() and made.hour >= self.hour)
        return None if is_before else day

    def next_due(self, now: dt.datetime) -> dt.date:
        """The day on which it comes next."""
        here = now.astimezone(self._zone)
        day = here.date() if here.hour < self.hour else here.date() + dt.timedelta(days=1)
        while not self.falls_on(day):
            day += dt.timedelta(days=1)
        return day

    def falls_on(self, day: dt.date) -> bool:
        if self.rhythm == Rhythm.DAILY:
            return day.weekday() <= FRIDAY
        return day.weekday() == self.weekday if self.rhythm == Rhythm.WEEKLY else day.day == self.month_day

    def parameters_at(self, full_until: dt.date | None) -> dict[str, Any]:
        """The question as it is asked when months are full until before this day."""
        wanted = dict(self.parameters)
        if not (wanted.get("start") and wanted.get("end")) or full_until is None:
            return wanted
        window = Window(dt.date.fromisoformat(wanted["start"]), dt.date.fromisoformat(wanted["end"]))
        return wanted | {"start": add_months(full_until, -window.months).isoformat(), "end": full_until.isoformat()}


def ordinal(day: int) -> str:
    """1st, 2nd, 11th."""
    return f"{day}{'th' if 10 < day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


class ScheduleTurn(models.Model):
    """That a schedule's day was taken up: the row that makes it once, whoever asks how often."""

    schedule = models.ForeignKey(ReportSchedule, on_delete=models.CASCADE, related_name="turns")
    due_on = models.DateField()
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-due_on", "-pk")
        constraints = (models.UniqueConstraint(fields=["schedule", "due_on"], name="schedule_turn_once"),)

    def __str__(self) -> str:
        return f"{self.schedule}: {self.due_on}"


class ScheduleDelivery(models.Model):
    """One person's part of a turn: the run that answers them, and when they were told of it; or why there is none."""

    turn = models.ForeignKey(ScheduleTurn, on_delete=models.CASCADE, related_name="deliveries")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(ReportRun, on_delete=models.SET_NULL, null=True, blank=True, related_name="deliveries")
    told_at = models.DateTimeField(null=True, blank=True)
    skipped = models.CharField(max_length=200, blank=True, help_text="why the person gets none")

    objects = ScheduleDeliveryQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        verbose_name_plural = "schedule deliveries"
        constraints = (models.UniqueConstraint(fields=["turn", "person"], name="schedule_delivery_once"),)
        indexes = (models.Index(fields=["run"], condition=Q(told_at=None), name="schedule_delivery_waiting"),)

    def __str__(self) -> str:
        return f"{self.turn} to {self.person}"
