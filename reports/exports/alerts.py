"""Alerts, and who was not tested, as files: with what each person may be told, small counts hidden."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils import timezone

from reports.exports.tables import Table, hidden
from reports.models import Untested
from reports.presenters.alerts import REASONS, Row

HEAD = (
    "Provider", "NPI", "Practice", "Direction", "Came", "Expected", "Difference", "95% from", "95% to", "q", "Months", "Only own practices",
    "State", "Assigned to", "Looked after by", "Last visit", "First found", "Last found",
)  # fmt: skip


UNTESTED_HEAD = ("Provider", "NPI", "Specialty", "Why", "What that means", "Run of")


def untested(rows: Iterable[Untested]) -> Table:
    """Who was not tested, and why, in the words of the page."""

    def lines() -> Iterator[list[Any]]:
        for row in rows:
            provider, (name, why) = row.provider, REASONS.get(row.reason, (row.reason.capitalize(), ""))
            specialty = str(provider.specialty or provider.get_kind_display())
            yield [str(provider), provider.npi, specialty, name, why, timezone.localdate(row.run.computed_at)]

    return list(UNTESTED_HEAD), lines()


def alerts(rows: Sequence[Row], smallest: int) -> Table:
    """The difference and the interval only where both counts may leave: they would give the hidden one away."""

    def lines() -> Iterator[list[Any]]:
        for row in rows:
            alert, told = row.alert, row.figures
            came, expected = hidden(told.observed, smallest), hidden(round(told.expected), smallest)
            open_ = not isinstance(came, str) and not isinstance(expected, str)
            exact = [round(told.difference), round(told.low, 2), told.high and round(told.high, 2)] if open_ else [None, None, None]
            yield [
                str(alert.provider), alert.provider.npi, alert.practice and alert.practice.name, alert.get_direction_display(),
                came, expected, *exact, round(max(alert.q, 0.0001), 4), alert.last_run.recent_words, told.is_part,
                row.pill, alert.assigned_to and str(alert.assigned_to), row.contact and row.contact.owner,
                row.contact and row.contact.last_visit_on, alert.first_run.computed_at.date(), alert.last_run.computed_at.date(),
            ]  # fmt: skip

    return list(HEAD), lines()
