"""Files on their way in: taken, mapped, checked, loaded, thrown away."""

import hashlib
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import User
from audit.actions import record
from common.disk import disk_full_told
from common.exceptions import InputError, PolicyViolation
from jobs.actions import cancel, enqueue
from jobs.models import Job
from referrals import policies
from referrals.importing.dates import parse_date
from referrals.importing.formats import open_records
from referrals.importing.loading import forget_file, upload_path
from referrals.importing.mapping import Mapping, pick_mapping
from referrals.models import OPEN_STATES, ArrivedBy, BatchState, ImportBatch, Source

KEPT_SECONDS = 24 * 3600


def create_batch(
    *,
    source: Source,
    file: IO[bytes],
    file_name: str,
    by: User | None,
    mapping: dict[str, Any] | None = None,
    arrived_by: str = ArrivedBy.UPLOAD,
    format: str = "",
) -> ImportBatch:
    """Take a file in. Without a mapping: the source's own when it fits, else a shipped one, else none yet.

    A file that is under way already is not taken in twice: its open batch is returned, to be read by the mapping given now.
    """
    stored_as, sha256, size = _store(file)
    path = Path(settings.UPLOADS) / stored_as
    try:
        if (batch := _under_way(source, sha256)) is None:
            headers, format = _look(path, format, source, mapping)
            chosen = _mapping_for(headers, source, mapping)
            with suppress(IntegrityError), transaction.atomic():
                batch = ImportBatch.objects.create(
                    source=source,
                    format=format,
                    arrived_by=arrived_by,
                    file_name=Path(file_name).name[:200],
                    stored_as=stored_as,
                    sha256=sha256,
                    size_bytes=size,
                    mapping=chosen,
                    headers=headers,
                    uploaded_by=by,
                )
                record("import.uploaded", by=by, target=batch, size_bytes=size, sha256=sha256)
                return batch
            batch = _under_way(source, sha256)  # somebody else was a moment quicker
        if batch is None:
            raise InputError("The same file was taken in at the same moment, and is done already. Look at the list of imports.")
        _lend_file(batch, stored_as)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if mapping is not None and Mapping.from_json(mapping).to_json() != batch.mapping:
        set_batch_mapping(batch=batch, mapping=mapping, by=by)
        batch.refresh_from_db()
    return batch


def _under_way(source: Source, sha256: str) -> ImportBatch | None:
    return ImportBatch.objects.select_related("source").filter(source=source, sha256=sha256, state__in=OPEN_STATES).first()


def _lend_file(batch: ImportBatch, stored_as: str) -> None:
    """The file that came again goes, unless the batch has lost its own."""
    if batch.stored_as and upload_path(batch).is_file():
        (Path(settings.UPLOADS) / stored_as).unlink(missing_ok=True)
    else:
        batch.stored_as = stored_as
        batch.save(update_fields=["stored_as"])


def _look(path: Path, format: str, source: Source, given: dict[str, Any] | None) -> tuple[list[str], str]:
    """The file's columns and format. Of a workbook with several sheets the one that the mapping names, where it is there."""
    sheet = (given or source.mapping).get("format", {}).get("sheet", "")
    try:
        with open_records(path, format=format, sheet=sheet, first=100) as table:
            headers, found = list(table.headers), table.format
    except InputError:
        if given is not None or not sheet:
            raise
        with open_records(path, format=format, first=100) as table:
            headers, found = list(table.headers), table.format
    _check_names_columns(headers)
    return headers, found


def _check_names_columns(headers: list[str]) -> None:
    """A file without a header has a patient in its first line, which would be shown as names of columns."""
    if any(parse_date(header, "auto") or parse_date(header, "dmy") or len("".join(filter(str.isdigit, header))) > 6 for header in headers):
        raise InputError("The first line holds data, not the names of columns. Export the file with a header line.")


def _mapping_for(headers: list[str], source: Source, given: dict[str, Any] | None) -> dict[str, Any]:
    if given is not None:
        mapping = Mapping.from_json(given)
        _check_fits(mapping, headers)
        return mapping.to_json()
    if source.mapping and (saved := Mapping.from_json(source.mapping)).fits(headers):
        return saved.to_json()
    shipped = pick_mapping(headers)
    return shipped.to_json() if shipped else {}


def _check_fits(mapping: Mapping, headers: list[str]) -> None:
    if missing := mapping.missing(headers):
        raise InputError(f"The file does not fit the mapping: it has no column {' or '.join(repr(name[:80]) for name in missing[:5])}.")


def _store(file: IO[bytes]) -> tuple[str, str, int]:
    """Copy the file to where uploads lie, readable by nobody else; its name, digest and size."""
    name, digest, size = f"{uuid4().hex}.upload", hashlib.sha256(), 0
    folder = Path(settings.UPLOADS)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with disk_full_told(), (folder / name).open("xb") as stored:
            (folder / name).chmod(0o600)
            while chunk := file.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
                stored.write(chunk)
    except BaseException:
        (folder / name).unlink(missing_ok=True)
        raise
    return name, digest.hexdigest(), size


@transaction.atomic
def set_batch_mapping(*, batch: ImportBatch, mapping: dict[str, Any], by: User | None) -> ImportBatch:
    """Read this file so. An earlier check speaks of another mapping, so it is to be made again."""
    batch = _locked(batch)
    policies.check_can_map(batch)
    chosen = Mapping.from_json(mapping)
    with open_records(
        open_upload(batch), format=batch.format, delimiter=chosen.delimiter, encoding=chosen.encoding, sheet=chosen.sheet
    ) as table:
        _check_fits(chosen, table.headers)
        batch.headers = list(table.headers)
    batch.mapping, batch.state, batch.error = chosen.to_json(), BatchState.UPLOADED, ""
    batch.save()
    record("import.mapped", by=by, target=batch)
    return batch


@transaction.atomic
def start_dry_run(*, batch: ImportBatch, by: User | None) -> Job:
    """Let a worker find out what loading would do."""
    return _start(batch, "referrals.dry_run", BatchState.CHECKING, by)


@transaction.atomic
def start_load(*, batch: ImportBatch, by: User | None) -> Job:
    """Let a worker load the file."""
    return _start(batch, "referrals.load", BatchState.LOADING, by)


@transaction.atomic
def start_undo(*, batch: ImportBatch, by: User | None, why: str) -> Job:
    """Let a worker take back what this import brought, exactly; what later imports said stays."""
    if not why.strip():
        raise InputError("Say why this import is undone: everybody will see it beside the import.")
    locked = _locked(batch)
    policies.check_can_undo(locked)
    job = enqueue("referrals.undo", locked.pk, by=by)
    locked.state, locked.job, locked.undone_by, locked.undone_why = BatchState.UNDOING, job, by, why.strip()[:300]
    locked.save()
    record("import.undo_started", by=by, target=locked, why=locked.undone_why)
    batch.refresh_from_db()
    return job


def _start(batch: ImportBatch, name: str, state: str, by: User | None) -> Job:
    locked = _locked(batch)
    policies.check_can_start(locked)
    job = enqueue(name, locked.pk, by=by)
    locked.state, locked.job, locked.error = state, job, ""
    locked.save()
    record("import.check_started" if state == BatchState.CHECKING else "import.load_started", by=by, target=locked)
    batch.refresh_from_db()
    return job


def _locked(batch: ImportBatch) -> ImportBatch:
    """The batch as it is now, and nobody else's until the transaction ends.

    Its job is read after the wait: joined, it would be looked for among the jobs of before the wait, and a batch whose job is not found is
    taken for stuck. Without the key: rows that a worker writes beside the batch hold that until the work ends.
    """
    return ImportBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)


@transaction.atomic
def discard_batch(*, batch: ImportBatch, by: User | None) -> None:
    """Not to be loaded: the file is deleted, what the check found is kept as counts."""
    locked = _locked(batch)
    policies.check_can_discard(locked)
    if locked.job is not None and not locked.job.is_finished and by is not None:
        cancel(job=locked.job, by=by)
    forget_file(locked)
    locked.state = BatchState.DISCARDED
    locked.save()
    record("import.discarded", by=by, target=locked)
    batch.refresh_from_db()


def earlier_loads(batch: ImportBatch) -> QuerySet[ImportBatch]:
    """Batches of the same source in which this very file was loaded before."""
    return ImportBatch.objects.filter(source=batch.source, sha256=batch.sha256, state=BatchState.LOADED).exclude(pk=batch.pk)


def open_upload(batch: ImportBatch) -> Path:
    """The uploaded file, while we have it."""
    path = upload_path(batch)
    if not batch.stored_as or not path.is_file():
        raise PolicyViolation("The uploaded file was deleted. Files are kept for 24 hours; upload it again.")
    return path


@transaction.atomic
def forget_uploads(*, by: User | None = None, older_than: float = KEPT_SECONDS) -> int:
    """Delete every upload that is older than a day, also of batches that nobody finished; returns how many files."""
    gone, until = 0, time.time() - older_than
    for path in Path(settings.UPLOADS).rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < until:
                path.unlink()
                gone += 1
    for batch in ImportBatch.objects.exclude(stored_as="").select_related("job"):
        if not upload_path(batch).exists():
            batch.stored_as = ""
            if policies.is_stuck(batch) or batch.state in {BatchState.UPLOADED, BatchState.CHECKED}:
                batch.state, batch.error = BatchState.DISCARDED, "Nobody loaded it within 24 hours, so the file was deleted."
            batch.save()
            record("import.forgotten", by=by, target=batch)
    return gone
