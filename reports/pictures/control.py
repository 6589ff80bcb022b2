"""One figure month by month: of the whole, or of a part that the person sees."""

import datetime as dt

from reports.charts.control import Control, Series, control
from reports.measures import Measure, Row
from reports.periods import add_months
from reports.pictures.asking import behind, evaluate, known, late_from, out_of_range, silent_months, stretch, words_of
from reports.questions import Question


def draw(question: Question, measure: Measure, *, whose: str = "") -> Control:
    """The measure's months with their limits. `whose` names the part in the title."""
    span = stretch(question, question.window.start)
    months = list(span.each_month())
    found = {row.key[0]: row for row in evaluate(measure, question, span, "month")} if months else {}
    rows = [found.get(month) or _nothing(measure, month) for month in months]
    name = f"{measure.title}, {whose}" if whose else measure.title
    is_share = measure.unit == "share"
    return control(
        Series(
            name,
            months,
            [known(row, question) for row in rows],
            unit="percent" if is_share else "count",
            tone=words_of(measure).tone,
            of=[row.denominator or 0 for row in rows] if is_share else (),
            remarks=[_why(row, measure, question) for row in rows],
            urls=[behind(measure, question, start=month.isoformat(), end=add_months(month, 1).isoformat()) for month in months],
            immature_from=late_from(measure, question),
            silent=silent_months(measure, question),
        )
    )


def nothing(measure: Measure) -> Control:
    """No month at all: for a question that cannot be put."""
    return control(Series(measure.title, [], []))


def _nothing(measure: Measure, month: dt.date) -> Row:
    """A month without a row: of a count none came; a share or a wait has no value."""
    return Row.count((month,), 0) if measure.unit not in {"share", "days"} else Row((month,), 0, 0)


def _why(row: Row, measure: Measure, question: Question) -> str:
    if row.range_leads(question.rules.range_leads_above):
        return out_of_range(measure)
    return row.remark.capitalize() if row.value is None else ""
