"""Rows of the spend ledger, cut to what a person may see.

Whoever sees a physician sees what was spent on them; whoever wrote an entry down sees it always. Analysts see no spend, executives only
sums.
"""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.permissions import Permission
from territories.scope import scope_of

if TYPE_CHECKING:
    from compliance.models import Receipt, SpendEntry, SpendLimit, SpendShare, SpendTask  # noqa: F401 - named in the base classes below


def _sees_nothing(user: Any) -> bool:
    return not user.is_authenticated or not user.is_active or not user.can(Permission.SPEND_VIEW)


class SpendLimitQuerySet(models.QuerySet["SpendLimit"]):
    def for_entity(self, entity_id: int | None, year: int) -> "SpendLimit | None":
        """The entity's own row of the year, else the row of all; None where neither is there."""
        rows = self.filter(Q(entity=entity_id) | Q(entity=None), year=year)
        return rows.order_by(models.F("entity").asc(nulls_last=True)).first()


class SpendEntryQuerySet(models.QuerySet["SpendEntry"]):
    def visible_to(self, user: Any) -> "SpendEntryQuerySet":
        """One's own, those of practices in scope, and those that touch a physician in scope."""
        if _sees_nothing(user):
            return self.none()
        scope = scope_of(user)
        if scope.whole:
            return self
        shares = apps.get_model("compliance", "SpendShare").objects.filter(entry=OuterRef("pk"))
        seen = shares.filter(provider__in=apps.get_model("contacts", "Provider").objects.visible_to(user))
        return self.filter(Q(recorded_by=user) | Q(practice__territory__in=scope.any_territory_ids) | Q(Exists(seen)))

    def in_year(self, year: int) -> "SpendEntryQuerySet":
        """Of one calendar year, the year in which limits count."""
        return self.filter(spent_on__gte=dt.date(year, 1, 1), spent_on__lt=dt.date(year + 1, 1, 1))

    def standing(self) -> "SpendEntryQuerySet":
        """Planned or happened, not cancelled."""
        return self.exclude(state="cancelled")

    def day_is_over(self) -> "SpendEntryQuerySet":
        """Planned for a day before today: nobody has said whether it happened."""
        return self.filter(state="planned", spent_on__lt=timezone.localdate())

    def for_list(self) -> "SpendEntryQuerySet":
        """With everything that a row shows."""
        live = models.Prefetch("receipts", apps.get_model("compliance", "Receipt").objects.kept(), to_attr="kept_receipts")
        return self.select_related("practice__territory", "payer", "recorded_by").prefetch_related(
            "shares__provider", "shares__staff", live
        )


class SpendShareQuerySet(models.QuerySet["SpendShare"]):
    def visible_to(self, user: Any) -> "SpendShareQuerySet":
        """Of physicians in scope, and of one's own entries."""
        if _sees_nothing(user):
            return self.none()
        if scope_of(user).whole:
            return self
        return self.filter(Q(entry__recorded_by=user) | Q(provider__in=apps.get_model("contacts", "Provider").objects.visible_to(user)))

    def of_year(self, year: int) -> "SpendShareQuerySet":
        """Of entries that stand, in one calendar year."""
        return self.filter(entry__spent_on__gte=dt.date(year, 1, 1), entry__spent_on__lt=dt.date(year + 1, 1, 1)).exclude(
            entry__state="cancelled"
        )


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def visible_to(self, user: Any) -> "ReceiptQuerySet":
        """Of the entries that the person sees."""
        return self.filter(entry__in=apps.get_model("compliance", "SpendEntry").objects.visible_to(user))

    def kept(self) -> "ReceiptQuerySet":
        return self.filter(removed_at=None)


class SpendTaskQuerySet(models.QuerySet["SpendTask"]):
    def visible_to(self, user: Any) -> "SpendTaskQuerySet":
        """Of the entries that the person sees."""
        return self.filter(entry__in=apps.get_model("compliance", "SpendEntry").objects.visible_to(user))

    def open(self) -> "SpendTaskQuerySet":
        return self.filter(state="open")

    def overdue(self) -> "SpendTaskQuerySet":
        """Open, and its day is over."""
        return self.open().filter(due_on__lt=timezone.localdate())

    def for_list(self) -> "SpendTaskQuerySet":
        """With everything that a row shows."""
        return self.select_related("entry__practice", "entry__recorded_by", "provider", "payer", "done_by")
