"""Words of charts."""

import datetime as dt

from common.templatetags.prm import day, percent


def month_name(month: dt.date) -> str:
    """Oct 2026."""
    return f"{month:%b %Y}"


def share(part: int, whole: int) -> str:
    """23.8%; a dash of nothing."""
    return percent(part / whole) if whole else day(None)
