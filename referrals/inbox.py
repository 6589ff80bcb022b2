"""The watched folder: a file that is put into `<INBOX>/<feed>/` becomes an import, once, whatever happens in between.

A file goes `<feed>/x.csv` → `<feed>/.taken/<when>-<id>/x.csv` → an import (its own copy under settings.UPLOADS) → gone; or, when it
cannot be read, `<feed>/.refused/x.csv` with `x.csv.why.txt` beside it. Every step is one rename or one transaction, and every look goes on
with what is taken already, so that a crash between two steps neither loses a file nor loads it twice. Logs never hold the name of a file.
"""

import hashlib
import logging
import os
import shutil
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from audit.actions import record
from common.disk import FULL, DiskFull
from common.exceptions import InputError, PolicyViolation
from referrals import actions
from referrals.models import ArrivedBy, BatchState, FromFolder, ImportBatch, Source

log = logging.getLogger(__name__)

QUIET_SECONDS = 30  # unchanged for so long, a file is whole
KEPT_SECONDS = 24 * 3600  # refused files, as uploads
NOTES_KEPT_SECONDS = 30 * 24 * 3600
MOST_REJECTED = 0.02  # share of the rows; above that a person looks before anything is loaded
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload")
TAKEN, REFUSED, NOTE = ".taken", ".refused", ".why.txt"
_LOCK = 776_464_26  # "PRM inbox" on a telephone's keys


@dataclass(frozen=True)
class Waiting:
    """A file that is not an import yet; `problem` says what keeps it, when something does."""

    name: str
    size_bytes: int
    since_at: datetime
    problem: str = ""


@dataclass(frozen=True)
class Refused:
    """A file that could not be read."""

    name: str
    why: str
    at: datetime


def folder(source: Source) -> Path:
    """Where the files of this feed are put."""
    return Path(settings.INBOX) / source.name


def waiting(source: Source) -> list[Waiting]:
    """Files in the feed's folder, oldest first; those that are still being written as well."""
    found = []
    for path in [*_files(folder(source)), *_taken(source)]:
        with suppress(OSError):
            told = path.lstat()
            found.append(Waiting(_shown(path.name), told.st_size, _moment(told.st_ctime), _problem(path)))
    return sorted(found, key=lambda one: (one.since_at, one.name))


def refused(source: Source) -> list[Refused]:
    """Files that could not be read, the latest first, and why."""
    found = []
    for note in _listed(folder(source) / REFUSED):
        if note.name.endswith(NOTE):
            with suppress(OSError):
                why = note.read_text(errors="replace").partition("\n")[0]
                found.append(Refused(_shown(note.name.removesuffix(NOTE)), why, _moment(note.stat().st_mtime)))
    return sorted(found, key=lambda one: one.at, reverse=True)


def unknown_folders() -> list[str]:
    """Folders whose name is no feed's: what lies in them is never looked at."""
    names = {path.name for path in _listed(Path(settings.INBOX)) if path.is_dir() and not path.name.startswith(".")}
    return sorted(map(_shown, names - set(Source.objects.values_list("name", flat=True))))


def trouble() -> str:
    """What keeps the whole folder from being watched, in a sentence; blank when nothing does."""
    inbox = Path(settings.INBOX)
    if inbox.is_dir() and os.access(inbox, os.R_OK | os.X_OK):
        return ""
    return f"The folder {inbox} is not there, or PRM may not read it. To have files taken by themselves, make it; uploads need none."


def why_waiting(batch: ImportBatch) -> str:
    """Why a checked import from the folder is not loaded by itself; blank when it is about to be."""
    if batch.source.from_folder != FromFolder.LOAD:
        return "Files from this feed's folder are only checked. Load it when it looks right."
    if not batch.mapping:
        return "No mapping fits this file yet. Say which column is which."
    if batch.alarms:
        return "The check found something odd beside the last imports. Load it when that is right."
    if not batch.rows:
        return "The file has no rows that could be loaded."
    if (share := batch.rejected_total / batch.rows) > MOST_REJECTED:
        return f"{share:.0%} of its rows are rejected; up to {MOST_REJECTED:.0%} it would have been loaded by itself."
    return ""


def look() -> int:
    """One look at every feed's folder, and at what earlier looks left; returns how many files became imports.

    What is odd about one file or folder holds up no other.
    """
    made = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0  # somebody else is looking
        for source in Source.objects.exclude(from_folder=FromFolder.OFF).order_by("pk"):
            try:
                _take(source)
                made += sum(_take_in(source, path) for path in _taken(source))
                _forget_old(source)
            except OSError as error:
                log.warning("inbox %s: %s", source.name, type(error).__name__)
        _load_what_is_sound()
    return made


def _take(source: Source) -> None:
    """Move whole files aside, where nobody goes on writing them."""
    here = folder(source)
    here.mkdir(parents=True, exist_ok=True, mode=0o770)
    for path in _files(here):
        with suppress(OSError):  # it is gone, or it may not be moved: `waiting` tells
            if path.lstat().st_ctime > time.time() - QUIET_SECONDS or not os.access(path, os.R_OK):
                continue
            aside = here / TAKEN / f"{time.time_ns()}-{uuid4().hex[:8]}"
            aside.mkdir(parents=True, mode=0o700)
            try:
                path.rename(aside / path.name)
            except OSError:
                aside.rmdir()
                raise


def _take_in(source: Source, path: Path) -> bool:
    """Make an import of a file that was taken. True when it became one."""
    try:
        with transaction.atomic(), open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if done := _is_done(source, sha256, path):
                log.info("inbox %s: file %s was taken in before", source.name, sha256[:12])
            else:
                file.seek(0)
                batch = actions.create_batch(source=source, file=file, file_name=_shown(path.name), by=None, arrived_by=ArrivedBy.FOLDER)
                if batch.mapping and batch.state == BatchState.UPLOADED and batch.job is None:
                    actions.start_dry_run(batch=batch, by=None)
                log.info("inbox %s: file %s taken in", source.name, sha256[:12])
            transaction.on_commit(lambda: _discard(path))
    except DiskFull:
        log.error("inbox %s: no room for a file; it waits", source.name)
        return False
    except InputError as error:
        _refuse(source, path, str(error))
        return False
    except OSError as error:
        log.warning("inbox %s: a file cannot be read (%s)", source.name, type(error).__name__)
        return False
    return not done


def _is_done(source: Source, sha256: str, path: Path) -> bool:
    """Was this very file loaded, or made an import since it was taken (and only its removal was missed)?"""
    taken_at = _moment(int(path.parent.name.partition("-")[0]) / 1e9)
    since = Q(arrived_by=ArrivedBy.FOLDER, uploaded_at__gte=taken_at)
    return ImportBatch.objects.filter(since | Q(state=BatchState.LOADED), source=source, sha256=sha256).exists()


def _discard(path: Path) -> None:
    with suppress(OSError):  # missed, it is found to be done at the next look
        path.unlink(missing_ok=True)
        path.parent.rmdir()


def _refuse(source: Source, path: Path, why: str) -> None:
    """First the note, then the file: a refused file always has its reason beside it."""
    refused_here = folder(source) / REFUSED
    refused_here.mkdir(exist_ok=True, mode=0o770)
    name = path.name if len(os.fsencode(path.name)) < 200 else f"{path.parent.name}{path.suffix[:20]}"
    if (refused_here / name).exists():
        name = f"{path.parent.name.rpartition('-')[2]}-{name}"
    (refused_here / f"{name}{NOTE}").write_text(
        f"{why}\nPut the file into the folder again when that is mended. PRM keeps it here for 24 hours.\n"
    )
    path.rename(refused_here / name)
    path.parent.rmdir()
    record("inbox.refused", by=None, target=source)
    log.warning("inbox %s: a file was refused", source.name)


def _forget_old(source: Source) -> None:
    """Refused files after a day, their notes after a month, and what a crash left empty."""
    for path in _listed(folder(source) / REFUSED):
        kept = NOTES_KEPT_SECONDS if path.name.endswith(NOTE) else KEPT_SECONDS
        with suppress(OSError):
            if path.lstat().st_ctime < time.time() - kept:
                path.unlink()
    for aside in _listed(folder(source) / TAKEN):
        with suppress(OSError):
            aside.rmdir()  # refuses unless it is empty


def _load_what_is_sound() -> None:
    checked = ImportBatch.objects.filter(arrived_by=ArrivedBy.FOLDER, state=BatchState.CHECKED, source__from_folder=FromFolder.LOAD)
    for batch in checked.select_related("source").order_by("pk"):
        if not why_waiting(batch):
            with suppress(PolicyViolation):  # somebody has just done something else with it
                actions.start_load(batch=batch, by=None)


def _files(here: Path) -> list[Path]:
    """Plain files that people or programs have put there; links, folders and what is named as unfinished are none."""
    found = []
    for path in _listed(here):
        name = path.name.casefold()
        with suppress(OSError):
            if not name.startswith((".", "~$")) and not name.endswith(UNFINISHED) and stat.S_ISREG(path.lstat().st_mode):
                found.append(path)
    return found


def _taken(source: Source) -> list[Path]:
    """Files taken and not done with, in the order in which they were taken."""
    return [path for aside in _listed(folder(source) / TAKEN) for path in _listed(aside)]


def _listed(here: Path) -> list[Path]:
    try:
        return sorted(here.iterdir())
    except OSError:
        return []


def _problem(path: Path) -> str:
    if not os.access(path, os.R_OK):
        return "PRM may not read this file. Give its account the right to."
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return "PRM may not move files out of this folder. Give its account the right to."
    with suppress(OSError):
        if shutil.disk_usage(settings.UPLOADS).free < path.lstat().st_size:
            return FULL
    return ""


def _shown(name: str) -> str:
    """A file's name as text; bytes that are none become question marks."""
    return os.fsencode(name).decode("utf-8", "replace").replace("\0", "")


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
