"""Every write of reports."""

from reports.actions.runs import (
    KEPT_VERSIONS,
    ask_for_run,
    ask_for_standard_runs,
    compute_run,
    compute_standard_runs,
    forget_old_runs,
    months_on_offer,
    requester,
    scopes,
)

__all__ = [
    "KEPT_VERSIONS",
    "ask_for_run",
    "ask_for_standard_runs",
    "compute_run",
    "compute_standard_runs",
    "forget_old_runs",
    "months_on_offer",
    "requester",
    "scopes",
]
