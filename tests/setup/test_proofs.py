"""Mail and backups are tried for real: a mail in its file or refused by a server, a dump that comes back table by table."""

import smtplib
import subprocess
from pathlib import Path

import pytest
from django.db import connection
from django.urls import reverse

from audit.models import AuditEvent
from jobs.models import Job
from setup import actions, backups
from setup.models import Backup, MailTest
from setup.queries import kept_mails
from tests import factories


@pytest.fixture
def files(settings, tmp_path) -> Path:
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "common.mailfiles.EmailBackend", str(tmp_path / "mail")
    return tmp_path / "mail"


def test_without_a_server_the_mail_is_a_file_that_can_be_read(as_, world, files):
    client = as_("ada")
    assert "No mail yet" in client.get(reverse("setup:mail")).content.decode()
    page = client.post(reverse("setup:mail"), follow=True).content.decode()
    assert "it is a file" in page
    [kept] = kept_mails()
    assert (kept.to, kept.subject) == (world.ada.email, "PRM: test mail")
    assert reverse("setup:kept-mail", args=[kept.name]) in page
    assert "When you read it in your mailbox" in client.get(reverse("setup:kept-mail", args=[kept.name])).content.decode()
    assert AuditEvent.objects.filter(event="mail.opened", details__to=world.ada.email).exists()
    assert MailTest.objects.get().refusal == ""


@pytest.mark.parametrize("name", ["nothing.eml", "..eml", "a b.eml", "secret.txt"])
def test_a_name_that_is_none_reads_nothing(as_, files, name):
    files.mkdir(parents=True)
    (files / "secret.txt").write_text("x")
    (files / "..eml").write_text("x")
    assert as_("ada").get(reverse("setup:kept-mail", args=[name])).status_code == 404
    assert not AuditEvent.objects.filter(event="mail.opened").exists()


def test_what_a_mail_server_refuses_is_told(as_, world, settings):
    """A real one that is not there."""
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 9
    page = as_("ada").post(reverse("setup:mail"), follow=True).content.decode()
    assert "did not take it" in page
    assert "ConnectionRefusedError" in MailTest.objects.get().refusal


def test_a_server_that_says_no_is_told(as_, world, monkeypatch):
    def refuse(self, **kwargs):
        raise smtplib.SMTPRecipientsRefused({"a@b": (550, b"no")})

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    actions.send_test_mail(by=world.ada)
    assert MailTest.objects.get().refusal.startswith("SMTPRecipientsRefused")


# Backups


@pytest.fixture
def folder(monkeypatch, tmp_path) -> Path:
    monkeypatch.setattr(backups, "FOLDER", tmp_path / "backups")
    return tmp_path / "backups"


def databases() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'prm_restore_check%'")
        return [name for (name,) in cursor.fetchall()]


def make() -> Backup:
    backup = actions.ask_for_backup(by=factories.make_user("root", role="admin"))
    actions.make_backup(backup=backup, progress=lambda *told: None, complete=lambda note: None)
    backup.refresh_from_db()
    return backup


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_dumped_restored_and_counted(folder):
    people = [factories.make_user(f"p{number}") for number in range(7)]
    backup = make()
    assert backup.refusal == ""
    assert backup.proven_at is not None
    assert backup.rows == backup.restored_rows >= len(people)
    [file] = folder.glob("*.dump")
    assert (file.name, file.stat().st_size) == (backup.file_name, backup.size_bytes)
    assert file.stat().st_mode & 0o777 == 0o600
    assert databases() == [], "the scratch database is gone"
    assert AuditEvent.objects.filter(event="backup.proven").exists()
    listed = subprocess.run(
        [backups.find_tools(least=15).folder / "pg_restore", "--list", file], capture_output=True, text=True, check=True
    )
    assert "TABLE DATA public accounts_user" in listed.stdout


@pytest.mark.django_db(transaction=True)
def test_a_copy_that_lost_rows_is_no_backup(folder, monkeypatch):
    restore = backups.restore

    def lossy(tools, path, database):
        restore(tools, path, database)
        with backups._connected(database) as other, other.cursor() as cursor:
            cursor.execute("DELETE FROM setup_backup")

    monkeypatch.setattr(backups, "restore", lossy)
    backup = make()
    assert backup.proven_at is None
    assert "setup_backup differs" in backup.refusal
    assert backup.restored_rows < backup.rows
    assert databases() == []


@pytest.mark.django_db(transaction=True)
def test_what_is_missing_is_said(folder, monkeypatch):
    monkeypatch.setattr(backups, "_folders", lambda: iter(()))
    backup = make()
    assert "needs pg_dump and pg_restore" in backup.refusal
    assert backup.file_name == ""


@pytest.mark.django_db(transaction=True)
def test_a_dump_that_fails_leaves_no_file_and_no_words_of_the_database(folder, monkeypatch):
    monkeypatch.setattr(backups, "_environment", lambda database="": {"PGHOST": str(folder), "PGDATABASE": "none"})
    backup = make()
    assert backup.refusal.startswith("The dump ended with an error (pg_dump, code")
    assert list(folder.iterdir()) == []


def test_programs_older_than_the_server_are_not_used(tmp_path, monkeypatch):
    for name in ("pg_dump", "pg_restore"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.2'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(backups, "_folders", lambda: iter([tmp_path]))
    assert backups.find_tools(least=14).major == 14
    with pytest.raises(Exception, match=r"PostgreSQL 15 or newer.*Found is only version 14"):
        backups.find_tools(least=15)


def test_only_the_newest_files_stay(folder):
    folder.mkdir()
    for number in range(8):
        (folder / f"prm-2026010{number}-000000-{number}.dump").touch()
    backups.forget_old()
    assert sorted(path.name[6:12] for path in folder.iterdir()) == ["260103", "260104", "260105", "260106", "260107"]


def test_the_page_asks_a_worker_once(as_, world):
    client = as_("ada")
    assert "Never tried" in client.get(reverse("setup:backups")).content.decode()
    client.post(reverse("setup:backups"))
    client.post(reverse("setup:backups"))
    assert Job.objects.filter(name="setup.back_up").count() == Backup.objects.count() == 1
    page = client.get(reverse("setup:backups")).content.decode()
    assert "Waiting for a worker" in page
    assert "Make a backup" not in page
