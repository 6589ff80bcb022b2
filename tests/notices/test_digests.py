"""Mails that come by themselves: at the hour of each person's clock, once, whoever dies in between, and without anything private."""

import datetime as dt
import email
import email.policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import AuditEvent
from jobs.actions import enqueue, run
from jobs.models import Job, JobState
from notices import actions, digests
from notices.models import Digest, DigestSent, MailSettings
from tests import factories
from tests.factories.concerns import make_concern
from tests.factories.visits import make_follow_up
from tests.processes import killed_after_handing_over_a_mail

THURSDAY = dt.date(2026, 11, 26)
KEEPS = "common.mailfiles.EmailBackend"


def at(hour: int, day: dt.date = THURSDAY, zone: str = "America/New_York") -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, 5), ZoneInfo(zone))


def at_home(person: User, zone: str) -> None:
    """Their clock, as the profile sets it."""
    person.time_zone = zone
    person.save(update_fields=["time_zone"])


def asked() -> list[tuple[str, str]]:
    """(person, kind) of every mail that waits to be written."""
    names = dict(User.objects.values_list("pk", "full_name"))
    return sorted((names[job.args[0]], job.args[1]) for job in Job.objects.filter(name="notices.send_digest", state=JobState.QUEUED))


@pytest.fixture
def files(settings, tmp_path) -> Path:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = KEEPS, str(tmp_path)
    return tmp_path


@pytest.fixture
def due(world):
    """Nora has one promise due; nothing else is to be said to anybody."""
    return make_follow_up(world.north_practice, world.nora, due_in=-1, text="Private words")


def send(person: User, kind: str = Digest.DAILY, on: dt.date | None = None) -> DigestSent:
    return actions.send_digest(person=person, kind=kind, on=on or timezone.localdate(), complete=lambda: None)


def read(folder: Path) -> list[email.message.EmailMessage]:
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in sorted(folder.glob("*.eml"))]


# When


def test_the_hour_is_that_of_the_persons_own_clock(world):
    User.objects.exclude(pk__in=[world.nora.pk, world.sol.pk]).update(is_active=False)
    at_home(world.nora, "America/New_York")
    actions.save_mail_settings(daily=True, weekly=False, hour=7, by=world.nora)
    at_home(world.sol, "America/Los_Angeles")
    actions.save_mail_settings(daily=True, weekly=False, hour=7, by=world.sol)
    assert actions.ask_for_digests(now=at(6)) == 0
    actions.ask_for_digests(now=at(7))
    assert asked() == [("Nora", "daily")]
    actions.ask_for_digests(now=at(10))
    assert asked() == [("Nora", "daily"), ("Sol", "daily")]


def test_a_day_begins_and_ends_on_the_persons_own_clock(world):
    """At eight in the evening of the east it is already tomorrow in Guam."""
    User.objects.exclude(pk=world.nora.pk).update(is_active=False)
    at_home(world.nora, "Pacific/Guam")
    actions.save_mail_settings(daily=True, weekly=False, hour=7, by=world.nora)
    actions.ask_for_digests(now=at(20))
    assert Job.objects.get(name="notices.send_digest").args[2] == "2026-11-27"


@pytest.mark.parametrize(
    ("day", "hour", "kinds"),
    [
        (THURSDAY, 7, ["daily", "weekly"]),  # nobody sent the weekly one on Monday
        (dt.date(2026, 11, 28), 12, ["weekly"]),  # no daily one on a Saturday
        (dt.date(2026, 11, 30), 6, []),
        (dt.date(2026, 11, 30), 7, ["daily", "weekly"]),
    ],
)
def test_daily_on_working_days_and_weekly_on_mondays(world, day, hour, kinds):
    here = at(hour, day)
    found = MailSettings(person=world.nora).due(here)
    assert [kind for kind, _ in found] == kinds
    monday = day - dt.timedelta(days=day.weekday())
    assert all(on == (monday if kind == "weekly" else day) for kind, on in found)


def test_whoever_wants_none_gets_none(world, due, run_jobs):
    User.objects.exclude(pk=world.nora.pk).update(is_active=False)
    at_home(world.nora, "America/New_York")
    actions.save_mail_settings(daily=False, weekly=False, hour=7, by=world.nora)
    assert actions.ask_for_digests(now=at(12)) == 0
    assert AuditEvent.objects.filter(event="mails.settings_changed", by_label="Nora").exists()


def test_nothing_to_say_is_said_to_nobody(world, due, run_jobs):
    actions.ask_for_digests(now=timezone.now().replace(hour=23))
    run_jobs()
    assert {message.to[0] for message in mail.outbox} <= {world.nora.email}
    quiet = DigestSent.objects.filter(person=world.sol)
    assert all(row.is_empty and row.sent_at is None for row in quiet)
    actions.ask_for_digests(now=timezone.now().replace(hour=23))
    assert not Job.objects.filter(state=JobState.QUEUED).exists()


def test_leavers_get_no_mail(world, due):
    world.nora.is_active = False
    world.nora.save()
    send(world.nora)
    assert mail.outbox == []


# What


def test_it_says_what_is_due_and_nothing_private(world, due):
    secret = "Secret sentence about John Miller"
    make_concern(world.north_practice, world.nora, owner=world.nora, text=secret, days_ago=9)
    make_concern(world.north_practice, world.nora, text=secret, state="resolved", resolved_at=timezone.now(), resolution=secret)
    soon = timezone.localtime().replace(hour=23, minute=30)
    factories.make_visit(world.north_practice, world.nora, state="planned", planned_at=soon, purpose=secret, note=secret)
    make_follow_up(world.north_practice, world.dana, due_in=-1)
    send(world.nora)
    [message] = mail.outbox
    assert message.subject == "Your day: 1 visit today, 1 follow-up due, 1 concern to answer, 1 practice to be told"
    [(html, kind)] = message.alternatives
    for text in (message.body, html):
        assert world.north_practice.name in text
        assert "1 day late" in text
        assert "2 days late" in text
        assert secret not in text
        assert "Private words" not in text
        assert "$" not in text
        assert reverse("notices:mail-settings") in text
    assert kind == "text/html"
    assert message.to == [world.nora.email]
    assert "http://localhost:8000/visits/follow-ups/" in message.body


def test_what_one_no_longer_sees_is_not_told(world, due):
    send(world.elle)
    assert mail.outbox == []


def test_many_lines_are_cut_and_counted(world):
    for _ in range(20):
        make_follow_up(world.north_practice, world.nora, due_in=0)
    send(world.nora)
    assert "20 follow-ups due" in mail.outbox[0].subject
    assert "and 5 more" in mail.outbox[0].body


# Once


def test_sent_once_however_often_it_is_asked_for(world, due, files):
    for _ in range(3):
        send(world.nora)
    [message] = read(files)
    sent = DigestSent.objects.get()
    assert message["Message-ID"] == sent.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert AuditEvent.objects.filter(event="digest.sent").count() == 1


class Died(BaseException):
    """The worker's end: nothing after it runs."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_in_between_changes_nothing(world, due, files, monkeypatch, when):
    """Before the mail was handed over, and after it was taken and before that was written down."""
    deliver = EmailMessage.send

    def die(message, *args, **kwargs):
        if when == "after":
            deliver(message)
        raise Died

    job = enqueue("notices.send_digest", world.nora.pk, "daily", timezone.localdate().isoformat())
    monkeypatch.setattr(EmailMessage, "send", die)
    with pytest.raises(Died):
        run(job.pk)
    sent = DigestSent.objects.get()
    assert (sent.sent_at, sent.is_empty) == (None, False)
    assert sent.tried_at
    assert len(read(files)) == (when == "after")
    monkeypatch.setattr(EmailMessage, "send", deliver)
    Job.objects.filter(pk=job.pk).update(lease_until_at=timezone.now() - dt.timedelta(seconds=1))  # its lease runs out
    assert run(job.pk)
    assert len(read(files)) == 1
    sent.refresh_from_db()
    assert sent.sent_at
    assert not run(job.pk)


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_while_it_sends_leaves_one_mail(world, due, files):
    """The real thing: a child process takes the job, hands the mail over and is killed before it can say so; the next one takes over."""
    job = enqueue("notices.send_digest", world.nora.pk, "daily", timezone.localdate().isoformat())
    killed_after_handing_over_a_mail(lambda: run(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert len(read(files)) == 1
    Job.objects.filter(pk=job.pk).update(lease_until_at=timezone.now() - dt.timedelta(seconds=1))
    assert run(job.pk)
    assert len(read(files)) == 1
    assert DigestSent.objects.get().sent_at


def test_a_mail_server_that_refuses_is_tried_again(world, due, settings, monkeypatch, run_jobs):
    def refuse(*args, **kwargs):
        raise OSError

    enqueue("notices.send_digest", world.nora.pk, "daily", timezone.localdate().isoformat())
    monkeypatch.setattr(EmailMessage, "send", refuse)
    run_jobs()
    assert Job.objects.get().state == JobState.FAILED
    assert DigestSent.objects.get().sent_at is None
    monkeypatch.undo()
    User.objects.exclude(pk=world.nora.pk).update(is_active=False)
    at_home(world.nora, "UTC")
    MailSettings.objects.create(person=world.nora, hour=0, weekly=False)
    monday = next(day for day in (timezone.localdate() + dt.timedelta(days=n) for n in range(7)) if day.weekday() == 0)
    actions.ask_for_digests(now=at(12, monday, "UTC"))
    run_jobs()
    assert len(mail.outbox) == 1


# Files, settings


def test_a_mail_is_a_file_of_its_own_whole_and_once(files):
    for _ in range(2):
        EmailMessage("Hello", "Body", to=["x@example.org"], headers={"Message-ID": "<a/../b@prm>"}).send()
    EmailMessage("No id", "Body", to=["x@example.org"]).send()
    assert len(list(files.iterdir())) == 2
    first = (files / "a-..-b@prm.eml").read_bytes()
    assert b"\r\n" in first
    assert first.count(b"\n") == first.count(b"\r\n")


def test_settings_are_ones_own(as_, world):
    client, address = as_("nora"), reverse("notices:mail-settings")
    page = client.get(address).content.decode()
    assert "7 a.m." in page
    assert "Mails: which, and when" in client.get(reverse("accounts:profile")).content.decode()
    client.post(address, {"daily": "on", "hour": "18"})
    saved = MailSettings.objects.get()
    assert (saved.person, saved.daily, saved.weekly, saved.hour) == (world.nora, True, False, 18)
    assert client.post(address, {"hour": "25"}).status_code == 422


def test_sections_come_in_their_order(world, monkeypatch):
    monkeypatch.setattr(digests, "_sources", {})

    def source(title):
        return lambda user, on: digests.Section(title, [digests.Line("x", "/")], "/")

    digests.digest_section(Digest.WEEKLY, order=2)(source("Second"))
    digests.digest_section(Digest.WEEKLY, order=1)(source("First"))
    digests.digest_section(Digest.WEEKLY, order=3)(lambda user, on: digests.Section("Empty", [], "/"))
    assert [section.title for section in digests.sections_of(Digest.WEEKLY, world.nora, THURSDAY)] == ["First", "Second"]
