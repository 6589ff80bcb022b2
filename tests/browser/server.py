"""PRM's web server as a process of its own over the test's database: it can be killed in the middle of anything, and comes back."""

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
from django.db import connection

from prm import processes
from prm.embedded import ROOT


class Server:
    """gunicorn on a port that stays its own. What it serves is what the test committed."""

    def __init__(self, static: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.static = static
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when pages are answered."""
        here, _, _ = os.environ["DATABASE_URL"].rpartition("/")
        environment = {
            **os.environ,
            "DATABASE_URL": f"{here}/{connection.settings_dict['NAME']}",
            "PRM_STATIC": str(self.static),
            "PRM_ROLE": "web",
        }
        command = [sys.executable, "-m", "gunicorn", "prm.wsgi", "--bind", f"127.0.0.1:{self.port}", "--worker-class", "gthread"]
        self.process = subprocess.Popen([*command, "--threads", "4", "--log-level", "error"], cwd=ROOT, env=environment)
        assert processes.until(self.answers, seconds=30, every=0.1)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health/live", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """At once, and with everything it had begun: kill -9 for it and its workers."""
        if self.process is not None:
            parent = psutil.Process(self.process.pid)
            for one in [parent, *parent.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            self.process.wait()
            self.process = None
