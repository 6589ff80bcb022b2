"""Units of different size beside each other: practices, providers, territories or service lines."""

from typing import Any

from django.urls import reverse

from reports import words
from reports.cells import Cell
from reports.charts.funnel import Plot, Unit, plot
from reports.measures import Measure, Row
from reports.pictures.asking import evaluate, out_of_range
from reports.queries.names import label
from reports.questions import Question

# unit: what one and several are called
UNITS = {
    "practice": ("practice", "practices"),
    "provider": ("provider", "providers"),
    "territory": ("territory", "territories"),
    "service_line": ("service line", "service lines"),
}


def draw(question: Question, measure: Measure, unit: str) -> Plot:
    """Every unit with anything counted, placed. What names no unit is left out: it is nobody to compare.

    Where too many destinations are unknown over all, every unit is barred: no comparison would mean anything.
    """
    rows = [row for row in evaluate(measure, question, question.window, unit) if row.key[0] is not None and not row.is_empty]
    labels = {cell.key[0]: cell.labels[0] for cell in label([Cell(row.key) for row in rows], [unit], question.known)}
    above = question.rules.range_leads_above
    barred = _together(rows).range_leads(above)
    return plot(
        [
            Unit(
                row.key[0],
                labels[row.key[0]],
                row.numerator or 0,
                row.denominator or 0,
                _page(unit, row.key[0], question),
                _barred(row, measure, above, everywhere=barred),
            )
            for row in rows
        ]
    )


def _together(rows: list[Row]) -> Row:
    unknown = sum(row.undetermined or 0 for row in rows)
    return Row.share((), sum(row.numerator or 0 for row in rows), sum(row.denominator or 0 for row in rows), undetermined=unknown)


def _barred(row: Row, measure: Measure, above: int, *, everywhere: bool) -> str:
    if everywhere or row.range_leads(above):
        return f"{out_of_range(measure)}: {words.bounds(row.lowest, row.highest)}"
    if row.value is None:
        return row.remark.capitalize() or "Nothing known"
    return ""


def _page(unit: str, key: Any, question: Question) -> str:
    """A practice or provider has its own page; a territory or line narrows the leakage report."""
    if unit in {"practice", "provider"}:
        return reverse(f"contacts:{unit}", args=[key])
    return question.page("leakage", **{unit: key})
