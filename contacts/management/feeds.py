"""What the four import commands share: FILE, a dry run, progress on stderr, one line or one JSON object at the end."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.exceptions import InputError, PolicyViolation
from contacts.importing.outcome import Outcome
from contacts.imports import import_file
from jobs.actions import run_waiting

SHOWN = 20


class FeedCommand(BaseCommand):
    kind = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="CSV, TSV, pipe or XLSX; plain, gzip or zip")
        parser.add_argument("--dry-run", action="store_true", help="tell what would happen, and keep nothing")
        parser.add_argument("--json", action="store_true", dest="as_json", help="end with one JSON object")

    def handle(self, *args: Any, file: str, dry_run: bool, as_json: bool, **options: Any) -> None:
        try:
            outcome = import_file(
                kind=self.kind, source=Path(file), file_name=Path(file).name, by=None, dry_run=dry_run, progress=self._tell
            )
        except (InputError, PolicyViolation) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        self._tell_refusals(outcome)
        if not dry_run:
            run_waiting(apps=("contacts", "referrals"))
        self.stdout.write(json.dumps(outcome.counts()) if as_json else self._sentence(outcome, dry_run))

    def _tell(self, done: int, total: int, note: str) -> None:
        self.stderr.write(note)

    def _tell_refusals(self, outcome: Outcome) -> None:
        for line, error in outcome.refusals[:SHOWN]:
            self.stderr.write(f"line {line}: {error.sentence}")
        if (more := outcome.rejected.total() - SHOWN) > 0:
            self.stderr.write(f"and {more:,} more rows")

    def _sentence(self, outcome: Outcome, dry_run: bool) -> str:
        counts = f"{outcome.rows:,} rows: {outcome.new:,} new, {outcome.changed:,} changed, {outcome.unchanged:,} unchanged"
        rejected = "".join(f", {number:,} rejected ({reason})" for reason, number in outcome.rejected.most_common())
        findings = "".join(f"; {number:,} {finding}" for finding, number in outcome.findings.most_common())
        return f"{counts}{rejected}{findings}.{' Nothing was kept: this was a dry run.' if dry_run else ''}"
