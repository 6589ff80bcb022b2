"""What workers do for reports: thin, so that the work can be called and tested without them."""

from common.exceptions import InputError
from jobs.actions import Lease, handler
from reports import actions, kinds
from reports.models import ReportRun


@handler("reports.refresh")
def refresh(lease: Lease) -> None:
    """After a new version of the data: one run, and one job, per standard kind and scope, so that workers share them."""
    asked = actions.ask_for_standard_runs(wanted=kinds.standard_runs())
    lease.progress(asked, asked, f"{asked} reports to compute" if asked else "Every report is up to date")


@handler("reports.run", own_transaction=True)
def run(lease: Lease) -> None:
    """One report. Whoever let it go meanwhile has cancelled this job too."""
    found = ReportRun.objects.filter(pk=lease.args[0]).first()
    kind = kinds.KINDS.get(found.kind) if found else None
    if found is None or kind is None:
        raise InputError("This kind of report is no longer made here.")
    lease.progress(0, 1, "Reading the data")
    actions.compute_run(run=found, compute=kind.compute, lease=lease)
