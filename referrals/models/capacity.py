"""Whether our own places can see new patients, and whose: what was told, by whom, as of which day."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone

from accounts.models import User
from contacts.models import Organization
from referrals.models.facts import Payer
from referrals.models.market import MarketFile
from referrals.querysets import CapacityQuerySet
from territories.models import ServiceLine


class Capacity(models.Model):
    """One of our sites, in one service line, as of a day: does it take new patients, how soon, of which payers, and where is it?

    Statements are never changed: a later one of the same day replaces the earlier, one of a later day ends it. No payer means that nobody
    told which are accepted. `third_next_available` is the wait in days to the third next free appointment, the usual measure of access,
    since the first two may be cancellations.
    """

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="capacities", verbose_name="site")
    service_line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, related_name="capacities")
    as_of_on = models.DateField("as of")
    is_accepting = models.BooleanField("takes new patients", null=True)
    third_next_available = models.PositiveSmallIntegerField(
        "third next available, days", null=True, blank=True, validators=[MaxValueValidator(999)]
    )
    payers = models.ManyToManyField(Payer, blank=True, related_name="+")
    address = models.CharField(max_length=200, blank=True)
    zip = models.CharField("ZIP code", max_length=5, blank=True)
    file = models.ForeignKey(MarketFile, on_delete=models.CASCADE, null=True, related_name="capacities")
    told_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    told_at = models.DateTimeField(default=timezone.now)

    objects = CapacityQuerySet.as_manager()

    class Meta:
        ordering = ("organization__name", "service_line__name", "-as_of_on", "-pk")
        verbose_name_plural = "capacities"
        indexes = (models.Index(fields=["service_line", "organization", "-as_of_on", "-id"], name="capacity_newest"),)

    def __str__(self) -> str:
        return f"{self.organization}, {self.service_line}"
