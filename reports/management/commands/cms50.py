"""`cms50 FILE… --year YEAR`: closing the referral loop, as CMS counts it, over files of FHIR resources."""

import json
import zoneinfo
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.exceptions import InputError
from reports.cms50 import Counts, Period, measure_report
from reports.cms50.reading import count, with_expansions


class Command(BaseCommand):
    help = "Count CMS50 (closing the referral loop) over FHIR bundles or NDJSON files: each file stands for itself, their sum is printed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a FHIR Bundle, or one resource per line")
        parser.add_argument("--year", type=int, required=True, help="the reporting year")
        parser.add_argument("--zone", default="UTC", help="whose calendar says which day a time belongs to; UTC, as in the official cases")
        parser.add_argument("--value-set", type=Path, action="append", default=[], metavar="FILE", help="a newer expansion of a value set")
        parser.add_argument("--json", action="store_true", help="a FHIR MeasureReport instead of a sentence")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            period = Period(options["year"], zoneinfo.ZoneInfo(options["zone"]))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            raise CommandError(f'There is no time zone "{options["zone"]}". Name one such as America/New_York.') from None
        if not 1900 <= options["year"] <= 9998:
            raise CommandError("--year must be a reporting year such as 2026.")
        counts = Counts()
        try:
            codes = with_expansions(options["value_set"])
            for path in options["files"]:
                with path.open("rb") as stream:
                    counts += count(stream, period, codes)
        except InputError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from None
        report = measure_report(counts, period)
        share = f", {counts.numerator / counts.denominator:.1%}" if counts.denominator else ""
        self.stdout.write(
            json.dumps(report)
            if options["json"]
            else f"{period.year}: {counts.numerator} of {counts.denominator} patients with a first referral have the report back{share}."
        )
