"""A thousand phones that were without a network and come back in the same second, each with visits that wait (PRODUCT, journey L).

Each phone does what static/js/outbox.js does: it asks whom it speaks for, sends its visits one by one under their keys, waits longer after
each failure, and forgets a visit only when the answer echoes its key. Every twentieth request loses its answer after it was sent, so that
its visit comes a second time. gunicorn serves as `bin/up` starts it, with real sessions and CSRF tokens. Afterwards the database is asked:
every key once. Times are those of requests that were answered; a person who works meanwhile asks one page after another.
"""

import asyncio
import contextlib
import datetime as dt
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from statistics import median, quantiles
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from benchmarks.measuring import Ratio
from common.names import fold
from contacts.models import Practice
from prm.embedded import ROOT
from territories.models import Assignment, Territory
from visits.models import Visit

Result = TypeVar("Result")

VISITS = 3  # that wait on each phone
LOST_ANSWERS = 0.05  # of the requests that send a visit
TIMEOUT, FIRST_PAUSE, LONGEST_PAUSE, TIMER = 20, 2, 300, 15  # seconds: outbox.js
IDLE_TRIES, TERRITORIES, OFFICES = 60, 40, 5
PATIENCE = 1800  # seconds for all of it
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    status: int
    json: Any
    cookies: dict[str, str]
    seconds: float


@dataclass
class Item:
    """A visit that waits on a phone, as the outbox keeps it."""

    key: str
    body: dict[str, Any]
    tries: int = 0
    again: float = 0  # seconds of the loop's clock


@dataclass
class Phone:
    """One person's phone: its session's cookie, and what waits on it."""

    user: int
    session: str
    waiting: list[Item]
    dice: random.Random
    took: list[float] = field(default_factory=list)  # seconds of each visit that was answered as stored
    sent: list[str] = field(default_factory=list)  # keys that the server said it has
    lost_answers: int = 0
    failures: int = 0  # requests that were refused for now, or not answered in time


def measure(*, rows: int, rounds: int, seed: int) -> list[Ratio]:
    """`rows` phones; `rounds` is not used: they come back once."""
    dice = random.Random(seed)
    print(f"Making {rows:,} people, their sessions and {rows * VISITS:,} visits that wait …", flush=True)
    phones, person = _phones(rows, dice), _phones(1, dice, visits=IDLE_TRIES)[0]
    keys = [item.key for phone in phones for item in phone.waiting]
    idle_pages: list[float] = []
    with _web() as port:
        _run(_alone(port, person, idle_pages))
        started = time.perf_counter()
        busy_pages = _run(_all_at_once(port, phones, person.session))
        took = time.perf_counter() - started
    return _told(phones, keys, person.took, idle_pages, busy_pages, took)


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """In a thread of its own: the caller's may hold a loop already, as a browser's test does."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, work).result()


def _told(
    phones: Sequence[Phone], keys: Sequence[str], idle: list[float], idle_pages: list[float], busy_pages: list[float], took: float
) -> list[Ratio]:
    """Every key once, by what the database holds; times of visits and of pages beside those of an idle server."""
    stored = list(Visit.objects.filter(client_id__in=keys).values_list("client_id", "logged_by"))
    owners = {item: phone.user for phone in phones for item in phone.sent}
    lost = set(keys) - {str(key) for key, _ in stored}
    wrong = [key for key, owner in stored if owners.get(str(key)) != owner]
    extra = Visit.objects.filter(logged_by__in=[phone.user for phone in phones]).count() - len({key for key, _ in stored})
    busy = [seconds for phone in phones for seconds in phone.took]
    again, failed = sum(phone.lost_answers for phone in phones), sum(phone.failures for phone in phones)
    print(
        f"{len(phones):,} phones, {len(keys):,} visits in {took:.1f} s ({len(keys) / took:.0f} a second); {again:,} answers lost on their\n"
        f"way, {failed:,} requests refused for now or not answered in time. A visit took {median(busy):.2f} s (p95 {_p95(busy):.2f}),\n"
        f"{median(idle):.3f} s (p95 {_p95(idle):.3f}) on an idle server.",
        flush=True,
    )
    return [
        Ratio("field · visits lost", 0, False, len(lost)),
        Ratio("field · visits stored twice, or under another person", 0, False, extra + len(wrong)),
        Ratio("field · visits still waiting on a phone", 0, False, sum(len(phone.waiting) for phone in phones)),
        Ratio("field · p95 of a visit ÷ idle p95", None, False, _p95(busy) / _p95(idle), {"visit, all at once": busy, "visit, idle": idle}),
        Ratio(
            "field · p95 of a page that somebody opens meanwhile ÷ idle p95", None, False, _p95(busy_pages) / _p95(idle_pages),
            {"page, all at once": busy_pages, "page, idle": idle_pages},
        ),
        Ratio("field · seconds until the last phone is empty", None, False, took),
    ]  # fmt: skip


def _p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]


# What there is before.


def _phones(count: int, dice: random.Random, visits: int = VISITS) -> list[Phone]:
    """People who look after a territory with five offices, signed in, with visits of the last hours on their phones."""
    root, _ = Territory.objects.get_or_create(parent=None, defaults={"name": "Everything"})
    number = User.objects.count()
    places = [Territory.objects.get_or_create(parent=root, name=f"Field {place}")[0] for place in range(min(TERRITORIES, count))]
    offices: dict[int, list[int]] = {}
    for place in places:
        if not place.practices.exists():
            names = [f"{place.name} office {office}" for office in range(OFFICES)]
            Practice.objects.bulk_create(Practice(name=name, folded_name=fold(name), territory=place, placed_by="zip") for name in names)
        offices[place.pk] = list(place.practices.values_list("pk", flat=True))
    people = User.objects.bulk_create(
        User(email=f"field{number + one}@example.org", full_name=f"Field {one}", role=Role.LIAISON, password="!") for one in range(count)
    )
    since = timezone.localdate().replace(year=timezone.localdate().year - 1, day=1)
    Assignment.objects.bulk_create(
        Assignment(user=person, territory=places[one % len(places)], started_on=since, is_primary=False)
        for one, person in enumerate(people)
    )
    return [
        Phone(
            person.pk,
            _session_of(person),
            [_item(offices[places[one % len(places)].pk], dice, back) for back in range(visits)],
            random.Random(dice.random()),
        )
        for one, person in enumerate(people)
    ]


def _item(offices: Sequence[int], dice: random.Random, back: int) -> Item:
    at = timezone.now().replace(microsecond=0) - dt.timedelta(minutes=30 * back + dice.randrange(1, 30))
    body = {
        "practice": dice.choice(offices), "visited_at": at.isoformat(), "entered_at": at.isoformat(), "mode": "in person",
        "outcome": dice.choice(("met staff", "not available")), "note": "Left the new referral guide; they ask for the direct line.",
        "follow_ups": [{"text": "Send the direct line"}] if back == 0 else [],
    }  # fmt: skip
    return Item(str(uuid.UUID(int=dice.getrandbits(128), version=4)), body)


def _session_of(person: User) -> str:
    """A session as the sign-in leaves it behind."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(person.pk), settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store.create()
    return str(store.session_key)


@contextmanager
def _web() -> Iterator[int]:
    """gunicorn with the options of `prm.up`, over this database."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen(2048)
        port: int = listener.getsockname()[1]
        command = [
            sys.executable,
            "-P",
            "-m",
            "gunicorn",
            "prm.wsgi:application",
            "--bind",
            f"fd://{listener.fileno()}",
            "--worker-class",
            "gthread",
        ]
        command += ["--workers", "2", "--threads", "4", "--timeout", "60", "--no-control-socket", "--log-level", "error"]
        here = os.environ["DATABASE_URL"].rpartition("/")[0]  # a test has a database of its own beside it
        environment = {**os.environ, "DATABASE_URL": f"{here}/{connection.settings_dict['NAME']}", "DJANGO_SETTINGS_MODULE": "prm.settings"}
        environment |= {"PRM_ROLE": "web", "PRM_DEBUG": "1"}  # static files as they lie: no page here is looked at
        process = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=(listener.fileno(),), start_new_session=True)
        try:
            yield port
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            connection.close()


# What phones do.


async def _all_at_once(port: int, phones: Sequence[Phone], session: str) -> list[float]:
    """Every phone sends until it is empty, and somebody opens pages meanwhile; returns the seconds of those."""
    pages: list[float] = []
    beside = [asyncio.create_task(_click(port, session, sys.maxsize, pages)), asyncio.create_task(_report(phones))]
    try:
        await asyncio.wait_for(asyncio.gather(*(_empty(port, phone) for phone in phones)), PATIENCE)
    except TimeoutError:
        print("\nNot every phone is empty after half an hour.", flush=True)
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    print(flush=True)
    return pages


async def _alone(port: int, phone: Phone, pages: list[float]) -> None:
    """One person's visits and pages, one after another, on a server that nobody else uses; the first of each warm it up."""
    for _ in range(2):
        await _ask(port, "GET", "/visits/", {"Cookie": f"sessionid={phone.session}"}, timeout=120)
    await _drain(port, phone, loses=0)
    if phone.waiting:
        raise SystemExit("The server does not take visits even when it is idle.")
    del phone.took[:4]
    await _click(port, phone.session, IDLE_TRIES, pages)


async def _report(phones: Sequence[Phone]) -> None:
    while True:
        print(f"\r{sum(len(phone.sent) for phone in phones):,} visits stored", end="", flush=True)
        await asyncio.sleep(5)


async def _empty(port: int, phone: Phone) -> None:
    """The network is there: send at once, and what stays every fifteen seconds, as a page does that is looked at."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while phone.waiting:
        await _drain(port, phone, loses=LOST_ANSWERS)
        if phone.waiting:
            await asyncio.sleep(TIMER - (clock() - began) % TIMER)


async def _drain(port: int, phone: Phone, *, loses: float) -> None:
    """One run of the outbox: what is ripe, in order, until the network fails or the server is busy for the third time."""
    clock = asyncio.get_running_loop().time
    asked: Answer | None = None
    troubles = 0
    for item in [item for item in phone.waiting if item.again <= clock()]:
        if asked is None:
            asked = await _ask(port, "GET", "/api/session/", {"Cookie": f"sessionid={phone.session}"})
            if asked is None or asked.status != 200 or asked.json.get("user") != phone.user:
                phone.failures += 1
                return
        is_lost = phone.dice.random() < loses
        answer = await _send(port, phone, item, asked, is_lost=is_lost)
        if is_lost:
            phone.lost_answers += 1
            return
        if answer is not None and answer.status in {200, 201} and answer.json.get("client_id") == item.key:
            phone.waiting.remove(item)
            phone.sent.append(item.key)
            phone.took.append(answer.seconds)
            continue
        phone.failures += 1
        if answer is None:
            return  # no network
        if answer.status != 429 and answer.status < 500:
            raise SystemExit(f"A visit was refused: {answer.status} {answer.json}")
        item.tries += 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (item.tries - 1))
        item.again = clock() + pause * (0.75 + phone.dice.random() / 2)
        troubles += 1
        if troubles > 2:
            return


async def _send(port: int, phone: Phone, item: Item, asked: Answer, *, is_lost: bool) -> Answer | None:
    headers = {
        "Cookie": f"sessionid={phone.session}; csrftoken={asked.cookies['csrftoken']}",
        "X-CSRFToken": asked.json["csrf"],
        "Idempotency-Key": item.key,
        "Phone-Time": timezone.now().isoformat(),
    }
    return await _ask(port, "POST", "/api/v1/visits/", headers, item.body, is_lost=is_lost)


async def _click(port: int, session: str, times: int, seconds: list[float]) -> None:
    """Somebody opens one page after another: the list of visits, a look and the next."""
    for _ in range(times):
        answer = await _ask(port, "GET", "/visits/", {"Cookie": f"sessionid={session}"}, timeout=120)
        if answer is None or answer.status != 200:
            raise SystemExit(f"A page was not answered: {answer and answer.status}")
        seconds.append(answer.seconds)
        await asyncio.sleep(0.2)


async def _ask(
    port: int, method: str, path: str, headers: dict[str, str], body: object = None, *, is_lost: bool = False, timeout: float = TIMEOUT
) -> Answer | None:
    """One request on a connection of its own; None when there is no answer in time. `is_lost`: carried out, and nobody hears of it."""
    data = b"" if body is None else json.dumps(body).encode()
    told = {"Host": f"localhost:{port}", "Connection": "close", "Accept": "application/json", **headers}
    if data:
        told |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in told.items()) + "\r\n"
    started = time.perf_counter()
    writer = None
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(HOST, port)
            writer.write(head.encode() + data)
            await writer.drain()
            answer = await reader.read()
    except (TimeoutError, OSError):
        return None
    finally:
        if writer is not None:
            writer.close()
    return None if is_lost else _read(answer, time.perf_counter() - started)


def _read(answer: bytes, seconds: float) -> Answer | None:
    """None for an answer that was cut off."""
    head, cut, content = answer.partition(b"\r\n\r\n")
    if not cut:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    cookies = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name.lower() == "set-cookie":
            key, _, rest = value.partition("=")
            cookies[key] = rest.partition(";")[0]
    is_json = any(line.lower().startswith("content-type: application/json") for line in lines)
    if is_json and "transfer-encoding: chunked" in head.decode("latin-1").lower():
        content = _joined(content)
    try:
        return Answer(int(first.split()[1]), json.loads(content) if is_json else None, cookies, seconds)
    except ValueError:
        return None


def _joined(content: bytes) -> bytes:
    """A body that came in chunks, as one."""
    whole = b""
    while content:
        size, _, content = content.partition(b"\r\n")
        length = int(size, 16)
        whole, content = whole + content[:length], content[length + 2 :]
        if not length:
            break
    return whole
