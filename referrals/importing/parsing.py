"""One record of a source becomes a `Row` in our words, or a `RowError` that says why not. Pure: no database, no settings, no clock.

Nothing of a patient leaves here but the keyed hash of the record number: columns that are not mapped are never looked at, and `masked`
gives a rejected row back in the source's shape without them.
"""

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Record
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from common.exceptions import InputError
from common.npi import is_valid_npi
from common.tables import ShortRow
from referrals.importing.dates import parse_date, parse_moment
from referrals.importing.mapping import FIELDS, KINDS, PRIORITIES, REASONS, STATE_BY_FEED, Mapping, word_key

MISSING_ID = "missing id"
BAD_DATE = "bad date"
UNKNOWN_STATUS = "unknown status"
FUTURE_DATE = "future date"
TOO_MANY_CELLS = "too many cells"
TOO_FEW_CELLS = "too few cells"
REJECTIONS = (MISSING_ID, BAD_DATE, UNKNOWN_STATUS, FUTURE_DATE, TOO_MANY_CELLS, TOO_FEW_CELLS)

BAD_NPI = "bad npi"
BAD_APPOINTMENT = "bad appointment date"
BAD_SEEN = "bad seen date"
BAD_REPORT = "bad report date"
UNKNOWN_KIND = "unknown kind"
UNKNOWN_PRIORITY = "unknown priority"
TEXT_CUT = "long text cut"

MAX_TEXT = 200
MAX_WORD = 80  # service line, payer
MAX_KEY = 80

# What salts the hash of an identifier that feeds share, in place of a feed's name; no feed can have this name.
ENTERPRISE = "*enterprise*"

_ORDER = (*FIELDS, "patient", "enterprise")
_HASHED = re.compile(r"prm:[0-9a-f]{32}")
_UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
_PRIORITY_WORDS = {"emergent": "stat", "emergency": "stat", "elective": "routine", "normal": "routine"} | {
    word: word for word in PRIORITIES
}

HashPatient = Callable[[str], str]


class Row(NamedTuple):
    """What a source told about one referral, in our words. Blank is "" or None. A tuple, since millions are made."""

    source_key: str
    order_key: str
    anchor_on: dt.date
    anchor: str  # ordered, received or entered: which date the anchor is
    ordered_on: dt.date | None
    received_on: dt.date | None
    entered_on: dt.date | None
    referring_name: str
    referring_npi: str
    referring_npi_given: str  # what stood there when it is no NPI
    referring_practice: str
    referring_zip: str
    destination_name: str
    destination_npi: str
    performing_name: str
    performing_npi: str
    service_line: str
    kind: str
    priority: str
    state: str
    told_at: dt.datetime | None
    appointment_on: dt.date | None
    seen_on: dt.date | None
    report_on: dt.date | None
    payer: str
    reason: str
    patient: str  # keyed hash
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a record was not loaded: one of `REJECTIONS`, and a sentence that names the column, and the value of a status."""

    reason: str
    sentence: str


def patient_hasher(key: bytes, source: str) -> HashPatient:
    """The hash of a source's record numbers: the same number gives the same hash within that source, and tells nothing without the key."""
    begun = hmac.new(key, f"{source}\0".encode(), hashlib.sha256)

    def hash_patient(identifier: str) -> str:
        hashed = begun.copy()
        hashed.update(identifier.encode("utf-8", "replace"))
        return hashed.hexdigest()[:32]

    return hash_patient


class Parser:
    """Reads the rows of one file: what depends only on its headers and mapping is worked out once."""

    def __init__(
        self,
        headers: Sequence[str],
        mapping: Mapping,
        *,
        hash_patient: HashPatient,
        today: dt.date,
        hash_shared: HashPatient | None = None,
    ) -> None:
        """`hash_shared` hashes the identifier that feeds share, so that a patient has one hash in all of them."""
        if missing := mapping.missing(headers):
            lacking = " or ".join(f'"{header[:80]}"' for header in missing[:5])
            raise InputError(f'The file does not fit the mapping "{mapping.name}": it has no column {lacking}.')
        self._hash, self._hash_shared, self._style = hash_patient, hash_shared or hash_patient, mapping.dates
        self._latest = today + dt.timedelta(days=1)  # a clinic may be half a day ahead of us
        self._width = len(headers)
        positions = mapping.positions(headers)
        # Fields without a column read the blank cell that is put behind each row.
        self._pick = itemgetter(*(positions.get(name, self._width) for name in _ORDER))
        self._kept = frozenset(at for name, at in positions.items() if name != "enterprise")
        self._patient_at, self._enterprise_at = positions.get("patient"), positions.get("enterprise")
        self._key_at = positions["source_key"]
        self._columns = mapping.columns
        self._states = {word_key(word): state for word, state in mapping.status.items()}
        if "state" not in mapping.columns:
            self._states.setdefault("", STATE_BY_FEED[mapping.sees])
        self._kinds = {kind: kind for kind in KINDS} | {word_key(word): kind for word, kind in mapping.kinds.items()}
        self._priorities = _PRIORITY_WORDS | {word_key(word): ours for word, ours in mapping.priorities.items()}
        self._reasons = {reason: reason for reason in REASONS} | {word_key(word): ours for word, ours in mapping.reasons.items()}

    def __call__(self, values: Sequence[str]) -> Row | RowError:
        """The row, or why it is refused. Never raises, whatever the text."""
        width = self._width
        if len(values) > width and any(values[width:]):
            # Everything behind a stray delimiter stands one column off: a birth date may stand where a status should.
            return RowError(TOO_MANY_CELLS, "The row has more cells than the header: a delimiter inside a text is not quoted.")
        if isinstance(values, ShortRow):
            return RowError(TOO_FEW_CELLS, "The row has fewer cells than the header, and all others have all: a delimiter was lost.")
        cells = [*values[:width], *[""] * (width + 1 - min(width, len(values)))]
        (
            key, order, ordered, received, entered, referring_name, referring_npi, referring_practice, referring_zip,
            destination_name, destination_npi, performing_name, performing_npi, service_line, kind, priority, state, told,
            appointment, seen, report, payer, reason, patient, enterprise,
        ) = self._pick(cells)  # fmt: skip
        key = _clean(key)
        if not key:
            return RowError(MISSING_ID, f"{self._column('source_key')} is blank.")
        style = self._style
        findings: list[str] = []
        ordered_on, received_on, entered_on = (parse_date(text, style) if text else None for text in (ordered, received, entered))
        given = (("ordered", ordered, ordered_on), ("received", received, received_on), ("entered", entered, entered_on))
        for anchor, text, anchor_on in given:
            if anchor_on is not None:
                break
            if text and not text.isspace():
                return RowError(BAD_DATE, f"{self._column(f'{anchor}_on')} is no date that we can read.")
        else:
            return RowError(BAD_DATE, "The row has no date.")
        our_state = self._states.get(state) or self._states.get(word_key(state))
        if our_state is None:
            return RowError(UNKNOWN_STATUS, f"{self._column('state')} is {_shown(state)}, which the mapping does not know.")
        if anchor_on > self._latest:
            return RowError(FUTURE_DATE, f"{self._column(f'{anchor}_on')} is {anchor_on}, which is yet to come.")

        appointment_on = self._date(appointment, BAD_APPOINTMENT, findings)
        seen_on = self._date(seen, BAD_SEEN, findings)
        report_on = self._date(report, BAD_REPORT, findings)
        referring_npi_given = ""
        referring_npi = referring_npi.strip()
        if referring_npi and not is_valid_npi(referring_npi):
            findings.append(BAD_NPI)
            referring_npi, referring_npi_given = "", _clean(referring_npi)[:20]
        our_kind = self._kinds.get(word_key(kind), "") if kind else ""
        if kind and not our_kind and not kind.isspace():
            findings.append(UNKNOWN_KIND)
        our_priority = self._priorities.get(word_key(priority), "") if priority else ""
        if priority and not our_priority and not priority.isspace():
            findings.append(UNKNOWN_PRIORITY)
        text = _text
        return Row(
            _key(key),
            _key(_clean(order)) if order else "",
            anchor_on,
            anchor,
            ordered_on,
            received_on,
            entered_on,
            text(referring_name, findings),
            referring_npi,
            referring_npi_given,
            text(referring_practice, findings),
            _zip(referring_zip),
            text(destination_name, findings),
            self._npi(destination_npi, findings),
            text(performing_name, findings),
            self._npi(performing_npi, findings),
            text(service_line, findings, MAX_WORD),
            our_kind,
            our_priority,
            our_state,
            parse_moment(told, style) if told else None,
            appointment_on,
            seen_on,
            report_on,
            text(payer, findings, MAX_WORD),
            self._reasons.get(word_key(reason), "unknown") if reason and not reason.isspace() else "",
            (enterprise and self.hashed(enterprise, shared=True)) or self.hashed(patient),
            tuple(dict.fromkeys(findings)) if findings else (),  # last: the texts before it add theirs
        )

    def masked(self, values: Sequence[str]) -> list[str]:
        """The record in the source's shape for the reject file: what is not mapped is blank, the record number is `prm:` and its hash."""
        width = self._width
        if isinstance(values, ShortRow) or (len(values) > width and any(values[width:])):
            return [""] * width  # which cell stands under which header is not known
        masked = [value if at in self._kept else "" for at, value in enumerate(values[:width])]
        masked += [""] * (width - len(masked))
        if self._patient_at is not None and (hashed := self.hashed(masked[self._patient_at])):
            masked[self._patient_at] = f"prm:{hashed}"
        if self._enterprise_at is not None and self._enterprise_at < len(values):
            hashed = self.hashed(values[self._enterprise_at], shared=True)
            masked[self._enterprise_at] = f"prm:{hashed}" if hashed else ""
        return masked

    def hashed(self, identifier: str, *, shared: bool = False) -> str:
        """The hash of a record number; of one that is hashed already (a reject file that comes back), that hash."""
        identifier = identifier.strip()
        if not identifier:
            return ""
        if _HASHED.fullmatch(identifier):
            return identifier[4:]
        return self._hash_shared(identifier) if shared else self._hash(identifier)

    def _date(self, text: str, finding: str, findings: list[str]) -> dt.date | None:
        if not text or text.isspace():
            return None
        date = parse_date(text, self._style)
        if date is None:
            findings.append(finding)
        return date

    def _npi(self, text: str, findings: list[str]) -> str:
        text = text.strip()
        if not text or is_valid_npi(text):
            return text
        if BAD_NPI not in findings:
            findings.append(BAD_NPI)
        return ""

    def _column(self, field: str) -> str:
        return self._columns.get(field, FIELDS[field])[:80]


def parse(record: Record[str, str], mapping: Mapping, *, hash_patient: HashPatient, today: dt.date) -> Row | RowError:
    """One record by its headers, for callers that have a few; whole files go through one `Parser`."""
    headers, values = _as_values(record, mapping)
    return Parser(headers, mapping, hash_patient=hash_patient, today=today)(values)


def masked(record: Record[str, str], mapping: Mapping, *, hash_patient: HashPatient) -> dict[str, str]:
    """`Parser.masked` for one record by its headers."""
    headers, values = _as_values(record, mapping)
    parser = Parser(headers, mapping, hash_patient=hash_patient, today=dt.date.min)
    return dict(zip(record, parser.masked(values), strict=False))


def _as_values(record: Record[str, str], mapping: Mapping) -> tuple[list[str], list[str]]:
    headers = list(record)
    absent = mapping.missing(headers)
    return [*headers, *absent], [*map(str, record.values()), *[""] * len(absent)]


def _clean(text: str) -> str:
    text = " ".join(text.split())
    return text if text.isascii() and "\0" not in text else _UNSTORABLE.sub("", text)


def _key(text: str) -> str:
    """A number of any length: a long one keeps its beginning, and its digest tells it from others that begin so."""
    return text if len(text) <= MAX_KEY else f"{text[: MAX_KEY - 33]}~{hashlib.sha256(text.encode()).hexdigest()[:32]}"


_clean_often = lru_cache(maxsize=1 << 16)(_clean)  # names of people and places come again and again; record numbers do not


def _text(text: str, findings: list[str], longest: int = MAX_TEXT) -> str:
    if not text:
        return ""
    text = _clean_often(text)
    if len(text) > longest:
        findings.append(TEXT_CUT)
        return text[:longest].rstrip()
    return text


@lru_cache(maxsize=1 << 14)
def _zip(text: str) -> str:
    """Five digits; spreadsheets lose the leading zeros of New England."""
    digits = text.strip().split("-")[0]
    if not (digits.isascii() and digits.isdigit()):
        return ""
    if len(digits) in (8, 9):
        return digits.zfill(9)[:5]
    return digits.zfill(5) if 3 <= len(digits) <= 5 else ""


def _shown(text: str) -> str:
    text = _clean(text)
    return f'"{text[:40]}"' if text else "blank"
