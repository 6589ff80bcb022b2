"""Load real outlines of ZIP codes from a GeoJSON file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.exceptions import InputError
from planning import actions


class Command(BaseCommand):
    help = "Load outlines of ZIP codes (Census ZCTAs) from a GeoJSON FeatureCollection in degrees; the map of territories draws them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        try:
            made = actions.load_outlines(path=path, name=path.name, by=None)
        except InputError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{made.zips:,} ZIP codes with {made.points:,} points. Outside the map: {made.outside:,}. Not read: {made.bad:,}."
        )
        for reason in made.reasons:
            self.stdout.write(reason)
