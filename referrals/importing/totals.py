"""A source's own counts per month, as people paste or export them, and the month of a row that was refused."""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from typing import Any

from referrals.importing.dates import parse_date
from referrals.importing.mapping import ANCHORS, Mapping, header_key

LARGEST = 2_147_483_647
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(
    r"(?:(?P<year>\d{4})[-/.](?P<month>\d{1,2})(?:[-/.]\d{1,2})?(?:[ T]00:00(?::00)?)?"
    r"|(?P<month_1>\d{1,2})[-/.](?:\d{1,2}[-/.])?(?P<year_1>\d{4})"
    r"|(?P<name>[A-Za-z]{3,9})\.?,?[ -]+(?P<year_2>\d{4}))"
    r"(?P<rest>.*)"
)
_COUNT = re.compile(r"[\s,;|:=]*(\d{1,3}(?:[,. ']\d{3})+|\d+)(?:\.0+)?[\s,;|]*")


def parse_totals(lines: Iterable[str]) -> tuple[dict[dt.date, int], list[str]]:
    """{first of the month: count}, and a sentence for each line that is none. A heading and blank lines are passed over."""
    totals: dict[dt.date, int] = {}
    wrong = []
    for number, line in enumerate(lines, 1):
        text = line.replace('"', "").strip()
        if not text or (number == 1 and not any(map(str.isdigit, text))):
            continue
        found = _read(text)
        if found is None:
            wrong.append(f"Line {number} is no month and count. Write it like “2026-05” and “1,284” with a tab or comma between.")
        elif totals.get(found[0], found[1]) != found[1]:
            wrong.append(f"Line {number} tells {found[0]:%b %Y} a second time, with another count.")
        else:
            totals[found[0]] = found[1]
    return totals, wrong


def _read(text: str) -> tuple[dt.date, int] | None:
    found = _MONTH.fullmatch(text)
    count = _COUNT.fullmatch(found["rest"]) if found else None
    if not found or not count:
        return None
    year = int(found["year"] or found["year_1"] or found["year_2"])
    if found["name"]:
        month = next((place for place, name in enumerate(_NAMES, 1) if found["name"].casefold().startswith(name)), 0)
    else:
        month = int(found["month"] or found["month_1"])
    total = int(re.sub(r"\D", "", count[1]))
    return (dt.date(year, month, 1), total) if 1 <= month <= 12 and 1900 <= year <= 2200 and total <= LARGEST else None


def record_reader(stored: dict[str, Any]) -> Callable[[dict[str, str]], tuple[str, dt.date | None]]:
    """Reads the number and the month out of a kept row, by the mapping of its batch."""
    mapping = Mapping.from_json(stored)
    wanted = {name: header_key(mapping.columns[name]) for name in ("source_key", *ANCHORS) if name in mapping.columns}

    def read(record: dict[str, str]) -> tuple[str, dt.date | None]:
        cells = {header_key(header): value for header, value in record.items()}
        days = (parse_date(cells.get(wanted[name], ""), mapping.dates) for name in ANCHORS if name in wanted)
        day = next((day for day in days if day), None)
        return " ".join(cells.get(wanted["source_key"], "").split()), day and day.replace(day=1)

    return read
