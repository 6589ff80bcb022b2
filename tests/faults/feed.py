"""One feed whose file is checked, loaded and undone over and over while things break, and everything that a reader can see of it."""

import contextlib
import random
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psycopg2

from prm import processes
from tests.faults.stack import Stack

# One statement, so one moment. A load and an undo change all of it at once or nothing.
_MOMENT = """SELECT b.rows, b.new, b.loaded_at, b.undone_at, b.state IN ('checking', 'loading', 'undoing') AND j.state = 'done',
    (SELECT count(*) FROM referrals_referral), (SELECT count(*) FROM referrals_referral WHERE batch_id = b.id),
    (SELECT count(*) FROM referrals_statusevent), (SELECT count(*) FROM referrals_sentrow), (SELECT count(*) FROM referrals_sentagain),
    (SELECT sum(n_inbound + n_internal + n_outbound + n_undetermined + n_outside) FROM referrals_providermonth),
    (SELECT sum(n_inbound + n_internal + n_outbound + n_undetermined + n_outside) FROM referrals_linemonth),
    (SELECT sum(n_inbound + n_internal + n_outbound + n_undetermined + n_outside) FROM referrals_sourcemonth),
    (SELECT count(*) FROM referrals_referral WHERE is_counted), (SELECT count(*) FROM referrals_sourcerow WHERE batch_id = b.id),
    (SELECT count(*) FROM referrals_dataversion WHERE cause LIKE 'import ' || b.id || ' of %%'),
    (SELECT count(*) FROM audit_auditevent WHERE event IN ('import.loaded', 'import.undone') AND target_id = b.id::text)
    FROM referrals_importbatch b JOIN jobs_job j ON j.id = b.job_id WHERE b.id = %s"""

# What stands in the tables, without numbers that another run would give out anew and the moments at which it was learned.
_NUMBERS = "string_to_array('id pk batch_id source_id payer_id service_line_id referral_id linked_to_id via_id learned_at saved_at', ' ')"
_FACTS = f"""SELECT jsonb_build_object('feed', s.name, 'payer', p.name, 'line', l.name) || (to_jsonb(r) - {_NUMBERS})
    FROM referrals_referral r JOIN referrals_source s ON s.id = r.source_id LEFT JOIN referrals_payer p ON p.id = r.payer_id
    LEFT JOIN territories_serviceline l ON l.id = r.service_line_id"""  # noqa: S608 - our own names
_OF_FACTS = f"""SELECT jsonb_build_object('feed', s.name, 'key', r.source_key) || (to_jsonb(t) - {_NUMBERS})
    FROM {{}} t JOIN referrals_referral r ON r.id = t.referral_id JOIN referrals_source s ON s.id = r.source_id"""  # noqa: S608 - our own names
_FINGERPRINTS = {
    "facts": _FACTS,
    "history": _OF_FACTS.format("referrals_statusevent"),
    "told": _OF_FACTS.format("referrals_sentrow"),
    "told again": _OF_FACTS.format("referrals_sentagain"),
    **{
        rollup: f"SELECT to_jsonb(t) - {_NUMBERS} FROM referrals_{rollup} t"  # noqa: S608 - our own names
        for rollup in ("providermonth", "linemonth", "sourcemonth")
    },
    "payers": "SELECT to_jsonb(t) - 'id' FROM referrals_payer t",
    "lines": "SELECT to_jsonb(t) - 'id' FROM territories_serviceline t",
    "feeds": "SELECT to_jsonb(t) - 'id' FROM referrals_source t",
    "mappings": f"SELECT to_jsonb(t) - {_NUMBERS} FROM referrals_mappingversion t",  # noqa: S608
    "aliases": "SELECT to_jsonb(t) - 'id' FROM contacts_alias t",
}


def fingerprint(stack: Stack) -> dict[str, str]:
    """The same twice means the same facts, history, sums and names."""
    parts = [
        f"SELECT '{name}', count(*) || ' ' || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM ({told}) AS x(t)"  # noqa: S608
        for name, told in _FINGERPRINTS.items()
    ]
    return dict(stack.sql(" UNION ALL ".join(parts)))


class Reader(threading.Thread):
    """Somebody who looks all the time, also across restarts of the database; `seen` is every different thing that was to be seen."""

    def __init__(self, stack: Stack, batch: int) -> None:
        super().__init__(daemon=True)
        self.stack, self.batch, self.over = stack, batch, threading.Event()
        self.seen: list[tuple[Any, ...]] = []
        self.looks = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join(30)

    def run(self) -> None:
        while not self.over.is_set():
            with contextlib.suppress(psycopg2.Error), contextlib.closing(self.stack.servers.connect("prm")) as connection:
                connection.autocommit = True
                while not self.over.wait(0.02):
                    self._look(connection)
            self.over.wait(0.05)

    def _look(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_MOMENT, [self.batch])
            found = cursor.fetchone()
        self.looks += 1
        if not self.seen or self.seen[-1] != found:
            self.seen.append(found)


class Feed:
    """What an analyst does with one file of the feed `a`, by the pages."""

    def __init__(self, stack: Stack, file: Path) -> None:
        self.stack, self.file, self.ada = stack, file, stack.person("ada")
        self.source = stack.one("SELECT id FROM referrals_source WHERE name = 'a'")
        self.seconds: dict[str, float] = {}

    def upload(self) -> int:
        """Sends the file; the check of it is under way."""
        with self.file.open("rb") as opened:
            answer = self.ada.post("/referrals/imports/upload/", source=self.source, file=opened)
        assert answer.status == 200, answer.text
        return int(re.search(r"/imports/(\d+)/", answer.url)[1])

    def checked(self) -> int:
        """The file is here and was checked."""
        batch = self.upload()
        self.stack.await_job(self.batch(batch)[1])
        assert self.batch(batch)[0] == "checked"
        return batch

    def ask(self, batch: int, what: str) -> int:
        """check, load or undo: returns the job's number."""
        before = self.batch(batch)
        answer = self.ada.post(f"/referrals/imports/{batch}/{what}/", looked="on", why="Wrong file")
        assert answer.status == 200, answer.text
        state, job, _ = self.batch(batch)
        assert state == {"check": "checking", "load": "loading", "undo": "undoing"}[what] or job != before[1], (state, answer.text)
        return job

    def batch(self, batch: int) -> tuple[str, int, str]:
        """(state, job, error)"""
        return self.stack.sql("SELECT state, job_id, error FROM referrals_importbatch WHERE id = %s", batch)[0]

    def timed(self, what: str, job: int) -> None:
        """Wait for a job that nothing disturbs, and remember how long it works."""
        self.stack.await_job(job)
        assert self.stack.job(job)[0] == "done", self.stack.job(job)
        self.seconds[what] = float(self.stack.one("SELECT extract(epoch FROM finished_at - started_at) FROM jobs_job WHERE id = %s", job))

    def undone(self, batch: int) -> None:
        self.stack.await_job(self.ask(batch, "undo"))
        assert self.batch(batch)[0] == "undone"

    @contextlib.contextmanager
    def watched(self, batch: int) -> Iterator[Reader]:
        """Whatever happens meanwhile, a reader sees how it was, or how it is in the end, and nothing in between."""
        with Reader(self.stack, batch) as reader:
            assert processes.until(lambda: reader.looks, seconds=20)
            before = reader.seen[0]
            yield reader
            looks = reader.looks
            assert processes.until(lambda: reader.looks > looks + 1, seconds=20)
        assert not any(half_done for *_, half_done in (moment[:5] for moment in reader.seen)), "its job is done, and it is not"
        assert reader.seen in ([before], [before, reader.seen[-1]]), f"half a batch was to be seen: {reader.seen}"

    def torn(self, job: int, *, what: str, kills: int, dice: random.Random) -> int:
        """Kill its worker at a random instant of its work, that often; returns how many of the kills met it at work."""
        met = 0
        for number in range(1, kills + 1):
            begun = processes.until(lambda n=number: self.stack.job(job)[1] >= n or self.is_over(job), seconds=60, every=0.01)
            assert begun, self.stack.job(job)
            time.sleep(dice.uniform(0, 1.1) * self.seconds[what])
            self.stack.kill_workers()
            if self.is_over(job):
                break
            met += 1
            self.stack.end_lease(job)
        return met

    def is_over(self, job: int) -> bool:
        return self.stack.job(job)[0] in {"done", "failed", "cancelled"}


def settled(stack: Stack) -> None:
    """All work is done, none gave up, and the nightly job finds each sum to be what the facts say.

    What else a killed worker had taken waits a minute until its lease is over, and then begins anew.
    """
    waiting = "SELECT count(*) FROM jobs_job WHERE state IN ('queued', 'running')"
    assert processes.until(lambda: not stack.one(waiting), seconds=180, every=0.1)
    job = put_job(stack, "referrals.recount")
    stack.await_job(job)
    assert stack.one("SELECT progress_note FROM jobs_job WHERE id = %s", job) == "0 differences"


def put_job(stack: Stack, name: str) -> int:
    """Work as beat asks for it."""
    return stack.one(
        """INSERT INTO jobs_job (name, args, key, state, attempt, token, requested_by_id, requested_by_label, queued_at, progress_done,
            progress_total, progress_note, error) VALUES (%s, '[]', '', 'queued', 0, 0, '', '', now(), 0, 0, '', '') RETURNING id""",
        name,
    )
