"""Business days of US practices: how long a month was for those who refer. Pure."""

import datetime as dt
from collections.abc import Iterable, Sequence

import numpy as np

from reports.periods import add_months

MONDAY, THURSDAY = 0, 3


def federal_holidays(year: int) -> list[dt.date]:
    """The days of 5 U.S.C. 6103 as they are observed: Friday for a Saturday, Monday for a Sunday. Some fall into the year before."""
    fixed = [dt.date(year, 1, 1), dt.date(year, 7, 4), dt.date(year, 11, 11), dt.date(year, 12, 25)]
    if year >= 2021:
        fixed.append(dt.date(year, 6, 19))
    floating = [
        _nth(year, 1, MONDAY, 3),
        _nth(year, 2, MONDAY, 3),
        _nth(year, 6, MONDAY, 1) - dt.timedelta(days=7),  # the last Monday of May: a week before June's first
        _nth(year, 9, MONDAY, 1),
        _nth(year, 10, MONDAY, 2),
        _nth(year, 11, THURSDAY, 4),
    ]
    shift = {5: -1, 6: 1}
    return sorted([day + dt.timedelta(days=shift.get(day.weekday(), 0)) for day in fixed] + floating)


def _nth(year: int, month: int, weekday: int, nth: int) -> dt.date:
    """The nth such weekday of a month."""
    first = dt.date(year, month, 1)
    return first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def business_days_between(start: dt.date, end: dt.date, holidays: Iterable[dt.date] | None = None) -> int:
    """Monday to Friday less holidays, from `start` until before `end`; none when the end comes first."""
    if holidays is None:
        holidays = [day for year in range(start.year, end.year + 2) for day in federal_holidays(year)]
    return max(0, int(np.busday_count(np.datetime64(start), np.datetime64(end), holidays=np.array(list(holidays), "M8[D]"))))


def business_days(months: Sequence[dt.date], holidays: Iterable[dt.date] | None = None) -> np.ndarray:
    """Monday to Friday less holidays (US federal ones unless given), for each first of a month."""
    if holidays is None:
        holidays = [day for year in {month.year + k for month in months for k in (0, 1)} for day in federal_holidays(year)]
    ends = [add_months(month, 1) for month in months]
    return np.busday_count(np.array(months, "M8[D]"), np.array(ends, "M8[D]"), holidays=np.array(list(holidays), "M8[D]"))
