"""What an excess asks for, with its day."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from compliance.models.ledger import SpendEntry
from compliance.querysets import SpendTaskQuerySet
from contacts.models import Organization, Provider


class TaskKind(models.TextChoices):
    REPAY = "repay", "Repayment"
    APPROVE = "approve", "Approval"


class Cause(models.TextChoices):
    LIMIT = "limit", "Over the yearly limit"
    NO_LIMIT = "no limit", "The year has no limit"
    EMPLOYED = "employed", "Over the policy for employed physicians"
    STAFF = "staff", "Over the policy for office staff"
    CASH = "cash", "Cash or the like"
    SOLICITED = "solicited", "They asked for it"


class TaskState(models.TextChoices):
    OPEN = "open", "Open"
    DONE = "done", "Done"
    WITHDRAWN = "withdrawn", "No longer needed"


class SpendTask(models.Model):
    """An excess that a physician is to repay, or that compliance or a manager is to look at, by `due_on`.

    `received_on` is the day on which the excess came about: the day of the entry with which the year's sum went over the limit. Tasks
    follow from the ledger (`compliance.actions.settle`): when entries change they grow, shrink or are withdrawn; done ones stay.
    """

    entry = models.ForeignKey(SpendEntry, on_delete=models.PROTECT, related_name="tasks", help_text="with which it came about")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    payer = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    year = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=TaskKind)
    cause = models.CharField(max_length=10, choices=Cause)
    amount = models.DecimalField("amount, $", max_digits=9, decimal_places=2)
    received_on = models.DateField()
    due_on = models.DateField()
    why = models.CharField(max_length=300, help_text="a sentence")
    state = models.CharField(max_length=9, choices=TaskState, default=TaskState.OPEN)
    opened_at = models.DateTimeField(default=timezone.now)
    done_on = models.DateField(null=True, blank=True)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)

    objects = SpendTaskQuerySet.as_manager()

    class Meta:
        ordering = ("due_on", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["entry", "provider", "cause"], condition=Q(state="open"), nulls_distinct=False, name="spend_task_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_on__isnull=False, done_by__isnull=False) | ~Q(state="done") & Q(done_on=None, done_by=None),
                name="spend_task_done_by_somebody",
            ),
        )
        indexes = (models.Index(fields=["provider", "year"], name="spend_task_provider"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_cause_display().lower()}"

    def get_absolute_url(self) -> str:
        return reverse("compliance:task", args=[self.pk])

    @property
    def is_late(self) -> bool:
        """Open, and its day is over."""
        return self.state == TaskState.OPEN and self.due_on < timezone.localdate()

    @property
    def was_late(self) -> bool:
        """Done, after its day."""
        return self.done_on is not None and self.done_on > self.due_on
