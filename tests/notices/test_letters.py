"""Single mails: sent once, outside of quiet hours; the way out without a sign-in; who gets none; the page that shows mails."""

import datetime as dt
import email
import email.policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.urls import resolve, reverse
from django.utils import timezone

from audit.models import AuditEvent
from common.mailfiles import read_mail
from common.paper import png
from jobs.actions import run
from jobs.models import Job, JobState
from notices import actions, digests
from notices.mailing import of_token, unsubscribe_path
from notices.models import Digest, Letter, MailKind, MailSettings
from tests.factories.visits import make_follow_up
from tests.processes import killed_after_handing_over_a_mail


@pytest.fixture
def files(settings, tmp_path) -> Path:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "common.mailfiles.EmailBackend", str(tmp_path)
    return tmp_path


def letter_to(person, key="matter 1", kind=MailKind.MENTION) -> Letter:
    return actions.write_letter(to=person, kind=kind, text="Dana mentions you", url="/visits/", key=key, by=None)


def send(letter, now=None) -> Letter:
    return actions.send_letter(pk=letter.pk, now=now or timezone.now(), complete=lambda: None)


def at(hour: int, zone: str = "America/New_York") -> dt.datetime:
    return dt.datetime(2026, 11, 26, hour, 5, tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "end", "quiet"),
    [(20, 6, {20, 23, 0, 5}), (6, 20, {6, 12, 19}), (None, None, set()), (7, 7, set())],
)
def test_quiet_hours(world, start, end, quiet):
    wanted = MailSettings(person=world.nora, quiet_from=start, quiet_until=end)
    assert quiet <= {hour for hour in range(24) if wanted.is_quiet(at(hour))}
    length = 0 if start is None else (end - start) % 24
    assert sum(wanted.is_quiet(at(hour)) for hour in range(24)) == length


def test_what_comes_in_a_quiet_hour_goes_after_it(world):
    world.nora.time_zone = "America/Los_Angeles"
    world.nora.save(update_fields=["time_zone"])
    actions.save_mail_settings(by=world.nora, quiet_from=20, quiet_until=6)
    letter = letter_to(world.nora)
    send(letter, at(7))  # four in the morning there
    assert mail.outbox == []
    assert actions.ask_for_letters(now=at(8)) == 0
    assert actions.ask_for_letters(now=at(10)) == 1
    send(letter, at(10))
    assert len(mail.outbox) == 1
    assert actions.ask_for_letters(now=at(11)) == 0


def test_digests_keep_quiet_too(world):
    wanted = MailSettings(person=world.nora, quiet_from=20, quiet_until=9, hour=7)
    assert wanted.due(at(8)) == []
    assert {kind for kind, _ in wanted.due(at(9))} == {"daily", "weekly"}


def test_the_same_matter_is_told_once(world, run_jobs):
    letter_to(world.nora)
    letter_to(world.nora)
    run_jobs()
    assert len(mail.outbox) == 1
    letter_to(world.nora)
    run_jobs()
    assert len(mail.outbox) == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_process_killed_while_it_sends_leaves_one_mail(world, files):
    letter = letter_to(world.nora)
    job = Job.objects.get(name="notices.send_letter")
    killed_after_handing_over_a_mail(lambda: run(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert len(list(files.glob("*.eml"))) == 1
    Job.objects.filter(pk=job.pk).update(lease_until_at=timezone.now() - dt.timedelta(seconds=1))
    assert run(job.pk)
    assert len(list(files.glob("*.eml"))) == 1
    letter.refresh_from_db()
    assert letter.sent_at


# The way out


def test_each_mail_says_how_to_stop_it(world):
    send(letter_to(world.nora))
    make_follow_up(world.north_practice, world.nora, due_in=-1)
    actions.send_digest(person=world.nora, kind=Digest.DAILY, on=timezone.localdate(), complete=lambda: None)
    for message, kind in zip(mail.outbox, ("mention", "daily"), strict=True):
        out = message.extra_headers["List-Unsubscribe"]
        path = out.removeprefix("<http://localhost:8000").removesuffix(">")
        assert resolve(path).url_name == "unsubscribe"
        assert of_token(resolve(path).kwargs["token"]) == (world.nora, kind)
        assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert path in message.body
        assert path in message.alternatives[0][0]


def test_one_press_of_a_mail_program_stops_one_kind(client, world):
    path = unsubscribe_path(world.nora, MailKind.MENTION)
    assert client.get(path).status_code == 200
    assert MailSettings.of(world.nora).mention, "a look changes nothing"
    client.handler.enforce_csrf_checks = True
    answer = client.post(path, {"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.content) == (200, b"Unsubscribed.")
    wanted = MailSettings.of(world.nora)
    assert (wanted.mention, wanted.daily, wanted.report) == (False, True, True)
    assert AuditEvent.objects.filter(event="mails.unsubscribed", by_label="Nora").exists()
    assert "You get no such mails any more" in client.get(path).content.decode()
    client.post(path, {"again": "1"})
    assert MailSettings.of(world.nora).mention


def test_a_forged_or_old_link_opens_nothing(client, world):
    good = unsubscribe_path(world.nora, MailKind.DAILY)
    assert client.post(good.replace(good[-6:-1], "AAAAA")).status_code == 404
    assert of_token("nonsense") is None
    world.nora.is_active = False
    world.nora.save()
    assert client.get(good).status_code == 404


# Who


def test_people_of_the_demo_get_no_mail_that_leaves_the_house(world, settings, run_jobs):
    world.nora.is_demo = True
    world.nora.save()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    letter = send(letter_to(world.nora))
    assert letter.is_dropped
    make_follow_up(world.north_practice, world.nora, due_in=-1)
    actions.ask_for_digests(now=timezone.now().replace(hour=23))
    people = {job.args[0] for job in Job.objects.filter(name="notices.send_digest")}
    assert world.nora.pk not in people
    assert world.sol.pk in people


def test_settings_say_what_is_wrong(as_, world):
    client, address = as_("nora"), reverse("notices:mail-settings")
    base = {"hour": "7"}
    page = client.post(address, {**base, "quiet_from": "20", "quiet_until": ""})
    assert "Choose both hours, or neither." in page.content.decode()
    page = client.post(address, {**base, "quiet_from": "20", "quiet_until": "8"})
    assert "This hour lies in your quiet hours." in page.content.decode()
    client.post(address, {**base, "quiet_from": "20", "quiet_until": "6", "monthly": "on"})
    saved = MailSettings.objects.get()
    assert (saved.quiet_from, saved.quiet_until, saved.monthly, saved.mention) == (20, 6, True, False)


# Pictures, the month


def test_the_month_is_told_in_its_first_week(world):
    wanted = MailSettings(person=world.nora, daily=False, weekly=False)
    kinds = {day: wanted.due(dt.datetime(2026, 12, day, 8, tzinfo=ZoneInfo("UTC"))) for day in (1, 5, 8)}
    assert kinds == {1: [("monthly", dt.date(2026, 12, 1))], 5: [("monthly", dt.date(2026, 12, 1))], 8: []}
    assert wanted.due(dt.datetime(2026, 12, 1, 6, tzinfo=ZoneInfo("UTC"))) == []


def test_a_mail_shows_its_chart_and_says_the_same_without_it(world, files, monkeypatch):
    head = 'xmlns="http://www.w3.org/2000/svg" width="120" height="60" viewBox="0 0 120 60"'
    drawing = f'<svg {head}><rect width="60" height="60" fill="#123456"/></svg>'
    picture = digests.Picture(png(drawing), "Inbound referrals rose to 120", ("Month", "Inbound"), [("Oct 2026", "120")])
    monkeypatch.setattr(digests, "_sources", {})
    digests.digest_section(Digest.MONTHLY, order=1)(lambda user, on: digests.Section("October", [], "/reports/", picture=picture))
    actions.send_digest(person=world.nora, kind=Digest.MONTHLY, on=dt.date(2026, 11, 1), complete=lambda: None)
    [path] = files.glob("*.eml")
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    images = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert images[0].get_payload(decode=True).startswith(b"\x89PNG")
    cid = images[0]["Content-ID"].strip("<>")
    html, text = (message.get_body((kind,)).get_content() for kind in ("html", "plain"))
    assert f'src="cid:{cid}"' in html
    for said in (html, text):
        assert "Inbound referrals rose to 120" in said
        assert "Oct 2026" in said
    assert "data:image/png;base64," in read_mail(path).html


# The page


def test_an_admin_reads_what_would_have_been_sent(as_, world, files):
    send(letter_to(world.nora))
    client = as_("ada")
    page = client.get(reverse("notices:mails")).content.decode()
    assert "Dana mentions you" in page
    [path] = files.glob("*.eml")
    one = client.get(reverse("notices:mail", args=[path.name]))
    assert "frame-src 'self'" in one.headers["Content-Security-Policy"]
    assert 'sandbox src="' in one.content.decode()
    assert AuditEvent.objects.filter(event="mail.read", by_label="Ada").exists()
    body = client.get(reverse("notices:mail-body", args=[path.name]))
    policy = body.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src 'none'" in policy
    assert body.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert client.get(reverse("notices:mail-file", args=[path.name])).content == path.read_bytes()
    assert client.get(reverse("notices:mail", args=["..%2f..%2fsecret.eml"])).status_code == 404
    assert client.get(reverse("notices:mail", args=["other.eml"])).status_code == 404
    assert as_("dana").get(reverse("notices:mails")).status_code == 403


def test_with_a_mail_server_nothing_is_kept_to_read(as_, world, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert "Mails go to your mail server" in as_("ada").get(reverse("notices:mails")).content.decode()
