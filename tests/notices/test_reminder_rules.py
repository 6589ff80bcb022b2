"""How the organization reminds: it holds where neither a person nor an event says otherwise, and nowhere else."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

import events.actions
from audit.models import AuditEvent
from events.models import Event
from jobs.models import Job
from notices import actions
from notices.digests import sections_of
from notices.models import Digest, MailSettings, ReminderRules
from tests.factories.visits import make_follow_up

PAGE = "/notices/reminders/"
FORM = {"reminds_guests": "on", "daily": "on", "hour": 7, "days_ahead": 0}
THURSDAY = dt.datetime(2026, 11, 26, tzinfo=ZoneInfo("America/New_York"))


def event_form(client) -> str:
    return client.get(reverse("events:new")).content.decode()


def due_to(person) -> list[str]:
    return [kind for kind, _ in MailSettings.of(person).due(THURSDAY.replace(hour=9))]


def daily_at(hour: int) -> set[int]:
    """Who has been asked for a daily mail by that hour."""
    actions.ask_for_digests(now=THURSDAY.replace(hour=hour, minute=30))
    return {job.args[0] for job in Job.objects.filter(name="notices.send_digest") if job.args[1] == Digest.DAILY}


@pytest.mark.parametrize(("who", "status"), [("ada", 200), ("nora", 403), ("dana", 403), (None, 302)])
def test_only_admins_keep_the_rules(as_, client, who, status):
    assert (as_(who) if who else client).get(PAGE).status_code == status


def test_new_events_begin_as_the_organization_says_and_each_may_differ(as_, world):
    assert "checked" in event_form(as_("nora")).partition('name="reminds"')[2].partition(">")[0]
    page = as_("ada").post(PAGE, {"hour": 7, "days_ahead": 0, "daily": "on"}, follow=True).content.decode()
    assert "Saved." in page
    assert "checked" not in event_form(as_("nora")).partition('name="reminds"')[2].partition(">")[0]
    plan = {"title": "Heart valves", "practice": world.north_practice, "by": world.nora}
    plan |= {"starts_at": timezone.now() + dt.timedelta(days=3), "ends_at": timezone.now() + dt.timedelta(days=3, hours=1)}
    assert not events.actions.plan_event(**plan).reminds
    assert events.actions.plan_event(**plan, reminds=True).reminds
    assert Event.objects.filter(reminds=True).count() == 1
    told = AuditEvent.objects.get(event="reminder_rules.changed")
    assert told.details["changes"] == {"reminds_guests": [True, False]}


def test_mails_of_follow_ups_hold_for_whoever_chose_nothing(world):
    actions.save_mail_settings(by=world.sol, daily=True, weekly=False, monthly=False, hour=8)
    actions.save_reminder_rules(by=world.ada, reminds_guests=True, daily=False, hour=10, days_ahead=0)
    assert Digest.DAILY not in due_to(world.nora)
    assert due_to(world.sol) == [Digest.DAILY]
    actions.save_reminder_rules(by=world.ada, daily=True)
    assert daily_at(8) == {world.sol.pk}, "the hour of the others is ten"
    assert world.nora.pk in daily_at(10)
    actions.save_reminder_rules(by=world.ada, daily=False)
    actions.set_mail(person=world.nora, kind="weekly", wanted=False, by=world.nora)
    assert (MailSettings.of(world.nora).hour, MailSettings.of(world.nora).daily) == (10, False), "one choice leaves the rest as it was"
    actions.save_reminder_rules(by=world.ada, daily=True)
    assert not MailSettings.of(world.nora).daily, "from her first choice on, hers hold"


@pytest.mark.parametrize(
    ("ahead", "told"), [(0, ["1 day late"]), (1, ["1 day late", "due tomorrow"]), (3, ["1 day late", "due tomorrow", "due in 3 days"])]
)
def test_follow_ups_are_told_as_many_days_ahead(as_, world, ahead, told):
    for days in (-1, 1, 3, 4):
        make_follow_up(world.north_practice, world.nora, due_in=days)
    ReminderRules(pk=1, days_ahead=ahead).save()
    (section,) = sections_of(Digest.DAILY, world.nora, timezone.localdate())
    assert [line.note for line in section.lines] == told
    by = timezone.localdate() + dt.timedelta(days=ahead)
    assert section.title.endswith(f"due by {by:%b %-d}" if ahead else "1 follow-up due")
    assert as_("nora").get(section.url).status_code == 200


@pytest.mark.parametrize("wrong", [{"days_ahead": 15}, {"days_ahead": -1}, {"hour": 24}, {"days_ahead": ""}])
def test_what_cannot_be_is_refused_and_stays_on_the_form(as_, wrong):
    answer = as_("ada").post(PAGE, FORM | wrong)
    assert answer.status_code == 422
    assert "<title>Error: " in answer.content.decode()
    assert not ReminderRules.objects.exists()


def test_saving_what_holds_already_writes_nothing(as_):
    as_("ada").post(PAGE, FORM)
    assert not AuditEvent.objects.filter(event="reminder_rules.changed").exists()
