"""New physicians of ours, and how the field learns of them."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from contacts.models import Organization, Practice, Provider
from introductions.querysets import NewPhysicianQuerySet, TargetQuerySet
from referrals.models import Payer
from territories.models import ServiceLine
from visits.models import FollowUp

MOST = 500


class NewPhysician(models.Model):
    """A physician who starts with us: when, from when they may practise and be paid, whom they want to see, how to refer to them.

    `planned_30`, `planned_60` and `planned_90` are the referrals a month that were planned for the first, second and third month; the
    third holds for every month after it.
    """

    provider = models.OneToOneField(Provider, on_delete=models.PROTECT, related_name="introduction")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    service_line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    start_on = models.DateField()
    credentialed_on = models.DateField("privileges from", null=True, blank=True)
    ideal_patient = models.CharField(max_length=1000, blank=True)
    how_to_refer = models.CharField(max_length=1000, blank=True)
    planned_30 = models.PositiveSmallIntegerField("referrals in the first month", default=0, validators=[MaxValueValidator(MOST)])
    planned_60 = models.PositiveSmallIntegerField("in the second month", default=0, validators=[MaxValueValidator(MOST)])
    planned_90 = models.PositiveSmallIntegerField("in each month from the third", default=0, validators=[MaxValueValidator(MOST)])
    led_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="introductions")
    made_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="introduced, or gone: off the list")

    objects = NewPhysicianQuerySet.as_manager()

    class Meta:
        ordering = ("-start_on", "pk")

    def __str__(self) -> str:
        return str(self.provider)

    def get_absolute_url(self) -> str:
        return reverse("introductions:physician", args=[self.pk])

    def planned(self, month: int) -> int:
        """The referrals planned for the n-th month since the start, from 1."""
        return {1: self.planned_30, 2: self.planned_60}.get(month, self.planned_90)


class PayerDate(models.Model):
    """From when a payer pays for what the physician does."""

    physician = models.ForeignKey(NewPhysician, on_delete=models.CASCADE, related_name="payers")
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="+")
    effective_on = models.DateField()

    class Meta:
        ordering = ("effective_on", "payer")
        constraints = (models.UniqueConstraint(fields=["physician", "payer"], name="payer_date_once"),)

    def __str__(self) -> str:
        return f"{self.payer} from {self.effective_on:%d %b %Y}"


class Target(models.Model):
    """A practice that is to get to know the physician, and who sees to it."""

    physician = models.ForeignKey(NewPhysician, on_delete=models.CASCADE, related_name="targets")
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="introductions")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    objects = TargetQuerySet.as_manager()

    class Meta:
        ordering = ("practice__name", "pk")
        constraints = (models.UniqueConstraint(fields=["physician", "practice"], name="introduction_target_once"),)

    def __str__(self) -> str:
        return f"{self.physician} at {self.practice}"


class Step(models.Model):
    """One of the three tasks of a target, `day` days after the start; the follow-up is the task itself."""

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="steps")
    day = models.PositiveSmallIntegerField(help_text="30, 60 or 90")
    follow_up = models.OneToOneField(FollowUp, on_delete=models.CASCADE, related_name="introduction_step")

    class Meta:
        ordering = ("day", "pk")
        constraints = (models.UniqueConstraint(fields=["target", "day"], name="introduction_step_once"),)

    def __str__(self) -> str:
        return f"Day {self.day}: {self.follow_up}"
