"""Pictures of concerns: what components/chart.html takes. No database here."""

import datetime as dt
from collections.abc import Mapping
from urllib.parse import urlencode

from common import heat
from common.charts import Chart, table
from concerns.trends import Effect, Trends, month_of


def barriers(found: Trends, list_url: str, kept: Mapping[str, str]) -> Chart:
    """Kinds of concern by month; each figure leads to its concerns. The running month is not whole, and has no color."""
    rows = [
        heat.HeatRow(
            str(row.category),
            [
                heat.HeatCell(
                    count, str(count) if count else "·", f"{row.category}, {month:%B %Y}", _url(list_url, kept, row.category.pk, month)
                )
                for month, count in zip(found.months, row.counts, strict=True)
            ],
        )
        for row in found.barriers
    ]
    columns = [(f"{month:%b %y}", "") for month in found.months]
    spec = heat.spec(rows, columns, corner="Kind", tone="outbound", immature_from=len(found.months) - 1, scale=("none", "most"))
    return Chart(
        "barriers", found.finding, spec, {}, sub="Concerns raised by kind and month",
        note="The hatched month is not over. Rises are told only where chance hardly explains them (exact test, 5 %).",
    )  # fmt: skip


def _url(list_url: str, kept: Mapping[str, str], category: int, month: dt.date) -> str:
    last = month_of(month, 1) - dt.timedelta(days=1)
    return f"{list_url}?{urlencode({**kept, 'category': category, 'state': 'all', 'start': month, 'end': last})}"


def before_and_after(found: Effect) -> Chart:
    """Concerns of the project's kinds by month, before it began and since."""
    labels = [f"{month:%b %Y}" for month in found.months]
    first = found.months[0] if found.months else None
    spec = {
        "kind": "stacked",
        "unit": "count",
        "labels": labels,
        "series": [
            {"name": "Before", "values": [before for before, _ in found.by_month], "tone": "neutral"},
            {"name": "Since it began", "values": [since for _, since in found.by_month], "tone": "accent"},
        ],
    }
    if first is None or not found.before + found.since:
        spec["empty"] = "No concern of these kinds was raised in this time."
    rows = [[label, before, since] for label, (before, since) in zip(labels, found.by_month, strict=True)]
    sub = (
        f"Concerns of its kinds by month; {found.before} in {found.before_days} days before, {found.since} in {found.since_days} days since"
    )
    note = "The first and the last month may be parts of months; the rates count days. That they fell after it began proves no cause."
    return Chart("effect", found.finding, spec, table("Concerns by month", ["Month", "Before", "Since it began"], rows), sub=sub, note=note)
