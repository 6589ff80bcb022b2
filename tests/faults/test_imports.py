"""Scenarios 12, 18, 19, 21 and 25 for imports: whatever dies under a check, a load or an undo, it ends once or is whole again."""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from celery import Celery

from common.disk import FULL
from prm import processes
from referrals.inbox import QUIET_SECONDS
from tests.factories.referrals import draw_world
from tests.faults.feed import Feed, fingerprint, put_job, settled
from tests.faults.stack import Stack

pytestmark = pytest.mark.slow


@dataclass
class Calm:
    """How it is before the file, and how after it, when nothing breaks."""

    feed: Feed
    before: dict[str, str]
    after: dict[str, str]
    dropped: Path  # put into the watched folder early: only a file that nobody has touched for half a minute is whole


@pytest.fixture(scope="module")
def calm(stack: Stack, world_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calm]:
    """A file of some thousand rows, many of which change what is known, once in and out again."""
    folder = tmp_path_factory.mktemp("calm")
    draw_world(folder, "--seed", "21", "--providers", "60", "--referrals", "12000", "--months", "6")
    feed = Feed(stack, folder / "referrals_a.csv")
    stack.sql("UPDATE referrals_source SET from_folder = 'load' WHERE name = 'a'")
    dropped = drop(stack, world_folder / "referrals_a.csv")
    settled(stack)
    before = fingerprint(stack)
    batch = feed.upload()
    feed.timed("check", feed.batch(batch)[1])
    assert feed.batch(batch)[0] == "checked"
    assert fingerprint(stack) == before
    feed.timed("load", feed.ask(batch, "load"))
    after = fingerprint(stack)
    new, changed = stack.sql("SELECT new, changed FROM referrals_importbatch WHERE id = %s", batch)[0]
    assert (new > 1_000, changed > 10) == (True, True), (new, changed)
    feed.timed("undo", feed.ask(batch, "undo"))
    assert fingerprint(stack) == before
    yield Calm(feed, before, after, dropped)
    stack.sql("UPDATE referrals_source SET from_folder = 'off' WHERE name = 'a'")
    dropped.unlink(missing_ok=True)


def drop(stack: Stack, file: Path) -> Path:
    """The sound rows of a file that is known, and one more, into the watched folder."""
    lines = [line for line in file.read_text("utf-8-sig").splitlines(keepends=True) if not line.startswith(("AX", ","))]
    last = "A999999999" + lines[-1][len("A999999999") :]
    here = stack.servers.var / "inbox" / "a"
    here.mkdir(parents=True, exist_ok=True)
    (here / "daily.csv").write_text("".join([*lines, last]))
    return here / "daily.csv"


@pytest.fixture(autouse=True)
def _whole(stack: Stack, calm: Calm, request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test leaves the facts as it found them, the sums right and no upload behind."""
    yield
    settled(stack)
    assert fingerprint(stack) == calm.before
    if "killed" in request.node.name:  # between a commit and the deletion of its file: the daily round finds what is left
        stack.python("from referrals.actions import forget_uploads; forget_uploads(older_than=0)")
    assert not [path for path in (stack.servers.var / "uploads").rglob("*") if path.is_file()]


@pytest.mark.parametrize(("seed", "kills"), [(1, 2), (3, 3)])
def test_workers_killed_at_random_instants_of_a_check_a_load_and_an_undo(stack: Stack, calm: Calm, seed: int, kills: int) -> None:
    """Two kills are survived by themselves. After three the work gives up, nothing of it is there, and a person asks again."""
    feed, dice, met = calm.feed, random.Random(seed), 0
    batch = feed.upload()
    for what, ends in (("check", "checked"), ("load", "loaded"), ("undo", "undone")):
        job = feed.batch(batch)[1] if what == "check" else feed.ask(batch, what)
        as_it_was = calm.after if what == "undo" else calm.before
        with feed.watched(batch):
            met += feed.torn(job, what=what, kills=kills, dice=dice)
            stack.await_job(job)
            state, attempt, error = stack.job(job)
            if state == "failed":
                assert (attempt, error) == (3, "Its worker died three times. The log of the worker says more.")
                assert fingerprint(stack) == as_it_was
        if state == "failed":
            with feed.watched(batch):
                job = feed.ask(batch, what)
                stack.await_job(job)
        assert (stack.job(job)[0], feed.batch(batch)[0]) == ("done", ends), stack.job(job)
        assert fingerprint(stack) == (calm.after if what == "load" else calm.before)
    assert met, "no kill met a worker at work"
    said = "SELECT count(*) FROM audit_auditevent WHERE target_id = %s AND event = ANY(%s)"
    assert stack.one(said, str(batch), ["import.loaded"]) == stack.one(said, str(batch), ["import.undone"]) == 1


@pytest.mark.parametrize(
    ("what", "number"),
    [("load", signal.SIGINT), ("load", signal.SIGKILL), ("undo", signal.SIGQUIT), ("undo", signal.SIGKILL)],
    ids=["load-restarted", "load-killed", "undo-at-once", "undo-killed"],
)
def test_postgres_ends_in_the_middle(stack: Stack, calm: Calm, what: str, number: int) -> None:
    feed, dice = calm.feed, random.Random(number)
    batch = feed.checked()
    if what == "undo":
        stack.await_job(feed.ask(batch, "load"))
    job = feed.ask(batch, what)
    with feed.watched(batch):
        assert processes.until(lambda: stack.job(job)[1] == 1, seconds=60, every=0.01)
        time.sleep(dice.uniform(0.2, 0.8) * feed.seconds[what])
        with stack.postgres_away(number):
            pass
        for (lost,) in stack.sql("SELECT id FROM jobs_job WHERE state = 'running'"):
            stack.end_lease(lost)
        stack.await_job(job)
        assert stack.job(job)[0] == "done", stack.job(job)
    assert fingerprint(stack) == (calm.before if what == "undo" else calm.after)
    if what == "load":
        feed.undone(batch)


@contextlib.contextmanager
def small_disk(folder: Path, *, kilobytes: int, like: Path) -> Iterator[Path]:
    """A disk of its own, with the owner and the rights of another folder."""
    folder.mkdir(exist_ok=True)
    told = like.stat()
    options = f"size={kilobytes}k,uid={told.st_uid},gid={told.st_gid},mode=700"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk: WHAT A FULL DISK DOES TO POSTGRES WAS NOT TESTED")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def no_room(stack: Stack, where: str) -> Iterator[None]:
    """Postgres finds no room for what it stages, or for what was told; its log and the rest of the tables have theirs."""
    with small_disk(stack.servers.var / "small", kilobytes=16_384, like=stack.servers.pg) as folder:
        place = folder / "place"
        place.mkdir(mode=0o700)
        os.chown(place, folder.stat().st_uid, folder.stat().st_gid)
        outside(stack, f"CREATE TABLESPACE small LOCATION '{place}'", "GRANT CREATE ON TABLESPACE small TO prm")
        if where == "staged":
            outside(stack, "ALTER ROLE prm SET temp_tablespaces = 'small'")
            stack.kill_workers()  # who connects from now on is told
        else:
            outside(stack, "ALTER TABLE referrals_sentrow SET TABLESPACE small", "ALTER INDEX referrals_sentrow_pkey SET TABLESPACE small")
        ballast = folder / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(bytes(16_384)) == 16_384:
                pass
        try:
            yield
        finally:
            ballast.unlink()
            if where == "staged":
                outside(stack, "ALTER ROLE prm RESET temp_tablespaces")
                stack.kill_workers()
            else:
                outside(stack, "ALTER TABLE referrals_sentrow SET TABLESPACE pg_default")
                outside(stack, "ALTER INDEX referrals_sentrow_pkey SET TABLESPACE pg_default")
            assert processes.until(lambda: dropped(stack), seconds=20, every=0.3), "somebody still uses the small disk"


def outside(stack: Stack, *commands: str) -> None:
    """What only the database's owner may do, and not in a transaction."""
    with contextlib.closing(stack.servers.connect("prm")) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for command in commands:
            cursor.execute(command)


def dropped(stack: Stack) -> bool:
    with contextlib.suppress(Exception):
        outside(stack, "DROP TABLESPACE small")
        return True
    return False


@pytest.mark.parametrize(("where", "what"), [("staged", "check"), ("told", "load"), ("staged", "undo")])
def test_postgres_has_no_room(stack: Stack, calm: Calm, where: str, what: str) -> None:
    feed = calm.feed
    batch = feed.checked()
    if what == "undo":
        stack.await_job(feed.ask(batch, "load"))
    with no_room(stack, where):
        with feed.watched(batch):
            job = feed.ask(batch, what)
            stack.await_job(job)
            assert stack.job(job) == ("failed", 3, FULL)
        assert fingerprint(stack) == (calm.after if what == "undo" else calm.before)
        assert "The disk of the server is full" in feed.ada.get(f"/referrals/imports/{batch}/").text
    with feed.watched(batch):
        job = feed.ask(batch, what)
        stack.await_job(job)
    assert stack.job(job)[0] == "done", stack.job(job)
    if what == "check":
        stack.await_job(feed.ask(batch, "load"))
    if what != "undo":
        assert fingerprint(stack) == calm.after
        feed.undone(batch)


def test_an_upload_has_no_room(stack: Stack, calm: Calm) -> None:
    feed, uploads = calm.feed, stack.servers.var / "uploads"
    with small_disk(uploads, kilobytes=64, like=uploads), feed.file.open("rb") as opened:
        (uploads / "incoming").mkdir()
        answer = feed.ada.post("/referrals/imports/upload/", source=feed.source, file=opened)
        assert answer.status == 503, answer.text
        assert "The disk of the server is full" in answer.text
        assert not [path for path in uploads.rglob("*") if path.is_file()]
    assert stack.one("SELECT count(*) FROM referrals_importbatch WHERE state NOT IN ('loaded', 'undone', 'discarded')") == 0


def at_once(*calls: object) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)


def test_one_file_sent_four_times_at_once_is_one_import(stack: Stack, calm: Calm) -> None:
    feed, batches = calm.feed, []
    at_once(*[lambda: batches.append(feed.upload())] * 4)
    assert len(batches) == 4, "somebody was refused"
    assert len(set(batches)) == 1
    batch = batches[0]
    assert len([path for path in (stack.servers.var / "uploads").rglob("*") if path.is_file()]) == 1
    assert processes.until(lambda: feed.batch(batch)[0] == "checked", seconds=60)
    answers = []
    with feed.watched(batch):
        at_once(*[lambda: answers.append(feed.ada.post(f"/referrals/imports/{batch}/load/", looked="on").status)] * 4)
        stack.await_job(feed.batch(batch)[1])
    assert answers == [200] * 4
    assert stack.one("SELECT count(*) FROM jobs_job WHERE name = 'referrals.load' AND args = %s::jsonb", f"[{batch}]") == 1
    assert fingerprint(stack) == calm.after
    at_once(*[lambda: feed.ada.post(f"/referrals/imports/{batch}/undo/", why="Wrong file")] * 3)
    stack.await_job(feed.batch(batch)[1])
    assert stack.one("SELECT count(*) FROM jobs_job WHERE name = 'referrals.undo' AND args = %s::jsonb", f"[{batch}]") == 1


def test_two_workers_are_woken_for_one_batch(stack: Stack, calm: Calm) -> None:
    feed = calm.feed
    batch = feed.checked()
    broker = Celery(broker=f"redis+socket://{stack.servers.sock}/valkey.sock?virtual_host=0", set_as_current=False)
    for what, numbers in (("load", calm.after), ("undo", calm.before)):
        with feed.watched(batch):
            job = feed.ask(batch, what)
            for _ in range(6):
                broker.send_task("jobs.run", args=[job])
            stack.await_job(job)
        assert stack.job(job) == ("done", 1, "")
        assert fingerprint(stack) == numbers
    broker.close()


def test_a_worker_that_stood_still_comes_back_too_late(stack: Stack, calm: Calm) -> None:
    """Frozen while it reads the file. Postgres ends what it left open; another one takes the batch over, and the first changes nothing."""
    feed = calm.feed
    batch = feed.checked()
    with feed.watched(batch):
        with stack.gate("referrals_sourcerow"):
            job = feed.ask(batch, "load")
            assert processes.until(lambda: stack.stands_at("referrals_sourcerow"), seconds=60)
            workers = stack.workers()
            for worker in workers:
                worker.suspend()
        try:
            # What idle_in_transaction_session_timeout does, without the half hour.
            ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE state = 'idle in transaction' AND usename = 'prm'"
            assert processes.until(lambda: stack.one(ended), seconds=20)
            stack.sql("UPDATE jobs_job SET lease_until_at = now() - interval '1 second' WHERE id = %s", job)
            assert stack.python(f"from jobs.actions import run; print(run({job}))") == "True"
            assert (feed.batch(batch)[0], stack.job(job)) == ("loaded", ("done", 2, ""))
        finally:
            for worker in workers:
                worker.resume()
        assert processes.until(lambda: f"job {job} failed: " in stack.logs(), seconds=60, every=0.2)
    assert stack.job(job) == ("done", 2, "")
    assert fingerprint(stack) == calm.after
    feed.undone(batch)


def test_cancelled_while_it_is_loading(stack: Stack, calm: Calm) -> None:
    """The worker finds out in the end, and writes nothing; meanwhile the same file may be loaded anew."""
    feed = calm.feed
    batch = feed.checked()
    with feed.watched(batch):
        with stack.gate("referrals_referral"):
            first = feed.ask(batch, "load")
            assert processes.until(lambda: stack.stands_at("referrals_referral"), seconds=60)
            # What jobs.actions.cancel does: no page offers it for a load yet.
            stack.sql("UPDATE jobs_job SET state = 'cancelled', finished_at = now(), lease_until_at = NULL WHERE id = %s", first)
            second = feed.ask(batch, "load")
            assert second != first
        stack.await_job(second)
    assert (stack.job(first)[0], stack.job(second)) == ("cancelled", ("done", 1, ""))
    assert fingerprint(stack) == calm.after
    feed.undone(batch)


def test_discarded_while_it_is_checked(stack: Stack, calm: Calm) -> None:
    feed = calm.feed
    with stack.gate("referrals_referral"):
        batch = feed.upload()
        job = feed.batch(batch)[1]
        assert processes.until(lambda: stack.stands_at("referrals_referral"), seconds=60)
        answer = feed.ada.post(f"/referrals/imports/{batch}/discard/")
        assert (answer.status, feed.batch(batch)[0]) == (200, "discarded"), answer.text
    assert processes.until(lambda: f"job {job}: lease lost" in stack.logs(), seconds=60, every=0.2)
    assert (feed.batch(batch)[0], stack.job(job)[0]) == ("discarded", "cancelled")


def test_a_file_in_the_watched_folder_whose_workers_are_killed(stack: Stack, calm: Calm) -> None:
    """Killed while it is taken in and while it is loaded: one import, and the folder is empty."""
    feed, uploads = calm.feed, stack.servers.var / "uploads"
    assert processes.until(lambda: time.time() > calm.dropped.stat().st_ctime + QUIET_SECONDS + 1, seconds=60, every=0.5)
    newest = stack.one("SELECT max(id) FROM referrals_importbatch")
    arrived = "SELECT id, state, job_id FROM referrals_importbatch WHERE id > %s"
    for table, standing, ends in (("referrals_importbatch", [], "checked"), ("referrals_statusevent", ["loading"], "loaded")):
        with stack.gate(table):
            watching = put_job(stack, "referrals.watch_inbox")
            assert processes.until(lambda at=table: stack.stands_at(at), seconds=60)
            found = stack.sql(arrived, newest)
            assert [state for _, state, _ in found] == standing
            job = found[0][2] if found else watching
            stack.kill_workers()
            stack.end_lease(job)
        stack.await_job(job)
        assert stack.job(job) == ("done", 2, "")
        ((batch, _, job),) = stack.sql(arrived, newest)
        stack.await_job(job)
        assert feed.batch(batch)[0] == ends
    assert stack.one("SELECT new FROM referrals_importbatch WHERE id = %s", batch) == 1
    assert [path for path in calm.dropped.parent.rglob("*") if path.is_file()] == []
    feed.undone(batch)
    # The copy that the killed one had made is nobody's; it goes as all uploads do, after a day.
    copies = [path for path in uploads.rglob("*") if path.is_file()]
    assert len(copies) == 1
    os.utime(copies[0], (1, 1))
    stack.await_job(put_job(stack, "referrals.forget_uploads"))
    assert not copies[0].exists()
