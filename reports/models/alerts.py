"""Alerts: whose inbound referrals chance does not explain, and what people made of it."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from concerns.models import Concern
from contacts.models import Practice, Provider
from jobs.models import Job
from reports.periods import add_months
from reports.querysets import AlertQuerySet, AlertRunQuerySet, UntestedQuerySet
from territories.models import ServiceLine
from visits.models import Visit


class AlertRun(models.Model):
    """One look at all referrers at one data version; written with all its alerts in one transaction, so that a part is never seen.

    It speaks of the whole organization: the false-discovery rate holds over all tests together. `basis` stands for the settings it
    depends on: with other settings the same data are looked at again.
    """

    data_version = models.PositiveBigIntegerField()
    basis = models.CharField(max_length=32)
    through_month = models.DateField(null=True, help_text="first of the last month that was read; none while nothing is mature")
    q = models.FloatField(help_text="false-discovery rate over the run")
    mature_share = models.FloatField(help_text="share of a month's rows that must normally have arrived")
    tested = models.PositiveIntegerField(default=0)
    falls = models.PositiveIntegerField(default=0)
    rises = models.PositiveIntegerField(default=0)
    feeds = models.JSONField(default=list, help_text="[{name, through, silent: [months], gaps: [[start, end, is_filled]]}]")
    not_tested = models.JSONField(default=dict, help_text="{reason: providers}")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    computed_at = models.DateTimeField(default=timezone.now)

    objects = AlertRunQuerySet.as_manager()

    class Meta:
        ordering = ("-computed_at", "-pk")
        constraints = (models.UniqueConstraint(fields=["data_version", "basis"], name="alert_run_once"),)

    def __str__(self) -> str:
        return f"Alerts of {self.computed_at:%Y-%m-%d %H:%M}, data version {self.data_version}"

    @property
    def recent_words(self) -> str:
        """The months that were set against the twelve before: Aug 2026 to Oct 2026."""
        return f"{add_months(self.through_month, -2):%b %Y} to {self.through_month:%b %Y}" if self.through_month else ""


class Direction(models.TextChoices):
    DOWN = "down", "Fall"
    UP = "up", "Rise"


class AlertState(models.TextChoices):
    """What people made of an alert. A snoozed one is open again from its day on."""

    NEW = "new", "New"
    SEEN = "seen", "Seen"
    SNOOZED = "snoozed", "Snoozed"
    ASSIGNED = "assigned", "Assigned"
    VISIT = "visit", "Visit planned"
    CONCERN = "concern", "Concern raised"
    CLOSED = "closed", "Closed"


class CloseReason(models.TextChoices):
    EXPLAINED = "explained", "Explained: leave, retirement, a move"
    RECOVERED = "recovered", "They send again"
    DATA = "wrong data", "The data are wrong"
    NOTHING = "nothing to do", "Nothing that we can do"
    FADED = "faded", "Not found any more"


class Alert(models.Model):
    """One provider's fall or rise. The next run that finds it again changes the figures of this one; it makes no second.

    `practice` is where the provider works today, else from where most came; `came_from` is named when most of the baseline came from
    another one: the provider moved. Intervals are of observed ÷ expected, 95 %. `months` are pairs of a month (its first day) and what
    the baseline leads to expect of it.
    """

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="alerts")
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, null=True, related_name="alerts")
    came_from = models.ForeignKey(Practice, on_delete=models.PROTECT, null=True, related_name="+")
    direction = models.CharField(max_length=4, choices=Direction)
    first_run = models.ForeignKey(AlertRun, on_delete=models.PROTECT, related_name="+")
    last_run = models.ForeignKey(AlertRun, on_delete=models.PROTECT, related_name="alerts", help_text="that found it")
    is_current = models.BooleanField(default=True, help_text="the newest run found it, or could not test the provider")
    expected = models.FloatField()
    observed = models.PositiveIntegerField()
    difference = models.FloatField(help_text="observed less expected; what lists are ordered by, never the percentage")
    low = models.FloatField()
    high = models.FloatField(null=True, help_text="blank: without an upper end, as nothing was expected")
    q = models.FloatField()
    before = models.PositiveIntegerField(help_text="referrals of the baseline")
    months = models.JSONField(default=list)
    sentence = models.CharField(max_length=400)
    state = models.CharField(max_length=8, choices=AlertState, default=AlertState.NEW)
    state_at = models.DateTimeField(default=timezone.now)
    snoozed_until_on = models.DateField(null=True)
    assigned_to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="alerts")
    visit = models.ForeignKey(Visit, on_delete=models.SET_NULL, null=True, related_name="alerts")
    concern = models.ForeignKey(Concern, on_delete=models.SET_NULL, null=True, related_name="alerts")
    closed_reason = models.CharField(max_length=14, choices=CloseReason, blank=True)
    closed_note = models.CharField(max_length=200, blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ("direction", "-pk")
        constraints = (
            models.UniqueConstraint(fields=["provider", "direction"], condition=~Q(state="closed"), name="alert_open_once"),
            models.CheckConstraint(condition=~Q(state="snoozed") | Q(snoozed_until_on__isnull=False), name="alert_snoozed_until"),
            models.CheckConstraint(condition=~Q(state="assigned") | Q(assigned_to__isnull=False), name="alert_assigned_to"),
        )
        indexes = (models.Index(fields=["practice"], condition=~Q(state="closed"), name="alert_practice_open"),)

    def __str__(self) -> str:
        return f"{self.get_direction_display()} of {self.provider}"

    def get_absolute_url(self) -> str:
        return reverse("reports:alert", args=[self.pk])

    @property
    def is_open(self) -> bool:
        """Waits for somebody: not closed, and not snoozed until a later day."""
        if self.state == AlertState.SNOOZED:
            return self.snoozed_until_on is None or self.snoozed_until_on <= timezone.localdate()
        return self.state != AlertState.CLOSED

    @property
    def is_fall(self) -> bool:
        return self.direction == Direction.DOWN


class AlertPart(models.Model):
    """What of an alert's referrals came from one practice for one service line (none: the referrals name none).

    Who sees the practice, or that line of its territory, sees the alert.
    """

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="parts")
    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, null=True, related_name="+")
    service_line = models.ForeignKey(ServiceLine, on_delete=models.CASCADE, null=True, related_name="+")
    before = models.PositiveIntegerField(help_text="in the baseline")
    observed = models.PositiveIntegerField(help_text="in the recent months")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["alert", "practice", "service_line"], nulls_distinct=False, name="alert_part_once"),)

    def __str__(self) -> str:
        return f"{self.alert_id}: {self.observed} from {self.practice_id}, line {self.service_line_id}"


class AlertChange(models.Model):
    """A step in the life of an alert, by a person or (nobody named) by a run. `was` holds the fields before it, by name, so that it can be
    taken back; no free text of people stands in it beyond their reason for closing."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="changes")
    what = models.CharField(max_length=12, help_text="found, worse, and the names of the actions")
    was = models.JSONField(default=dict)
    words = models.CharField(max_length=300, blank=True)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-changed_at", "-pk")

    def __str__(self) -> str:
        return f"{self.alert_id} {self.what}"


class Untested(models.Model):
    """A referrer whom the newest run did not test, and why. Rows of earlier runs are not kept."""

    run = models.ForeignKey(AlertRun, on_delete=models.CASCADE, related_name="untested")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=14)

    objects = UntestedQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "provider"], name="untested_once"),)

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.reason}"
