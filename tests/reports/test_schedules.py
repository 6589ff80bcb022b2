"""Scheduled reports: when they are due, once, whoever dies; each recipient their own field; a link and no figure in the mail."""

import datetime as dt
import os
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from jobs.actions import run
from jobs.models import Job, JobState
from notices.models import Letter, Notice
from referrals.importing import renaming
from reports import actions, kinds
from reports.models import ReportRun, ReportSchedule, ScheduleDelivery, ScheduleTurn
from tests.factories.reports import make_payer
from tests.processes import killed
from tests.reports.conftest import END

MONDAY = dt.datetime(2026, 11, 23, 8, tzinfo=ZoneInfo("America/New_York"))
YEAR = {"start": "2025-10-01", "end": "2026-10-01"}


def set_up(world, *people, **more) -> ReportSchedule:
    made = actions.save_schedule(
        **{
            "kind": "leakage", "parameters": YEAR, "territory": None, "recipients": people or [world.dana], "by": world.dana,
            "rhythm": "weekly", "weekday": 0, "hour": 7, **more,
        }
    )  # fmt: skip
    ReportSchedule.objects.filter(pk=made.pk).update(made_at=MONDAY - dt.timedelta(days=30))
    made.refresh_from_db()
    return made


def take(schedule) -> ScheduleTurn:
    return actions.take_turn(
        schedule=schedule,
        due_on=MONDAY.date(),
        may_see=lambda kind, person: kinds.KINDS[kind].may_be_seen_by(person),
        basis=lambda kind: kinds.KINDS[kind].basis_now(),
    )


@pytest.mark.parametrize(
    ("when", "now", "due"),
    [
        ({}, MONDAY, MONDAY.date()),
        ({}, MONDAY.replace(hour=6), dt.date(2026, 11, 16)),
        ({"weekday": 2}, MONDAY, dt.date(2026, 11, 18)),
        ({"rhythm": "daily"}, MONDAY.replace(hour=6), dt.date(2026, 11, 20)),
        ({"rhythm": "monthly", "month_day": 15}, MONDAY, dt.date(2026, 11, 15)),
        ({"rhythm": "monthly", "month_day": 28}, MONDAY, dt.date(2026, 10, 28)),
    ],
)
def test_when_it_is_due(world, when, now, due):
    schedule = set_up(world, **when)
    assert schedule.last_due(now) == due
    assert schedule.next_due(now) > now.date() or schedule.next_due(now) == now.date()


def test_nothing_is_due_before_it_was_made(world):
    schedule = set_up(world)
    schedule.made_at = MONDAY + dt.timedelta(hours=1)
    assert schedule.last_due(MONDAY + dt.timedelta(hours=2)) is None
    assert schedule.last_due(MONDAY + dt.timedelta(days=7)) == dt.date(2026, 11, 30)


def test_missed_days_are_caught_up_once(world):
    schedule = set_up(world)
    ScheduleTurn.objects.create(schedule=schedule, due_on=dt.date(2026, 11, 2))
    for _ in range(3):
        actions.ask_for_turns(now=MONDAY)
    [job] = Job.objects.filter(name="reports.schedule_turn")
    assert job.args == [schedule.pk, "2026-11-23"], "the newest day, and none of the two before it"
    ScheduleTurn.objects.create(schedule=schedule, due_on=dt.date(2026, 11, 23))
    assert actions.ask_for_turns(now=MONDAY + dt.timedelta(hours=3)) == 0
    actions.pause_schedule(schedule=schedule, paused=True, by=world.dana)
    assert actions.ask_for_turns(now=MONDAY + dt.timedelta(days=7)) == 0
    actions.pause_schedule(schedule=schedule, paused=False, by=world.dana)
    actions.end_schedule(schedule=schedule, by=world.dana)
    assert actions.ask_for_turns(now=MONDAY + dt.timedelta(days=7)) == 0


def test_the_months_move_on(history):
    schedule = set_up(history)
    assert schedule.parameters_at(END) == YEAR
    assert schedule.parameters_at(dt.date(2026, 12, 1)) == {"start": "2025-12-01", "end": "2026-12-01"}
    assert ReportSchedule(parameters={"year": 2026}).parameters_at(END) == {"year": 2026}


def test_each_gets_their_own_field_and_no_figure_leaves(history, run_jobs):
    world = history
    schedule = set_up(world, world.dana, world.sol, world.past)
    take(schedule)
    run_jobs()
    deliveries = {row.person: row for row in ScheduleDelivery.objects.select_related("run", "person")}
    assert deliveries[world.past].skipped.startswith("No territory is yours")
    scopes = {person.full_name: set(deliveries[person].run.scope.territory_ids) for person in (world.dana, world.sol)}
    assert scopes == {"Dana": {world.region.pk, world.north.pk, world.south.pk}, "Sol": {world.south.pk}}
    assert all(deliveries[person].told_at for person in (world.dana, world.sol))
    assert {message.to[0] for message in mail.outbox} == {world.dana.email, world.sol.email}
    for message in mail.outbox:
        assert message.attachments == []
        said = message.body.replace("http://localhost:8000", "").split("--")[0]
        assert f"/reports/schedules/deliveries/{deliveries[world.dana].pk}/" in said or str(deliveries[world.sol].pk) in said
        assert "%" not in said
        assert "Riverbend" not in said
    assert Notice.objects.visible_to(world.sol).filter(kind="run").exists()
    take(schedule)
    run_jobs()
    assert len(mail.outbox) == 2, "a day is taken up once"


def test_the_link_lies_behind_the_sign_in_and_is_ones_own(as_, history, run_jobs):
    world = history
    take(set_up(world, world.dana, world.sol))
    run_jobs()
    pk = ScheduleDelivery.objects.get(person=world.dana).pk
    address = reverse("reports:delivery", args=[pk])
    assert as_(None).get(address).status_code == 302
    assert as_("sol").get(address).status_code == 404
    page = as_("dana").get(address)
    assert page.status_code == 200
    assert reverse("reports:run-file", args=[ScheduleDelivery.objects.get(pk=pk).run_id, "pdf"]) in page.content.decode()
    own = reverse("reports:delivery", args=[ScheduleDelivery.objects.get(person=world.sol).pk])
    assert as_("sol").get(own).status_code == 302, "who may not download is led to the page"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_worker_leaves_one_turn_and_one_word(history, when):
    """A real process takes the turn and is killed in the middle of it, or after all is written and before its job is over."""
    world = history
    schedule = set_up(world, world.dana)
    actions.ask_for_turns(now=MONDAY)
    job = Job.objects.get(name="reports.schedule_turn")
    take_turn = actions.take_turn

    def last_breath(**asked):
        if when == "before":
            ReportSchedule.objects.filter(pk=schedule.pk).update(hour=7)  # some work of the transaction
        else:
            take_turn(**asked)
        os.kill(os.getpid(), 9)

    def take_the_job():
        actions.take_turn = last_breath
        run(job.pk)

    killed(take_the_job)
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert not ScheduleTurn.objects.exists(), "nothing of a turn that was not finished is kept"
    Job.objects.filter(pk=job.pk).update(lease_until_at=timezone.now() - dt.timedelta(seconds=1))
    assert run(job.pk)
    for waiting in Job.objects.filter(name="reports.run", state=JobState.QUEUED):
        assert run(waiting.pk)
    assert ScheduleTurn.objects.count() == 1
    assert ReportRun.objects.filter(deliveries__person=world.dana).count() == 1
    assert Letter.objects.filter(to=world.dana).count() == 1
    assert actions.tell_finished() == 0


def test_who_sets_up_and_changes(as_, history, run_jobs):
    world = history
    asked = actions.ask_for_run(kind="leakage", parameters=YEAR, territory=None, by=world.dana)
    run_jobs()
    client, address = as_("dana"), reverse("reports:schedule-new", args=[asked.pk])
    assert "Schedule" in client.get(asked.get_absolute_url()).content.decode()
    sent = {"rhythm": "weekly", "weekday": "1", "month_day": "1", "hour": "7", "file": "pdf", "recipients": [world.dana.pk, world.nora.pk]}
    assert client.post(address, {**sent, "recipients": []}).status_code == 422
    assert client.post(address, sent).status_code == 302
    schedule = ReportSchedule.objects.get()
    assert (schedule.weekday, set(schedule.recipients.all())) == (1, {world.dana, world.nora})
    assert "Every week on Tuesday" in client.get(reverse("reports:schedules")).content.decode()
    own = reverse("reports:schedule", args=[schedule.pk])
    assert client.post(own, {**sent, "rhythm": "monthly"}).status_code == 302
    assert as_("nora").get(own).status_code == 403
    assert as_("sol").get(reverse("reports:schedules")).context["rows"] == []
    with pytest.raises(PolicyViolation):
        actions.end_schedule(schedule=schedule, by=world.nora)
    client = as_("nora")
    assert "Not to me" in client.get(reverse("reports:schedules")).content.decode()
    client.post(reverse("reports:schedule-leave", args=[schedule.pk]))
    assert set(schedule.recipients.all()) == {world.dana}
    client = as_("dana")
    answer = client.post(reverse("reports:schedule-end", args=[schedule.pk]))
    assert "The schedule is ended." in client.get(answer.headers["Location"]).content.decode()
    client.post(reverse("reports:schedule-end", args=[schedule.pk]))
    client.post(reverse("reports:schedule-pause", args=[schedule.pk]))
    schedule.refresh_from_db()
    assert schedule.ended_at is None
    assert schedule.paused_at
    assert AuditEvent.objects.filter(event__startswith="schedule.").count() == 6


def test_the_api_tells_a_schedule_to_its_maker_and_to_whom_it_comes(history, as_):
    world = history
    schedule = set_up(world, world.nora)
    address = f"/api/v1/schedules/{schedule.pk}/"
    for who, status in (("dana", 200), ("nora", 200), ("ada", 200), ("sol", 404), ("elle", 404), (None, 401)):
        assert as_(who).get(address).status_code == status, who
    told = as_("nora").get(address).json()
    assert (told["when"], told["recipients"], told["kind"]) == (schedule.when, [world.nora.pk], "leakage")
    actions.end_schedule(schedule=schedule, by=world.dana)
    assert as_("dana").get("/api/v1/schedules/").json()["results"] == []


def test_the_list_as_a_file(as_, world):
    mine = set_up(world, world.dana, world.nora)
    set_up(world, world.ada, by=world.ada)
    answer = as_("dana").get(reverse("reports:schedules"), {"file": "csv"})
    rows = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(rows) == 2, "one's own, and those that come to oneself"
    assert mine.when in rows[1]
    assert f"{world.dana}; {world.nora}" in rows[1] or f"{world.nora}; {world.dana}" in rows[1]
    assert as_("ada").get(reverse("reports:schedules"), {"file": "xlsx"}).status_code == 200
    assert as_("nora").get(reverse("reports:schedules"), {"file": "csv"}).status_code == 403
    assert AuditEvent.objects.filter(event="schedules.exported").count() == 2


def test_a_schedule_of_a_payer_follows_its_merge_and_the_undo(world):
    old, new = make_payer("BCBS"), make_payer("Blue Cross")
    schedule = set_up(world, kind="network", parameters={**YEAR, "level": "practice", "payer": old.pk})

    def asked(on):
        turn = actions.take_turn(
            schedule=schedule, due_on=on, may_see=lambda kind, person: True, basis=lambda kind: kinds.KINDS[kind].basis_now()
        )
        return turn.deliveries.get().run.parameters["payer"]

    assert asked(MONDAY.date()) == old.pk
    renaming.merge_payers(survivor_id=new.pk, merged_id=old.pk, by=world.ada, progress=lambda *told: None)
    assert asked(MONDAY.date() + dt.timedelta(days=7)) == new.pk
    renaming.part_payer(name_id=old.pk, by=world.ada, progress=lambda *told: None)
    assert asked(MONDAY.date() + dt.timedelta(days=14)) == old.pk
