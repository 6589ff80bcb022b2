"""What `reports` writes down of a practice's referrals, for pages of the field and for the phone."""

from django.db import models

from contacts.models import Practice
from visits.querysets import PracticeTrendQuerySet


class TrendWay(models.TextChoices):
    FEWER = "fewer", "Fewer than expected"
    MORE = "more", "More than expected"
    USUAL = "usual", "As usual"
    UNKNOWN = "unknown", "Too few to say"


class PracticeTrend(models.Model):
    """How a practice's referrals stand against its own baseline, in one sentence, as it was at one version of the data.

    Counts over all service lines, never of a patient; `points` are the referrals received in each of the last twelve full months, oldest
    first. `reports` writes it (`reports.actions.write_trends`): the field reads it without reaching up.
    """

    practice = models.OneToOneField(Practice, on_delete=models.CASCADE, related_name="trend")
    sentence = models.CharField(max_length=300)
    way = models.CharField(max_length=7, choices=TrendWay)
    points = models.JSONField(default=list)
    through_on = models.DateField(help_text="the last day that the data reaches")
    data_version = models.PositiveBigIntegerField()
    written_at = models.DateTimeField()

    objects = PracticeTrendQuerySet.as_manager()

    def __str__(self) -> str:
        return self.sentence
