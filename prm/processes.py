"""Processes and folders of the machine: who works where, who may enter, and locks that the kernel frees when their holder dies."""

import contextlib
import fcntl
import os
import pwd
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import psutil

LONGEST_SOCKET = 103  # bytes: 107 on Linux, 103 on macOS
OVERSIZED_LOG = 10 * 1024 * 1024
SYSTEM_USERS = ("prm", "postgres", "daemon", "nobody")


class Unavailable(Exception):
    """Something the machine lacks or refuses, as a sentence for the person who typed the command."""


def alive(pid: int, *, name: str, folder: Path) -> psutil.Process | None:
    """The process with this pid if it is this program working on this folder. Pids are reused, and a zombie is dead."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE and name in process.name() and works_in(process, folder):
            return process
    return None


def works_in(process: psutil.Process, folder: Path) -> bool:
    """Whether the process has the folder as its working directory or names it in its command line."""
    with contextlib.suppress(psutil.Error):
        if process.cwd() == str(folder):
            return True
    with contextlib.suppress(psutil.Error):
        return str(folder) in process.cmdline()
    return False


def anyone_in(folder: Path, *, name: str) -> bool:
    """Whether any process of that name still works in the folder (a backend that outlived its postmaster, for one)."""
    return any(
        alive(process.pid, name=name, folder=folder) for process in psutil.process_iter(["name"]) if name in (process.info["name"] or "")
    )


def end(process: psutil.Process, *signals: tuple[int, float]) -> None:
    """Send each (signal, seconds to wait) in turn until the process is gone."""
    for number, patience in signals:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(patience)
                return


def server_user(*folders: Path) -> pwd.struct_passwd | None:
    """Who runs the servers: an ordinary user himself (None); for root, the first owner who is not root, since Postgres refuses root."""
    if os.geteuid() != 0:
        return None
    for folder in folders:
        if folder.exists() and (owner := folder.stat().st_uid) != 0:
            with contextlib.suppress(KeyError):
                return pwd.getpwuid(owner)
    for name in SYSTEM_USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Unavailable("Postgres will not run as root, and this machine has no other user. Add one: useradd --system prm")


def let_through(user: pwd.struct_passwd | None, path: Path) -> list[Path]:
    """Make every folder above the path crossable for the user: o+x where it must be and nothing more. Returns what was changed."""
    changed: list[Path] = []
    if user is None:
        return changed
    for folder in path.parents:
        state = folder.stat()
        mine, group = state.st_uid == user.pw_uid, state.st_gid in os.getgrouplist(user.pw_name, user.pw_gid)
        bit = stat.S_IXUSR if mine else stat.S_IXGRP if group else stat.S_IXOTH
        if not state.st_mode & bit:
            folder.chmod(stat.S_IMODE(state.st_mode) | bit)
            changed.append(folder)
    return changed


def private_folder(path: Path, user: pwd.struct_passwd | None) -> Path:
    """A folder for one user only (0700); refused when a stranger or a symbolic link holds its name."""
    uid = user.pw_uid if user else os.geteuid()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = path.lstat()
    if not stat.S_ISDIR(state.st_mode) or state.st_uid not in {uid, os.geteuid()}:
        raise Unavailable(f"{path} belongs to somebody else. Remove it, or choose another folder with PRM_VAR.")
    if user and state.st_uid != uid:
        os.chown(path, uid, user.pw_gid)
    path.chmod(0o700)
    return path


def socket_folder(wanted: Path, longest_name: str) -> Path:
    """The folder itself, or a short one under the temporary folder when a socket's path would be too long or need escaping in a URL."""
    room = LONGEST_SOCKET - len(longest_name) - 1
    if len(os.fsencode(wanted)) <= room and re.fullmatch(r"[\w./+-]+", str(wanted), re.ASCII):
        return wanted
    name = f"prm-{os.geteuid()}-{sha256(os.fsencode(wanted)).hexdigest()[:12]}"
    temporary = Path(tempfile.gettempdir())
    fits = len(os.fsencode(temporary / name)) <= room and re.fullmatch(r"[\w./+-]+", str(temporary), re.ASCII)
    return (temporary if fits else Path("/tmp")) / name  # noqa: S108 (private_folder refuses a stranger's)


@contextlib.contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Hold the lock file alone; others wait."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class Lease:
    """A shared lock on a file: the kernel frees it when its holder ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)

    def last(self) -> bool:
        """Give the lease up; whether nobody else holds one."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            os.close(self.descriptor)


def open_log(path: Path) -> int:
    """Append to a log that only its owner reads; an overgrown one is put aside first."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > OVERSIZED_LOG:
            path.replace(path.with_suffix(".log.1"))
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def last_lines(path: Path, count: int = 8) -> str:
    """The end of a log, for an error that has to be understood now."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-count:]) if path.exists() else ""


def until(happened, *, seconds: float, every: float = 0.03) -> bool:
    """Poll until it happened or the time is over."""
    deadline = time.monotonic() + seconds
    while not (done := happened()) and time.monotonic() < deadline:
        time.sleep(every)
    return bool(done)
