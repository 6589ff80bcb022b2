"""A measure over time, as a spec of static/js/charts.js."""

from collections.abc import Sequence
from typing import Any

from common.charts import Chart, table
from common.templatetags.prm import number, percent, signed_points
from reports import words
from reports.inquiry import Inquiry
from reports.measures import Measure, Row
from reports.presenters.measures import figure, interval, is_late

_TONES = {"inbound": "inbound", "internal": "internal", "outbound": "outbound", "undetermined": "undetermined"}


def trend(rows: Sequence[Row], whole: Row, inquiry: Inquiry) -> Chart:
    """By month, with where chance lets it lie; months that may still change are hatched, and lead to no statement."""
    measure, above = inquiry.measure, inquiry.question.rules.range_leads_above
    months = sorted((row for row in rows if row.key[0] is not None), key=lambda row: row.key[0])
    labels = [f"{row.key[0]:%b %Y}" for row in months]
    late = [place for place, row in enumerate(months) if is_late(row.key[0], months, 0, inquiry)]
    urls = [inquiry.figure_rows({"month": row.key[0]}) or inquiry.narrower({"month": row.key[0]}) for row in months]
    values = [None if row.range_leads(above) else row.value for row in months]
    tone = _TONES.get(measure.name, "outbound" if measure.better == "down" else "internal")
    spec: dict[str, Any] = {
        "kind": "line",
        "unit": "percent" if measure.unit == "share" else "count",
        "labels": labels,
        "series": [{"name": measure.title, "values": values, "tone": tone, "urls": urls}],
    }
    if measure.unit == "days":
        spec["series"][0]["name"] = "Median"
        spec["series"].append({"name": "Nine of ten within", "values": [row.more.get("p90") for row in months], "tone": "undetermined"})
    elif measure.unit == "share":
        unknown = any(row.undetermined for row in months)
        ends = [(row.lowest, row.highest) if unknown else (row.low, row.high) for row in months]
        label = "If none or all of the unknown did" if unknown else "By chance (95%)"
        spec["band"] = {"low": [low for low, _ in ends], "high": [high for _, high in ends], "label": label}
    if late:
        spec["immature_from"] = late[0]
    if not months:
        spec["empty"] = "No month to show in this selection."
    return Chart(
        "measure-trend",
        finding(months[: late[0]] if late else months, whole, inquiry),
        spec,
        table(
            f"{measure.title} by month",
            ["Month", measure.title, "By chance (95%)", "Counted", "Of", "Unknown", "Too young"],
            [
                [
                    label,
                    figure(row, measure, above),
                    interval(row, measure) or "\N{EN DASH}",
                    *map(number, (row.numerator, row.denominator, row.undetermined, row.immature)),
                ]
                for label, row in zip(labels, months, strict=True)
            ],
        ),
        sub=f"{measure.formula}, by month of referral.",
        note=f"Hatched: from {months[late[0]].key[0]:%B %Y} on months may still change, and are in no comparison." if late else "",
        csv_url=inquiry.url("measure-file", "csv", changes={"by": "month", "and": None}) if inquiry.question.file("x") else "",
        data_through=inquiry.question.data_through,
    )


def finding(months: Sequence[Row], whole: Row, inquiry: Inquiry) -> str:
    """The two halves of the whole months against each other, and whether chance explains the difference."""
    measure = inquiry.measure
    title = measure.title
    if whole.value is None:
        return f"{title}: {whole.remark or 'nothing to count in this selection'}"
    said = figure(whole, measure, inquiry.question.rules.range_leads_above)
    known = [row for row in months if row.value is not None]
    if whole.range_leads(inquiry.question.rules.range_leads_above) or whole.remark:
        return f"{title}: {said}{f', {whole.remark}' if whole.remark else ''}"
    if len(known) < 2 or measure.unit in {"days", "patients", "providers"}:
        return f"{title}: {said}, {inquiry.question.window.words}"
    half = len(known) // 2
    early, recent = known[:half], known[-half:]
    if measure.unit == "share":
        return f"{title}: {said}, {_share_change(measure, early, recent, half)}"
    before, now = sum(row.numerator or 0 for row in early), sum(row.numerator or 0 for row in recent)
    if words.is_chance(now, before):
        return f"{title}: {said}, about level over the period"
    return f"{title}: {said}, {'up' if now > before else 'down'} {number(abs(now - before))} in the last {half} months on the {half} before"


def _share_change(measure: Measure, early: Sequence[Row], recent: Sequence[Row], half: int) -> str:
    (a, n), (b, m) = ((sum(row.numerator or 0 for row in part), sum(row.denominator or 0 for row in part)) for part in (early, recent))
    if not (n and m):
        return "too few months to compare"
    pooled, change = (a + b) / (n + m), b / m - a / n
    if change**2 <= 4 * pooled * (1 - pooled) * (1 / n + 1 / m):
        return "about level over the period"
    better = (change > 0) == (measure.better == "up")
    judged = f", {'better' if better else 'worse'}" if measure.better else ""
    return f"{signed_points(change)} in the last {half} months on the {half} before{judged} ({percent(a / n)} to {percent(b / m)})"
