"""You said, we did: what practices complain of or ask for, who answers by when, whether they were told; and what else the field heard."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from concerns.querysets import ConcernQuerySet, FieldNoteQuerySet, QualityProjectQuerySet
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


class FieldNoteKind(models.TextChoices):
    FEEDBACK = "feedback", "Feedback"
    GAP = "gap", "Service gap"
    COMPETITOR = "competitor", "Competitor"


class FieldNote(models.Model):
    """Something heard at a practice that nobody there waits for an answer to: what they think of us, what they miss, what others offer.

    A concern is answered and the practice told; a field note is gathered, and told to managers week by week.
    """

    kind = models.CharField(max_length=10, choices=FieldNoteKind)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="field_notes")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="field_notes")
    text = models.TextField()
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True, help_text="lower case, each once")
    heard_on = models.DateField(default=timezone.localdate)
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="field_notes")
    noted_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = FieldNoteQuerySet.as_manager()

    class Meta:
        ordering = ("-heard_on", "-pk")
        indexes = (
            models.Index(fields=["practice", "-heard_on"], name="field_note_practice"),
            GinIndex(fields=["tags"], name="field_note_tags"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.practice}"

    def get_absolute_url(self) -> str:
        return reverse("concerns:note", args=[self.pk])


class QualityProject(models.Model):
    """Something that is done so that certain kinds of concern become rarer, from `started_on` on; whether they do is counted, not told."""

    name = models.CharField(max_length=120)
    goal = models.TextField(help_text="what is to become better, for whom")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="quality_projects")
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True, help_text="the last day of the work; what it changed is counted on")
    categories = models.ManyToManyField(Category, related_name="projects", help_text="by which it is to show")
    concerns = models.ManyToManyField(Concern, blank=True, related_name="projects")
    begun_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(default=timezone.now)

    objects = QualityProjectQuerySet.as_manager()

    class Meta:
        ordering = ("-started_on", "-pk")
        constraints = (
            models.CheckConstraint(condition=Q(ended_on=None) | Q(ended_on__gt=F("started_on")), name="project_ends_after_start"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("concerns:project", args=[self.pk])
