"""Within which minutes of a day a practice can be visited, and where it lies. Pure: rows in, numbers out.

Minutes count from midnight; a span is half-open, [begins, ends).
"""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.exceptions import InputError
from common.places import center_of
from common.templatetags.prm import clock
from contacts.models import HoursKind, LunchRule, Practice, VisitingHours, Weekday

Span = tuple[int, int]
WHOLE_DAY: Span = (0, 24 * 60)
_TIME = r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm|a|p)?"
_SPAN = re.compile(rf"^{_TIME}\s*(?:-|\u2013|to)\s*{_TIME}$", re.IGNORECASE)
FIRST_HOUR = 7  # "2-4" without am or pm: no office sees visitors at two in the morning


def minute_of(time: dt.time) -> int:
    """Minutes since midnight."""
    return time.hour * 60 + time.minute


def read_spans(text: str) -> list[tuple[dt.time, dt.time]]:
    """Hours as people write them: "9-11:30, 2-4", "8 am to noon". Raises InputError with what cannot be read."""
    spans = []
    for part in re.split(r"[,;]| and ", text.strip()):
        if not part.strip():
            continue
        found = _SPAN.match(re.sub(r"\bnoon\b", "12 pm", part.strip(), flags=re.IGNORECASE))
        if not found:
            raise InputError(f"“{part.strip()}” is not hours. Write them like 9-11:30, 2-4.")
        begins, ends = _time(found[1], found[2], found[3], part), _time(found[4], found[5], found[6], part)
        if ends <= begins:
            raise InputError(f"“{part.strip()}” ends before it begins. Add am or pm where it is not plain.")
        spans.append((begins, ends))
    return sorted(spans)


def _time(hour_text: str, minute_text: str | None, half: str | None, part: str) -> dt.time:
    hour, minute = int(hour_text), int(minute_text or 0)
    if half and half[0].lower() == "p" and hour < 12:
        hour += 12
    elif half and half[0].lower() == "a" and hour == 12:
        hour = 0
    elif not half and 0 < hour < FIRST_HOUR:
        hour += 12
    if hour > 23 or minute > 59:
        raise InputError(f"“{part.strip()}” is not a time of the day.")
    return dt.time(hour, minute)


def write_spans(spans: Iterable[tuple[dt.time, dt.time]]) -> str:
    """The same again, as a form shows it: 9:00-11:30, 14:00-16:00."""
    return ", ".join(f"{begins.hour}:{begins.minute:02d}-{ends.hour}:{ends.minute:02d}" for begins, ends in spans)


def read_place(text: str) -> tuple[float, float]:
    """(latitude, longitude) from "41.49932, -81.69436"; raises InputError."""
    found = re.fullmatch(r"\(?\s*(-?\d{1,3}(?:\.\d+)?)\s*°?\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*°?\s*\)?", text.strip())
    if not found:
        raise InputError("Write two numbers, latitude first, like 41.49932, -81.69436.")
    latitude, longitude = float(found[1]), float(found[2])
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise InputError("That is not on the earth: latitude goes from -90 to 90, longitude from -180 to 180.")
    return latitude, longitude


def minus(spans: Sequence[Span], taken: Span) -> list[Span]:
    """What is left of the spans without `taken`."""
    left = []
    for begins, ends in spans:
        left += [(begins, min(ends, taken[0])), (max(begins, taken[1]), ends)]
    return [span for span in left if span[0] < span[1]]


def windows_on(practice: Practice, hours: Iterable[VisitingHours], weekday: int) -> list[Span] | None:
    """When the practice sees visitors on that weekday (0: Monday): None at any hour, an empty list not at all.

    Open hours noted for other days only mean that on this one it sees nobody. No-visit hours are taken out, and lunch where it is closed.
    """
    rows = list(hours)
    opens = [row for row in rows if row.kind == HoursKind.OPEN]
    today = [row for row in opens if row.weekday in (None, weekday)]
    closed = [
        (minute_of(row.begins), minute_of(row.ends)) for row in rows if row.kind == HoursKind.CLOSED and row.weekday in (None, weekday)
    ]
    if practice.lunch_rule == LunchRule.CLOSED and practice.lunch_begins and practice.lunch_ends:
        closed.append((minute_of(practice.lunch_begins), minute_of(practice.lunch_ends)))
    if opens and not today:
        return []
    if not opens and not closed:
        return None
    windows = merged([(minute_of(row.begins), minute_of(row.ends)) for row in today]) if opens else [WHOLE_DAY]
    for span in closed:
        windows = minus(windows, span)
    return windows


def merged(spans: Iterable[Span]) -> list[Span]:
    """Spans that touch or overlap become one."""
    found: list[Span] = []
    for begins, ends in sorted(spans):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found


@dataclass(frozen=True)
class Point:
    """Where something lies, in degrees, and how well that is known."""

    latitude: float
    longitude: float
    is_approximate: bool
    told: str


def point_of(practice: Practice) -> Point | None:
    """The pin that somebody dropped, else the middle of the ZIP code; None where neither is known. Reads `practice.map_pin`."""
    if pin := getattr(practice, "map_pin", None):
        return Point(pin.latitude, pin.longitude, False, "Pin on the map")
    if center := center_of(practice.zip):
        return Point(*center, True, f"Approximate: the middle of ZIP code {practice.zip}")
    return None


def visiting_lines(practice: Practice, hours: Iterable[VisitingHours]) -> list[str]:
    """What is known of when to come, a line for each thing: hours by weekday, no-visit hours, lunch, minutes."""
    opens: dict[str, list[str]] = {}
    lines, closed = [], []
    for row in hours:
        told = f"{clock(minute_of(row.begins))} to {clock(minute_of(row.ends))}"
        if row.kind == HoursKind.CLOSED:
            closed.append(told)
        else:
            opens.setdefault("Every day" if row.weekday is None else Weekday(row.weekday).label, []).append(told)
    lines += [f"{day}: {', '.join(spans)}" for day, spans in opens.items()]
    if closed:
        lines.append(f"No visits: {', '.join(closed)}")
    if practice.lunch_rule:
        at = ""
        if practice.lunch_begins and practice.lunch_ends:
            at = f", {clock(minute_of(practice.lunch_begins))} to {clock(minute_of(practice.lunch_ends))}"
        lines.append(f"{LunchRule(practice.lunch_rule).label}{at}")
    if practice.visit_minutes:
        lines.append(f"A visit takes {practice.visit_minutes} minutes")
    return lines
