"""The settings of reports that change numbers (METHODS section 9). How referrals are counted is referrals.CountingRules."""

import datetime as dt

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

_DAYS = (MinValueValidator(1), MaxValueValidator(730))
_PERCENT = (MinValueValidator(0), MaxValueValidator(100))


class ReportRules(models.Model):
    """By what rules measures, alerts and classes are made. One row; nothing is stored by them, so a change holds at once for all pages."""

    scheduled_within = models.PositiveSmallIntegerField("days to be scheduled", default=14, validators=_DAYS)
    seen_within = models.PositiveSmallIntegerField("days to be seen", default=90, validators=_DAYS)
    report_within = models.PositiveSmallIntegerField("days for the report to come back", default=120, validators=_DAYS)
    late_cancel_days = models.PositiveSmallIntegerField(
        "an appointment canceled fewer than … days before it counts as a no-show", default=1, validators=(MaxValueValidator(30),)
    )
    new_after_months = models.PositiveSmallIntegerField(
        "months of silence before a referrer is new", default=12, validators=(MinValueValidator(1), MaxValueValidator(36))
    )
    lost_expected = models.PositiveSmallIntegerField(
        "referrals expected before a silent referrer is lost", default=3, validators=(MinValueValidator(1), MaxValueValidator(100))
    )
    lost_days = models.PositiveSmallIntegerField("days of silence after which a referrer is lost", default=90, validators=_DAYS)
    loyal_at = models.PositiveSmallIntegerField("share from which a referrer is loyal, %", default=70, validators=_PERCENT)
    splitter_at = models.PositiveSmallIntegerField("share from which a referrer is a splitter, %", default=30, validators=_PERCENT)
    avoidable_miles = models.PositiveSmallIntegerField(
        "leakage is avoidable when one of ours is within … miles", default=25, validators=(MinValueValidator(1), MaxValueValidator(500))
    )
    avoidable_days = models.PositiveSmallIntegerField("and has an appointment within … days", default=21, validators=_DAYS)
    capacity_old_days = models.PositiveSmallIntegerField(
        "days after which a statement of capacity is too old", default=45, validators=_DAYS
    )
    least_peers = models.PositiveSmallIntegerField(
        "peers needed before something is expected of a provider", default=5, validators=(MinValueValidator(2), MaxValueValidator(100))
    )
    move_splitter = models.PositiveSmallIntegerField("chance that a splitter sends what peers send, %", default=30, validators=_PERCENT)
    move_opportunity = models.PositiveSmallIntegerField("chance that an opportunity does, %", default=15, validators=_PERCENT)
    move_loyal = models.PositiveSmallIntegerField("chance that a loyal referrer does, %", default=5, validators=_PERCENT)
    alert_q = models.FloatField(
        "share of alerts that may be false", default=0.10, validators=(MinValueValidator(0.001), MaxValueValidator(0.5))
    )
    mature_at = models.PositiveSmallIntegerField(
        "a month is complete when so much of it has normally arrived, %",
        default=95,
        validators=(MinValueValidator(50), MaxValueValidator(100)),
    )
    fiscal_starts = models.PositiveSmallIntegerField(
        "first month of the fiscal year", choices=[(month, f"{dt.date(2000, month, 1):%B}") for month in range(1, 13)], default=1
    )

    large_import = models.PositiveSmallIntegerField(
        "an import that changes more than … % of the referrals is looked at for alerts at once",
        default=5,
        validators=(MinValueValidator(1), MaxValueValidator(100)),
    )

    class Meta:
        verbose_name_plural = "report rules"
        constraints = (
            models.CheckConstraint(condition=Q(pk=1), name="report_rules_once"),
            models.CheckConstraint(
                condition=Q(splitter_at__lt=F("loyal_at")),
                name="report_rules_classes",
                violation_error_message="The share of a loyal referrer must be above that of a splitter.",
            ),
        )

    def __str__(self) -> str:
        return "Report rules"

    @classmethod
    def current(cls) -> "ReportRules":
        """The organization's rules, or the defaults of METHODS before anybody changed them."""
        return cls.objects.first() or cls(pk=1)
