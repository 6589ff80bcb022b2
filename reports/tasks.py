"""What workers do for reports: thin, so that the work can be called and tested without them."""

import datetime as dt

from django.utils import timezone

from common.exceptions import InputError
from jobs.actions import Lease, enqueue, forget_done, handler
from referrals.models import CountingRules
from reports import actions, kinds
from reports.exports.files import write_file
from reports.models import ReportFile, ReportRun, ReportSchedule


@handler("reports.refresh")
def refresh(lease: Lease) -> None:
    """After a new version of the data: one run, and one job, per standard kind and scope, so that workers share them."""
    actions.forget_old_files()
    asked = actions.ask_for_standard_runs(wanted=kinds.standard_runs())
    actions.ask_for_alerts()
    enqueue("reports.write_trends", key="reports.write_trends")
    lease.progress(asked, asked, f"{asked} reports to compute" if asked else "Every report is up to date")


@handler("reports.write_trends")
def write_trends(lease: Lease) -> None:
    """What the field reads of each practice's referrals, at the newest version of the data."""
    written = actions.write_trends()
    lease.progress(1, 1, f"{written:,} practices written down" if written else "Written down already")


@handler("reports.watch_alerts")
def watch_alerts(lease: Lease) -> None:
    """Every hour: is a nightly look for alerts due, or was one missed?"""
    lease.progress(1, 1, "A look for alerts was asked for" if actions.ask_for_alerts() else "Nothing is due")
    forget_done(lease.name, older_than=dt.timedelta(days=2))


@handler("reports.find_alerts")
def find_alerts(lease: Lease) -> None:
    """One look at all referrers; its alerts are seen when it is whole."""
    run = actions.look_for_alerts(job_id=lease.job_id, progress=lease.progress)
    lease.progress(3, 3, f"{run.tested:,} referrers tested: {run.falls} falls, {run.rises} rises" if run else "No referrals yet")


@handler("reports.run", own_transaction=True)
def run(lease: Lease) -> None:
    """One report. Whoever let it go meanwhile has cancelled this job too."""
    found = ReportRun.objects.filter(pk=lease.args[0]).first()
    kind = kinds.KINDS.get(found.kind) if found else None
    if found is None or kind is None:
        raise InputError("This kind of report is no longer made here.")
    lease.progress(0, 1, "Reading the data")
    actions.compute_run(run=found, compute=kind.compute, lease=lease, title=kind.title)
    actions.tell_finished()  # a worker that dies before this leaves it to the next look of `run_schedules`


@handler("reports.file")
def file(lease: Lease) -> None:
    """A finished run as a file for one reader, where it takes longer than anybody should wait."""
    asked = ReportFile.objects.filter(pk=lease.args[0]).select_related("run", "reader").first()
    if asked is None or asked.run.kind not in kinds.KINDS:
        raise InputError("The report of this file is gone.")
    lease.progress(0, 1, "Writing the file")
    document = kinds.KINDS[asked.run.kind].document(asked.run, asked.reader)
    actions.keep_file(file_id=asked.pk, content=write_file(document, asked.kind, CountingRules.current().small_cell))


@handler("reports.run_schedules")
def run_schedules(lease: Lease) -> None:
    """Every ten minutes: whose day has come, and whose report is finished and not told of?"""
    asked, told = actions.ask_for_turns(now=timezone.now()), actions.tell_finished()
    lease.progress(asked, asked, f"{asked} schedules are due, {told} reports told of" if asked or told else "Nothing is due")
    for name in (lease.name, actions.TURN):
        forget_done(name, older_than=dt.timedelta(days=2))


@handler("reports.schedule_turn")
def schedule_turn(lease: Lease) -> None:
    """One day of one schedule."""
    pk, due_on = lease.args
    schedule = ReportSchedule.objects.filter(pk=pk).first()
    if schedule is None or schedule.kind not in kinds.KINDS:
        raise InputError("This kind of report is no longer made here.")
    lease.progress(0, 1, "Asking for each one's report")
    actions.take_turn(
        schedule=schedule,
        due_on=dt.date.fromisoformat(due_on),
        may_see=lambda kind, person: kinds.KINDS[kind].may_be_seen_by(person),
        basis=lambda kind: kinds.KINDS[kind].basis_now(),
    )
