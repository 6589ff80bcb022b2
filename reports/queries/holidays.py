"""The days on which nobody refers."""

import datetime as dt

from reports.models import ClosingDay
from reports.workdays import federal_holidays


def holidays(first: dt.date, last: dt.date) -> list[dt.date]:
    """Federal holidays and own closing days of these years, less the federal ones on which offices work here."""
    days = {day for year in range(first.year, last.year + 2) for day in federal_holidays(year)}
    for day, is_open in ClosingDay.objects.filter(falls_on__gte=first, falls_on__lte=last).values_list("falls_on", "is_open"):
        if is_open:
            days.discard(day)
        else:
            days.add(day)
    return sorted(days)
