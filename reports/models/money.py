"""What visits are weighed with: what a seen referral contributes, what the program costs, how much of an effect is credited to visits.

All of it is typed by an admin, dated and half-open: a row holds from `started_on` until before `ended_on`. Where no row holds, nothing is
guessed: pages say what is missing. The spend ledger is not read here, and must not be (METHODS section 7).
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from referrals.models import Payer
from reports.querysets import MoneyQuerySet
from territories.models import DateRange, ServiceLine, Territory

NOBODY = 0  # stands in the overlap check for "no payer", "no territory": no row has this key


def _never_twice(name: str, *columns: str) -> ExclusionConstraint:
    """At most one row of the same columns on any day; blank columns are equal to each other."""
    same = [(Coalesce(F(column), Value(NOBODY, models.BigIntegerField())), RangeOperators.EQUAL) for column in columns]
    return ExclusionConstraint(name=name, expressions=[*same, (DateRange("started_on", "ended_on"), RangeOperators.OVERLAPS)])


class Dated(models.Model):
    """A row that holds from a day until before a day; without an end, until further notice."""

    started_on = models.DateField("from")
    ended_on = models.DateField("until", null=True, blank=True, help_text="the first day it no longer holds")
    note = models.CharField(max_length=200, blank=True)

    objects = MoneyQuerySet.as_manager()

    class Meta:
        abstract = True


class ContributionMargin(Dated):
    """Dollars that one seen referral of a service line contributes (revenue less direct cost), by payer.

    Without a payer it is the line's default, for payers that have no row of their own. `low` and `high` are what it lies between in 19 of
    20 cases, where that is known; it may be negative.
    """

    service_line = models.ForeignKey(ServiceLine, on_delete=models.PROTECT, related_name="margins")
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, blank=True, related_name="margins")
    amount = models.DecimalField("contribution per seen referral, $", max_digits=10, decimal_places=2)
    low = models.DecimalField("lowest, $", max_digits=10, decimal_places=2, null=True, blank=True)
    high = models.DecimalField("highest, $", max_digits=10, decimal_places=2, null=True, blank=True)

    class Meta:
        ordering = ("service_line__name", F("payer__name").asc(nulls_first=True), "-started_on")
        constraints = (
            models.CheckConstraint(condition=Q(ended_on=None) | Q(ended_on__gt=F("started_on")), name="margin_ends_after_start"),
            models.CheckConstraint(
                condition=Q(low=None, high=None) | Q(low__lte=F("amount"), high__gte=F("amount")), name="margin_lies_in_its_range"
            ),
            _never_twice("margin_once", "service_line", "payer"),
        )

    def __str__(self) -> str:
        return f"{self.service_line}, {self.payer or 'every other payer'}"


class ProgramCost(Dated):
    """Dollars that the outreach program costs from a day until before a day, spread evenly over its days.

    Of the whole program, or of a territory with all below it. The whole is never summed from territories, nor split over them.
    """

    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, null=True, blank=True, related_name="program_costs")
    amount = models.DecimalField("cost of the period, $", max_digits=12, decimal_places=2)

    class Meta:
        ordering = (F("territory__name").asc(nulls_first=True), "-started_on")
        constraints = (
            models.CheckConstraint(condition=Q(ended_on__isnull=False, ended_on__gt=F("started_on")), name="program_cost_is_of_a_period"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="program_cost_not_negative"),
            _never_twice("program_cost_once", "territory"),
        )

    def __str__(self) -> str:
        return f"Program cost, {self.territory or 'whole program'}"


class AttributionWeight(Dated):
    """The share of an estimated effect that is credited to visits, from 0 to 1. Without a row it is 1; pages show which was used."""

    weight = models.DecimalField("share credited to visits", max_digits=4, decimal_places=3)

    class Meta:
        ordering = ("-started_on", "-pk")
        constraints = (
            models.CheckConstraint(condition=Q(ended_on=None) | Q(ended_on__gt=F("started_on")), name="weight_ends_after_start"),
            models.CheckConstraint(condition=Q(weight__gte=0, weight__lte=1), name="weight_is_a_share"),
            _never_twice("weight_once"),
        )

    def __str__(self) -> str:
        return "Attribution weight"
