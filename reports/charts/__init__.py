"""Numbers as specs of static/js/charts.js, each with a title that says the finding and the table behind it."""

from reports.charts.flows import (
    TOP_OF_PAGE,
    destinations,
    flow,
    inbound_by_line,
    inbound_trend,
    leakage_by_line,
    leakage_trend,
    now_and_before,
)

__all__ = ["TOP_OF_PAGE", "destinations", "flow", "inbound_by_line", "inbound_trend", "leakage_by_line", "leakage_trend", "now_and_before"]
