"""Files of market data and of capacity on their way in, capacity told by hand, and taking a file back."""

import datetime as dt
import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import IO
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.disk import disk_full_told
from common.exceptions import InputError, PolicyViolation
from common.tables import open_table
from contacts.importing.cells import read_day
from contacts.importing.outcome import Progress
from contacts.models import Organization
from jobs.actions import enqueue
from jobs.models import Job
from referrals import policies
from referrals.deriving import publish
from referrals.importing.capacity import load_capacity
from referrals.importing.market import Read, load_market, undo_market
from referrals.models import Capacity, MarketFile, MarketFileKind, MarketFileState, MarketReject, Payer
from territories.models import ServiceLine


@transaction.atomic
def take_market_file(
    *, kind: str, file: IO[bytes], file_name: str, by: User | None, vendor: str = "", through: str = "", as_of: str = ""
) -> MarketFile:
    """Keep an uploaded file until it is checked or loaded; `vendor`, `through` and `as_of` stand in for columns that it lacks.

    The very file that is loaded already is not taken twice: it is returned as it is.
    """
    given = {name: text.strip() for name, text in (("vendor", vendor), ("through", through), ("as_of", as_of)) if text.strip()}
    for name in ("through", "as_of"):
        if name in given and read_day(given[name]) is None:
            raise InputError(f'"{given[name][:20]}" is no day. Write it like 2026-03-31.')
    stored_as = f"market-{uuid4().hex}"
    settings.UPLOADS.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, digest = settings.UPLOADS / stored_as, hashlib.sha256()
    with disk_full_told(), path.open("xb") as kept:
        path.chmod(0o600)
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            kept.write(chunk)
    sha256 = digest.hexdigest()
    if loaded := MarketFile.objects.filter(kind=kind, sha256=sha256, state=MarketFileState.LOADED).first():
        path.unlink()
        return loaded
    taken = MarketFile.objects.create(
        kind=kind, file_name=Path(file_name).name[:200], stored_as=stored_as, sha256=sha256, given=given, uploaded_by=by
    )
    record("market.uploaded", by=by, target=taken)
    return taken


@transaction.atomic
def start_market_file(*, file: MarketFile, by: User | None, dry_run: bool) -> Job:
    """Let a worker check the file, or load it."""
    locked = MarketFile.objects.select_for_update().get(pk=file.pk)
    policies.check_can_read_market_file(locked)
    job = enqueue("referrals.market_file", locked.pk, dry_run, by=by)
    locked.job = job
    locked.save(update_fields=["job"])
    record("market.check_started" if dry_run else "market.load_started", by=by, target=locked)
    file.refresh_from_db()
    return job


@transaction.atomic
def read_market_file(*, file: MarketFile, by: User | None, dry_run: bool, progress: Progress | None = None) -> MarketFile:
    """Load the file, or only check it: then nothing of it is kept but the counts and the refused rows.

    A file that cannot be read at all has failed, with the sentence that says why.
    """
    locked = MarketFile.objects.select_for_update().get(pk=file.pk)
    policies.check_can_read_market_file(locked)
    path = market_path(locked)
    try:
        with transaction.atomic():
            read = _read(locked, path, progress)
            transaction.set_rollback(dry_run)
    except InputError as error:
        locked.state, locked.error, locked.stored_as = MarketFileState.FAILED, str(error), ""
        locked.save()
        transaction.on_commit(lambda: path.unlink(missing_ok=True))  # it will read no better the next time
        record("market.failed", by=by, target=locked)
        return locked
    locked.rejects.all().delete()
    for reject in read.rejects:
        reject.file = locked
    MarketReject.objects.bulk_create(read.rejects, batch_size=2_000)
    counts = {"rows": locked.rows, "new": locked.new, "changed": locked.changed, "unchanged": locked.unchanged, "rejected": locked.rejected}
    if dry_run:
        locked.state = MarketFileState.CHECKED
        record("market.checked", by=by, target=locked, **counts)
    else:
        locked.state, locked.loaded_at, locked.stored_as = MarketFileState.LOADED, timezone.now(), ""
        transaction.on_commit(lambda: path.unlink(missing_ok=True))
        record("market.loaded", by=by, target=locked, through=locked.through_on, **counts)
        if locked.new or locked.changed:
            publish(f"{locked.get_kind_display().lower()} loaded: file {locked.pk}")
    locked.save()
    return locked


def _read(file: MarketFile, path: Path, progress: Progress | None) -> Read:
    given = file.given
    with open_table(path) as table:
        if file.kind == MarketFileKind.CAPACITY:
            return load_capacity(table, file, as_of=read_day(given.get("as_of") or "-"))
        return load_market(table, file, vendor=given.get("vendor", ""), through=read_day(given.get("through") or "-"), progress=progress)


def market_path(file: MarketFile) -> Path:
    """The uploaded file, while we have it."""
    path = Path(settings.UPLOADS) / file.stored_as
    if not file.stored_as or not path.is_file():
        raise PolicyViolation("The uploaded file was deleted. Files are kept for 24 hours; upload it again.")
    return path


@transaction.atomic
def undo_market_file(*, file: MarketFile, by: User | None, why: str) -> int:
    """Take back what a file told, as if it had never come; returns how many rows went. It can be sent again."""
    if not why.strip():
        raise InputError("Say why this file is undone: everybody will see it beside the file.")
    locked = MarketFile.objects.select_for_update().get(pk=file.pk)
    policies.check_can_undo_market_file(locked)
    if locked.kind == MarketFileKind.MARKET:
        gone = undo_market(locked)
    else:
        gone = locked.capacities.count()
        locked.capacities.all().delete()
    locked.state, locked.undone_at, locked.undone_by, locked.undone_why = MarketFileState.UNDONE, timezone.now(), by, why.strip()[:300]
    locked.save()
    record("market.undone", by=by, target=locked, rows=gone, why=locked.undone_why)
    publish(f"{locked.get_kind_display().lower()} undone: file {locked.pk}")
    file.refresh_from_db()
    return gone


@transaction.atomic
def tell_capacity(
    *,
    organization: Organization,
    service_line: ServiceLine,
    as_of_on: dt.date,
    is_accepting: bool | None,
    third_next_available: int | None,
    payers: Collection[Payer],
    address: str,
    zip_: str,
    by: User | None,
) -> Capacity:
    """A statement by a person. What was told before stays in the history; the last one told of a day stands."""
    policies.check_capacity_day(as_of_on, today=timezone.localdate())
    capacity = Capacity.objects.create(
        organization=organization,
        service_line=service_line,
        as_of_on=as_of_on,
        is_accepting=is_accepting,
        third_next_available=third_next_available,
        address=address.strip(),
        zip=zip_,
        told_by=by,
    )
    capacity.payers.set(payers)
    record("capacity.told", by=by, target=capacity, as_of=as_of_on, accepting=is_accepting, third_next_available=third_next_available)
    publish("capacity told")
    return capacity
