"""What may be given: the dated limits of the Stark exceptions, and the policies that an admin sets beside them."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from compliance.querysets import SpendLimitQuerySet
from contacts.models import Organization

PERCENT = [MinValueValidator(1), MaxValueValidator(100)]


class SpendLimit(models.Model):
    """The limits of one calendar year (42 CFR 411.357(k) and (m)), of one entity or, without one, of all that have no row of their own.

    A blank amount is not known: it is never guessed from another year. `incidental` is exclusive: an item below it is apart.
    """

    entity = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="blank: all of our entities"
    )
    year = models.PositiveSmallIntegerField(validators=[MinValueValidator(2000), MaxValueValidator(2100)])
    non_monetary = models.DecimalField(
        "non-monetary limit, $", max_digits=8, decimal_places=2, null=True, blank=True, help_text="per physician and calendar year"
    )
    incidental = models.DecimalField(
        "incidental items below, $", max_digits=8, decimal_places=2, null=True, blank=True, help_text="per item, on campus"
    )
    source = models.CharField("where it was read", max_length=300)

    objects = SpendLimitQuerySet.as_manager()

    class Meta:
        ordering = ("-year", models.F("entity").asc(nulls_first=True))
        constraints = (
            models.UniqueConstraint(
                fields=["entity", "year"],
                nulls_distinct=False,
                name="spend_limit_once",
                violation_error_message="There is a row for this entity and year already. Change that one.",
            ),
            models.CheckConstraint(
                condition=(Q(non_monetary=None) | Q(non_monetary__gt=0)) & (Q(incidental=None) | Q(incidental__gt=0)),
                name="spend_limit_positive",
            ),
        )

    def __str__(self) -> str:
        return f"{self.year}, {self.entity}" if self.entity else str(self.year)


class SpendPolicy(models.Model):
    """The settings beside the limits. One row; the defaults are the stricter choice."""

    gift_counts_whole = models.BooleanField("A gift that cannot be divided counts whole for each physician", default=True)
    warn_at = models.PositiveSmallIntegerField("Warn from, % of the limit", default=80, validators=PERCENT)
    employed_yearly = models.DecimalField(
        "Employed physicians: at most a year, $",
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Their employment has rules of its own. Blank: written down, without a limit.",
    )
    staff_per_occasion = models.DecimalField(
        "Office staff: at most per person and occasion, $",
        max_digits=8,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Also nurse practitioners and physician assistants. Blank: without a limit.",
    )
    approve_days = models.PositiveSmallIntegerField("Days to approve what is over a limit", default=14, validators=PERCENT)

    class Meta:
        verbose_name_plural = "spend policies"
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="spend_policy_once"),)

    def __str__(self) -> str:
        return "Spend policies"

    @classmethod
    def current(cls) -> "SpendPolicy":
        """The organization's policies, or the defaults before anybody changed them."""
        return cls.objects.first() or cls(pk=1)
