"""Limits, drafts and entries of the spend ledger with as little said as possible."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from compliance.actions import record_spend
from compliance.drafts import SpendDraft
from compliance.models import SpendEntry, SpendLimit


def make_limit(year: int | None = None, non_monetary: str | None = "500", incidental: str | None = "44", **fields: Any) -> SpendLimit:
    amounts = {name: Decimal(value) if value else None for name, value in (("non_monetary", non_monetary), ("incidental", incidental))}
    return SpendLimit.objects.create(year=year or timezone.localdate().year, source="typed by a test", **amounts, **fields)


def make_draft(amount: str | Decimal = "100.00", **fields: Any) -> SpendDraft:
    fields.setdefault("purpose", "New orthopedics clinic")
    fields.setdefault("spent_on", timezone.localdate())
    return SpendDraft(amount=Decimal(amount), **fields)


def spend(by: User, amount: str | Decimal = "100.00", **fields: Any) -> SpendEntry:
    """Recorded through the action, as everything is."""
    return record_spend(draft=make_draft(amount, **fields), by=by)


def day_of_year(month: int, day: int, year: int | None = None) -> dt.date:
    return dt.date(year or timezone.localdate().year, month, day)
