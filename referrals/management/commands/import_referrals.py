"""`import_referrals FILE --source NAME`: one file of referrals, by the same path as the upload in the browser."""

import json
import logging
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.exceptions import InputError, PolicyViolation
from jobs.actions import run, run_waiting
from referrals import actions, policies
from referrals.models import ImportBatch

PROGRESS = logging.getLogger("referrals.importing.loading")


class Command(BaseCommand):
    help = "Load a file of referrals. A file sent twice changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, help="the feed, such as epic-orders; made when it is missing")
        parser.add_argument("--mapping", type=Path, help="JSON; without it the source's own mapping, else a shipped one that fits")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
        parser.add_argument("--json", action="store_true", help="the last line is one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        listener = logging.StreamHandler(self.stderr)
        listener.terminator = ""  # Django's stream ends each line itself
        level, PROGRESS.propagate = PROGRESS.level, False  # said once, plainly, and not to the log as well
        if options["verbosity"]:
            PROGRESS.addHandler(listener)
            PROGRESS.setLevel(logging.INFO)
        try:
            batch = self._import(**options)
        except (InputError, PolicyViolation) as error:
            raise CommandError(str(error)) from error
        finally:
            PROGRESS.removeHandler(listener)
            PROGRESS.setLevel(level)
            PROGRESS.propagate = True
        self._tell(batch, as_json=options["json"], dry_run=options["dry_run"])

    def _import(self, *, file: Path, source: str, mapping: Path | None, dry_run: bool, **_: Any) -> ImportBatch:
        try:
            given = json.loads(mapping.read_text("utf-8")) if mapping else None
            content = file.open("rb")
        except OSError as error:
            raise InputError(f"{error.filename} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise InputError(f"{mapping} is not JSON: {error}.") from error
        with content:
            batch = actions.create_batch(
                source=actions.source_named(name=source, by=None), file=content, file_name=file.name, by=None, mapping=given
            )
        if not batch.mapping:
            actions.discard_batch(batch=batch, by=None)
            raise InputError("No mapping that we know fits this file. Name one: --mapping FILE.")
        job = actions.start_dry_run(batch=batch, by=None) if dry_run else actions.start_load(batch=batch, by=None)
        while not run(job.pk):  # a worker was quicker, or it has to be tried again
            job.refresh_from_db()
            if job.is_finished:
                break
            time.sleep(0.5)
        job.refresh_from_db()
        batch.refresh_from_db()
        said = job.error or batch.error
        if policies.can_discard(batch):  # a dry run, or one that failed: nobody comes back for the file
            actions.discard_batch(batch=batch, by=None)
        if said:
            raise InputError(said)
        run_waiting(apps=("contacts", "referrals"))
        return batch

    def _tell(self, batch: ImportBatch, *, as_json: bool, dry_run: bool) -> None:
        if as_json:
            counts = {name: getattr(batch, name) for name in ("rows", "new", "changed", "unchanged", "rejected", "findings", "unmatched")}
            self.stdout.write(json.dumps(counts | {"batch": batch.pk}))
            return
        words = "would be" if dry_run else "are"
        self.stdout.write(
            f"{batch.rows:,} rows. {batch.new:,} referrals {words} new, {batch.changed:,} changed, {batch.unchanged:,} unchanged."
        )
        self.stdout.write(f"{batch.unmatched:,} name a referrer whom we do not know.")
        for title, reasons in (("refused", batch.rejected), ("odd", batch.findings)):
            for reason, rows in reasons.items():
                self.stdout.write(f"{rows:,} {title}: {reason}")
