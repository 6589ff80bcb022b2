"""Closing days for those who plan their weeks: `visits` asks here, and knows nothing of reports."""

import datetime as dt

from reports.models import ClosingDay
from reports.presenters.holidays import year_of
from visits.workdays import closing_days


@closing_days
def closed(first: dt.date, last: dt.date) -> dict[dt.date, str]:
    """Federal holidays and own closing days, less the holidays on which offices work here, each with its name."""
    own = list(ClosingDay.objects.filter(falls_on__gte=first, falls_on__lte=last))
    days = [day for year in range(first.year, last.year + 1) for day in year_of(year, own)]
    return {day.on: day.name for day in days if not day.is_open and first <= day.on <= last}
