"""Scenarios 18 and 19, a few rounds of them: Postgres restarted or killed while people work."""

import contextlib
import signal
import threading
import time
from typing import Self
from uuid import uuid4

import pytest

from prm import processes
from tests.faults.stack import Answer, Person, Stack
from tests.faults.test_broker import ask_for_report

pytestmark = pytest.mark.slow
LETTERS = str.maketrans("0123456789", "ghijklmnop")


class Clicking(threading.Thread):
    """A person who saves visits and looks at pages until told to stop."""

    def __init__(self, person: Person, practice: int) -> None:
        super().__init__(daemon=True)
        self.person, self.practice, self.over = person, practice, threading.Event()
        self.answers: list[Answer] = []
        self.saved: list[str] = []
        self.saved_since = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join(60)

    def run(self) -> None:
        while not self.over.wait(0.02):
            note = f"round {uuid4().hex.translate(LETTERS)}"  # digits could look like a record number, which the form asks about
            fields = {"practice": self.practice, "mode": "phone", "outcome": "met staff", "note": note, "due": "7", "client_id": uuid4()}
            when = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() - 86400))
            answer = self.person.post("/visits/log/", visited_at=when, **fields)
            if answer.status == 200 and "saved=1" in answer.url:
                self.saved.append(note)
                self.saved_since.set()
            self.answers += [answer, self.person.get("/visits/"), self.person.get("/api/v1/visits/")]


@pytest.mark.parametrize(("number", "rounds"), [(signal.SIGINT, 3), (signal.SIGKILL, 2)], ids=["restarted", "killed"])
def test_postgres_goes_and_comes_back_under_people_who_work(stack: Stack, number: int, rounds: int) -> None:
    practice = stack.one("SELECT min(id) FROM contacts_practice WHERE territory_id IS NOT NULL")
    people = [Clicking(stack.person("nora"), practice), Clicking(stack.person("dana"), practice)]
    with contextlib.ExitStack() as clicking:
        for person in people:
            clicking.enter_context(person)
        for _ in range(rounds):
            with stack.postgres_away(number):
                status, said = stack.ready()
                assert (status, said["status"]) == (503, "down")
                assert processes.until(lambda: all(person.answers and person.answers[-1].status == 503 for person in people), seconds=20)
                for person in people:
                    person.saved_since.clear()
            assert all(person.saved_since.wait(30) for person in people), "saving works again"
    answers = [answer for person in people for answer in person.answers]
    assert {answer.status for answer in answers} == {200, 503}
    for answer in answers:
        if answer.status == 503:
            assert ("Nothing was saved" if "/api/" in answer.url else "Wait a minute") in answer.text
    saved = [note for person in people for note in person.saved]
    kept = {note for (note,) in stack.sql("SELECT note FROM visits_visit WHERE note LIKE 'round %%'")}
    assert set(saved) <= kept, "a visit that was said to be saved is lost"
    run, _ = ask_for_report(stack.person("dana"), "2026-05-01", "2026-05-01" if number == signal.SIGINT else "2026-06-01")
    job = stack.one("SELECT job_id FROM reports_reportrun WHERE id = %s", run)
    stack.await_job(job)
    assert stack.job(job)[0] == "done", "relay and worker found the database again"
