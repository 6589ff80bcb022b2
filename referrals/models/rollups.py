"""Small sums of the facts, kept exact by signed deltas (PERFORMANCE.md says which and why).

Only counted referrals are in them. Flows are measure columns, never keys; ratios are never stored.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import BTreeIndex
from django.db import models

from contacts.models import Organization, Practice, Provider
from referrals.models.facts import Payer, Source, State
from territories.models import ServiceLine, Territory


class Rollup(models.Model):
    """Counts per key; a cell whose counts are all zero does not exist.

    A cell names what its referrals name, which are checked: constraints here would check the same again, cell by cell. Pages are filled to
    60 % only (migration 0003) and no index holds a count, so that a change of counts stays on its page and touches no index.
    """

    KEYS: ClassVar[tuple[str, ...]]
    MEASURES: ClassVar = ("n_inbound", "n_internal", "n_outbound", "n_undetermined", "n_outside")

    month = models.DateField()
    n_inbound = models.IntegerField(default=0)
    n_internal = models.IntegerField(default=0)
    n_outbound = models.IntegerField(default=0)
    n_undetermined = models.IntegerField(default=0)
    n_outside = models.IntegerField(default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class ProviderMonth(Rollup):
    """Who sends, from where: provider lists, trends, shortfalls."""

    KEYS = ("territory_id", "practice_id", "provider_id", "month")

    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["territory", "practice", "provider", "month"], nulls_distinct=False, name="provider_month_cell"
            ),
        )
        indexes = (
            BTreeIndex(fields=["provider", "month"], name="provider_month_provider"),
            BTreeIndex(fields=["practice", "month"], name="provider_month_practice"),
            BTreeIndex(fields=["territory", "month"], name="provider_month_territory"),
        )


class LineMonth(Rollup):
    """What for, paid by whom, per territory: the dashboard's filters."""

    KEYS = ("territory_id", "month", "service_line_id", "payer_id")

    territory = models.ForeignKey(Territory, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)
    service_line = models.ForeignKey(
        ServiceLine, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["territory", "month", "service_line", "payer"], nulls_distinct=False, name="line_month_cell"),
        )


class DestinationMonth(Rollup):
    """Where to, over the whole organisation: the flow picture."""

    KEYS = ("service_line_id", "month", "destination_id")

    service_line = models.ForeignKey(
        ServiceLine, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    destination = models.ForeignKey(
        Organization, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["service_line", "month", "destination"], nulls_distinct=False, name="destination_month_cell"),
        )


class PayerMonth(Rollup):
    """What for, paid by whom, over the whole organization."""

    KEYS = ("month", "service_line_id", "payer_id")

    service_line = models.ForeignKey(
        ServiceLine, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["month", "service_line", "payer"], nulls_distinct=False, name="payer_month_cell"),)


class SourceMonth(Rollup):
    """From which feed, in which state: tie-outs and pipelines."""

    KEYS = ("month", "source_id", "state")

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    state = models.CharField(max_length=24, choices=State)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["month", "source", "state"], name="source_month_cell"),)


ROLLUPS: tuple[type[Rollup], ...] = (ProviderMonth, LineMonth, DestinationMonth, PayerMonth, SourceMonth)
