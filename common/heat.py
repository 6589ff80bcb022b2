"""Heat maps: rows by months (or by anything else), told by lightness and by the figure in each cell."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

STEPS = 10
SILENT = "silent"


@dataclass(frozen=True)
class HeatCell:
    """A figure. `value` is None where it may not be compared (nothing there, too few, too much unknown): then it has no color."""

    value: float | None
    text: str
    says: str = ""
    url: str = ""


@dataclass(frozen=True)
class HeatRow:
    label: str
    cells: Sequence[HeatCell]
    url: str = ""


def spec(
    rows: Sequence[HeatRow],
    columns: Iterable[tuple[str, str]],
    *,
    corner: str,
    unit: str = "count",
    tone: str = "internal",
    immature_from: int | None = None,
    silent: Collection[int] = (),
    scale: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """The spec of kind heatmap in static/js/charts.js. Columns are (label, url). Steps go evenly from nothing to the largest value.

    Columns from `immature_from` on, and the `silent` ones (places of columns of which not all was told), have no color, and do not stretch
    the scale. Of a silent column a cell with nothing in it says so: nobody knows that it is zero.
    """
    until = immature_from if immature_from is not None else max((len(row.cells) for row in rows), default=0)
    told = [[cell for place, cell in enumerate(row.cells) if place < until and place not in silent] for row in rows]
    top = max((cell.value for cells in told for cell in cells if cell.value is not None), default=0.0)

    def level(cell: HeatCell) -> int | None:
        if cell.value is None:
            return None
        return min(STEPS - 1, int(STEPS * max(0.0, cell.value) / top)) if top > 0 else 0

    drawn: dict[str, Any] = {
        "kind": "heatmap",
        "unit": unit,
        "tone": tone,
        "corner": corner,
        "columns": [{"label": label, "url": url, "silent": place in silent} for place, (label, url) in enumerate(columns)],
        "rows": [
            {
                "label": row.label,
                "url": row.url,
                "cells": [
                    {
                        "value": cell.value,
                        "text": SILENT if place in silent and not cell.text else cell.text,
                        "level": level(cell) if place < until and place not in silent else None,
                        "says": cell.says,
                        "url": cell.url,
                        "silent": place in silent,
                    }
                    for place, cell in enumerate(row.cells)
                ],
            }
            for row in rows
        ],
        "scale": list(scale) if scale else [],
    }
    if not rows:
        drawn["empty"] = "Nothing to show in this selection. Choose a longer period or fewer filters."
    if immature_from is not None:
        drawn["immature_from"] = immature_from
    return drawn
