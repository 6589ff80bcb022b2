"""A disk without room, a real one: a sentence and a 503, nothing half kept, and everything as before once there is room."""

import io
import os
import resource
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2.errors
import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import RequestFactory
from django.urls import reverse

from common.disk import FULL, DiskFull, is_disk_full
from common.middleware import no_error_of_ours
from jobs.actions import run
from jobs.models import JobState
from referrals import actions, policies
from referrals.importing import loading
from referrals.models import BatchState, ImportBatch, Referral
from tests.factories.referrals import MAPPING, row, table

ROOM = 1 << 20


@contextmanager
def _limited_files() -> Iterator[None]:
    """Whoever may not mount: no file of this process may grow beyond the room, which fails by nearly the same error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for a megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
    )
    if not mounted:
        with _limited_files():
            yield folder
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def big() -> io.BytesIO:
    return io.BytesIO(table([row("K1")]).getvalue() + b" " * (3 * ROOM))


def test_an_upload_without_room_leaves_nothing(db: None, small_disk: Path, settings: LazySettings) -> None:
    settings.UPLOADS = small_disk
    source = actions.source_named(name="feed", by=None)
    with pytest.raises(DiskFull, match="The disk of the server is full"):
        actions.create_batch(source=source, file=big(), file_name="x.csv", by=None, mapping=MAPPING)
    assert list(small_disk.iterdir()) == []
    assert not ImportBatch.objects.exists()
    batch = actions.create_batch(source=source, file=table([row("K1")]), file_name="x.csv", by=None, mapping=MAPPING)
    assert run(actions.start_load(batch=batch, by=None).pk), "a file that fits goes in"


@pytest.mark.parametrize("fits", [False, True])
def test_a_form_or_call_without_room_is_503(
    as_: Callable, small_disk: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, fits: bool
) -> None:
    """Once the web server's own copy of the upload does not fit, once that does and ours does not."""
    incoming = Path(tempfile.mkdtemp()) if fits else small_disk / "incoming"
    incoming.mkdir(exist_ok=True)
    settings.UPLOADS, settings.FILE_UPLOAD_TEMP_DIR = small_disk, str(incoming)
    client = as_("ivan")
    client.raise_request_exception = False
    if fits and not os.path.ismount(small_disk):
        pytest.skip("only a disk of its own can be full for one of two copies")
    page = client.post(reverse("referrals:upload"), {"new_source": "feed", "file": SimpleUploadedFile("x.csv", big().getvalue())})
    assert "The disk of the server is full" in page.content.decode(), page.status_code
    assert page.status_code in ({200, 422, 503} if fits else {503})
    assert not ImportBatch.objects.exists()
    assert not [path for path in small_disk.rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("start", [actions.start_dry_run, actions.start_load], ids=["check", "load"])
@pytest.mark.parametrize("error", [OperationalError, OSError, sqlite3.OperationalError], ids=["postgres", "system", "sqlite"])
def test_no_room_while_staging_is_told_and_the_file_is_whole_again(start: Callable, error: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Postgres's own disk cannot be filled here without harm to the other tests; its error can be raised where it would be."""

    def full(*_: object, **__: object) -> None:
        if error is OperationalError:
            cause = type("Full", (psycopg2.errors.DiskFull,), {"pgcode": "53100"})("could not extend file")
            raise OperationalError("could not extend file of Mrs Quillbrook") from cause
        if error is OSError:
            raise OSError(28, "No space left on device")
        refused = sqlite3.OperationalError("database or disk is full")
        refused.sqlite_errorcode = 13
        raise refused

    batch = actions.create_batch(
        source=actions.source_named(name="feed", by=None), file=table([row("K1")]), file_name="x.csv", by=None, mapping=MAPPING
    )
    job = start(batch=batch, by=None)
    with monkeypatch.context() as patched:
        patched.setattr(loading, "stage", full)
        for _ in range(3):
            assert not run(job.pk)
    job.refresh_from_db()
    batch = ImportBatch.objects.get()
    assert (job.state, job.error) == (JobState.FAILED, FULL)
    assert policies.is_stuck(batch)
    assert policies.can_load(batch)
    assert not Referral.objects.exists()
    assert run(actions.start_load(batch=batch, by=None).pk)
    assert ImportBatch.objects.get().state == BatchState.LOADED
    assert Referral.objects.count() == 1


def test_which_errors_mean_no_room(rf: RequestFactory) -> None:
    assert is_disk_full(OSError(28, "x"))
    assert not is_disk_full(OSError(2, "x"))
    assert not is_disk_full(None)
    assert no_error_of_ours(rf.get("/"), ValueError()) is None
    answer = no_error_of_ours(rf.get("/api/v1/referrals/"), DiskFull())
    assert answer is not None
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    away = no_error_of_ours(rf.get("/api/v1/referrals/"), OperationalError())
    assert away is not None
    assert b"out of reach" in away.content
