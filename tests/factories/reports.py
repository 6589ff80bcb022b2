"""Facts with their derived columns already in place, and the rollups counted from them by plain SQL."""

import datetime as dt
from itertools import count
from typing import Any

from django.db import connection

from contacts.models import Practice, Provider
from referrals.models import ROLLUPS, DataVersion, Payer, Referral, Source
from reports.cells import FLOWS

_keys = count(1)


def make_source(name: str = "orders") -> Source:
    return Source.objects.get_or_create(name=name)[0]


def make_payer(name: str = "Medicare") -> Payer:
    return Payer.objects.get_or_create(name=name)[0]


def new_referral(
    *, on: dt.date, flow: str = "inbound", source: Source | None = None, practice: Practice | None = None, **fields: Any
) -> Referral:
    """An unsaved fact; the territory is the practice's unless another is given."""
    fields.setdefault("territory", practice.territory if practice else None)
    fields.setdefault("state", "received")
    return Referral(
        source=source or make_source(),
        source_key=f"R{next(_keys)}",
        ordered_on=on,
        anchor_on=on,
        month=on.replace(day=1),
        flow=flow,
        practice=practice,
        **fields,
    )


def add_referrals(*referrals: Referral) -> None:
    """Store facts and count all rollups anew, as one new version of the data."""
    Referral.objects.bulk_create(referrals)
    recount()
    DataVersion.objects.create(cause="test")


def monthly(
    practice: Practice | None, first: dt.date, counts: list[int], *, flow: str = "inbound", provider: Provider | None = None, **fields: Any
) -> list[Referral]:
    """So many unsaved referrals in each month from `first` on, all on the month's 15th."""
    fields.setdefault("source", make_source())  # asked for once, not once a row
    rows = []
    for place, number in enumerate(counts):
        month = first.month - 1 + place
        day = dt.date(first.year + month // 12, month % 12 + 1, 15)
        rows += [new_referral(on=day, flow=flow, practice=practice, provider=provider, **fields) for _ in range(number)]
    return rows


def add_months(*args: Any, **fields: Any) -> None:
    """Store what `monthly` makes."""
    add_referrals(*monthly(*args, **fields))


def recount() -> None:
    """Every rollup from the facts, in the plainest SQL."""
    sums = ", ".join(f"count(*) FILTER (WHERE flow = '{flow}')" for flow in FLOWS)
    with connection.cursor() as cursor:
        for model in ROLLUPS:
            keys, table = ", ".join(model.KEYS), model._meta.db_table
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
            cursor.execute(
                f"INSERT INTO {table} ({keys}, {', '.join(model.MEASURES)}) "  # noqa: S608
                f"SELECT {keys}, {sums} FROM referrals_referral WHERE is_counted GROUP BY {keys}"
            )
