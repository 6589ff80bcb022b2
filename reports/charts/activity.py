"""A practice's volume and what was done there, under each other on one time axis."""

import datetime as dt
from collections.abc import Sequence

from common.charts import Chart, table
from common.templatetags.prm import number
from reports import words
from reports.one_practice import Expectation, Month
from reports.queries.freshness import Freshness

# what was done at a practice: field of a month, name
ROWS = (("visits", "Visits"), ("follow_ups", "Follow-ups done"), ("concerns", "Concerns raised"))


def activity(months: Sequence[Month], expected: Expectation | None, fresh: Freshness, *, csv_url: str = "") -> Chart:
    """Received by month with the expected line and its usual range; below it the months in which we were there."""
    labels = [f"{month.month:%b %Y}" for month in months]
    late = [place for place, month in enumerate(months) if fresh.full_until and month.month >= fresh.full_until]
    line = [expected_in(month.month, expected) for month in months]
    low = [expected.usual_month.low if expected and _is_recent(month.month, expected) else None for month in months]
    high = [expected.usual_month.high if expected and _is_recent(month.month, expected) else None for month in months]
    rows = [{"name": name, "values": [getattr(month, field) for month in months]} for field, name in ROWS if is_seen(months, field)]
    spec = {
        "kind": "activity",
        "unit": "count",
        "labels": labels,
        "received": [None if fresh.data_through and month.month > fresh.data_through else month.received for month in months],
        "expected": line,
        "low": low,
        "high": high,
        "rows": rows,
        **({"immature_from": late[0]} if late else {}),
    }
    seen = [(field, name) for field, name in ROWS if is_seen(months, field)]
    heads = ["Month", "Received", "Expected", "Usually between", "and", *(name for _, name in seen)]
    lines = [
        [
            said,
            number(month.received),
            number(expects, 1),
            number(least),
            number(most),
            *(number(getattr(month, field)) for field, _ in seen),
        ]
        for said, month, expects, least, most in zip(labels, months, line, low, high, strict=True)
    ]
    return Chart(
        "activity",
        words.against_baseline(expected),
        spec,
        table("Referrals received and activity by month", heads, lines),
        sub=words.usual_range(expected),
        note=" ".join(
            filter(None, [_late_note(months, late), "What was done stands under its month. That one follows the other proves no cause."])
        ),
        csv_url=csv_url,
        size="tall",
        data_through=fresh.data_through,
    )


def is_seen(months: Sequence[Month], field: str) -> bool:
    return any(getattr(month, field) is not None for month in months)


def _is_recent(month: dt.date, expected: Expectation) -> bool:
    return expected.baseline.recent.start <= month < expected.baseline.recent.end


def expected_in(month: dt.date, expected: Expectation | None) -> float | None:
    """The baseline's own mean, over its months and the recent ones that are compared with it."""
    if expected is None or not expected.baseline.before.start <= month < expected.baseline.recent.end:
        return None
    return round(expected.a_month, 1)


def _late_note(months: Sequence[Month], late: Sequence[int]) -> str:
    if not late:
        return ""
    first = months[late[0]].month
    last = months[late[-1]].month
    span = f"{first:%B %Y}" if first == last else f"{first:%B} to {last:%B %Y}"
    return f"Hatched: {span} {'is' if first == last else 'are'} not complete yet, and in no comparison."
