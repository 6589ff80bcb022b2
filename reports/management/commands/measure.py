"""`measure NAME --start --end [--by …] [--json]`: one measure over the whole organisation, unrounded."""

import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reports.measures import MEASURES
from reports.measuring import DIMENSIONS, measure


class Command(BaseCommand):
    help = "Print a measure over the whole organisation: numerator, denominator and value, unrounded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help=", ".join(MEASURES))
        parser.add_argument("--start", required=True, help="first day, as 2026-01-01")
        parser.add_argument("--end", required=True, help="the day after the last, as 2026-11-01")
        parser.add_argument("--by", default="", help=", ".join(DIMENSIONS))
        parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        name, by = options["name"], options["by"]
        if name not in MEASURES:
            raise CommandError(f'There is no measure "{name}". There are: {", ".join(MEASURES)}.')
        if by and by not in DIMENSIONS:
            raise CommandError(f'A measure cannot be grouped by "{by}". Choose one of: {", ".join(DIMENSIONS)}.')
        start, end = _day("--start", options["start"]), _day("--end", options["end"])
        if start >= end:
            raise CommandError("--end must be later than --start: the start is in, the end is not.")
        answer = measure(name=name, start=start, end=end, by=by)
        self.stdout.write(json.dumps(answer) if options["json"] else _table(answer, by))


def _day(option: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise CommandError(f'{option} must be a day such as 2026-01-01, not "{text}".') from None


def _table(answer: dict[str, Any], by: str) -> str:
    """For the eye: aligned columns under a line that says what it is."""
    columns = [*([by] if by else []), "numerator", "denominator", "value"]
    rows = [columns, *(["" if row[column] is None else str(row[column]) for column in columns] for row in answer["rows"])]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    first = f"{answer['measure']}, {answer['start']} until before {answer['end']}, data through {answer['data_through'] or 'no date yet'}"
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([first, *lines])
