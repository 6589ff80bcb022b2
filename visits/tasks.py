"""Work of visits that a worker does."""

from django.conf import settings
from django.db import transaction

from accounts.models import User
from audit.actions import record
from common.exceptions import InputError
from common.tables import open_table
from jobs.actions import Lease, handler
from visits import actions
from visits.actions import store_route
from visits.feasibility import problems
from visits.importing import CHECKED, default_owner, import_visits
from visits.models import DayPlan, FieldRules, Visit
from visits.routes import asked_for, square
from visits.routing import plan_day as best_route
from visits.travel import drives_between


@handler("visits.import_file")
def import_file(lease: Lease) -> None:
    """Read an uploaded file of visits: its name under the uploads, the name it came with, who asked, whether only to check it."""
    stored_as, file_name, user_id, dry_run = lease.args
    uploaded = settings.UPLOADS / stored_as
    if not uploaded.is_file():
        raise InputError("The uploaded file is no longer there. Upload it again.")
    by = User.objects.filter(pk=user_id).first()
    lease.progress(0, 0, "Reading the visits")
    try:
        with open_table(uploaded) as table, transaction.atomic():
            owner = default_owner(by=by)
            outcome = import_visits(table.headers, table, owner=owner, name=file_name, by=by, dry_run=dry_run, job_id=lease.job_id)
            transaction.set_rollback(dry_run)  # not even the owner is made
    except InputError:
        uploaded.unlink(missing_ok=True)  # it will read no better the next time
        raise
    if dry_run:
        record(CHECKED, by=by, file=file_name, job=lease.job_id, **outcome.told())
    transaction.on_commit(lambda: uploaded.unlink(missing_ok=True))


@handler("visits.plan_day")
def plan_day(lease: Lease) -> None:
    """The route of a day plan: measure the drives, search, check, store. Its id is the only argument."""
    plan = DayPlan.objects.select_related("owner").filter(pk=lease.args[0]).first()
    if plan is None:
        raise InputError("The day is no longer there.")
    asked = asked_for(plan)
    lease.progress(0, 3, "Measuring the drives")
    drives = drives_between(asked.places, rules=FieldRules.current(), osrm_url=settings.OSRM_URL)
    travel = square(drives.minutes)
    lease.progress(1, 3, f"Trying orders of {len(asked.stops)} stops")
    start, end, lunch = plan.start_minute, plan.end_minute, asked.lunch
    route = best_route(asked.stops, travel=travel, day_start=start, day_end=end, lunch=lunch)
    lease.progress(2, 3, "Checking the route")
    wrong = problems(asked.stops, route, travel=travel, day_start=start, day_end=end, lunch=lunch)
    store_route(asked=asked, route=route, drives=travel, source=drives.source, wrong=wrong, by=None)


@handler("visits.send_invitations", own_transaction=True)
def send_invitations(lease: Lease) -> None:
    """Mails to those who were asked to an appointment and have not heard how it stands now."""
    visit = Visit.objects.select_related("practice", "owner").filter(pk=lease.args[0]).first()
    if visit is None:
        raise InputError("This visit is gone.")
    lease.progress(0, 1, "Writing to those who are invited")
    actions.send_invitations(visit=visit, complete=lease.complete)
