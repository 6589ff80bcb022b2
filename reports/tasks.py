"""What workers do for reports: thin, so that the work can be called and tested without them."""

import datetime as dt

from jobs.actions import Lease, handler
from reports import actions
from reports.periods import Window


@handler("reports.refresh")
def refresh(lease: Lease) -> None:
    """After a new version of the data: one job per scope, so that workers share them."""
    asked = actions.ask_for_standard_runs()
    lease.progress(asked, asked, f"{asked} scopes to compute" if asked else "Every report is up to date")


@handler("reports.compute")
def compute(lease: Lease) -> None:
    territory_id, liaison_id = lease.args
    actions.compute_standard_runs(territory_id=territory_id, liaison_id=liaison_id, job_id=lease.job_id)


@handler("reports.run")
def run(lease: Lease) -> None:
    """A report that a person asked for."""
    name, territory_id, liaison_id, start, end = lease.args
    lease.progress(0, 1, "Reading the rollups")
    window = Window(dt.date.fromisoformat(start), dt.date.fromisoformat(end))
    asked_by = actions.requester(lease.job_id)
    actions.compute_run(name=name, territory_id=territory_id, liaison_id=liaison_id, window=window, job_id=lease.job_id, asked_by=asked_by)
    lease.progress(1, 1)
