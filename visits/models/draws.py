"""In which order practices of equal priority come: drawn at random, once."""

from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from contacts.models import Practice
from visits.models.targets import TargetList
from visits.querysets import DrawQuerySet


class Draw(models.Model):
    """A random order of practices of equal priority, drawn once. The database refuses any change.

    `seed` makes the order again (`visits.drawing.shuffled`); visits that follow it are evidence of grade A for what visits do.
    """

    name = models.CharField(max_length=80)
    seed = models.CharField(max_length=32)
    first_month_on = models.DateField(help_text="first of the month in which the first practices are to be visited")
    months = models.PositiveSmallIntegerField(help_text="over how many months the practices are spread")
    note = models.CharField(max_length=300, blank=True)
    target_list = models.ForeignKey(
        TargetList, on_delete=models.PROTECT, null=True, blank=True, related_name="draws", help_text="whose practices were drawn"
    )
    drawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="draws")
    drawn_at = models.DateTimeField(default=timezone.now)

    objects = DrawQuerySet.as_manager()

    class Meta:
        ordering = ("-drawn_at", "-pk")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("visits:draw", args=[self.pk])


class DrawnPractice(models.Model):
    """A practice's place in a drawn order, and the month in which it is to be visited."""

    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="drawn")
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="drawn")
    place = models.PositiveIntegerField(help_text="from 1")
    planned_month_on = models.DateField(help_text="first of the month")

    class Meta:
        ordering = ("draw", "place")
        constraints = (
            models.UniqueConstraint(fields=["draw", "practice"], name="drawn_once"),
            models.UniqueConstraint(fields=["draw", "place"], name="drawn_place_once"),
        )

    def __str__(self) -> str:
        return f"{self.place}. {self.practice}"
