"""Counties as a table that leaves the house, without small cells."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from referrals.models import CountingRules
from reports.charts.counties import dominant
from reports.exports.tables import Table, growth_cells, hidden, leakage_cells
from reports.queries.places import County


def counties(found: Sequence[County], rules: CountingRules, names: Mapping[int, str]) -> Table:
    """Every county with all its figures; leakage stands only where the page tells it too."""
    head = ["County", "Inbound", "Internal", "Received", "Kept", "Left", "No destination", "Leakage", "Known share", "Lowest", "Highest"]

    def lines() -> Iterator[Sequence[Any]]:
        for county in sorted(found, key=lambda county: (-county.cell.inbound, county.name)):
            growth = growth_cells(county.cell, None, rules.small_cell)[:3]
            visits = hidden(county.visits, rules.small_cell)
            leakage = leakage_cells(county.cell, rules.small_cell)
            yield [county.label, *growth, *leakage, visits, county.practices, dominant(county, names), round(county.promised / 60, 1)]

    return [*head, "Visits", "Practices", "Territory", "Hours promised in four weeks"], lines()
