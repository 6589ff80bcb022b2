"""The days of a year on which offices are closed, as the page shows them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from reports.models import ClosingDay
from reports.workdays import federal_holidays

_NAMES = {
    (1, 1): "New Year's Day", (7, 4): "Independence Day", (11, 11): "Veterans Day", (12, 25): "Christmas Day", (6, 19): "Juneteenth",
}  # fmt: skip
_FLOATING = {
    1: "Martin Luther King Jr. Day",
    2: "Presidents' Day",
    5: "Memorial Day",
    9: "Labor Day",
    10: "Columbus Day",
    11: "Thanksgiving Day",
}


@dataclass(frozen=True)
class Day:
    """A day: a federal holiday, an own closing day, or (`is_open`) a holiday on which offices work here."""

    on: dt.date
    name: str
    is_federal: bool
    is_open: bool = False
    closing: ClosingDay | None = None


def year_of(year: int, closings: Sequence[ClosingDay]) -> list[Day]:
    """Every such day of the year, in order."""
    own = {closing.falls_on: closing for closing in closings}
    federal = [day for of in (year, year + 1) for day in federal_holidays(of) if day.year == year]
    found = [Day(day, holiday_name(day), True, bool(day in own and own[day].is_open), own.get(day)) for day in federal]
    found += [Day(day, closing.name or "Closed", False, closing=closing) for day, closing in own.items() if day not in federal]
    return sorted(found, key=lambda day: day.on)


def holiday_name(day: dt.date) -> str:
    """Of a federal holiday as it is observed: Friday for a Saturday, Monday for a Sunday."""
    for shift in (0, 1, -1):
        real = day + dt.timedelta(days=shift)
        if name := _NAMES.get((real.month, real.day)):
            return f"{name} (observed)" if shift else name
    return _FLOATING.get(day.month, "Federal holiday")
