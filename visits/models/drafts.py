"""Drafts of days to come: whom to visit when, until somebody accepts them."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from contacts.models import Practice
from visits.models.draws import Draw
from visits.models.visits import Visit
from visits.querysets import PlanDraftQuerySet


class PlanDraft(models.Model):
    """A proposal for somebody's days. Accepted, it becomes planned visits; undone, those that are still planned are cancelled.

    `draw` is set where the order among practices of equal priority was drawn at random; that stays, whatever becomes of the draft.
    """

    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="plan_drafts", help_text="whose days")
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="the last day")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, null=True, blank=True, related_name="drafts")
    accepted_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = PlanDraftQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")
        constraints = (
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="draft_ends_after_start"),
            models.CheckConstraint(condition=Q(undone_at=None) | Q(accepted_at__isnull=False), name="draft_undone_was_accepted"),
            models.UniqueConstraint(fields=["owner", "starts_on", "ends_on"], condition=Q(accepted_at=None), name="one_open_draft"),
        )

    def __str__(self) -> str:
        return f"{self.owner}, {self.starts_on:%d %b %Y}"


class PlanDraftStop(models.Model):
    """One stop of a draft: where, when, and why it was chosen. `visit` is what it became."""

    draft = models.ForeignKey(PlanDraft, on_delete=models.CASCADE, related_name="stops")
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField()
    drive_minutes = models.PositiveSmallIntegerField(null=True, blank=True, help_text="from the stop before; blank where nobody knows")
    why = models.CharField(max_length=300)
    visit = models.ForeignKey(Visit, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("planned_at", "pk")
        constraints = (models.UniqueConstraint(fields=["draft", "practice"], name="draft_stop_once"),)

    def __str__(self) -> str:
        return f"{self.practice}, {self.planned_at:%d %b %Y %H:%M}"
