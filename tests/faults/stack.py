"""All of PRM as real processes on servers of its own, to be broken by the tests and to come back by itself."""

import contextlib
import http.cookiejar
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from prm import processes, up
from prm.embedded import ROOT, Servers
from prm.supervisor import Child, Supervisor
from tests.factories import PASSWORD


@dataclass
class Answer:
    """What a person got, and how long it took."""

    status: int
    url: str
    text: str
    seconds: float


class Person:
    """A browser without a screen; signed in when it has a name."""

    def __init__(self, base: str, name: str) -> None:
        self.base, self.cookies = base, http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies), urllib.request.ProxyHandler({}))
        if not name:
            return
        self.get("/account/login/")
        answer = self.post("/account/login/", login=f"{name}@example.org", password=PASSWORD)
        assert answer.status == 200, answer
        assert "/account/login/" not in answer.url, answer.text

    def get(self, path: str) -> Answer:
        return self._ask(urllib.request.Request(self.base + path))

    def post(self, path: str, **fields: Any) -> Answer:
        """Send a form; an open file among its fields is uploaded."""
        token = next(cookie.value for cookie in self.cookies if cookie.name == "csrftoken")
        body = encode_multipart(BOUNDARY, {"csrfmiddlewaretoken": token, **fields})
        return self._ask(urllib.request.Request(self.base + path, body, {"Content-Type": MULTIPART_CONTENT}))

    def _ask(self, request: urllib.request.Request) -> Answer:
        started = time.monotonic()
        try:
            with self.opener.open(request, timeout=60) as response:
                return Answer(response.status, response.url, response.read().decode(), time.monotonic() - started)
        except urllib.error.HTTPError as response:
            with response:
                return Answer(response.code, response.url, response.read().decode(), time.monotonic() - started)


class Stack:
    """Servers, web, worker and relay of one data folder, as `bin/up` runs them (no beat: the tests ask for the work themselves)."""

    def __init__(self, servers: Servers, listener: socket.socket) -> None:
        self.servers = servers
        self.base = f"http://localhost:{listener.getsockname()[1]}"
        self.supervisor = Supervisor(servers.run / "children", print)
        self.children: dict[str, Child] = {child.name: child for child in up.children(servers, listener) if child.name != "beat"}
        self.people: dict[str, Person] = {}

    def start(self, listener: socket.socket) -> None:
        for child in self.children.values():
            self.supervisor.start(child)
        up.await_pages(self.supervisor, listener)

    def person(self, name: str) -> Person:
        """The same sign-in for the whole run: a sign-in too many and the rate limit would speak."""
        if name not in self.people:
            self.people[name] = Person(self.base, name)
        return self.people[name]

    def ready(self) -> tuple[int, dict[str, Any]]:
        """What a load balancer hears."""
        answer = self.person("").get("/health/ready")
        return answer.status, json.loads(answer.text)

    def python(self, code: str) -> str:
        """What the code prints in a process of its own, with Django and the tests' factories at hand."""
        setup = "import django; django.setup()\n"
        return subprocess.run([sys.executable, "-c", setup + code], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    # The database, looked at from outside

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with contextlib.closing(self.servers.connect("prm")) as connection, connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def one(self, query: str, *values: Any) -> Any:
        return self.sql(query, *values)[0][0]

    def job(self, job_id: int) -> tuple[str, int, str]:
        """(state, attempt, error) of a job."""
        return self.sql("SELECT state, attempt, error FROM jobs_job WHERE id = %s", job_id)[0]

    def await_job(self, job_id: int, *, seconds: float = 120) -> None:
        """The relay wakes a worker and the worker does it, however long they took to come back."""
        assert processes.until(lambda: self.job(job_id)[0] in {"done", "failed"}, seconds=seconds, every=0.2), self.job(job_id)

    @contextlib.contextmanager
    def gate(self, table: str) -> Iterator[None]:
        """While it is shut, who writes into the table waits, and who reads does not: a place to find a worker standing."""
        with contextlib.closing(self.servers.connect("prm")) as connection, connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            yield
            connection.rollback()

    def stands_at(self, table: str) -> bool:
        return bool(self.one("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", table))

    # Breaking things

    def kill_workers(self) -> None:
        """kill -9 for every process that could be doing the job; the pool's parent lives."""
        for child in self.workers():
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()

    def workers(self) -> list[psutil.Process]:
        """Every process that could be doing a job."""
        parent = psutil.Process(self.children["worker"].process.pid)
        assert processes.until(parent.children, seconds=20)
        return parent.children()

    def end_lease(self, job_id: int) -> None:
        """What a minute without a sign of life does, without the minute."""
        self.sql("UPDATE jobs_job SET lease_until_at = now() WHERE id = %s AND state = 'running'", job_id)

    @contextlib.contextmanager
    def broker_away(self, how: str) -> Iterator[None]:
        """`ended`: its socket refuses, and what it held is gone; `silent`: it takes connections and never answers."""
        server = self.servers.valkey_server()
        if how == "silent":
            server.suspend()
        else:
            processes.end(server, (signal.SIGKILL, 5))
            shutil.rmtree(self.servers.valkey / "appendonlydir", ignore_errors=True)
        try:
            yield
        finally:
            server.resume() if how == "silent" else self.servers.start()

    @contextlib.contextmanager
    def postgres_away(self, number: int = signal.SIGINT) -> Iterator[None]:
        """Ended by the signal; started again, with recovery if it has to."""
        processes.end(self.servers.postgres(), (number, 30))
        try:
            yield
        finally:
            self.servers.start()

    def logs(self) -> str:
        return "".join(path.read_text(errors="replace") for path in self.servers.log.glob("*.log"))


@contextlib.contextmanager
def running(prepare: Any) -> Iterator[Stack]:
    """A stack over a fresh folder with the settings of an installation (nothing is forgetful here); `prepare(stack)` fills it."""
    folder = Path(tempfile.mkdtemp(prefix="prm-faults-"))
    folder.chmod(0o711)
    servers = Servers(folder / "var")
    servers.enter()
    supervisor = None
    try:
        servers.start()
        os.environ.update(servers.environment)
        with contextlib.closing(socket.socket()) as listener:
            listener.bind((up.HOST, 0))
            listener.listen(128)
            stack = Stack(servers, listener)
            supervisor = stack.supervisor
            up.prepare(empty=True, url=f"http://{up.HOST}:{listener.getsockname()[1]}")
            prepare(stack)
            stack.start(listener)
            yield stack
    finally:
        if supervisor:
            supervisor.stop()
        servers.leave()
        shutil.rmtree(folder, ignore_errors=True)
