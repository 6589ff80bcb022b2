"""Reports and what surrounds them. No facts: those are in referrals and visits."""

from reports.models.runs import ReportName, ReportRun

__all__ = ["ReportName", "ReportRun"]
