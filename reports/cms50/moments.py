"""Dates and times as FHIR writes them, to the year, the day or the second, and what can be said of their order. Pure.

A moment that is known to the day lies anywhere in that day. As in CQL, a comparison that could go either way is no: nothing is counted on a
guess.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

_SHAPE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$")
_SECOND = dt.timedelta(seconds=1)
_TICK = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Moment:
    """The first and the last instant it can be."""

    first: dt.datetime
    last: dt.datetime

    @classmethod
    def read(cls, text: Any, zone: dt.tzinfo) -> "Moment | None":
        """None for what is no date. A time without an offset is local to `zone`, a date is a day of it."""
        shape = _SHAPE.match(text) if isinstance(text, str) else None
        if shape is None:
            return None
        year, month, day, hour, minute, second, fraction, offset = shape.groups()
        try:
            first = dt.datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), min(int(second or 0), 59))
            first = first.replace(tzinfo=_offset(offset) or zone) + dt.timedelta(microseconds=int((fraction or "0")[:6].ljust(6, "0")))
        except ValueError:
            return None
        return cls(first, _next(first, month, day, hour, second, fraction) - _TICK)

    def is_after(self, other: "Moment") -> bool:
        return self.first > other.last

    def is_within_days(self, first: dt.date, last: dt.date, zone: dt.tzinfo) -> bool:
        """Whether its day is one of these, both ends in, as the calendar of `zone` has it."""
        return first <= self.first.astimezone(zone).date() and self.last.astimezone(zone).date() <= last


def _offset(text: str | None) -> dt.tzinfo | None:
    if not text:
        return None
    if text == "Z":
        return dt.UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    return dt.timezone((1 if text[0] == "+" else -1) * dt.timedelta(hours=hours, minutes=minutes))


def _next(
    first: dt.datetime, month: str | None, day: str | None, hour: str | None, second: str | None, fraction: str | None
) -> dt.datetime:
    """The first instant that it can no longer be."""
    if month is None:
        return first.replace(year=first.year + 1)
    if day is None:
        return (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    if hour is None:
        return first + dt.timedelta(days=1)
    if second is None:
        return first + 60 * _SECOND
    return first + (_SECOND / 1000 if fraction else _SECOND)
