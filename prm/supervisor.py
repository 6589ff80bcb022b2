"""The processes under `bin/up`: started apart from the terminal, ended with their parent, restarted when they die."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from prm import processes

LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
PR_SET_PDEATHSIG = 1
# How a child is asked to end, and for how many seconds: a worker finishes its task on SIGTERM, and hands it back on SIGQUIT.
ENDINGS = ((signal.SIGTERM, 8), (signal.SIGQUIT, 12))
LONGEST_PAUSE = 60
STEADY = 60  # seconds after which an earlier death no longer counts


@dataclass
class Child:
    """One program, its log and its luck so far."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started: float = field(default=0, init=False)
    pause: float = field(default=1, init=False)
    due: float = field(default=0, init=False)

    def start(self) -> None:
        """In its own session, so that Ctrl-C reaches only the parent, which then ends each child once."""
        log = processes.open_log(self.log)
        try:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,
                pass_fds=self.pass_fds,
                preexec_fn=die_with_parent if LIBC else None,  # no threads here, and it allocates nothing
            )
        finally:
            os.close(log)
        self.started, self.due = time.monotonic(), 0

    def died(self) -> int | None:
        """The exit code of a process that should be running."""
        return None if self.process is None else self.process.poll()


def die_with_parent() -> None:
    """Ask Linux to end this process when bin/up is killed without a chance to do it."""
    if LIBC:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Starts the children, keeps them running, ends them."""

    def __init__(self, record: Path, say: Callable[[str], None]) -> None:
        self.record = record
        self.say = say
        self.children: list[Child] = []

    def start(self, child: Child) -> None:
        child.start()
        self.children.append(child)
        self.write_record()

    def look(self) -> None:
        """One round: whoever died is started again, after a pause that doubles as long as it keeps dying."""
        now = time.monotonic()
        for child in self.children:
            if child.due:
                if now >= child.due:
                    child.start()
                    self.write_record()
            elif (code := child.died()) is not None:
                child.pause = 1 if now - child.started > STEADY else min(child.pause * 2, LONGEST_PAUSE)
                child.due = now + child.pause
                ending = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
                self.say(f"The {child.name} {ending}; it starts again in {child.pause:.0f} s. Its log: {child.log}")

    def stop(self) -> None:
        """Ask every child to end, wait, then insist. Whole sessions, so that no grandchild stays."""
        running = [child.process for child in self.children if child.process and child.process.poll() is None]
        try:
            for number, patience in ENDINGS:
                for process in running:
                    process.send_signal(number)
                processes.until(lambda: all(process.poll() is not None for process in running), seconds=patience)
        finally:  # also when a second Ctrl-C cuts the wait short
            for child in self.children:
                if child.process:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(child.process.pid, signal.SIGKILL)
                    child.process.wait()
            self.record.unlink(missing_ok=True)

    def write_record(self) -> None:
        """Who runs, by pid and birth: the next start ends what a kill -9 left behind."""
        alive = [child.process.pid for child in self.children if child.process and child.process.poll() is None]
        births = {}
        for pid in alive:
            with contextlib.suppress(psutil.Error):
                births[pid] = psutil.Process(pid).create_time()
        self.record.write_text(json.dumps(births))

    def sweep(self) -> None:
        """End the children of an earlier bin/up that was killed."""
        with contextlib.suppress(OSError, ValueError):
            for pid, birth in json.loads(self.record.read_text()).items():
                with contextlib.suppress(psutil.Error):
                    process = psutil.Process(int(pid))
                    if process.create_time() == birth:
                        family = [process, *process.children(recursive=True)]
                        processes.end(process, *ENDINGS)
                        for relative in family:
                            processes.end(relative, (signal.SIGKILL, 5))
        self.record.unlink(missing_ok=True)
