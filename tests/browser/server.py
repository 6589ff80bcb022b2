"""PRM's web server as a process of its own over the test's database: it can be killed in the middle of anything, and comes back."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from django.db import connection

from prm import processes
from prm.embedded import ROOT


class Source:
    """The process that servers are forked from (tests.browser.serving)."""

    def __init__(self) -> None:
        here, _, _ = os.environ["DATABASE_URL"].rpartition("/")
        environment = {
            **os.environ,
            "DATABASE_URL": f"{here}/{connection.settings_dict['NAME']}",
            "DJANGO_SETTINGS_MODULE": "prm.settings",
            "PRM_ROLE": "web",
        }
        command = [sys.executable, "-m", "tests.browser.serving"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def fork(self, port: int, static: Path) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{port} {static}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


class Server:
    """gunicorn on a port that stays its own. What it serves is what the test committed."""

    def __init__(self, source: Source, static: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.source, self.static = source, static
        self.group = 0

    def start(self) -> None:
        """Returns when pages are answered."""
        self.group = self.source.fork(self.port, self.static)
        assert processes.until(self.answers, seconds=120, every=0.1)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health/live", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def next_release(self, folder: Path) -> None:
        """From the next start on, one script of the shell is another one."""
        shutil.copytree(self.static, folder)
        manifest = json.loads((folder / "staticfiles.json").read_text())
        old = manifest["paths"]["js/field.js"]
        new = manifest["paths"]["js/field.js"] = "js/field.0123456789ab.js"
        (folder / new).write_text((folder / old).read_text() + "\n// the next release\n")
        (folder / "staticfiles.json").write_text(json.dumps(manifest))
        self.static = folder

    def stop(self) -> None:
        """At once, and with everything it had begun: kill -9 for it and its workers."""
        with suppress(ProcessLookupError):
            if self.group:
                os.killpg(self.group, signal.SIGKILL)
        self.group = 0
        assert processes.until(lambda: not self.answers(), seconds=10)
