"""What components/chart.html takes."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from common.templatetags.prm import day, percent


@dataclass(frozen=True)
class Chart:
    """A picture of numbers: a title that says the finding, the spec of static/js/charts.js, and the table behind it."""

    id: str
    title: str
    spec: dict[str, Any]
    table: dict[str, Any]
    sub: str = ""
    note: str = ""
    size: str = ""


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, Any]:
    """The numbers behind a chart; all columns but the first are numbers."""
    heads = [{"label": label, "num": place > 0} for place, label in enumerate(columns)]
    return {"caption": caption, "columns": heads, "rows": [list(row) for row in rows]}


def month_name(month: dt.date) -> str:
    """Oct 2026."""
    return f"{month:%b %Y}"


def share(part: int, whole: int) -> str:
    """23.8%; a dash of nothing."""
    return percent(part / whole) if whole else day(None)
