"""Scenario 34 in the running system: what names a patient is in the uploaded file while it waits, and nowhere else, ever."""

import contextlib
import re
import threading
from pathlib import Path
from typing import Any

import pytest
import redis

from prm import processes
from tests import make_world
from tests.factories.referrals import draw_world
from tests.faults.stack import Stack

pytestmark = pytest.mark.slow
NAMES = [name.encode() for part in make_world.CANARY for name in part]
CANARY = re.compile(rb"\bQX\d{7}\b|" + b"|".join(NAMES))


def holding(folder: Path) -> dict[str, str]:
    """{file: what it says of a patient} of every file below the folder, whatever kind of file it is."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and (told := CANARY.search(path.read_bytes())):
            found[str(path.relative_to(folder))] = repr(told.string[max(0, told.start() - 40) : told.end() + 40])
    return found


class Wire(threading.Thread):
    """Everything that anybody says to the broker and the cache."""

    def __init__(self, socket: Path) -> None:
        super().__init__(daemon=True)
        self.client = redis.Redis(unix_socket_path=str(socket), socket_timeout=None)
        self.heard: list[bytes] = []

    def run(self) -> None:
        with contextlib.suppress(redis.ConnectionError), self.client.monitor() as monitor:
            for command in monitor.listen():
                self.heard.append(str(command["command"]).encode())


def test_an_uploaded_patient_is_in_the_upload_and_nowhere_else(stack: Stack, tmp_path: Path) -> None:
    draw_world(tmp_path, "--seed", "22", "--providers", "40", "--referrals", "500", "--months", "4")
    file, ada, var = tmp_path / "referrals_a.csv", stack.person("ada"), stack.servers.var
    wire = Wire(stack.servers.sock / "valkey.sock")
    wire.start()
    feed = stack.one("SELECT id FROM referrals_source WHERE name = 'a'")

    def upload() -> Any:
        with file.open("rb") as opened:
            return ada.post("/referrals/imports/upload/", source=feed, file=opened)

    with stack.postgres_away():
        refused = upload()
    assert refused.status == 503
    assert not CANARY.search(refused.text.encode())
    assert not holding(var), "a refused upload was kept"

    assert processes.until(lambda: stack.ready()[0] == 200, seconds=30)
    sent = upload()
    assert sent.status == 200
    batch = int(re.search(r"/imports/(\d+)/", sent.url)[1])
    state = lambda: stack.one("SELECT state FROM referrals_importbatch WHERE id = %s", batch)  # noqa: E731
    assert processes.until(lambda: state() == "checked", seconds=60)
    assert {file.split("/")[0] for file in holding(var)} == {"uploads"}, "the search finds what is there"
    shown = [sent, ada.get(f"/referrals/imports/{batch}/"), ada.get(f"/referrals/imports/{batch}/map/")]
    shown.append(ada.post(f"/referrals/imports/{batch}/load/", looked="on"))  # what is odd about it is known
    assert processes.until(lambda: state() == "loaded", seconds=60)
    rows = [line.split(",") for line in file.read_text("utf-8-sig").splitlines()]
    number = next(cell.strip('"') for cell in rows[5] if cell.strip('"').startswith("QX"))
    shown += [ada.get(f"/referrals/imports/{batch}/rejects/"), ada.get("/referrals/"), ada.post("/referrals/lookup/", number=number[1:])]
    for answer in shown:
        assert not CANARY.search(answer.text.encode()), answer.url
    stack.sql("CHECKPOINT")
    assert not holding(var), "in the database's own files, the logs or the broker's"
    assert any(b"jobs.run" in command for command in wire.heard), "the wire was heard"
    assert not [command for command in wire.heard if CANARY.search(command)]
    assert stack.one("SELECT count(*) FROM jobs_job WHERE args::text ~ 'QX|[A-Z][a-z]'") == 0
