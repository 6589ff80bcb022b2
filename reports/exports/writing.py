"""Values as text, for paper and screen; the formats a spreadsheet shows them in."""

import datetime as dt

from common.templatetags.prm import DASH, MINUS, day, month, number, percent
from reports.exports.document import Unit, Value

# As spreadsheets write them; text is left alone.
FORMATS = {
    Unit.COUNT: "#,##0",
    Unit.DECIMAL: "#,##0.0",
    Unit.SHARE: "0.0%",
    Unit.MONEY: '"$"#,##0',
    Unit.DATE: "d mmm yyyy",
    Unit.MONTH: "mmm yyyy",
}


def written(value: Value, unit: Unit) -> str:
    """1,234 · 12.3 · 21.3% · $1,234 · 5 Oct 2026 · Oct 2026; what is not known is a dash, and a text stays as it is."""
    if value is None:
        return DASH
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, dt.date):
        return month(value) if unit == Unit.MONTH else day(value)
    if unit == Unit.SHARE:
        return percent(value)
    if unit == Unit.MONEY:
        return f"{MINUS if value < 0 else ''}${abs(value):,.0f}"
    return number(value, 1 if unit == Unit.DECIMAL else 0)
