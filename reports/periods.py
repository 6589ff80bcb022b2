"""Months and windows. A window is half-open: `start` is in, `end` is not."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass


def first_of(day: dt.date) -> dt.date:
    return day.replace(day=1)


def add_months(month: dt.date, count: int) -> dt.date:
    """The first of the month so many months later (earlier when negative)."""
    index = month.year * 12 + month.month - 1 + count
    return dt.date(index // 12, index % 12 + 1, 1)


def months_between(start: dt.date, end: dt.date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


@dataclass(frozen=True)
class Window:
    """Some days, `end` exclusive."""

    start: dt.date
    end: dt.date

    @property
    def is_whole_months(self) -> bool:
        return self.start.day == self.end.day == 1

    @property
    def months(self) -> int:
        return months_between(self.start, self.end)

    @property
    def previous(self) -> "Window":
        """The window of the same length just before."""
        if self.is_whole_months:
            return Window(add_months(self.start, -self.months), self.start)
        return Window(self.start - (self.end - self.start), self.start)

    @property
    def last_day(self) -> dt.date:
        return self.end - dt.timedelta(days=1)

    def each_month(self) -> Iterator[dt.date]:
        month = first_of(self.start)
        while month < self.end:
            yield month
            month = add_months(month, 1)

    @property
    def words(self) -> str:
        """Nov 2025 to Oct 2026."""
        first, last = f"{self.start:%b %Y}", f"{self.last_day:%b %Y}"
        return first if first == last else f"{first} to {last}"


def full_until(data_through: dt.date) -> dt.date:
    """Where the last full month ends (exclusive): a month is full once the data reaches its last day."""
    return first_of(data_through + dt.timedelta(days=1))


def last_full_months(count: int, data_through: dt.date) -> Window:
    end = full_until(data_through)
    return Window(add_months(end, -count), end)
