"""`measure NAME --start --end [--by A[,B]] [--where key=value …] [--within DAYS] [--json]`: over the whole organization, unrounded."""

import datetime as dt
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reports.measures import MEASURES
from reports.measuring import DIMENSIONS, measure
from reports.queries.wanted import WrongQuestion, wanted


class Command(BaseCommand):
    help = "Print a measure over the whole organisation: numerator, denominator and value, unrounded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help=", ".join(MEASURES))
        parser.add_argument("--start", required=True, help="first day, as 2026-01-01")
        parser.add_argument("--end", required=True, help="the day after the last, as 2026-11-01")
        parser.add_argument("--by", default="", help=f"one, or two with a comma: {', '.join(DIMENSIONS)}")
        parser.add_argument("--where", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="payer=Aetna, reason=null, …")
        parser.add_argument("--within", type=int, help="days for the outcome to come, instead of the setting's")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")

    def handle(self, *args: Any, **options: Any) -> None:
        by = [cut.strip() for cut in options["by"].split(",") if cut.strip()]
        start, end = _day("--start", options["start"]), _day("--end", options["end"])
        if start >= end:
            raise CommandError("--end must be later than --start: the start is in, the end is not.")
        try:
            where = wanted(options["where"])
            answer = measure(name=options["name"], start=start, end=end, by=by, where=where, within=options["within"])
        except WrongQuestion as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(json.dumps(answer) if options["json"] else _table(answer))


def _day(option: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise CommandError(f'{option} must be a day such as 2026-01-01, not "{text}".') from None


def _table(answer: dict[str, Any]) -> str:
    """For the eye: aligned columns under a line that says what it is."""
    columns = list(answer["rows"][0]) if answer["rows"] else ["numerator", "denominator", "value"]
    rows = [columns, *(["" if row[column] is None else str(row[column]) for column in columns] for row in answer["rows"])]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    first = f"{answer['measure']}, {answer['start']} until before {answer['end']}, data through {answer['data_through'] or 'no date yet'}"
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([first, *lines])
