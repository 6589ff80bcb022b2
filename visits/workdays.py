"""On which days and when somebody works, said in one place.

What a person said of themselves (`WorkingHours`: weekdays, hours, length of the pause, minutes of a visit, where a day starts) always wins.
The organization's `FieldRules` say only what nobody says of themselves: how drives are estimated, and between which times lunch may begin;
where that lies outside of a person's own hours, their hours cut it short (`lunch_between`). A practice's own minutes of a visit win over
the person's: the visit is there. Days on which the organization is closed are no working days for anybody; `reports`, above, knows them
and registers here who is asked for them, as mails have their sections.
"""

import datetime as dt
from collections.abc import Callable, Mapping

from visits.models import FieldRules, WorkingHours

Source = Callable[[dt.date, dt.date], Mapping[dt.date, str]]
_sources: list[Source] = []


def closing_days(source: Source) -> Source:
    """Register who knows closing days; asked with a first and a last day, both in, it answers each with its name."""
    _sources.append(source)
    return source


def closed_between(first: dt.date, last: dt.date) -> dict[dt.date, str]:
    """The days on which nobody works, with their names, both ends in."""
    return {day: name for source in _sources for day, name in source(first, last).items() if first <= day <= last}


def working_days_of(hours: WorkingHours, first: dt.date, last: dt.date) -> list[dt.date]:
    """The person's working days, both ends in, less closing days."""
    closed = closed_between(first, last)
    days = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if hours.works_on(day) and day not in closed]


def lunch_between(rules: FieldRules, *, start: int, end: int, minutes: int) -> tuple[int, int, int]:
    """(minutes, earliest start, latest start) of the break of a day from `start` to `end`, in minutes after midnight.

    By the rules of the field, within the person's own hours; a day that begins after lunch or ends before it has none.
    """
    earliest, latest = max(rules.lunch_earliest, start), min(rules.lunch_latest, end - minutes)
    return (minutes, earliest, latest) if minutes and earliest <= latest else (0, rules.lunch_earliest, rules.lunch_latest)
