"""The watched folder: whole files become imports, once, whatever breaks in between; what is odd waits for a person and says so."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from audit.models import AuditEvent
from common.disk import FULL, DiskFull
from jobs.actions import enqueue, run_waiting
from jobs.models import Job
from referrals import actions, inbox
from referrals.models import ArrivedBy, BatchState, FromFolder, ImportBatch, Referral, Source
from tests.factories.referrals import MAPPING, row, table

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.INBOX, settings.UPLOADS = tmp_path / "inbox", tmp_path / "uploads"
    settings.UPLOADS.mkdir()
    monkeypatch.setattr(inbox, "QUIET_SECONDS", -1)


def feed(from_folder: str = FromFolder.LOAD, name: str = "feed") -> Source:
    source = actions.source_named(name=name, by=None)
    mapping = actions.save_mapping(source=source, mapping=MAPPING, by=None).mapping
    Source.objects.filter(pk=source.pk).update(from_folder=from_folder)
    source.refresh_from_db()
    assert source.mapping == mapping
    inbox.folder(source).mkdir(parents=True)
    return source


def put(source: Source, name: str = "referrals.csv", *, rows: int = 3, bad: int = 0, data: bytes = b"") -> Path:
    path = inbox.folder(source) / name
    told = [row(f"K{n}") for n in range(rows)] + [row(f"B{n}", ordered="never") for n in range(bad)]
    path.write_bytes(data or table(told).getvalue())
    return path


def settled() -> None:
    """As often as it takes: look, and let the workers work."""
    for _ in range(3):
        inbox.look()
        run_waiting(apps=["referrals"])


def left(source: Source) -> list[str]:
    return [path.name for path in inbox.folder(source).rglob("*") if path.is_file()]


def test_a_file_is_checked_and_loaded() -> None:
    source = feed()
    put(source)
    assert [(one.name, one.problem) for one in inbox.waiting(source)] == [("referrals.csv", "")]
    assert inbox.look() == 1
    batch = ImportBatch.objects.get()
    assert (batch.arrived_by, batch.state, batch.file_name, batch.uploaded_by) == (
        ArrivedBy.FOLDER,
        BatchState.CHECKING,
        "referrals.csv",
        None,
    )
    settled()
    batch.refresh_from_db()
    assert batch.state == BatchState.LOADED
    assert Referral.objects.count() == 3
    assert left(source) == []
    assert not list(inbox.folder(source).joinpath(inbox.TAKEN).iterdir())
    assert inbox.waiting(source) == []


def test_only_checked_when_the_feed_says_so() -> None:
    source = feed(FromFolder.CHECK)
    put(source)
    settled()
    batch = ImportBatch.objects.get()
    assert batch.state == BatchState.CHECKED
    assert "only checked" in inbox.why_waiting(batch)
    assert left(source) == []


def test_left_alone_when_the_feed_says_so() -> None:
    source = feed(FromFolder.OFF)
    put(source)
    settled()
    assert left(source) == ["referrals.csv"]
    assert not ImportBatch.objects.exists()


def test_many_rejected_rows_wait_for_a_person() -> None:
    put(feed(), rows=30, bad=2)
    settled()
    batch = ImportBatch.objects.get()
    assert batch.state == BatchState.CHECKED
    assert inbox.why_waiting(batch).startswith("6% of its rows are rejected")
    actions.start_load(batch=batch, by=None)
    settled()
    assert Referral.objects.count() == 30


def test_an_alarm_waits_for_a_person() -> None:
    put(feed())
    inbox.look()
    run_waiting(apps=["referrals"])
    ImportBatch.objects.update(alarms=["Twice as many as last time."])
    settled()
    batch = ImportBatch.objects.get()
    assert batch.state == BatchState.CHECKED
    assert "odd" in inbox.why_waiting(batch)


def test_a_file_without_a_mapping_waits_for_a_person() -> None:
    source = feed()
    put(source, data=b"one,two\na,b\n")
    settled()
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.mapping) == (BatchState.UPLOADED, {})
    assert "No mapping" in inbox.why_waiting(batch)
    assert left(source) == []


def test_files_that_are_not_whole_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    source = feed()
    here = inbox.folder(source)
    for name in ("a.csv.part", "b.TMP", ".hidden.csv", "~$open.xlsx", "c.csv.filepart"):
        put(source, name)
    (here / "folder").mkdir()
    (here / "link.csv").symlink_to("/etc/hostname")
    os.mkfifo(here / "pipe.csv")
    settled()
    assert inbox.waiting(source) == []
    assert not ImportBatch.objects.exists()
    monkeypatch.setattr(inbox, "QUIET_SECONDS", 30)
    put(source, "fresh.csv")
    settled()
    assert [one.name for one in inbox.waiting(source)] == ["fresh.csv"]
    assert not ImportBatch.objects.exists()


def test_folders_of_no_feed_are_told(settings: LazySettings, tmp_path: Path) -> None:
    feed()
    (settings.INBOX / "fed").mkdir()
    (settings.INBOX / ".snapshots").mkdir()
    assert inbox.unknown_folders() == ["fed"]
    assert inbox.trouble() == ""
    settings.INBOX = tmp_path / "nowhere"
    assert "is not there" in inbox.trouble()
    assert inbox.unknown_folders() == []
    assert inbox.look() == 0
    assert (settings.INBOX / "feed").is_dir(), "made for whoever wants to put something there"


@pytest.mark.parametrize("name", ["orders.csv", "x" * 240 + ".csv", os.fsdecode(b"caf\xe9.csv")])
def test_a_file_that_cannot_be_read_is_refused_with_its_reason(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    source = feed()
    put(source, name, data=b"%PDF-1.7")
    put(source, "good.csv")
    settled()
    assert ImportBatch.objects.get().state == BatchState.LOADED, "the others go on"
    (told,) = inbox.refused(source)
    assert told.why == "This is a PDF. Export the report as CSV or XLSX instead."
    folder = inbox.folder(source) / inbox.REFUSED
    assert len(list(folder.iterdir())) == 2
    assert AuditEvent.objects.filter(event="inbox.refused").count() == 1
    if name == "orders.csv":
        assert told.name == name
        put(source, name, data=b"%PDF-1.8")
        settled()
        assert len(inbox.refused(source)) == 2, "a second one of that name stands beside it"
    monkeypatch.setattr(inbox, "KEPT_SECONDS", -1)
    settled()
    assert all(path.name.endswith(inbox.NOTE) for path in folder.iterdir())
    monkeypatch.setattr(inbox, "NOTES_KEPT_SECONDS", -1)
    settled()
    assert inbox.refused(source) == []


def test_the_same_file_again_changes_nothing() -> None:
    source = feed()
    put(source)
    settled()
    put(source, "again.csv")
    put(source, "and-again.csv")
    settled()
    assert ImportBatch.objects.count() == 1
    assert left(source) == []


def test_a_file_that_may_not_be_read_is_told_and_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    source = feed()
    locked = put(source, "a.csv", rows=1)
    put(source, "b.csv", rows=2)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != locked)  # root may read everything
    settled()
    assert Referral.objects.count() == 2
    assert [(one.name, one.problem) for one in inbox.waiting(source)] == [
        ("a.csv", "PRM may not read this file. Give its account the right to.")
    ]
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != locked.parent)
    assert "may not move files" in inbox.waiting(source)[0].problem


def test_a_file_that_turns_unreadable_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    source = feed()
    put(source)

    def refuse(*_: object) -> int:
        raise PermissionError

    with monkeypatch.context() as patched:
        patched.setattr(inbox.os, "open", refuse)
        assert inbox.look() == 0
    assert len(inbox.waiting(source)) == 1
    settled()
    assert Referral.objects.count() == 3


def test_a_folder_that_cannot_be_looked_at_holds_up_no_other(settings: LazySettings) -> None:
    blocked, source = feed(name="a-blocked"), feed()
    inbox.folder(blocked).rmdir()
    inbox.folder(blocked).write_text("a file where the folder should be")
    put(source)
    settled()
    assert Referral.objects.count() == 3


def test_without_room_the_file_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    source = feed()
    put(source)

    def full(**_: object) -> None:
        raise DiskFull

    with monkeypatch.context() as patched:
        patched.setattr(actions, "create_batch", full)
        settled()
        patched.setattr(inbox.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 0}))
        assert [one.problem for one in inbox.waiting(source)] == [FULL]
    settled()
    assert Referral.objects.count() == 3
    assert inbox.refused(source) == []


def test_logs_tell_no_names(caplog: pytest.LogCaptureFixture) -> None:
    source = feed()
    with caplog.at_level(logging.DEBUG):
        put(source, "Quillbrook Anna.csv")
        put(source, "Quillbrook Bert.csv", data=b"%PDF")
        settled()
        put(source, "Quillbrook Anna.csv")
        settled()
    assert "taken in" in caplog.text
    assert "refused" in caplog.text
    assert "Quillbrook" not in caplog.text


def test_the_job_of_every_minute(settings: LazySettings) -> None:
    put(feed())
    assert {"task": "jobs.enqueue", "schedule": 60, "args": ["referrals.watch_inbox"]} in settings.CELERY_BEAT_SCHEDULE.values()
    for _ in range(3):
        enqueue("referrals.watch_inbox", key="referrals.watch_inbox")
        run_waiting(apps=["referrals"])
    assert Referral.objects.count() == 3
    assert "1 files taken in" in Job.objects.filter(name="referrals.watch_inbox").values_list("progress_note", flat=True)


def test_five_looks_at_once_take_a_file_once() -> None:
    source = feed()
    for number in range(5):
        put(source, f"{number}.csv", rows=number + 1)
    start = threading.Barrier(5)

    def one() -> None:
        try:
            start.wait()
            inbox.look()
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settled()
    assert sorted(ImportBatch.objects.values_list("file_name", flat=True)) == [f"{number}.csv" for number in range(5)]
    assert Referral.objects.count() == 5


class Killed(BaseException):
    """The process ends here: nothing behind it runs, and no `except Exception` sees it."""


# Every step that leaves a trace, by where it is looked up.
STEPS: tuple[tuple[Any, str], ...] = (
    (Path, "mkdir"),
    (Path, "rename"),
    (actions, "create_batch"),
    (ImportBatch.objects, "create"),
    (actions, "start_dry_run"),
    (inbox, "_discard"),
    (Path, "unlink"),
    (Path, "rmdir"),
    (actions, "start_load"),
)


def killed_at(call: Callable[..., Any], *, after: bool, nth: int) -> Callable[..., Any]:
    calls = iter(range(1, 1000))

    def step(*args: Any, **named: Any) -> Any:
        if next(calls) != nth:
            return call(*args, **named)
        if after:
            call(*args, **named)
        raise Killed

    return step


@pytest.fixture
def clean_uploads(settings: LazySettings) -> Iterator[None]:
    yield
    actions.forget_uploads(older_than=-1)
    assert not [path for path in settings.UPLOADS.rglob("*") if path.is_file()]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize(("where", "name"), STEPS, ids=[name for _, name in STEPS])
def test_a_crash_at_any_step_loses_nothing_and_loads_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, clean_uploads: None, where: Any, name: str, nth: int, after: bool
) -> None:
    source = feed()
    put(source, "a.csv", rows=2)
    put(source, "b.csv", rows=4)
    put(source, "c.csv", data=b"%PDF")
    with monkeypatch.context() as patched:
        patched.setattr(where, name, killed_at(getattr(where, name), after=after, nth=nth))
        try:
            for _ in range(2):
                inbox.look()
                run_waiting(apps=["referrals"])
        except Killed:
            connection.close()  # whatever it had open is rolled back
    settled()
    assert sorted(ImportBatch.objects.values_list("file_name", "state")) == [("a.csv", "loaded"), ("b.csv", "loaded")]
    assert Referral.objects.count() == 4
    assert [one.why for one in inbox.refused(source)] == ["This is a PDF. Export the report as CSV or XLSX instead."]
    assert inbox.waiting(source) == []
    assert sorted(left(source)) == ["c.csv", "c.csv.why.txt"]
