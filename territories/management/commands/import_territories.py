"""Load territories from a file."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.exceptions import InputError
from jobs.actions import run_waiting
from territories import actions
from territories.importing import territory_file


class Command(BaseCommand):
    help = "Load territories, what they hang below, and their ZIP codes and counties from a CSV file: territory, parent, zip, county."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="print the counts as one JSON object in the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            counts = actions.load_plan(plan=territory_file.read(options["file"]), by=None)
        except InputError as error:
            raise CommandError(str(error)) from error
        run_waiting(apps=("contacts", "referrals"))
        if options["json"]:
            self.stdout.write(json.dumps(counts))
            return
        rules = counts["rules"]
        self.stdout.write(
            f"{counts['rows']} rows. Territories: {counts['new']} new, {counts['changed']} changed, {counts['unchanged']} as before."
        )
        self.stdout.write(f"ZIP codes and counties: {rules['new']} new, {rules['moved']} moved, {rules['unchanged']} as before.")
        for reason, number in counts["rejected"].items():
            self.stdout.write(f"{number} left out: {reason}")
