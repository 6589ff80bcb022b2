"""Load visits from a file."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from common.exceptions import InputError
from common.tables import open_table
from visits.importing import COLUMNS, default_owner, import_visits

SHOWN = 20


class Command(BaseCommand):
    help = f"Load visits from the PRM you leave: a file with the columns {', '.join(COLUMNS)}. The same file twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--owner",
            default="",
            metavar="EMAIL",
            help="whose visits they are where nobody had the territory (default: the account of the earlier team)",
        )
        parser.add_argument("--dry-run", action="store_true", help="read and match, write nothing")
        parser.add_argument("--json", action="store_true", help="print the counts as one JSON object in the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with transaction.atomic(), open_table(path) as table:
                owner = default_owner(options["owner"])
                outcome = import_visits(table.headers, table, owner=owner, name=path.name, dry_run=options["dry_run"])
                transaction.set_rollback(options["dry_run"])  # not even the owner is made
        except FileNotFoundError as error:
            raise CommandError(f"There is no file {path}.") from error
        except InputError as error:
            raise CommandError(str(error)) from error
        for sentence in outcome.sentences[:SHOWN]:
            self.stderr.write(sentence)
        if len(outcome.sentences) > SHOWN:
            self.stderr.write(f"… and {len(outcome.sentences) - SHOWN} more lines like these.")
        if options["json"]:
            self.stdout.write(json.dumps(outcome.as_json()))
            return
        verb = "would be new" if options["dry_run"] else "new"
        self.stdout.write(f"{outcome.rows} rows: {outcome.new} {verb}, {outcome.unchanged} as before, {outcome.rejected.total()} left out.")
        for reason, count in sorted(outcome.rejected.items()):
            self.stdout.write(f"{count} left out: {reason}")
