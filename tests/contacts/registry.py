"""The registry in plain Python, slowly: what the fast way must equal. Also rows and files of it, for tests."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import Any

from common.names import fold
from common.npi import is_valid_npi
from contacts.importing.cells import read_day
from contacts.importing.spelling import organization_case, person_case

HERE = "Provider Business Practice Location Address"
NPI, TYPE, UPDATED = "NPI", "Entity Type Code", "Last Update Date"
LAST, FIRST, MIDDLE = "Provider Last Name (Legal Name)", "Provider First Name", "Provider Middle Name"
BODY, CREDENTIAL = "Provider Organization Name (Legal Business Name)", "Provider Credential Text"
CITY, STATE, PHONE = f"{HERE} City Name", f"{HERE} State Name", f"{HERE} Telephone Number"
GONE, BACK, REPLACED = "NPI Deactivation Date", "NPI Reactivation Date", "Replacement NPI"
CODE, SWITCH = "Healthcare Provider Taxonomy Code_{}", "Healthcare Provider Primary Taxonomy Switch_{}"
OTHER_LAST, OTHER_FIRST, OTHER_KIND = "Provider Other Last Name", "Provider Other First Name", "Provider Other Last Name Type Code"
OTHER_BODY, OTHER_BODY_KIND = "Provider Other Organization Name", "Provider Other Organization Name Type Code"
HEADERS = (
    NPI, TYPE, REPLACED, BODY, LAST, FIRST, MIDDLE, CREDENTIAL, OTHER_BODY, OTHER_BODY_KIND, OTHER_LAST, OTHER_FIRST, OTHER_KIND,
    CITY, STATE, PHONE, UPDATED, GONE, BACK, *(name.format(n) for n in range(1, 4) for name in (CODE, SWITCH)),
)  # fmt: skip
THERE = "Provider Secondary Practice Location Address"
LOCATIONS = (
    NPI, f"{THERE}- Address Line 1", f"{THERE}-  Address Line 2", f"{THERE} - City Name", f"{THERE} - State Name",
    f"{THERE} - Postal Code", f"{THERE} - Country Code (If outside U.S.)", f"{THERE} - Telephone Number",
    f"{THERE} - Telephone Extension", "Provider Practice Location Address - Fax Number",
)  # fmt: skip
NAMES = (NPI, OTHER_BODY, OTHER_BODY_KIND)
NEVER = dt.date.min


def text(header: Sequence[str], rows: Iterable[Sequence[str]], **how: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out, **{"quoting": csv.QUOTE_ALL, "lineterminator": "\n", **how}).writerows([header, *rows])
    return out.getvalue().encode()


def slow(records: Iterable[dict[str, str]]) -> dict[str, tuple[Any, ...]]:
    """By number what an empty directory holds of people after these records: each applied when it is later than the one before, or when
    that had no date."""
    held: dict[str, tuple[dt.date, tuple[Any, ...]]] = {}
    for record in records:
        cell = {name: " ".join(value.split()) for name, value in record.items()}
        told, gone, back = (_day(cell.get(name, "")) for name in (UPDATED, GONE, BACK))
        gone = None if gone and back and back >= gone else gone
        npi, last = cell[NPI], person_case(cell[LAST])[:80]
        if not is_valid_npi(npi) or cell[TYPE] == "2" or (cell[TYPE] != "1" and not gone):
            continue
        updated = told or gone or NEVER
        known = held.get(npi)
        if (not last and (known is None or gone is None)) or (known is not None and NEVER < known[0] >= updated):
            continue
        kept = known[1][:-2] if known and not last else _person(cell, last)
        if known and not kept[6]:
            kept = (*kept[:6], known[1][6], *kept[7:])  # a specialty that is no longer told stays
        held[npi] = (updated, (*kept, gone, None if updated == NEVER else updated))
    return {npi: person for npi, (_, person) in held.items()}


def _day(cell: str) -> dt.date | None:
    return read_day(cell) if cell else None


def _person(cell: dict[str, str], last: str) -> tuple[Any, ...]:
    first = person_case(cell[FIRST])[:80]
    codes = [(cell.get(CODE.format(n), ""), cell.get(SWITCH.format(n), "") == "Y") for n in range(1, 16)]
    code = next((code for code, primary in codes if code and primary), "") or next((code for code, _ in codes if code), "")
    credential = cell[CREDENTIAL].replace(".", "").strip(" ,;>/")[:40]
    phone = cell[PHONE]
    if len(phone) == 10 and phone.isdigit():
        phone = f"{phone[:3]}-{phone[3:6]}-{phone[6:]}"
    kind = "other"
    if code.startswith("363L"):
        kind = "np"
    elif code.startswith("363A"):
        kind = "pa"
    elif code.startswith("20") or (not code and credential.split(",")[0] in ("MD", "DO")):
        kind = "physician"
    middle = person_case(cell[MIDDLE])[:80].rstrip(".")
    return last, first, middle, fold(f"{last} {first}")[:200], credential, kind, code[:10], phone[:40]


def slow_bodies(records: Iterable[dict[str, str]]) -> dict[str, str]:
    """The names of bodies by number, when all come in one file into an empty directory."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    waiting = []
    for record in sorted(records, key=lambda record: record[NPI]):
        name = organization_case(" ".join(record[BODY].split()))[:200]
        if record[TYPE] != "2" or not name or not is_valid_npi(record[NPI]):
            continue
        if fold(name) in taken:
            waiting.append((record[NPI], name, person_case(" ".join(record[CITY].split()))))
        else:
            taken.add(fold(name))
            names[record[NPI]] = name
    for npi, name, city in waiting:
        told_apart = f"{name[:110]} ({city or npi})"
        if fold(told_apart) in taken:
            told_apart = f"{name[:180]} ({npi})"
        taken.add(fold(told_apart))
        names[npi] = told_apart
    return names
