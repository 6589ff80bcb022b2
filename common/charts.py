"""What components/chart.html takes."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Chart:
    """A picture of numbers: a title that says the finding, the spec of static/js/charts.js, and the table behind it."""

    id: str
    title: str
    spec: dict[str, Any]
    table: dict[str, Any]
    sub: str = ""
    note: str = ""
    csv_url: str = ""
    size: str = ""
    data_through: dt.date | None = None


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, Any]:
    """The numbers behind a chart; all columns but the first are numbers."""
    heads = [{"label": label, "num": place > 0} for place, label in enumerate(columns)]
    return {"caption": caption, "columns": heads, "rows": [list(row) for row in rows]}
