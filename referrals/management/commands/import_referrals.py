"""`import_referrals FILE… --source NAME`: files of referrals, by the same path as the upload in the browser; `--undo` takes one back."""

import json
import logging
import time
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.exceptions import InputError, PolicyViolation
from jobs.actions import run, run_waiting
from jobs.models import Job
from referrals import actions, policies
from referrals.importing.formats import FORMATS
from referrals.models import ArrivedBy, ImportBatch

PROGRESS = logging.getLogger("referrals.importing.loading")
EVERY = 3.0  # seconds between two lines of progress where no terminal rewrites one
COUNTS = ("rows", "new", "changed", "unchanged", "unmatched", "duplicates")


class Command(BaseCommand):
    help = "Load files of referrals, in the order given. A file sent twice changes nothing; --undo BATCH takes an import back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", type=Path, nargs="*", metavar="FILE")
        parser.add_argument("--source", help="the feed, such as epic-orders; made when it is missing")
        parser.add_argument("--mapping", type=Path, help="JSON; without it the source's own mapping, else a shipped one that fits")
        parser.add_argument("--format", choices=FORMATS, default="", help="guessed from what is in the file when not given")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
        parser.add_argument("--json", action="store_true", help="a JSON object per file; the last line holds the sums")
        parser.add_argument("--undo", type=int, metavar="BATCH", help="take this import back")
        parser.add_argument("--why", default="", help="why it is undone; everybody sees it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["undo"] is None and not (options["files"] and options["source"]):
            raise CommandError("Name the files and their feed: import_referrals FILE… --source NAME. Or --undo BATCH --why TEXT.")
        listener = _Line(self.stderr)
        level, PROGRESS.propagate = PROGRESS.level, False  # said once, plainly, and not to the log as well
        if options["verbosity"]:
            PROGRESS.addHandler(listener)
            PROGRESS.setLevel(logging.INFO)
        try:
            if options["undo"] is not None:
                self._undo(options["undo"], options["why"])
            else:
                self._import_all(options)
        except (InputError, PolicyViolation) as error:
            listener.close()
            raise CommandError(str(error)) from error
        finally:
            listener.close()
            PROGRESS.removeHandler(listener)
            PROGRESS.setLevel(level)
            PROGRESS.propagate = True

    def _undo(self, number: int, why: str) -> None:
        batch = ImportBatch.objects.filter(pk=number).first()
        if batch is None:
            raise CommandError(f"There is no import {number}.")
        job = _finished(actions.start_undo(batch=batch, by=None, why=why))
        if job.error:
            raise InputError(job.error)
        run_waiting(apps=("contacts", "referrals"))
        self.stdout.write(f"Import {number} is undone. {job.progress_note}.")

    def _import_all(self, options: dict[str, Any]) -> None:
        """Each file by itself: one that cannot be used keeps none after it out, and the command fails in the end."""
        told, refused = [], []
        for file in options["files"]:
            try:
                batch = self._import(file=file, **{name: options[name] for name in ("source", "mapping", "format", "dry_run")})
            except (InputError, PolicyViolation) as error:
                if len(options["files"]) == 1:
                    raise
                refused.append(f"{file.name}: {error}")
                continue
            told.append(batch)
            self._tell(batch, options, one_of_several=len(options["files"]) > 1)
        if options["json"] and len(options["files"]) > 1:
            self.stdout.write(json.dumps(_sums(told)))
        if refused:
            raise CommandError("\n".join(refused))

    def _import(self, *, file: Path, source: str, mapping: Path | None, format: str, dry_run: bool) -> ImportBatch:
        try:
            given = json.loads(mapping.read_text("utf-8")) if mapping else None
            content = file.open("rb")
        except OSError as error:
            raise InputError(f"{error.filename} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise InputError(f"{mapping} is not JSON: {error}.") from error
        with content:
            batch = actions.create_batch(
                source=actions.source_named(name=source, by=None),
                file=content,
                file_name=file.name,
                by=None,
                mapping=given,
                arrived_by=ArrivedBy.COMMAND,
                format=format,
            )
        if not batch.mapping:
            actions.discard_batch(batch=batch, by=None)
            raise InputError("No mapping that we know fits this file. Name one: --mapping FILE.")
        job = _finished(actions.start_dry_run(batch=batch, by=None) if dry_run else actions.start_load(batch=batch, by=None))
        batch.refresh_from_db()
        said = job.error or batch.error
        if policies.can_discard(batch):  # a dry run, or one that failed: nobody comes back for the file
            actions.discard_batch(batch=batch, by=None)
        if said:
            raise InputError(said)
        run_waiting(apps=("contacts", "referrals"))
        return batch

    def _tell(self, batch: ImportBatch, options: dict[str, Any], *, one_of_several: bool) -> None:
        if options["json"]:
            named = {"file": batch.file_name} if one_of_several else {}
            self.stdout.write(json.dumps(named | _counts(batch) | {"batch": batch.pk}))
            return
        if one_of_several:
            self.stdout.write(f"{batch.file_name}, import {batch.pk}:")
        words = "would be" if options["dry_run"] else "are"
        self.stdout.write(
            f"{batch.rows:,} rows. {batch.new:,} referrals {words} new, {batch.changed:,} changed, {batch.unchanged:,} unchanged."
        )
        self.stdout.write(f"{batch.unmatched:,} name a referrer whom we do not know.")
        for title, reasons in (("refused", batch.rejected), ("odd", batch.findings)):
            for reason, rows in reasons.items():
                self.stdout.write(f"{rows:,} {title}: {reason}")
        for alarm in batch.alarms:
            self.stdout.write(alarm["sentence"])


class _Line(logging.Handler):
    """Progress for whoever watches: one line rewritten in a terminal, else a line every few seconds."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream, self._began, self._told, self._open = stream, time.monotonic(), 0.0, False
        self._rewrites = bool(getattr(stream, "isatty", lambda: False)())

    def emit(self, record: logging.LogRecord) -> None:
        now, text = time.monotonic(), record.getMessage()
        percent = record.args[0] if isinstance(record.args, tuple) and isinstance(record.args[0], int) else 0
        if percent <= 1:
            self._began = now
        elif now - self._began > 1:
            left = (now - self._began) * (100 - percent) / percent
            text += f", {left:,.0f} s left" if left < 90 else f", {left / 60:,.0f} min left"
        if self._rewrites:
            self._stream.write(f"\r\x1b[2K{text}", ending="")
            self._stream.flush()
            self._open = True
        elif percent >= 50 or now - self._told >= EVERY:
            self._told = now
            self._stream.write(text)

    def close(self) -> None:
        if self._open:
            self._stream.write("")
            self._open = False
        super().close()


def _finished(job: Job) -> Job:
    while not run(job.pk):  # a worker was quicker, or it has to be tried again
        job.refresh_from_db()
        if job.is_finished:
            break
        time.sleep(0.5)
    job.refresh_from_db()
    return job


def _counts(batch: ImportBatch) -> dict[str, Any]:
    return {name: getattr(batch, name) for name in COUNTS} | {"rejected": batch.rejected, "findings": batch.findings}


def _sums(batches: list[ImportBatch]) -> dict[str, Any]:
    """What one file's object says, over all of them."""
    sums: dict[str, Any] = {name: sum(getattr(batch, name) for batch in batches) for name in COUNTS}
    for name in ("rejected", "findings"):
        sums[name] = dict(sum((Counter(getattr(batch, name)) for batch in batches), Counter()))
    return sums | {"batches": [batch.pk for batch in batches]}
