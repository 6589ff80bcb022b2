"""What a dated row of money must be, and that no two rows speak of the same day."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Q

from common.exceptions import PolicyViolation
from reports.models import AttributionWeight, ContributionMargin, ProgramCost

Money = ContributionMargin | ProgramCost | AttributionWeight
EARLIEST = dt.date(2000, 1, 1)
SAME: dict[type[Any], tuple[str, ...]] = {
    ContributionMargin: ("service_line", "payer"),
    ProgramCost: ("territory",),
    AttributionWeight: (),
}


def check_row(row: Money) -> None:
    """The sentence that says what is wrong with it, before the database would."""
    _check_period(row)
    if isinstance(row, ContributionMargin):
        _check_range(row)
    if isinstance(row, ProgramCost):
        if row.ended_on is None:
            raise PolicyViolation("A cost is of a period: give the first day it no longer covers.")
        if row.amount < 0:
            raise PolicyViolation("A cost cannot be below zero.")
    if isinstance(row, AttributionWeight) and not 0 <= row.weight <= 1:
        raise PolicyViolation("The share credited to visits lies between 0 and 1.")
    check_no_overlap(row)


def _check_period(row: Money) -> None:
    if row.started_on < EARLIEST:
        raise PolicyViolation(f"Nothing is kept from before {day(EARLIEST)}.")
    if row.ended_on and row.ended_on <= row.started_on:
        raise PolicyViolation(f"It ends after it starts; the earliest end is {day(row.started_on + dt.timedelta(days=1))}.")


def _check_range(margin: ContributionMargin) -> None:
    if (margin.low is None) != (margin.high is None):
        raise PolicyViolation("Give both the lowest and the highest amount, or neither.")
    if margin.low is not None and margin.high is not None and not margin.low <= margin.amount <= margin.high:
        raise PolicyViolation(f"{dollars(margin.amount)} does not lie between {dollars(margin.low)} and {dollars(margin.high)}.")


def check_no_overlap(row: Money) -> None:
    """One row at a time for the same line and payer, the same territory, or the weight."""
    same = {name: getattr(row, name) for name in SAME[type(row)]}
    others = type(row).objects.filter(Q(ended_on=None) | Q(ended_on__gt=row.started_on), **same).exclude(pk=row.pk)
    if row.ended_on:
        others = others.filter(started_on__lt=row.ended_on)
    if other := others.order_by("started_on").first():
        raise PolicyViolation(f"{other} has a row {period(other.started_on, other.ended_on)} already. End or change that one first.")


def check_can_end(row: Money, ended_on: dt.date) -> None:
    if ended_on <= row.started_on:
        raise PolicyViolation(f"It began on {day(row.started_on)}, so the earliest end is {day(row.started_on + dt.timedelta(days=1))}.")
    if row.ended_on and ended_on > row.ended_on:
        raise PolicyViolation(f"It ends on {day(row.ended_on)} already. Change the row to make it last longer.")


def period(started_on: dt.date, ended_on: dt.date | None) -> str:
    """From 1 Jan 2026 until 1 Jul 2026."""
    return f"from {day(started_on)} until {day(ended_on)}" if ended_on else f"from {day(started_on)} on"


def day(value: dt.date) -> str:
    return f"{value.day} {value:%b %Y}"


def dollars(value: Decimal) -> str:
    return f"{'-' if value < 0 else ''}${abs(value):,.2f}"
