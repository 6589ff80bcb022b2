"""Referrals with their derived columns in place, as the pages find them; nothing is put into the rollups."""

import datetime as dt
from itertools import count
from typing import Any

from contacts.models import Practice
from referrals.models import BatchState, ImportBatch, Payer, Referral, Source

_keys = count(1)


def make_source(name: str = "orders", **fields: Any) -> Source:
    return Source.objects.get_or_create(name=name, defaults=fields)[0]


def make_payer(name: str = "Medicare") -> Payer:
    return Payer.objects.get_or_create(name=name)[0]


def make_referral(practice: Practice | None = None, **fields: Any) -> Referral:
    """One referral; its territory is the practice's unless another is given."""
    on = fields.setdefault("anchor_on", dt.date(2026, 3, 15))
    defaults = {
        "source_key": f"K{next(_keys):05}",
        "ordered_on": on,
        "month": on.replace(day=1),
        "state": "received",
        "flow": "inbound",
        "territory": practice.territory if practice else None,
    }
    return Referral.objects.create(practice=practice, **{"source": fields.pop("source", None) or make_source(), **defaults, **fields})


def make_batch(**fields: Any) -> ImportBatch:
    return ImportBatch.objects.create(
        **{
            "source": fields.pop("source", None) or make_source(),
            "file_name": "orders.csv",
            "sha256": "0" * 64,
            "state": BatchState.LOADED,
            **fields,
        }
    )
