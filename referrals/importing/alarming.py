"""What is odd about a file beside what its feed has sent before: pure rules, a sentence each. Nothing here stops a load by itself."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

VOLUME_CHANGE = 0.30  # a month this much above or below what was expected
FEWEST_EXPECTED = 30  # rows a month, below which chance explains more than that
WEEKDAY_ROWS = 8  # a feed that has so many on a usual weekday has a weekday without any once in ten years, by chance
NEW_SHARE = 0.10  # of the file's rows that name somebody the feed never named
NEW_ROWS = 20
UNMATCHED_JUMP = 0.10  # of the file's referrals, above the share of the last import
NAMED = 5  # days or words listed in a sentence

VOLUME, MISSING_DAYS, FUTURE, NEW_STATUS, NEW_WORDS, UNMATCHED = (
    "volume",
    "missing days",
    "future dates",
    "new status",
    "new names",
    "unmatched",
)


class Alarm(NamedTuple):
    """One odd thing, in a sentence for the person who decides whether to load."""

    kind: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What a file, or all that a feed has sent before, looks like."""

    by_day: Mapping[dt.date, int] = field(default_factory=dict)  # referrals by anchor date
    states: frozenset[str] = frozenset()
    words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # destination, payer, service line: rows by what they name
    referrals: int = 0
    unmatched: int = 0
    future: int = 0  # rows dated in the future
    is_part: bool = False  # rows that were mended: their months and days are no whole ones


def find_alarms(file: Picture, before: Picture) -> list[Alarm]:
    """Everything odd about the file. A feed's first file is compared with nothing but itself."""
    found = [] if file.is_part else [*_volume(file, before), *_missing_days(file, before)]
    found += _future(file)
    if before.referrals:
        found += [*_new_status(file, before), *_new_words(file, before), *_unmatched(file, before)]
    return found


def _volume(file: Picture, before: Picture) -> Iterable[Alarm]:
    ours, known = _by_month(file.by_day), _by_month(before.by_day)
    whole = _whole_months(before.by_day)
    usual = median(known[month] for month in whole[-12:]) if len(whole) >= 3 else 0
    for month in _whole_months(file.by_day):
        expected, against = (known[month], "already loaded for it") if known[month] else (usual, "of a usual month")
        change = round(ours[month] / expected - 1, 6) if expected >= FEWEST_EXPECTED else 0.0
        if abs(change) > VOLUME_CHANGE:
            way = "fewer" if change < 0 else "more"
            told = f"{month:%B %Y} has {_referrals(ours[month])}, {abs(change):,.0%} {way}"
            yield Alarm(VOLUME, f"{told} than the {expected:,.0f} {against}.")


def _referrals(rows: int) -> str:
    return "1 referral" if rows == 1 else f"{rows:,} referrals"


def _missing_days(file: Picture, before: Picture) -> Iterable[Alarm]:
    usual = _usual_weekday(before.by_day) or _usual_weekday(file.by_day)
    if usual < WEEKDAY_ROWS:
        return
    missing = [day for day in _span(file.by_day) if day.weekday() < 5 and not file.by_day.get(day) and not is_holiday(day)]
    if missing:
        days = "1 weekday" if len(missing) == 1 else f"{len(missing):,} weekdays"
        yield Alarm(
            MISSING_DAYS, f"{days} without a referral, where {usual:,.0f} are usual: {_listed(f'{d.day} {d:%b %Y}' for d in missing)}."
        )


def _future(file: Picture) -> Iterable[Alarm]:
    if file.future:
        yield Alarm(FUTURE, f"{file.future:,} {'row is' if file.future == 1 else 'rows are'} dated in the future.")


def _new_status(file: Picture, before: Picture) -> Iterable[Alarm]:
    if new := sorted(file.states - before.states):
        yield Alarm(NEW_STATUS, f"This feed never had the status {_listed(new)} before.")


def _new_words(file: Picture, before: Picture) -> Iterable[Alarm]:
    for what, named in file.words.items():
        known = before.words.get(what, {})
        new = Counter({word: rows for word, rows in named.items() if word not in known})
        rows, total = sum(new.values()), sum(named.values())
        if known and rows >= NEW_ROWS and rows > NEW_SHARE * total:
            most = _listed(word for word, _ in new.most_common())
            yield Alarm(NEW_WORDS, f"{rows:,} of {total:,} rows name a {what} that this feed never named before: {most}.")


def _unmatched(file: Picture, before: Picture) -> Iterable[Alarm]:
    now, then = (picture.unmatched / picture.referrals if picture.referrals else 0.0 for picture in (file, before))
    if file.referrals >= FEWEST_EXPECTED and now - then > UNMATCHED_JUMP:
        yield Alarm(UNMATCHED, f"{now:.0%} of the referrals name a referrer whom we do not know; before it was {then:.0%}.")


def is_holiday(day: dt.date) -> bool:
    """The days on which hardly any American clinic is open."""
    if (day.month, day.day) in {(1, 1), (7, 4), (12, 25)}:
        return True
    if (day.month, day.day, day.weekday()) in {(1, 2, 0), (7, 5, 0), (12, 26, 0), (12, 31, 4), (7, 3, 4), (12, 24, 4)}:
        return True  # observed on the Monday after, or the Friday before
    nth = (day.day + 6) // 7
    is_last = day.day + 7 > 31
    return (
        (day.month == 5 and day.weekday() == 0 and is_last)
        or (day.month == 9 and day.weekday() == 0 and nth == 1)
        or (day.month == 11 and day.weekday() == 3 and nth == 4)
    )


def _by_month(by_day: Mapping[dt.date, int]) -> Counter[dt.date]:
    months: Counter[dt.date] = Counter()
    for day, rows in by_day.items():
        months[day.replace(day=1)] += rows
    return months


def _whole_months(by_day: Mapping[dt.date, int]) -> list[dt.date]:
    """The months that lie within the days told of; a weekend at either end does not cut one off."""
    if not by_day:
        return []
    first, last = min(by_day), max(by_day)
    months = sorted(_by_month(by_day))
    return [month for month in months if first <= month + dt.timedelta(days=3) and _next(month) - dt.timedelta(days=4) <= last]


def _next(month: dt.date) -> dt.date:
    return (month + dt.timedelta(days=32)).replace(day=1)


def _usual_weekday(by_day: Mapping[dt.date, int]) -> float:
    """Rows on a usual weekday of the last half year told of."""
    days = [day for day in _span(by_day) if day.weekday() < 5][-130:]
    return median(by_day.get(day, 0) for day in days) if len(days) >= 10 else 0.0


def _span(by_day: Mapping[dt.date, int]) -> list[dt.date]:
    if not by_day:
        return []
    first, last = min(by_day), max(by_day)
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def _listed(words: Iterable[str]) -> str:
    words = list(words)
    more = len(words) - NAMED
    return ", ".join(words[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
