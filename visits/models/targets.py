"""Lists of whom to visit, handed to liaisons, and how far they are."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from contacts.models import Practice, Provider
from territories.models import ServiceLine
from visits.querysets import TargetEntryQuerySet, TargetHandoverQuerySet, TargetListQuerySet


class TargetList(models.Model):
    """Practices and providers to visit, for a reason; as part of a campaign it has days.

    Visits count for it from `starts_on` on. Closed, it keeps its entries and leaves the lists of work.
    """

    name = models.CharField(max_length=120)
    campaign = models.CharField(max_length=120, blank=True, help_text="what it is part of, such as a new service")
    starts_on = models.DateField(default=timezone.localdate)
    ends_on = models.DateField(null=True, blank=True, help_text="the last day")
    note = models.CharField(max_length=500, blank=True, help_text="what to say, or to bring")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="target_lists", help_text="who made it")
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = TargetListQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_on", "-pk")
        constraints = (
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="target_list_ends_after_start"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("visits:target-list", args=[self.pk])


class TargetHandover(models.Model):
    """A list in somebody's hands, until it is taken back: their visits count for it, and they see it."""

    list = models.ForeignKey(TargetList, on_delete=models.CASCADE, related_name="handovers")
    to = models.ForeignKey(User, on_delete=models.PROTECT, related_name="targets_taken")
    handed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    handed_at = models.DateTimeField(default=timezone.now)
    taken_back_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    taken_back_at = models.DateTimeField(null=True, blank=True)

    objects = TargetHandoverQuerySet.as_manager()

    class Meta:
        ordering = ("handed_at", "pk")
        constraints = (models.UniqueConstraint(fields=["list", "to"], condition=Q(taken_back_at=None), name="target_handed_once"),)

    def __str__(self) -> str:
        return f"{self.list} with {self.to}"


class TargetEntry(models.Model):
    """One stop of a list: a practice, or a provider there, and why.

    `value`, `parts` and `reason` are written down by whoever made the list (reports.actions), and stay as they were that day. Whether it is
    planned or visited follows from visits (`with_state`); only that it was dropped is stored.
    """

    list = models.ForeignKey(TargetList, on_delete=models.CASCADE, related_name="entries")
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="target_entries")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="target_entries")
    service_line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    position = models.PositiveIntegerField(default=0, help_text="the order in which they were chosen, most valuable first")
    value = models.DecimalField("target value a year", max_digits=12, decimal_places=2, null=True, blank=True)
    gain = models.DecimalField("referrals a year that could come", max_digits=9, decimal_places=1, null=True, blank=True)
    parts = models.JSONField(default=dict, help_text="what the value is made of: {name: text}")
    reason = models.CharField(max_length=500, help_text="why it is on the list, in a sentence")
    added_at = models.DateTimeField(default=timezone.now)
    dropped_at = models.DateTimeField(null=True, blank=True)
    dropped_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    dropped_why = models.CharField(max_length=300, blank=True)

    objects = TargetEntryQuerySet.as_manager()

    class Meta:
        ordering = ("list", "position", "pk")
        verbose_name_plural = "target entries"
        constraints = (
            models.UniqueConstraint(
                fields=["list", "practice", "provider", "service_line"], nulls_distinct=False, name="target_entry_once"
            ),
            models.CheckConstraint(condition=Q(dropped_at=None) | ~Q(dropped_why=""), name="target_dropped_for_a_reason"),
        )

    def __str__(self) -> str:
        return str(self.provider or self.practice)
