"""`bin/up`: everything PRM needs on one machine, until Ctrl-C."""

import argparse
import contextlib
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from prm import assets, embedded, processes
from prm.embedded import ROOT, Servers
from prm.manage import data_folder
from prm.processes import Unavailable
from prm.supervisor import Child, Supervisor, die_with_parent

DEFAULT_PORT = 8000
PORTS_TO_TRY = 50
HOST = "127.0.0.1"
PYTHON = [sys.executable, "-P", "-m"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/up", description="Start PRM on this machine. Ctrl-C stops it; the data stays.")
    parser.add_argument("--port", type=int, help=f"where the pages are (default: {DEFAULT_PORT}, or the next free one)")
    parser.add_argument("--empty", action="store_true", help="start without the demo world")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "prm.settings"
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts us with & has it ignored
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    var = data_folder()
    os.environ["PRM_VAR"] = str(var)
    try:
        run(var, port=options.port, empty=options.empty)
    except Unavailable as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        say("Stopped. The data is kept: bin/up brings it back.")


def say(sentence: str) -> None:
    print(sentence, flush=True)


def run(var: Path, *, port: int | None, empty: bool) -> None:
    """Start in order; each step says a sentence only when it has something to do."""
    started = time.monotonic()
    with only_one(var) as announce, contextlib.closing(listen(port)) as listener, embedded.servers(var, say=say) as servers:
        url = f"http://localhost:{listener.getsockname()[1]}"
        assets.build(say=say)
        supervisor = Supervisor(var / "run" / "children", say)
        supervisor.sweep()
        sign_ins = prepare(empty=empty, url=url)
        try:
            for child in children(servers, listener):
                supervisor.start(child)
            await_pages(supervisor, listener)
            announce(url)
            ready = f"ready in {time.monotonic() - started:.1f} s; Ctrl-C stops it"
            say(f"\nPRM is running: {url}   ({ready})\nData and logs: {var}\n\n{sign_ins}")
            while True:
                time.sleep(0.5)
                supervisor.look()
                revive(servers)
        finally:
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            say("\nStopping …")
            supervisor.stop()


@contextlib.contextmanager
def only_one(var: Path):
    """One bin/up per data folder. The lock file holds the address for whoever comes second."""
    (var / "run").mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(var / "run" / "up", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            url = lock.read().strip()
            say(f"PRM is running already: {url}" if url else "PRM is being started already, by another bin/up.")
            sys.exit(0)

        def announce(url: str) -> None:
            lock.truncate(0)
            lock.write(url)
            lock.flush()

        announce("")
        yield announce


def listen(port: int | None) -> socket.socket:
    """The listening socket, held here so that a restarted web process finds it open. A port asked for is that port or a sentence."""
    for candidate in [port] if port is not None else range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TO_TRY):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, candidate))
            listener.listen(128)
        except (OSError, OverflowError) as error:
            listener.close()
            if port is not None:
                reason = "is in use" if getattr(error, "errno", None) == 98 else "cannot be used"
                raise Unavailable(f"Port {port} {reason}. Choose another: bin/up --port {DEFAULT_PORT + 80}") from error
        else:
            if port is None and candidate != DEFAULT_PORT:
                say(f"Port {DEFAULT_PORT} is in use; taking {candidate}.")
            return listener
    raise Unavailable(f"Ports {DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TO_TRY - 1} are all in use. Name a free one: bin/up --port NUMBER")


def prepare(*, empty: bool, url: str) -> str:
    """Migrate, load the demo world, pack the static files: in a process of its own, so that this one stays small. Returns the sign-ins."""
    command = [*PYTHON, "prm.prepare", *(["--empty"] if empty else [])]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=die_with_parent, env={**os.environ, **address(url)}
    )
    try:
        output, _ = process.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)  # the packing of static files runs beside it, and must not outlive it
        process.wait()
    if process.returncode:
        raise Unavailable("PRM could not be prepared: see the lines above.")
    return output


def address(url: str) -> dict[str, str]:
    """What mails, calendars and the first admin's link begin with, where the environment does not say it."""
    return {} if os.environ.get("PRM_URL") or os.environ.get("PRM_ORIGINS") else {"PRM_URL": url}


def children(servers: Servers, listener: socket.socket) -> list[Child]:
    """Web, worker, beat and relay, as docker-compose.yml runs them on several machines."""
    run_folder, logs = servers.run, servers.log
    shared_memory = ["--worker-tmp-dir", str(embedded.SHARED_MEMORY)] if os.access(embedded.SHARED_MEMORY, os.W_OK) else []
    web = ["gunicorn", "prm.wsgi:application", "--bind", f"fd://{listener.fileno()}", "--worker-class", "gthread", "--workers", "2"]
    web += ["--threads", "4", "--timeout", "60", "--graceful-timeout", "10", "--no-control-socket", *shared_memory]
    worker = ["celery", "--app", "prm", "worker", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    worker += ["--concurrency", str(min(os.cpu_count() or 1, 4))]
    (run_folder / "beat.pid").unlink(missing_ok=True)  # only one bin/up per folder: a left-over is stale
    beat = ["celery", "--app", "prm", "beat", "--loglevel", "INFO"]
    beat += ["--schedule", str(run_folder / "beat-schedule"), "--pidfile", str(run_folder / "beat.pid")]
    environment = {"PYTHONUNBUFFERED": "1", **address(f"http://localhost:{listener.getsockname()[1]}")}
    return [
        Child("web", [*PYTHON, *web], {**environment, "PRM_ROLE": "web"}, logs / "web.log", pass_fds=(listener.fileno(),)),
        Child("worker", [*PYTHON, *worker], environment, logs / "worker.log"),
        Child("beat", [*PYTHON, *beat], environment, logs / "beat.log"),
        Child("relay", [sys.executable, str(ROOT / "manage.py"), "relay"], environment, logs / "relay.log"),
    ]


def await_pages(supervisor: Supervisor, listener: socket.socket) -> None:
    """Ready means that a page answered."""
    web = supervisor.children[0]

    def answers() -> bool:
        if web.died() is not None:
            raise Unavailable(f"The web process did not start. The end of {web.log}:\n{processes.last_lines(web.log, 20)}")
        connection = http.client.HTTPConnection(HOST, listener.getsockname()[1], timeout=20)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", "/health/live")
            return connection.getresponse().status < 500  # a host name of its own makes this a 400
        return False

    if not processes.until(answers, seconds=300, every=0.1):  # a busy machine is slow, and a dead process is told at once
        raise Unavailable(f"The pages do not answer. The end of {web.log}:\n{processes.last_lines(web.log, 20)}")


def revive(servers: Servers) -> None:
    """Start a database or broker that died under us again, and say so."""
    missing = [] if servers.postgres() or not servers.own_postgres else ["Postgres"]
    missing += [] if servers.valkey_server() or not servers.own_valkey else ["Valkey"]
    if missing:
        say(f"{' and '.join(missing)} ended unexpectedly; starting again.")
        try:
            servers.start()
        except Unavailable as reason:
            say(f"{reason}\nTrying again in 10 s.")
            time.sleep(10)


if __name__ == "__main__":
    main()
