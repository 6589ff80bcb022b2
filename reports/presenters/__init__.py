"""Numbers → what the pages' templates show. No queries of their own."""

from reports.presenters.dashboard import MoverList, Trend, kpis, movers, trend
from reports.presenters.pictures import control_rows, funnel_rows

__all__ = ["MoverList", "Trend", "control_rows", "funnel_rows", "kpis", "movers", "trend"]
