"""How one source's columns and words are read as ours: a `Mapping`, kept as a small JSON object."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from common.exceptions import InputError
from referrals.states import STATES

FIELDS = MappingProxyType(
    {
        "source_key": "Referral number",
        "order_key": "Order's number",
        "ordered_on": "Ordered on",
        "received_on": "Received on",
        "entered_on": "Entered on",
        "referring_name": "Referring provider",
        "referring_npi": "Referring provider's NPI",
        "referring_practice": "Referring practice",
        "referring_zip": "Referring ZIP",
        "destination_name": "Referred to (organization)",
        "destination_npi": "Referred to: organization's NPI",
        "performing_name": "Referred to (provider)",
        "performing_npi": "Referred to: provider's NPI",
        "service_line": "Service line",
        "kind": "Kind",
        "priority": "Priority",
        "state": "Status",
        "told_at": "Status changed at",
        "appointment_on": "Appointment",
        "seen_on": "Seen on",
        "report_on": "Report received on",
        "payer": "Payer",
        "reason": "Reason",
    }
)
WHY_HEADER = "What is wrong (not read)"  # the column that refused rows get; a file that has it holds mended rows
DATE_FIELDS = ("ordered_on", "received_on", "entered_on", "appointment_on", "seen_on", "report_on", "told_at")
ANCHORS = ("ordered_on", "received_on", "entered_on")

# What a feed can see; the words are those of referrals.models, which a test compares.
SEES = ("our_orders", "received", "appointments", "claims")
# The state of a row from a feed that has no status column.
STATE_BY_FEED = MappingProxyType({"our_orders": "received", "received": "received", "appointments": "scheduled", "claims": "seen"})

KINDS = ("consult", "procedure", "imaging", "therapy", "dme", "transfer", "post-acute", "authorization")
REASONS = (
    "service not offered",
    "no capacity",
    "payer network",
    "distance",
    "patient choice",
    "medical judgement",
    "referrer habit",
    "authorization delay",
    "scheduling failure",
    "no-show",
    "unknown",
)
PRIORITIES = ("routine", "urgent", "asap", "stat")
DATE_STYLES = MappingProxyType(
    {
        "auto": "As it comes",
        "mdy": "Month/day/year",
        "dmy": "Day/month/year",
        "ymd": "Year-month-day",
        "excel": "Excel day numbers",
    }
)

_PARTS = frozenset({"name", "sees", "format", "columns", "status", "kinds", "priorities", "reasons", "patient", "feed"})


def header_key(header: str) -> str:
    """Headers that differ only in case and spacing are the same."""
    return " ".join(header.split()).casefold()


def word_key(word: str) -> str:
    """Words of a source that differ only in case and spacing are the same."""
    return " ".join(word.split()).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One source's shape. Columns that it names nowhere are not read at all."""

    name: str = ""
    sees: str = "our_orders"
    columns: dict[str, str]  # our field: their header
    status: dict[str, str] = field(default_factory=dict)  # their word: our state
    kinds: dict[str, str] = field(default_factory=dict)
    priorities: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)  # why a referral went elsewhere
    identifier: str = ""  # the header of the patient's record number, which leaves the parser only as a keyed hash
    enterprise: str = ""  # the header of an identifier that feeds share, hashed alike for all of them
    dropped: tuple[str, ...] = ()  # headers known to hold patient data
    delimiter: str = ""
    encoding: str = ""
    sheet: str = ""  # of a workbook: its sheet with the rows; blank takes the one that is open
    dates: str = "auto"
    feed: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, given: str | bytes | dict[str, Any]) -> "Mapping":
        """The mapping that a JSON text or object describes; everything wrong with it in one `InputError`."""
        if isinstance(given, str | bytes):
            try:
                given = json.loads(given)
            except (ValueError, RecursionError) as error:
                raise InputError(f"The mapping is not JSON: {error}.") from error
        if not isinstance(given, dict):
            raise InputError("The mapping must be a JSON object.")
        wrong = [f'"{part}" is no part of a mapping.' for part in sorted(map(str, given.keys() - _PARTS))]
        parts = {part: _table(given, part, wrong) for part in sorted(_PARTS - {"name", "sees"})}
        shape, patient = parts["format"], parts["patient"]
        wrong += [f'"{part}" is no part of "format".' for part in sorted(shape.keys() - {"delimiter", "encoding", "sheet", "dates"})]
        wrong += [f'"{part}" is no part of "patient".' for part in sorted(patient.keys() - {"identifier", "enterprise", "dropped"})]
        dropped = patient.get("dropped", [])
        if not isinstance(dropped, list) or not all(isinstance(header, str) for header in dropped):
            wrong.append('"dropped" must be a list of headers.')
            dropped = []
        mapping = cls(
            name=_text(given, "name", "", wrong),
            sees=_text(given, "sees", "our_orders", wrong),
            columns=_texts(parts["columns"], "columns", wrong),
            status=_texts(parts["status"], "status", wrong),
            kinds=_texts(parts["kinds"], "kinds", wrong),
            priorities=_texts(parts["priorities"], "priorities", wrong),
            reasons=_texts(parts["reasons"], "reasons", wrong),
            identifier=_text(patient, "identifier", "", wrong),
            enterprise=_text(patient, "enterprise", "", wrong),
            dropped=tuple(dropped),
            delimiter=_text(shape, "delimiter", "", wrong),
            encoding=_text(shape, "encoding", "", wrong),
            sheet=_text(shape, "sheet", "", wrong),
            dates=_text(shape, "dates", "auto", wrong),
            feed=parts["feed"],
        )
        wrong += mapping.problems()
        if wrong:
            raise InputError(" ".join(wrong))
        return mapping

    def to_json(self) -> dict[str, Any]:
        """The object that `from_json` reads. What only some feeds have is left out when blank."""
        shared = {"enterprise": self.enterprise} if self.enterprise else {}
        sheet = {"sheet": self.sheet} if self.sheet else {}
        return {
            "name": self.name,
            "sees": self.sees,
            "format": {"delimiter": self.delimiter, "encoding": self.encoding, **sheet, "dates": self.dates},
            "columns": dict(self.columns),
            "status": dict(self.status),
            "kinds": dict(self.kinds),
            "priorities": dict(self.priorities),
            "reasons": dict(self.reasons),
            "patient": {"identifier": self.identifier, **shared, "dropped": list(self.dropped)},
            "feed": dict(self.feed),
        }

    def problems(self) -> list[str]:
        """What keeps this mapping from being used, a sentence each."""
        wrong = [f'We have no field "{name}".' for name in self.columns if name not in FIELDS]
        if self.sees not in SEES:
            wrong.append(f'"sees" must be one of {", ".join(SEES)}.')
        if self.dates not in DATE_STYLES:
            wrong.append(f'"dates" must be one of {", ".join(DATE_STYLES)}.')
        if self.delimiter and (len(self.delimiter) != 1 or self.delimiter in '"\r\n\0'):
            wrong.append('The delimiter must be a single character such as "," or "|".')
        if not self.columns.get("source_key"):
            wrong.append("No column is mapped to the referral number.")
        if not any(self.columns.get(name) for name in ANCHORS):
            wrong.append("No column is mapped to the date ordered, received or entered.")
        wrong += [f'"{state}" is not one of our states: {", ".join(STATES)}.' for state in _unknown(self.status, STATES)]
        wrong += [f'"{kind}" is not one of our kinds: {", ".join(KINDS)}.' for kind in _unknown(self.kinds, KINDS)]
        wrong += [f'"{word}" is not one of our priorities: {", ".join(PRIORITIES)}.' for word in _unknown(self.priorities, PRIORITIES)]
        wrong += [f'"{word}" is not one of our reasons: {", ".join(REASONS)}.' for word in _unknown(self.reasons, REASONS)]
        if self.columns.get("state") and not self.status:
            wrong.append("The status column is mapped, but none of its words is.")
        for name, words in (("status", self.status), ("kinds", self.kinds), ("priorities", self.priorities), ("reasons", self.reasons)):
            if len({word_key(word) for word in words}) < len(words):
                wrong.append(f'"{name}" has one word twice (capital letters make no difference).')
        secret = {header_key(header) for header in (self.identifier, self.enterprise, *self.dropped) if header}
        if self.enterprise and header_key(self.enterprise) == header_key(self.identifier):
            wrong.append("The record number and the number that feeds share are the same column. Name it once.")
        wrong += [
            f'The column "{header}" holds patient data and cannot be mapped to {FIELDS.get(name, name).lower()}.'
            for name, header in self.columns.items()
            if header_key(header) in secret
        ]
        return wrong

    def positions(self, headers: Sequence[str]) -> dict[str, int]:
        """Where in a row each mapped field stands, and `patient` and `enterprise` for the identifiers."""
        at = {header_key(header): number for number, header in enumerate(headers)}
        mapped = {**self.columns, "patient": self.identifier, "enterprise": self.enterprise}
        return {name: at[key] for name, header in mapped.items() if header and (key := header_key(header)) in at}

    def missing(self, headers: Sequence[str]) -> list[str]:
        """The mapped headers that a file lacks."""
        there, named = {header_key(header) for header in headers}, (*self.columns.values(), self.identifier, self.enterprise)
        return [header for header in named if header and header_key(header) not in there]

    def fits(self, headers: Sequence[str]) -> bool:
        """Does a file with these headers have every column that is mapped?"""
        return not self.missing(headers)


def _unknown(words: dict[str, str], known: Iterable[str]) -> list[str]:
    return sorted(set(words.values()) - set(known))


def _table(given: dict[str, Any], part: str, wrong: list[str]) -> dict[str, Any]:
    value = given.get(part, {})
    if isinstance(value, dict):
        return value
    wrong.append(f'"{part}" must be a JSON object.')
    return {}


def _text(given: dict[str, Any], part: str, default: str, wrong: list[str]) -> str:
    value = given.get(part, default)
    if isinstance(value, str):
        return value
    wrong.append(f'"{part}" must be a text.')
    return default


def _texts(given: dict[str, Any], part: str, wrong: list[str]) -> dict[str, str]:
    if not all(isinstance(value, str) for value in given.values()):
        wrong.append(f'Every value in "{part}" must be a text.')
    return {key: value for key, value in given.items() if isinstance(value, str) and value}


@lru_cache(maxsize=1)
def shipped_mappings() -> tuple[Mapping, ...]:
    """The mappings that come with the program."""
    folder = Path(__file__).parent.parent / "mappings"
    return tuple(Mapping.from_json(file.read_bytes()) for file in sorted(folder.glob("*.json")))


def pick_mapping(headers: Sequence[str], mappings: Iterable[Mapping] | None = None) -> Mapping | None:
    """The mapping that fits a file with these headers; of several the one that reads most columns."""
    fitting = [mapping for mapping in (shipped_mappings() if mappings is None else mappings) if mapping.fits(headers)]
    return max(fitting, key=lambda mapping: len(mapping.columns), default=None)
