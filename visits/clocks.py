"""Times that a phone says, set right by how far its clock is off. Pure."""

import datetime as dt
from dataclasses import dataclass

TOLERATED = dt.timedelta(minutes=10)  # what clocks differ by without anybody noticing


@dataclass(frozen=True)
class Times:
    """When the visit was, when it was typed, and by how many seconds the phone's clock was behind (ahead: negative), if that mattered."""

    visited_at: dt.datetime
    entered_at: dt.datetime
    clock_off_s: int | None = None


def set_right(
    *, visited_at: dt.datetime, entered_at: dt.datetime, is_typed: bool, phone_now: dt.datetime | None, now: dt.datetime
) -> Times:
    """The times as they were, from those that the phone said and from what its clock showed when it sent them (`phone_now`).

    A time that a person typed is believed, unless it lies ahead. What still lies ahead was said by a clock that has been set right since:
    then the visit was now at the latest, and the difference is kept for people to see.
    """
    off = now - phone_now if phone_now else dt.timedelta()
    if abs(off) < TOLERATED:
        off = dt.timedelta()
    entered_at += off
    if not is_typed or visited_at > now + TOLERATED:
        visited_at += off
    if phone_now and visited_at > now + TOLERATED:
        off, visited_at = off + (now - visited_at), now
    return Times(visited_at, min(entered_at, now), round(off.total_seconds()) or None)
