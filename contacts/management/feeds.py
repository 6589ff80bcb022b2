"""What the import commands share: FILE…, a dry run, progress on stderr, one line or one JSON object a file at the end."""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.exceptions import InputError, PolicyViolation
from contacts.importing.nppes import Choice
from contacts.importing.outcome import Outcome
from contacts.imports import import_file
from jobs.actions import run_waiting

SHOWN = 20


class FeedCommand(BaseCommand):
    kind = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", metavar="FILE", nargs="+", help="CSV, TSV, pipe or XLSX; plain, gzip or zip")
        parser.add_argument("--dry-run", action="store_true", help="tell what would happen, and keep nothing")
        parser.add_argument("--json", action="store_true", dest="as_json", help="end with one JSON object a file")

    def choice(self, **options: Any) -> Choice | None:
        """Which rows are asked for, where a feed has a choice."""
        return None

    def handle(self, *args: Any, files: list[str], dry_run: bool, as_json: bool, **options: Any) -> None:
        self._told_at = 0.0
        for file in files:
            try:
                outcome = import_file(
                    kind=self.kind,
                    source=Path(file),
                    file_name=Path(file).name,
                    by=None,
                    dry_run=dry_run,
                    progress=self._tell,
                    choice=self.choice(**options),
                )
            except (InputError, PolicyViolation) as error:
                raise CommandError(f"{file}: {error}" if len(files) > 1 else str(error)) from error
            except OSError as error:
                raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
            self._tell_refusals(outcome)
            sentence = self._sentence(outcome, dry_run)
            named = f"{Path(file).name}: {sentence}" if len(files) > 1 else sentence
            self.stdout.write(json.dumps(outcome.counts()) if as_json else named)
        if not dry_run:
            run_waiting(apps=("contacts", "referrals"))

    def _tell(self, done: int, total: int, note: str) -> None:
        """A line a second, on a terminal one that is written over."""
        if time.monotonic() - self._told_at < 1:
            return
        self._told_at = time.monotonic()
        share = f"{100 * done // total:3} %  " if total else ""
        is_terminal = self.stderr.isatty()
        self.stderr.write(f"\r{share}{note:<90}" if is_terminal else f"{share}{note}", ending="" if is_terminal else "\n")

    def _tell_refusals(self, outcome: Outcome) -> None:
        for line, error in outcome.refusals[:SHOWN]:
            self.stderr.write(f"line {line}: {error.sentence}" if line else error.sentence)
        if (more := outcome.rejected.total() - SHOWN) > 0:
            self.stderr.write(f"and {more:,} more rows")

    def _sentence(self, outcome: Outcome, dry_run: bool) -> str:
        counts = f"{outcome.rows:,} rows: {outcome.new:,} new, {outcome.changed:,} changed, {outcome.unchanged:,} unchanged"
        rejected = "".join(f", {number:,} rejected ({reason})" for reason, number in outcome.rejected.most_common())
        findings = "".join(f"; {number:,} {finding}" for finding, number in outcome.findings.most_common())
        return f"{counts}{rejected}{findings}.{' Nothing was kept: this was a dry run.' if dry_run else ''}"
