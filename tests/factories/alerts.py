"""Referrals that arrived by an import of a day, and looks for alerts at them."""

import datetime as dt
import itertools
import uuid
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from contacts.models import Practice, Provider
from referrals.models import BatchState, ImportBatch, Referral, SentRow
from reports.actions import look_for_alerts
from reports.models import Alert, AlertRun
from tests import factories
from tests.factories.reports import add_referrals, monthly

FIRST = dt.date(2025, 1, 1)
MONTHS = 22  # January 2025 to October 2026
_days = itertools.count()


def arrive(referrals: Iterable[Referral], *, on: dt.date) -> ImportBatch:
    """One import that brought these stored referrals on a day."""
    rows = list(referrals)
    batch = ImportBatch.objects.create(
        source=rows[0].source,
        file_name="orders.csv",
        sha256=f"{next(_days):064d}",
        state=BatchState.LOADED,
        loaded_at=timezone.make_aware(dt.datetime.combine(on, dt.time(12))),
        rows=len(rows),
        new=len(rows),
    )
    SentRow.objects.bulk_create(SentRow(referral=row, digest=uuid.uuid4(), batch=batch, state="received") for row in rows)
    return batch


def bring(*referrals: Referral, on: dt.date = dt.date(2026, 11, 20)) -> None:
    """Store referrals as one import of that day, as one new version of the data."""
    add_referrals(*referrals)
    arrive(referrals, on=on)


def sends(
    practice: Practice, counts: list[int], *, first: dt.date = FIRST, provider: Provider | None = None, **fields: Any
) -> list[Referral]:
    """So many inbound referrals in each month, on the last day of October 2026 one more, so that the month is told to its end."""
    return monthly(practice, first, counts, provider=provider or factories.make_provider(at=practice), **fields)


def steady(practice: Practice, providers: int = 6, a_month: int = 20) -> list[Referral]:
    """Colleagues who send the same every month, to whom nobody could object; the feed reaches to the end of October 2026."""
    rows = [row for _ in range(providers) for row in sends(practice, [a_month] * MONTHS)]
    last = rows[-1]
    last.anchor_on = last.ordered_on = dt.date(2026, 10, 30)
    return rows


def falls(to: int = 4, a_month: int = 20, months: int = 3) -> list[int]:
    return [a_month] * (MONTHS - months) + [to] * months


def look(as_of: dt.date | None = None) -> AlertRun:
    run = look_for_alerts(as_of=as_of)
    assert run is not None
    return run


def only() -> Alert:
    return Alert.objects.get()
