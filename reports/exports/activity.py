"""A practice's months as a table that leaves the house, without small cells."""

from collections.abc import Iterator, Sequence
from typing import Any

from reports.charts.activity import ROWS, expected_in, is_seen
from reports.exports.document import Column, Unit
from reports.exports.tables import Table, hidden
from reports.one_practice import Expectation, Month
from reports.queries.freshness import Freshness


def activity(months: Sequence[Month], expected: Expectation | None, fresh: Freshness, smallest: int) -> Table:
    """One line per month. What is done there is our own and counts nobody's patients; what is expected would tell a small baseline."""
    told_of = expected if expected and expected.before >= smallest else None
    seen = [(field, name) for field, name in ROWS if is_seen(months, field)]
    head: list[str | Column] = [
        Column("Month", Unit.MONTH),
        "Received",
        Column("Expected", Unit.DECIMAL),
        *(name for _, name in seen),
        "Complete",
    ]

    def lines() -> Iterator[list[Any]]:
        for month in months:
            told = fresh.data_through is None or month.month <= fresh.data_through
            complete = "no" if fresh.full_until and month.month >= fresh.full_until else "yes"
            received = hidden(month.received, smallest) if told else None
            yield [month.month, received, expected_in(month.month, told_of), *(getattr(month, field) for field, _ in seen), complete]

    return head, lines()
