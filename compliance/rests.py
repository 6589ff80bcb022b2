"""What is left of each physician's year, before an occasion is saved: what pages show, and how they know that it was shown."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from compliance import presenters
from compliance.models import SpendPolicy
from compliance.queries import allowances_of
from contacts.models import Provider

LIVE = "live"  # the page's script says the rest while one types: nothing has to be asked again


def rest_of(
    providers: Iterable[Provider],
    *,
    on: dt.date,
    kind: str,
    amount: Decimal | None,
    people: int,
    payer_id: int | None = None,
    is_planned: bool = False,
) -> dict[str, Any]:
    """Each physician's year as compliance/_allowance.html shows it; with an amount, divided by `people`, also what would be left."""
    part = None
    if amount is not None:
        part = presenters.part_of_each(amount, people, kind=kind, whole_gift=SpendPolicy.current().gift_counts_whole)
    rows = [presenters.year_row(one, year=on.year, more=part) for one in allowances_of(providers, on=on, payer_id=payer_id)]
    is_over = any(row["after"] and row["after"].tone == "bad" for row in rows)
    return {"rows": rows, "chosen": part is not None, "year": on.year, "is_planned": is_planned, "is_over": is_over}


def key_of_rest(providers: Iterable[Provider], **asked: Any) -> str:
    """Names what was shown: with another amount, day or guest it is shown again."""
    told = [sorted(provider.pk for provider in providers), sorted((name, str(value)) for name, value in asked.items())]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:20]
