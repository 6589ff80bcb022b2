"""What somebody is to reach by when."""

import datetime as dt

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from reports.periods import Window, add_months
from reports.querysets import GoalBatchQuerySet, GoalQuerySet
from territories.models import ServiceLine, Territory


class GoalMeasure(models.TextChoices):
    RECEIVED = "received", "Referrals received"
    INBOUND = "inbound", "Inbound referrals"
    VISITS = "visits", "Visits made"
    NEW_REFERRERS = "new_referrers", "New referrers"
    LEAKAGE = "leakage", "Leakage at most"


class GoalPeriod(models.TextChoices):
    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"
    YEAR = "year", "Year"


MONTHS = {GoalPeriod.MONTH: 1, GoalPeriod.QUARTER: 3, GoalPeriod.YEAR: 12}


class Goal(models.Model):
    """A target for a liaison, a territory with all below it, a service line, or (none named) the whole, over one period.

    Of leakage the target is a share (0.2) that is not to be exceeded, of everything else a count that is to be reached. A liaison's
    referrals are those credited to them on the anchor date; reassigning a territory moves none of the past.
    """

    measure = models.CharField(max_length=13, choices=GoalMeasure)
    liaison = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="goals")
    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, null=True, blank=True, related_name="goals")
    service_line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, null=True, blank=True, related_name="goals")
    period = models.CharField(max_length=7, choices=GoalPeriod, default=GoalPeriod.MONTH)
    start_on = models.DateField(help_text="first day of the period")
    target = models.FloatField(validators=[MinValueValidator(0)])
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    objects = GoalQuerySet.as_manager()

    class Meta:
        ordering = ("-start_on", "period", "measure", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["measure", "liaison", "territory", "service_line", "period", "start_on"], nulls_distinct=False, name="goal_once"
            ),
            models.CheckConstraint(
                condition=Q(territory=None, service_line=None) | Q(liaison=None, service_line=None) | Q(liaison=None, territory=None),
                name="goal_of_one",
            ),
            models.CheckConstraint(condition=~Q(measure="visits") | Q(service_line=None), name="goal_visits_have_no_line"),
            models.CheckConstraint(condition=Q(target__gt=0), name="goal_has_a_target"),
            models.CheckConstraint(condition=~Q(measure="leakage") | Q(target__lt=1), name="goal_leakage_is_a_share"),
        )

    def __str__(self) -> str:
        return f"{self.get_measure_display()}, {self.subject}, {self.words}"

    def get_absolute_url(self) -> str:
        return reverse("reports:goal", args=[self.pk])

    @property
    def subject(self) -> str:
        """For whom or what."""
        return str(self.liaison or self.territory or self.service_line or "Whole organization")

    @property
    def window(self) -> Window:
        return Window(self.start_on, add_months(self.start_on, MONTHS[GoalPeriod(self.period)]))

    @property
    def words(self) -> str:
        """Nov 2026 · Q4 2026 · 2026."""
        if self.period == GoalPeriod.MONTH:
            return f"{self.start_on:%b %Y}"
        return f"Q{(self.start_on.month + 2) // 3} {self.start_on.year}" if self.period == GoalPeriod.QUARTER else str(self.start_on.year)

    @property
    def is_share(self) -> bool:
        return self.measure == GoalMeasure.LEAKAGE


class GoalBatch(models.Model):
    """Goals that were set in one press of a button, and what they were before, so that one press takes all of it back.

    `entries` are {"goal": id, "target": what was set, "was": the target before or null for a new goal}.
    """

    entries = models.JSONField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = GoalBatchQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")
        verbose_name_plural = "goal batches"

    def __str__(self) -> str:
        return f"{len(self.entries)} goals set by {self.made_by}"


def period_start(period: str, day: dt.date) -> dt.date:
    """The first day of the month, quarter or year in which the day lies."""
    months = MONTHS[GoalPeriod(period)]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)
