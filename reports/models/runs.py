"""Reports that workers computed. No facts of its own: a run can be thrown away and made again."""

from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from jobs.models import Job
from reports.numbers import Numbers
from reports.periods import Window
from reports.querysets import ReportRunQuerySet
from territories.models import Territory


class ReportName(models.TextChoices):
    LEAKAGE = "leakage", "Outbound leakage"
    VOLUME = "volume", "Inbound growth and volume"


class ReportRun(models.Model):
    """One report for one scope at one data version.

    The scope is a territory with all below it, a liaison's territories, or (neither named) the whole organisation. `result` is written
    once, when the run is finished: partial numbers are never seen.
    """

    name = models.CharField(max_length=20, choices=ReportName)
    territory = models.ForeignKey(Territory, on_delete=models.CASCADE, null=True, blank=True, related_name="report_runs")
    liaison = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="report_runs")
    start_on = models.DateField()
    end_on = models.DateField(help_text="exclusive")
    data_version = models.PositiveBigIntegerField()
    data_through_on = models.DateField(null=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    result = models.JSONField(default=dict)
    computed_at = models.DateTimeField(default=timezone.now)

    objects = ReportRunQuerySet.as_manager()

    class Meta:
        ordering = ("-computed_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["name", "territory", "liaison", "start_on", "end_on", "data_version"], nulls_distinct=False, name="report_run_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_name_display()} {self.start_on} to {self.end_on} v{self.data_version}"

    def get_absolute_url(self) -> str:
        return reverse("reports:run", args=[self.pk])

    @property
    def scope_name(self) -> str:
        """Over what the run speaks, in words."""
        if self.liaison is not None:
            return f"Territories of {self.liaison}"
        return str(self.territory) if self.territory else "Whole organization"

    @property
    def months(self) -> str:
        return Window(self.start_on, self.end_on).words

    @property
    def numbers(self) -> Numbers:
        """What the run found."""
        return Numbers.from_json(self.result)
