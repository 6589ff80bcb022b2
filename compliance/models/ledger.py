"""The ledger: what was given or is planned, who had which part of it, and the receipts.

No relation has a way back: from a provider or a practice nothing leads here (the wall, METHODS section 7).
"""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from compliance.querysets import ReceiptQuerySet, SpendEntryQuerySet, SpendShareQuerySet
from contacts.models import Organization, Practice, Provider, Staff


class SpendKind(models.TextChoices):
    MEAL = "meal", "Meal"
    GIFT = "gift", "Gift for all of them"
    ITEM = "item", "Items, one each"
    ENTERTAINMENT = "entertainment", "Entertainment"
    EDUCATION = "education", "Education"
    INCIDENTAL = "incidental", "Incidental items for medical staff"
    STAFF_EVENT = "staff event", "Yearly medical-staff event"
    CASH = "cash", "Cash or check"
    GIFT_CARD = "gift card", "Gift card or voucher"


class SpendState(models.TextChoices):
    PLANNED = "planned", "Planned"
    HAPPENED = "happened", "Happened"
    CANCELLED = "cancelled", "Cancelled"


class SpendEntry(models.Model):
    """One occasion on which something was given, or is to be given, to a practice's people.

    What is spent is `amount`; who had which part stands in `shares`, whose amounts add up to it exactly. `is_reported` says that what is
    never allowed was given nevertheless and goes to compliance. An entry is never deleted; cancelled, it stays and counts for nothing.
    """

    spent_on = models.DateField()
    kind = models.CharField(max_length=16, choices=SpendKind)
    amount = models.DecimalField("amount, $", max_digits=9, decimal_places=2)
    quantity = models.PositiveSmallIntegerField("items", default=1, help_text="how many pieces the amount is for")
    payer = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="our entity that pays; blank: the system"
    )
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    vendor = models.CharField(max_length=120, blank=True)
    purpose = models.CharField("business purpose", max_length=300)
    state = models.CharField(max_length=10, choices=SpendState, default=SpendState.HAPPENED)
    is_solicited = models.BooleanField(default=False, help_text="the physician or the office asked for it")
    is_reported = models.BooleanField(default=False, help_text="never allowed, given nevertheless: for compliance to look at")
    override_reason = models.CharField(max_length=300, blank=True)
    overridden_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)
    cancelled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=300, blank=True)

    objects = SpendEntryQuerySet.as_manager()

    class Meta:
        ordering = ("-spent_on", "-pk")
        verbose_name_plural = "spend entries"
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="spend_amount_positive"),
            models.CheckConstraint(
                condition=Q(overridden_by=None, override_reason="") | Q(overridden_by__isnull=False) & ~Q(override_reason=""),
                name="spend_overridden_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False) | ~Q(state="cancelled") & Q(cancelled_at=None),
                name="spend_cancelled_at",
            ),
        )
        indexes = (
            models.Index(fields=["-spent_on", "-id"], name="spend_by_day"),
            models.Index(fields=["practice", "-spent_on"], name="spend_practice"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.spent_on:%d %b %Y}"

    def get_absolute_url(self) -> str:
        return reverse("compliance:entry", args=[self.pk])

    @property
    def is_day_over(self) -> bool:
        """Planned for a day before today: did it happen?"""
        return self.state == SpendState.PLANNED and self.spent_on < timezone.localdate()

    @property
    def year(self) -> int:
        """The calendar year in which it counts."""
        return self.spent_on.year


class Role(models.TextChoices):
    PHYSICIAN = "physician", "Physician"
    EMPLOYED = "employed", "Employed physician"
    FAMILY = "family", "Family of a physician"
    STAFF = "staff", "Office staff"
    OURS = "ours", "Our own people"


class Rule(models.TextChoices):
    LIMIT = "limit", "Yearly limit"
    EMPLOYED = "employed", "Policy for employed physicians"
    STAFF = "staff", "Policy for office staff"
    NONE = "none", "Counts for nothing"


class SpendShare(models.Model):
    """The part of one person, or of several unnamed ones, in an entry.

    `amount` is the money, `counted` what of it counts under `rule`: the whole of an indivisible gift for each physician, nothing of an
    exempt event. Of a family, `provider` is the physician to whom it counts. The role is that of the day on which it was spent.
    """

    entry = models.ForeignKey(SpendEntry, on_delete=models.CASCADE, related_name="shares")
    role = models.CharField(max_length=10, choices=Role)
    rule = models.CharField(max_length=10, choices=Rule)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    staff = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    people = models.PositiveSmallIntegerField(default=1)
    amount = models.DecimalField(max_digits=9, decimal_places=2)
    counted = models.DecimalField(max_digits=9, decimal_places=2)

    objects = SpendShareQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=Q(amount__gte=0, counted__gte=0, people__gte=1), name="spend_share_not_negative"),
            models.CheckConstraint(
                condition=~Q(rule__in=["limit", "employed"]) | Q(provider__isnull=False), name="spend_share_of_somebody"
            ),
        )
        indexes = (models.Index(fields=["provider", "rule"], name="spend_share_provider"),)

    def __str__(self) -> str:
        who = self.provider or self.staff or self.get_role_display()
        return f"family of {self.provider}" if self.role == Role.FAMILY else f"{who} (x{self.people})" if self.people > 1 else str(who)


class Receipt(models.Model):
    """A picture or PDF of a receipt. It lies in the installation's own folder and is handed out to those who see the entry."""

    entry = models.ForeignKey(SpendEntry, on_delete=models.CASCADE, related_name="receipts")
    name = models.CharField(max_length=120, help_text="as the person's file was called")
    stored_as = models.CharField(max_length=60, unique=True, help_text="its name in the folder of receipts")
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    removed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        ordering = ("added_at", "pk")

    def __str__(self) -> str:
        return self.name
