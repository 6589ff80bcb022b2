"""You said, we did: what referring practices complain of or ask for, who answers for it by when, and whether they were told."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from concerns.querysets import ConcernQuerySet
from contacts.models import Practice, Provider


class Department(models.Model):
    """Who inside the organization answers for a kind of concern; its lead hears of what is escalated."""

    name = models.CharField(max_length=80, unique=True)
    lead = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A kind of concern: which department owns it and within how many days it is to be resolved.

    `escalate_days` after the deadline an open concern goes to the department's lead by itself; blank leaves that to people.
    """

    name = models.CharField(max_length=80, unique=True)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="categories")
    deadline_days = models.PositiveSmallIntegerField(default=14)
    escalate_days = models.PositiveSmallIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "categories"
        constraints = (models.CheckConstraint(condition=Q(deadline_days__gte=1), name="category_has_a_deadline"),)

    def __str__(self) -> str:
        return self.name


class Severity(models.TextChoices):
    HIGH = "high", "High"
    NORMAL = "normal", "Normal"
    LOW = "low", "Low"


class ConcernState(models.TextChoices):
    OPEN = "open", "Open"
    RESOLVED = "resolved", "Resolved, not told"
    CLOSED = "closed", "Closed"


class ToldHow(models.TextChoices):
    VISIT = "visit", "On a visit"
    PHONE = "phone", "By phone"
    EMAIL = "email", "By email"
    LETTER = "letter", "By letter or fax"


class Concern(models.Model):
    """Something a practice raised. Resolved is not closed: closed it is when the practice has been told what was done.

    `due_on` counts the category's days from `clock_started_on`, the day it was raised or reopened.
    """

    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="concerns")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="concerns")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="concerns")
    severity = models.CharField(max_length=6, choices=Severity, default=Severity.NORMAL)
    text = models.TextField(help_text="what the practice said")
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="concerns_raised", help_text="who wrote it down")
    raised_at = models.DateTimeField(default=timezone.now)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="concerns")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="concerns_owned")
    clock_started_on = models.DateField()
    due_on = models.DateField()
    state = models.CharField(max_length=8, choices=ConcernState, default=ConcernState.OPEN)
    resolution = models.TextField(blank=True, help_text="what we did")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    told_on = models.DateField(null=True, blank=True)
    told_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    told_how = models.CharField(max_length=6, choices=ToldHow, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    escalated_to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="concerns_escalated")

    objects = ConcernQuerySet.as_manager()

    class Meta:
        ordering = ("due_on", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="closed", told_on__isnull=False, told_by__isnull=False) & ~Q(told_how="")
                | ~Q(state="closed") & Q(told_on=None, told_by=None, told_how=""),
                name="concern_closed_when_told",
            ),
            models.CheckConstraint(
                condition=Q(state="open", resolved_at=None) | ~Q(state="open") & Q(resolved_at__isnull=False), name="concern_resolved_at"
            ),
        )
        indexes = (
            models.Index(fields=["practice", "state"], name="concern_practice"),
            models.Index(fields=["due_on"], condition=Q(state="open"), name="concern_open"),
        )

    def __str__(self) -> str:
        return f"{self.category}, {self.practice}"

    def get_absolute_url(self) -> str:
        return reverse("concerns:detail", args=[self.pk])

    @property
    def is_late(self) -> bool:
        """Open, and its deadline is over."""
        return self.state == ConcernState.OPEN and self.due_on < timezone.localdate()

    @property
    def days_late(self) -> int:
        """Days since the deadline of an open concern; 0 within it."""
        return (timezone.localdate() - self.due_on).days if self.is_late else 0


class CommentKind(models.TextChoices):
    COMMENT = "comment", "Comment"
    RESOLVED = "resolved", "Resolved"
    TOLD = "told", "Practice told"
    REOPENED = "reopened", "Reopened"
    ESCALATED = "escalated", "Escalated"


class Comment(models.Model):
    """What somebody wrote about a concern, or at one of its steps. The history holds that a step was made, never these words."""

    concern = models.ForeignKey(Concern, on_delete=models.CASCADE, related_name="comments")
    kind = models.CharField(max_length=9, choices=CommentKind, default=CommentKind.COMMENT)
    text = models.TextField(blank=True)
    written_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", help_text="blank: by itself, after the deadline"
    )
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("written_at", "pk")

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.written_at:%d %b %Y}"
