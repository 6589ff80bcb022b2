"""Reports that come by themselves: setting up, and each turn, once, whoever dies in between.

A turn is taken up in the transaction that asks for its runs, under a row that stands once; a person is told in the transaction that writes
that they were. A beat that was away catches up with the newest day that was due, once, and with none of those before it.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from jobs import actions as jobs
from notices.actions import notify, write_letter
from notices.models import MailKind, NoticeKind
from referrals.queries.payers import standing_payer
from reports.actions.runs import ask_for_run
from reports.models import ReportSchedule, ScheduleDelivery, ScheduleTurn
from reports.queries.freshness import freshness
from territories.models import Territory

TURN = "reports.schedule_turn"
Basis = Callable[[str], Any]
MaySee = Callable[[str, User], bool]


@transaction.atomic
def save_schedule(
    *,
    kind: str,
    parameters: Mapping[str, Any],
    territory: Territory | None,
    recipients: Iterable[User],
    schedule: ReportSchedule | None = None,
    by: User,
    **when: Any,
) -> ReportSchedule:
    """Set one up, or change when and to whom it comes; `when` are rhythm, weekday, month_day, hour and file."""
    people = list(recipients)
    if not by.can(Permission.EXPORT):
        raise PolicyViolation("Your role does not send reports.")
    if not people:
        raise PolicyViolation("Choose who gets it.")
    event = "schedule.changed" if schedule else "schedule.made"
    if schedule is not None:
        schedule = _locked(schedule, by=by)
    schedule = schedule or ReportSchedule(made_by=by)
    schedule.kind, schedule.parameters, schedule.territory = kind, dict(parameters), territory
    for name, value in when.items():
        setattr(schedule, name, value)
    schedule.save()
    schedule.recipients.set(people)
    record(event, by=by, target=schedule, kind=kind, recipients=[person.pk for person in people], when=schedule.when)
    return schedule


@transaction.atomic
def pause_schedule(*, schedule: ReportSchedule, paused: bool, by: User) -> ReportSchedule:
    """Nothing comes until it goes on."""
    schedule = _locked(schedule, by=by)
    schedule.paused_at = timezone.now() if paused else None
    schedule.save(update_fields=["paused_at"])
    record("schedule.paused" if paused else "schedule.resumed", by=by, target=schedule)
    return schedule


@transaction.atomic
def end_schedule(*, schedule: ReportSchedule, by: User) -> ReportSchedule:
    """Off the list; what came stays."""
    schedule = _locked(schedule, by=by)
    schedule.ended_at = timezone.now()
    schedule.save(update_fields=["ended_at"])
    record("schedule.ended", by=by, target=schedule)
    return schedule


@transaction.atomic
def restore_schedule(*, schedule: ReportSchedule, by: User) -> ReportSchedule:
    """Undo of ending it."""
    schedule = _locked(schedule, by=by)
    schedule.ended_at = None
    schedule.save(update_fields=["ended_at"])
    record("schedule.restored", by=by, target=schedule)
    return schedule


@transaction.atomic
def leave_schedule(*, schedule: ReportSchedule, by: User) -> None:
    """A recipient wants it no more."""
    schedule.recipients.remove(by)
    record("schedule.left", by=by, target=schedule)


def _locked(schedule: ReportSchedule, *, by: User) -> ReportSchedule:
    schedule = ReportSchedule.objects.select_for_update(of=("self",)).select_related("made_by", "territory").get(pk=schedule.pk)
    if not (schedule.made_by_id == by.pk or by.is_admin):
        raise PolicyViolation("Only who set it up, or an admin, changes a schedule.")
    return schedule


def ask_for_turns(*, now: dt.datetime, by: User | None = None) -> int:
    """Queue the newest due day of each schedule that nobody took up yet; returns how many."""
    asked = 0
    for schedule in ReportSchedule.objects.running().select_related("made_by"):
        due_on = schedule.last_due(now)
        newest = schedule.turns.first()
        if due_on is not None and (newest is None or newest.due_on < due_on):
            jobs.enqueue(TURN, schedule.pk, due_on.isoformat(), key=f"{TURN} {schedule.pk} {due_on}")
            asked += 1
    return asked


@transaction.atomic
def take_turn(*, schedule: ReportSchedule, due_on: dt.date, may_see: MaySee, basis: Basis, by: User | None = None) -> ScheduleTurn:
    """Ask for each recipient's run, in their name and over their field; a second taker of the same day finds it done."""
    schedule = ReportSchedule.objects.select_for_update(of=("self",)).select_related("territory", "made_by").get(pk=schedule.pk)
    turn, made = ScheduleTurn.objects.get_or_create(schedule=schedule, due_on=due_on)
    if not made or schedule.ended_at or schedule.paused_at:
        return turn
    parameters = schedule.parameters_at(freshness().full_until)
    if "payer" in parameters:
        parameters["payer"] = standing_payer(parameters["payer"])
    for person in schedule.recipients.order_by("pk"):
        ScheduleDelivery.objects.create(turn=turn, person=person, **_run_for(schedule, person, parameters, may_see, basis))
    record("schedule.turn", by=by, target=schedule, due_on=due_on)
    tell_finished(by=by)
    return turn


def _run_for(schedule: ReportSchedule, person: User, parameters: Mapping[str, Any], may_see: MaySee, basis: Basis) -> dict[str, Any]:
    if not person.is_active:
        return {"skipped": "They left."}
    if not (person.can(Permission.DASHBOARD_VIEW) and may_see(schedule.kind, person)):
        return {"skipped": "Their role does not see this report."}
    try:
        with transaction.atomic():
            kind, territory = schedule.kind, schedule.territory
            return {"run": ask_for_run(kind=kind, parameters=parameters, territory=territory, by=person, basis=basis(kind))}
    except PolicyViolation as refusal:
        return {"skipped": str(refusal)[:200]}


@transaction.atomic
def tell_finished(*, by: User | None = None) -> int:
    """Tell everybody whose run is finished, with a link behind the sign-in and nothing of what it says; returns how many were told."""
    waiting = ScheduleDelivery.objects.to_tell().select_for_update(of=("self",), skip_locked=True)
    told = 0
    for delivery in waiting.select_related("turn__schedule", "run", "person").order_by("pk"):
        run = delivery.run
        assert run is not None  # noqa: S101 - `to_tell` asks for a finished run
        text = f"Your scheduled report of {delivery.turn.due_on:%b %-d} is ready"
        url = f"/reports/schedules/deliveries/{delivery.pk}/"
        notify(to=delivery.person, kind=NoticeKind.RUN, text=text, url=url, by=None, key=f"delivery {delivery.pk}")
        write_letter(to=delivery.person, kind=MailKind.REPORT, text=text, url=url, key=f"delivery {delivery.pk}", by=None)
        delivery.told_at = timezone.now()
        delivery.save(update_fields=["told_at"])
        told += 1
    return told
