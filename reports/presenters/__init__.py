"""Numbers → what the pages' templates show. No queries of their own."""

from reports.presenters.dashboard import MoverList, Trend, kpis, movers, trend

__all__ = ["MoverList", "Trend", "kpis", "movers", "trend"]
