"""Rows of referrals, cut to what a person may see. Facts carry their territory: no join here (PERFORMANCE.md)."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from accounts.permissions import Permission
from territories.scope import scope_of

if TYPE_CHECKING:
    from referrals.models import Capacity, ImportBatch, MarketFile, Payer, Referral, Source  # noqa: F401 - named in base classes below


class ReferralQuerySet(models.QuerySet["Referral"]):
    def visible_to(self, user: Any) -> "ReferralQuerySet":
        """Referrals of the territories in scope, and of an overlay's line in its territories. Whether single rows may be
        shown at all is a permission of its own (REFERRAL_ROWS)."""
        scope = scope_of(user)
        if scope.whole:
            return self
        seen = Q(territory__in=scope.territory_ids)
        for territory, line in scope.overlays:
            seen |= Q(territory=territory, service_line=line)
        return self.filter(seen)

    def counted(self) -> "ReferralQuerySet":
        """In measures: a counted kind, neither own follow-up nor duplicate."""
        return self.filter(is_counted=True)


class SourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, user: Any) -> "SourceQuerySet":
        """Feeds are the organisation's: seen by those who see any part of it."""
        return self.none() if scope_of(user).is_empty else self


class BatchQuerySet(models.QuerySet["ImportBatch"]):
    def visible_to(self, user: Any) -> "BatchQuerySet":
        """Batches cross territories: only those who import see them."""
        return self if user.can(Permission.IMPORT_RUN) else self.none()


class MarketFileQuerySet(models.QuerySet["MarketFile"]):
    def visible_to(self, user: Any) -> "MarketFileQuerySet":
        """As batches."""
        return self if user.can(Permission.IMPORT_RUN) else self.none()


class CapacityQuerySet(models.QuerySet["Capacity"]):
    def visible_to(self, user: Any) -> "CapacityQuerySet":
        """Our own places are the same for everybody who sees any part of the field."""
        return self.none() if scope_of(user).is_empty else self

    def newest(self, on: dt.date | None = None) -> "CapacityQuerySet":
        """The newest statement of each site and line, or the newest as of a day."""
        known = self if on is None else self.filter(as_of_on__lte=on)
        return known.order_by("organization_id", "service_line_id", "-as_of_on", "-pk").distinct("organization_id", "service_line_id")

    def effective(self) -> "CapacityQuerySet":
        """The statements that stand: of several about one site, line and day the last one told."""
        return self.order_by("organization_id", "service_line_id", "as_of_on", "-pk").distinct(
            "organization_id", "service_line_id", "as_of_on"
        )


class PayerManager(models.Manager["Payer"]):
    """Payers as people know them: not the names that were merged into another."""

    def get_queryset(self) -> models.QuerySet["Payer"]:
        return super().get_queryset().filter(merged_into=None)
