"""What the directory says of our service lines, our sites and our specialists, beyond what is known of them anyway."""

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from contacts.models import Organization, Provider
from directory.languages import LANGUAGES
from directory.querysets import EntryQuerySet
from referrals.models import Payer
from territories.models import ServiceLine

MOST_LETTERS = 1000


class Entry(models.Model):
    """One entry: of a service line, of one of our sites in it where that differs, or of one specialist.

    A blank field says nothing: what the line says holds for its sites, what the site says for who works there. Which plans are accepted is
    said only with `tells_plans`; then none named means that none is accepted.
    """

    service_line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, null=True, blank=True, related_name="directory_entries")
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="directory_entries", verbose_name="site"
    )
    provider = models.OneToOneField(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="directory_entry")
    criteria = models.CharField("whom to send", max_length=MOST_LETTERS, blank=True)
    send_along = models.CharField("what to send along", max_length=MOST_LETTERS, blank=True)
    how_to_refer = models.CharField(max_length=MOST_LETTERS, blank=True)
    phone = models.CharField("referral phone", max_length=40, blank=True)
    fax = models.CharField("referral fax", max_length=40, blank=True)
    email = models.EmailField("referral e-mail", blank=True)
    address = models.CharField(max_length=200, blank=True)
    zip = models.CharField("ZIP code", max_length=5, blank=True)
    languages = ArrayField(models.CharField(max_length=3, choices=LANGUAGES), default=list, blank=True)
    tells_plans = models.BooleanField("says which plans are accepted", default=False)
    is_listed = models.BooleanField("stands in the directory", default=True, help_text="off: a specialist who takes no referrals")
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ("service_line__name", F("organization__name").asc(nulls_first=True), "provider__last_name", "pk")
        verbose_name_plural = "entries"
        constraints = (
            models.CheckConstraint(
                condition=Q(provider__isnull=False, service_line=None, organization=None) | Q(provider=None, service_line__isnull=False),
                name="directory_entry_of_one",
            ),
            models.UniqueConstraint(
                fields=["service_line", "organization"], condition=Q(provider=None), nulls_distinct=False, name="directory_entry_once"
            ),
        )

    def __str__(self) -> str:
        if self.provider:
            return str(self.provider)
        return f"{self.service_line}, {self.organization}" if self.organization else str(self.service_line)

    def get_absolute_url(self) -> str:
        if self.provider_id:
            return reverse("directory:person", args=[self.provider_id])
        if self.organization_id:
            return reverse("directory:site", args=[self.service_line_id, self.organization_id])
        return reverse("directory:line", args=[self.service_line_id])

    @property
    def key(self) -> str:
        """As the listing has it of which this entry speaks; of a whole line that of the line where it has no sites."""
        return f"p{self.provider_id}" if self.provider_id else f"s{self.service_line_id}-{self.organization_id or 0}"


class AcceptedPlan(models.Model):
    """A payer whose patients are taken, from `started_on` (blank: for long) until before `ended_on` (blank: until further notice)."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="plans")
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="+")
    started_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("payer__name",)
        constraints = (
            models.UniqueConstraint(fields=["entry", "payer"], name="accepted_plan_once"),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(started_on=None) | Q(ended_on__gt=F("started_on")), name="accepted_plan_ends_after_start"
            ),
        )

    def __str__(self) -> str:
        return str(self.payer)

    def holds(self, day: dt.date) -> bool:
        """Accepted on that day."""
        return (self.started_on is None or self.started_on <= day) and (self.ended_on is None or day < self.ended_on)
