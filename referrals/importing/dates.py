"""Dates as sources write them. Years outside 1970-2199 are no dates of referrals (a birth date in the wrong column, say)."""

import datetime as dt
import re
from functools import lru_cache

_DAY_ZERO = dt.date(1899, 12, 30).toordinal()  # Excel's day numbers, from March 1900 on
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_PARTED = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d\d)")
_NAMED = re.compile(r"(?:(\d{1,2})[- ]([A-Za-z]{3,9})|([A-Za-z]{3,9})\.? (\d{1,2}),?)[- ](\d{4}|\d\d)")
_SERIAL = re.compile(r"(\d{5})(?:\.(\d+))?")
_TIME = re.compile(r"(\d{1,2})(?::?(\d\d))?(?::?(\d\d)(?:[.,](\d+))?)? ?(?:([AaPp])\.?[Mm]\.?)? ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?")
_SPLIT = re.compile(r"([A-Za-z]{3,9}\.? \d{1,2},? \d{4}|[^ ]+?(?: [A-Za-z]{3,9} \d{2,4})?)(?:T| +)(\d{1,2}:?\d\d.*)")
_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}


@lru_cache(maxsize=1 << 16)
def parse_date(text: str, style: str) -> dt.date | None:
    """The calendar day as the source wrote it, in the mapping's style; ISO dates in any style. None when it is no date."""
    text = text.strip()
    parted = _SPLIT.fullmatch(text)
    if parted:
        if _time(parted[2]) is None:
            return None
        text = parted[1]
    return _day(text, style)


def parse_moment(text: str, style: str) -> dt.datetime | None:
    """The moment in UTC. A time without a zone is taken as UTC: moments are only ever compared within one source."""
    text = text.strip()
    if style in ("excel", "auto") and (serial := _SERIAL.fullmatch(text)) and (day := _serial(serial[1])):
        return dt.datetime.combine(day, dt.time(tzinfo=dt.UTC)) + dt.timedelta(days=float(f"0.{serial[2] or 0}"))
    parted = _SPLIT.fullmatch(text)
    day = _day(parted[1] if parted else text, style)
    time = _time(parted[2]) if parted else dt.time()
    if day is None or time is None:
        return None
    moment = dt.datetime.combine(day, time)
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _day(text: str, style: str) -> dt.date | None:
    if found := _ISO.fullmatch(text):
        return _date(found[1], found[2], found[3])
    if found := _PARTED.fullmatch(text):
        first, second, year = found.groups()
        if style == "mdy" or (style == "auto" and int(first) <= 12):
            return _date(year, first, second)
        return _date(year, second, first) if style in ("dmy", "auto") else None
    if style in ("excel", "auto") and (found := _SERIAL.fullmatch(text)):
        return _serial(found[1])
    if style in ("ymd", "auto") and (found := _COMPACT.fullmatch(text)):
        return _date(found[1], found[2], found[3])
    if found := _NAMED.fullmatch(text):
        month = _MONTHS.get((found[2] or found[3])[:3].lower())
        return _date(found[5], str(month), found[1] or found[4]) if month else None
    return None


def _date(year: str, month: str, day: str) -> dt.date | None:
    number = int(year)
    if len(year) == 2:
        number += 1900 if number >= 70 else 2000
    if not 1970 <= number <= 2199:
        return None
    try:
        return dt.date(number, int(month), int(day))
    except ValueError:
        return None


def _serial(number: str) -> dt.date | None:
    day = dt.date.fromordinal(_DAY_ZERO + int(number))
    return day if 1970 <= day.year <= 2199 else None


def _time(text: str) -> dt.time | None:
    found = _TIME.fullmatch(text.strip())
    if not found:
        return None
    hour, minute, second, fraction, half, zone = found.groups()
    number = int(hour)
    if half:
        if not 1 <= number <= 12:
            return None
        number = number % 12 + (12 if half in "Pp" else 0)
    try:
        return dt.time(number, int(minute or 0), int(second or 0), int(((fraction or "") + "000000")[:6]), tzinfo=_zone(zone))
    except ValueError:
        return None


def _zone(text: str | None) -> dt.tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return dt.UTC
    digits = text[1:].replace(":", "")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return dt.timezone(-offset if text[0] == "-" else offset)
