"""What `import_market` and `import_capacity` share: FILE, a dry run, an undo, refused rows on stderr, one line or JSON at the end."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.exceptions import InputError, PolicyViolation
from jobs.actions import run_waiting
from referrals import actions
from referrals.models import MarketFile, MarketFileState

SHOWN = 20


class MarketCommand(BaseCommand):
    kind = ""
    columns = ""
    given: tuple[tuple[str, str], ...] = ()  # option, what it says

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help=f"CSV, TSV, pipe or XLSX with the columns {self.columns}")
        parser.add_argument("--dry-run", action="store_true", help="tell what would happen, and keep nothing")
        parser.add_argument("--json", action="store_true", dest="as_json", help="end with one JSON object")
        parser.add_argument("--undo", type=int, metavar="NUMBER", help="take this file back")
        parser.add_argument("--why", default="", help="why it is undone; everybody sees it")
        for name, what in self.given:
            parser.add_argument(f"--{name.replace('_', '-')}", default="", help=what)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["undo"] is not None:
                self._undo(options["undo"], options["why"])
            elif options["file"] is None:
                raise CommandError("Name the file, or --undo NUMBER --why TEXT.")
            else:
                self._import(options["file"], options)
        except (InputError, PolicyViolation) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error

    def _undo(self, number: int, why: str) -> None:
        file = MarketFile.objects.filter(kind=self.kind, pk=number).first()
        if file is None:
            raise CommandError(f"There is no file {number} of this kind.")
        gone = actions.undo_market_file(file=file, by=None, why=why)
        run_waiting(apps=("referrals",))
        self.stdout.write(f"File {number} is undone: {gone:,} rows taken back.")

    def _import(self, path: Path, options: dict[str, Any]) -> None:
        with path.open("rb") as content:
            given = {name: options[name] for name, _ in self.given}
            file = actions.take_market_file(kind=self.kind, file=content, file_name=path.name, by=None, **given)
        if file.state == MarketFileState.LOADED:
            self._tell(file, options, {"rows": file.rows, "new": 0, "changed": 0, "unchanged": file.rows - file.rejected_total})
            return
        file = actions.read_market_file(file=file, by=None, dry_run=options["dry_run"])
        if file.state == MarketFileState.FAILED:
            raise CommandError(file.error)
        run_waiting(apps=("referrals",))
        self._tell(file, options, {name: getattr(file, name) for name in ("rows", "new", "changed", "unchanged")})

    def _tell(self, file: MarketFile, options: dict[str, Any], counts: dict[str, int]) -> None:
        for reject in file.rejects.all()[:SHOWN]:
            self.stderr.write(f"line {reject.line_number}: {reject.sentence}")
        if (more := file.rejected_total - SHOWN) > 0:
            self.stderr.write(f"and {more:,} more rows")
        told = {**counts, "rejected": file.rejected, "findings": file.findings, "npis": file.npis, "unknown_npis": file.unknown_npis}
        if options["as_json"]:
            self.stdout.write(json.dumps({"file": file.pk, "through": file.through_on and file.through_on.isoformat(), **told}))
            return
        sentence = f"{counts['rows']:,} rows: {counts['new']:,} new, {counts['changed']:,} changed, {counts['unchanged']:,} unchanged"
        sentence += "".join(f", {number:,} rejected ({reason})" for reason, number in file.rejected.items())
        if file.unknown_npis:
            sentence += f"; {file.unknown_npis:,} of {file.npis:,} providers are not known to us, and kept"
        ending = " Nothing was kept: this was a dry run." if options["dry_run"] else f" This is file {file.pk}."
        self.stdout.write(f"{sentence}.{ending}")
