"""What somebody says of an occasion on which something was given: the same for page, API, visit and command line."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO

from compliance.models import SpendKind, SpendState
from contacts.models import Organization, Practice, Provider, Staff

Files = Sequence[tuple[IO[bytes], str]]  # receipts: each an open file and its name


@dataclass(frozen=True)
class SpendDraft:
    """One occasion. Who had part of it: `providers`, their `family` (a physician as often as relatives came), named `staff`, `staff_count`
    more from the office and `ours` of our own people.

    On a visit day, practice and people may be left out: they are the visit's; `met` says that whom it met has part of it beside those
    named. `is_reported` says that what is never allowed was given nevertheless, `is_none` that somebody looked at what may tell of a
    patient in the purpose, and that it does not. `receipts` are added to those that the entry has.
    """

    amount: Decimal
    kind: str = SpendKind.MEAL
    purpose: str = ""
    spent_on: dt.date | None = None
    state: str = SpendState.HAPPENED
    providers: Sequence[Provider] = ()
    family: Sequence[Provider] = ()
    staff: Sequence[Staff] = ()
    staff_count: int = 0
    ours: int = 0
    met: bool = False
    practice: Practice | None = None
    payer: Organization | None = None
    vendor: str = ""
    quantity: int = 1
    is_solicited: bool = False
    is_reported: bool = False
    override_reason: str = ""
    is_none: bool = False
    receipts: Files = ()
