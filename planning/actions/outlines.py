"""Real outlines of ZIP codes for the map: loaded from a file, and taken back so that what was there before is drawn again."""

import itertools
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from jobs.actions import Lease
from planning.importing.zip_outlines import Outline, Tally, outlines
from planning.models import OutlineFile, ZipOutline

AT_ONCE = 500


@transaction.atomic
def load_outlines(*, path: Path, name: str, by: User | None, lease: Lease | None = None) -> OutlineFile:
    """Every ZIP code area of the file becomes the one that is drawn; all of the file or nothing."""
    tally, size = Tally(), max(1, path.stat().st_size)
    made = OutlineFile.objects.create(name=name[:200], loaded_by=by)
    with path.open("rb") as file:
        rows = outlines(file, tally)
        while batch := list(itertools.islice(rows, AT_ONCE)):
            ZipOutline.objects.bulk_create(_rows(made, batch))
            if lease is not None:
                lease.progress(min(file.tell(), size), size, f"{tally.kept:,} ZIP codes")
    made.zips, made.points, made.outside, made.bad = tally.kept, tally.points, tally.outside, tally.bad
    made.reasons = tally.reasons or []
    made.save()
    record("outlines.loaded", by=by, target=made, zips=tally.kept, outside=tally.outside, bad=tally.bad)
    return made


def _rows(file: OutlineFile, batch: list[Outline]) -> Iterator[ZipOutline]:
    for one in batch:
        yield ZipOutline(file=file, zip=one.zip, rings=[_ways(ring) for ring in one.rings], box=list(one.box), middle=list(one.middle))


def _ways(ring: list[tuple[int, int]]) -> list[int]:
    """A place, and then the ways from point to point, as `reports.geography.Shape` has them: far fewer digits."""
    flat = [*ring[0]]
    for (x1, y1), (x2, y2) in itertools.pairwise(ring):
        flat += [x2 - x1, y2 - y1]
    return flat


@transaction.atomic
def undo_outlines(*, file: OutlineFile, by: User) -> OutlineFile:
    """The file's outlines are drawn no longer; earlier files' are again."""
    file = OutlineFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
    if file.undone_at is not None:
        raise PolicyViolation("This was taken back before.")
    file.undone_at, file.undone_by = timezone.now(), by
    file.save(update_fields=["undone_at", "undone_by"])
    record("outlines.undone", by=by, target=file, zips=file.zips)
    return file


@transaction.atomic
def redo_outlines(*, file: OutlineFile, by: User) -> OutlineFile:
    """Drawn again after all."""
    file = OutlineFile.objects.select_for_update(of=("self",)).get(pk=file.pk)
    if file.undone_at is not None:
        file.undone_at = file.undone_by = None
        file.save(update_fields=["undone_at", "undone_by"])
        record("outlines.redone", by=by, target=file, zips=file.zips)
    return file
