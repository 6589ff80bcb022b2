"""What kinds of visit there are, and what the ways of meeting are called: lists that an admin keeps."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import User
from visits.models.visits import Mode
from visits.querysets import VisitTypeQuerySet

MOST_MINUTES = 480


class VisitType(models.Model):
    """What a visit is for, by the organization's own list. It is retired, never deleted: visits keep theirs.

    `minutes` on site stand for the office's and the person's own when a route is planned. A merged type points to the one that stays; a
    visit that still arrives with it (from a phone) gets that one. `before` is what the last change took the place of, for undo.
    """

    name = models.CharField(max_length=60)
    place = models.PositiveSmallIntegerField(default=0, help_text="in the order in which they are offered")
    minutes = models.PositiveSmallIntegerField(
        "minutes on site", null=True, blank=True, help_text="blank: as long as the office usually takes"
    )
    is_active = models.BooleanField(default=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    before = models.JSONField(null=True, blank=True, editable=False)

    objects = VisitTypeQuerySet.as_manager()

    class Meta:
        ordering = ("place", "name", "pk")
        constraints = (
            models.UniqueConstraint(
                Lower("name"), name="visit_type_once", violation_error_message="There is a visit type with this name already."
            ),
            models.CheckConstraint(condition=Q(minutes=None) | Q(minutes__range=(1, MOST_MINUTES)), name="visit_type_takes_time"),
            models.CheckConstraint(condition=Q(merged_into=None) | ~Q(merged_into=F("pk")), name="visit_type_merges_with_another"),
        )

    def __str__(self) -> str:
        return self.name


class VisitTypeMerge(models.Model):
    """Two types that mean one: which visits went over, so that exactly these come back."""

    merged = models.ForeignKey(VisitType, on_delete=models.PROTECT, related_name="merges")
    survivor = models.ForeignKey(VisitType, on_delete=models.PROTECT, related_name="merged_here")
    visits = ArrayField(models.BigIntegerField(), default=list)
    was_active = models.BooleanField(default=True)
    merged_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    merged_at = models.DateTimeField(default=timezone.now)
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-merged_at", "-pk")

    def __str__(self) -> str:
        return f"{self.merged} → {self.survivor}"


class VisitMode(models.Model):
    """What the organization calls a way of meeting, and whether it is offered; a row only where that differs from what we call it.

    What a mode means (which ones drive, which count as a visit) stays.
    """

    mode = models.CharField(max_length=10, choices=Mode, primary_key=True)
    name = models.CharField(max_length=30)
    is_offered = models.BooleanField(default=True)

    class Meta:
        ordering = ("mode",)
        constraints = (models.CheckConstraint(condition=~Q(mode=Mode.IN_PERSON) | Q(is_offered=True), name="visits_in_person_are_offered"),)

    def __str__(self) -> str:
        return self.name


def mode_names() -> dict[str, str]:
    """What each mode is called here, by its value, in the order of the list."""
    return {**dict(Mode.choices), **dict(VisitMode.objects.values_list("mode", "name"))}


def modes_to_choose(kept: str = "") -> list[tuple[str, str]]:
    """The offered ones with their names, and the one that a visit already has."""
    named = {row.mode: row for row in VisitMode.objects.all()}
    return [
        (value, named[value].name if value in named else str(label))
        for value, label in Mode.choices
        if value == kept or value not in named or named[value].is_offered
    ]
