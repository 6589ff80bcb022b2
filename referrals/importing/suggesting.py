"""A first mapping for a file nobody has mapped yet: from its headers, from what stands in its columns, and from earlier mappings.

A suggestion is shown to a person before it is used. Columns that look like a patient's are named, and dropped or hashed unless somebody
objects.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from common.npi import is_valid_npi
from referrals.importing.dates import parse_date
from referrals.importing.mapping import ANCHORS, DATE_FIELDS, PRIORITIES, Mapping, header_key, word_key
from referrals.states import STATES

_ABBREVIATIONS = {
    "nbr": "number", "num": "number", "no": "number", "nr": "number", "dttm": "date", "dt": "date", "datetime": "date",
    "timestamp": "date", "time": "date", "prov": "provider", "physician": "provider", "doctor": "provider",
    "clinician": "provider", "dr": "provider", "org": "organization", "organisation": "organization", "facility": "organization",
    "fac": "organization", "loc": "location", "dept": "location", "department": "location", "practice": "location",
    "clinic": "location", "office": "location", "site": "location", "svc": "service", "srv": "service", "spec": "specialty",
    "speciality": "specialty", "cd": "code", "appt": "appointment", "appointmt": "appointment", "rpt": "report",
    "ref": "referral", "refer": "referred", "referring": "referrer", "ordering": "referrer", "requesting": "referrer",
    "sending": "referrer", "pt": "patient", "pat": "patient", "postal": "zip", "zipcode": "zip", "postcode": "zip",
    "ins": "insurance", "fin": "financial", "auth": "authorization", "stat": "status", "txt": "", "desc": "", "description": "",
    "nm": "name", "identifier": "id", "dest": "destination", "target": "destination", "prio": "priority", "sched": "scheduled",
    "create": "created", "creation": "created", "enter": "entered", "entry": "entered", "order": "ordered",
}  # fmt: skip

_FROM = r"(?:from|referrer|referred by|referral by|referred from|source)"
_TO = r"(?:to|referred to|referral to|destination|receiving|performing|rendering|consulting|specialist)"
# field, what the header says in plain words, confidence. The first column that says it best gets the field.
_RULES: tuple[tuple[str, str, float], ...] = (
    ("source_key", r"(?:referral|ordered|request) (?:id|number|key)", 0.95),
    ("source_key", r"(?:appointment|claim|encounter|visit) (?:id|number|key)", 0.8),
    ("source_key", r"(?:id|referral|number)", 0.6),
    ("order_key", r"(?:original|parent|related|linked|source) (?:referral|ordered|request) (?:id|number|key)", 0.9),
    ("order_key", r"(?:referral|ordered|request) (?:id|number|key)|referral ordered", 0.5),
    ("referring_npi", rf"{_FROM}(?: provider)? npi|npi {_FROM}", 0.95),
    ("performing_npi", rf"{_TO}(?: provider)? npi|npi {_TO}", 0.95),
    ("destination_npi", rf"{_TO} (?:organization|location) npi", 0.95),
    ("referring_npi", r"npi|provider npi", 0.5),
    ("referring_zip", rf"{_FROM}(?: location| organization)?(?: address)? zip(?: code)?", 0.95),
    ("referring_zip", r"(?:(?:location|organization|provider|address) )?zip(?: code)?", 0.4),
    ("referring_practice", rf"{_FROM} (?:location|organization|group)(?: name)?", 0.95),
    ("referring_name", rf"{_FROM}(?: provider)?(?: name)?", 0.9),
    ("destination_name", rf"{_TO} (?:location|organization)(?: name)?", 0.95),
    ("performing_name", rf"{_TO} provider(?: name)?|specialist(?: name)?|(?:performing|rendering)(?: name)?", 0.9),
    ("destination_name", rf"{_TO}(?: name)?", 0.7),
    ("ordered_on", r"(?:referral )?(?:ordered|referred|authored)(?: date| on)?|date (?:ordered|referred)|referral date", 0.9),
    ("received_on", r"(?:referral )?received(?: date| on)?|date received", 0.85),
    ("entered_on", r"(?:referral )?(?:entered|created)(?: date| on)?|date (?:entered|created)", 0.85),
    ("told_at", r"(?:status|last)?(?: )?(?:changed|updated|update|modified|change)(?: date| on| at)?|status date", 0.8),
    ("appointment_on", r"(?:next )?appointment(?: date| on)?|scheduled (?:date|for|on)|visit date", 0.9),
    ("seen_on", r"seen(?: date| on)?|date seen|completed (?:date|on)|encounter date|service date|date of service", 0.85),
    ("report_on", r"(?:consult )?report(?: received| back| sent)?(?: date| on)?|note received(?: date)?|loop closed(?: date)?", 0.9),
    ("state", r"(?:referral |ordered )?(?:status|state)(?: code)?", 0.95),
    ("state", r"appointment (?:status|state)(?: code)?", 0.8),
    ("priority", r"(?:referral )?(?:priority|urgency)(?: code)?", 0.95),
    ("kind", r"(?:referral )?(?:kind|class|category)", 0.7),
    ("service_line", r"(?:referral )?(?:service )?(?:line|specialty)(?: code)?|(?:to|referred to) specialty|service", 0.9),
    ("service_line", r"referral type|(?:location|organization) specialty", 0.6),
    ("payer", r"(?:primary )?(?:payer|payor|insurance|plan|coverage|financial class)(?: name| plan)?", 0.9),
    ("reason", r"(?:leakage |loss |outside |redirect )?reason(?: code)?", 0.7),
)
_COMPILED = tuple((field, re.compile(pattern), confidence) for field, pattern, confidence in _RULES)

_IDENTIFIER = re.compile(
    r"(?:patient )?(?:mrn|chart|emrn|medical record|record)(?: (?:id|number))?|patient (?:id|number|key)|member (?:id|number)"
)
_ENTERPRISE = re.compile(
    r"(?:patient )?(?:epi|empi|enterprise(?: (?:patient|person|master|medical record|mrn|record))*(?: (?:id|number))?)"
)
_PATIENT = re.compile(
    r".*\b(?:patient|mrn|emrn|epi|empi|enterprise|ssn|social security|dob|birth|birthdate|birthday|guarantor|subscriber)\b.*"
    r"|.*\b(?:next of kin|maiden)\b.*"
    r"|gender|sex|race|ethnicity|deceased|age|(?:medical )?record(?: (?:id|number))?|member (?:id|number)|chart(?: (?:id|number))?"
    r"|(?:home |cell |mobile |work )?(?:phone|telephone|mobile|email|e mail)(?: number)?|(?:home |street )?address(?: line)?(?: \d)?"
    r"|(?:first|last|middle|full) name|name"
)
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
_PHONE = re.compile(r"(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]\d{4}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}")
_BIRTH = re.compile(r"(?:19[0-6]\d)-\d\d?-\d\d?(?:[T ].*)?|\d\d?[/.-]\d\d?[/.-]19[0-6]\d")
_ZIP = re.compile(r"\d{5}(?:-\d{4})?")
_SLASHED = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](?:\d{4}|\d\d)(?:[T ].*)?")

_STATUS_WORDS = (
    ("rejected", r"den(?:ied|y)|reject(?:ed)?|declin(?:ed|e)|refused|not accepted|d|rej"),
    ("appointment cancelled", r"app(?:oin)?t(?:ment)? cancell?ed"),
    ("cancel requested", r"cancel(?:lation)? requested"),
    ("cancelled", r"cancell?ed|canc|cancel|void(?:ed)?|withdrawn|closed without visit|expired|x"),
    ("no-show", r"no ?show(?:ed)?|noshow|did not attend|missed|n|ns|dna"),
    ("report sent", r"report (?:sent|received)|loop closed|closed loop|consult note received"),
    ("seen", r"seen|complet(?:ed|e)|done|arrived|checked (?:in|out)|kept|attended|visit complete[d]?|closed|finished|fulfilled|c"),
    ("scheduled", r"scheduled|appt|appointment(?: made| scheduled)?|booked|sched|rescheduled|s"),
    ("accepted", r"accepted|authori[sz]ed|approved|ready to schedule|a"),
    ("received", r"received|new|open|pend(?:ing)?(?: review| scheduling)?|sent|ordered|in review|submitted|active|requested|draft|r|p"),
)
_STATUS = tuple((state, re.compile(pattern)) for state, pattern in _STATUS_WORDS)


@dataclass(frozen=True, slots=True)
class PatientColumn:
    """A column that looks like patient data, why, and what happens to it: hash (the record number), enterprise (a number that feeds
    share, hashed alike for all) or drop."""

    header: str
    why: str
    action: str


@dataclass(frozen=True, slots=True)
class DateEvidence:
    """What the dates look like. Ambiguous: no day above 12 was seen, so that a person must say; `examples` show each reading."""

    style: str
    ambiguous: bool
    examples: tuple[tuple[str, str, str], ...]  # as written, read as month/day, read as day/month (ISO, "" when it is none)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A mapping to start from, and how sure of what."""

    mapping: Mapping
    confidence: dict[str, float]
    because: dict[str, str]
    patient: tuple[PatientColumn, ...]
    dates: DateEvidence
    unknown_statuses: dict[str, int]
    ignored: tuple[str, ...]


def suggest(headers: Sequence[str], sample_rows: Sequence[Sequence[str]], *, earlier: Iterable[Mapping] = ()) -> Suggestion:
    """The best guess for a file with these headers, by a sample of its rows and the mappings used before (latest first)."""
    columns = {header: [row[at] for row in sample_rows if at < len(row) and row[at].strip()] for at, header in enumerate(headers)}
    patient = _patient_columns(columns)
    known = next((mapping for mapping in earlier if mapping.fits(headers)), None)
    if known is not None:
        confidence = dict.fromkeys(known.columns, 1.0)
        because = dict.fromkeys(known.columns, f"as in the earlier mapping {known.name}".rstrip())
        mapping = known
        dropped = {header_key(header) for header in known.dropped}
        actions = {header_key(known.identifier): "hash", header_key(known.enterprise): "enterprise"}
        mapped = {header_key(header) for header in known.columns.values()}
        patient = tuple(
            replace(column, action=actions.get(header_key(column.header), "drop"))
            for column in patient
            if header_key(column.header) not in mapped or header_key(column.header) in dropped
        )
    else:
        mapping, confidence, because = _guess(headers, columns, len(sample_rows), patient, list(earlier))
    dates = _dates(mapping, columns)
    if known is None:
        mapping = replace(mapping, dates=dates.style)
    used = {
        header_key(header)
        for header in (*mapping.columns.values(), *(column.header for column in patient), mapping.identifier, mapping.enterprise)
    }
    return Suggestion(
        mapping=mapping,
        confidence=confidence,
        because=because,
        patient=patient,
        dates=dates,
        unknown_statuses=unknown_statuses(mapping, headers, sample_rows),
        ignored=tuple(header for header in headers if header_key(header) not in used),
    )


def unknown_statuses(mapping: Mapping, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> dict[str, int]:
    """The words of the status column that the mapping does not know, most frequent first."""
    at = mapping.positions(headers).get("state")
    if at is None:
        return {}
    known = {word_key(word) for word in mapping.status}
    words = Counter(" ".join(row[at].split()) for row in rows if at < len(row))
    return {word: count for word, count in words.most_common() if word_key(word) not in known}


def suggest_state(word: str) -> str:
    """Our state for a word of theirs, or "" when it says nothing to us."""
    key = re.sub(r"[^a-z0-9]+", " ", word.casefold()).strip()
    for state in STATES:
        if key == state.replace("-", " "):
            return state
    return next((state for state, pattern in _STATUS if pattern.fullmatch(key)), "")


@lru_cache(maxsize=4096)
def plain_words(header: str) -> str:
    """A header in plain words: REF_NBR → referral number, referredByNPI → referred by npi."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", header)
    words = re.sub(r"[^a-z0-9#]+", " ", apart.casefold()).replace("#", " number ").split()
    return " ".join(plain for word in words if (plain := _ABBREVIATIONS.get(word, word)))


def _patient_columns(columns: dict[str, list[str]]) -> tuple[PatientColumn, ...]:
    found = [
        PatientColumn(header, why, "drop")
        for header, values in columns.items()
        if (why := "its name" if _PATIENT.fullmatch(plain_words(header)) else _patient_content(values))
    ]
    # One record number is hashed, and one number that feeds share; they link orders and appointments without saying whose they are.
    for action, pattern in (("hash", _IDENTIFIER), ("enterprise", _ENTERPRISE)):
        at = next((at for at, column in enumerate(found) if pattern.fullmatch(plain_words(column.header))), None)
        if at is not None:
            found[at] = replace(found[at], action=action)
    return tuple(found)


def _patient_content(values: list[str]) -> str:
    for why, looks_so in (
        ("social security numbers", _SSN.fullmatch),
        ("phone numbers", _PHONE.fullmatch),
        ("e-mail addresses", _EMAIL.fullmatch),
        ("birth dates", _BIRTH.fullmatch),
    ):
        if _share(values, lambda text, looks_so=looks_so: bool(looks_so(text.strip()))) > 0.5:  # type: ignore[misc]  # mypy infers no lambda with a default
            return f"it holds {why}"
    return ""


def _guess(
    headers: Sequence[str], columns: dict[str, list[str]], rows: int, patient: Sequence[PatientColumn], earlier: Sequence[Mapping]
) -> tuple[Mapping, dict[str, float], dict[str, str]]:
    secret = {column.header for column in patient}
    candidates = []
    for order, header in enumerate(headers):
        if header in secret:
            continue
        for field, score, why in _readings(header, columns[header], rows, earlier):
            candidates.append((-score, order, field, header, why))
    chosen: dict[str, str] = {}
    confidence: dict[str, float] = {}
    because: dict[str, str] = {}
    for negative, _, field, header, why in sorted(candidates):
        if field not in chosen and header not in chosen.values():
            chosen[field], confidence[field], because[field] = header, -negative, why
    if not any(field in chosen for field in ANCHORS):
        taken = secret | set(chosen.values())
        free = [header for header in headers if header not in taken and _share(columns[header], _is_date) > 0.8]
        free.sort(key=lambda header: _share(columns[header], str.isdigit) > 0.5)  # five digits may be a ZIP code as well as a day
        if free:
            chosen["entered_on"], confidence["entered_on"], because["entered_on"] = free[0], 0.3, "the first column of dates"
    statuses = {" ".join(value.split()) for value in columns.get(chosen.get("state", ""), ())}
    priorities = {word_key(value) for value in columns.get(chosen.get("priority", ""), ())}
    old_words = {word_key(word): state for mapping in reversed(earlier) for word, state in mapping.status.items()}
    mapping = Mapping(
        columns=chosen,
        status={word: state for word in sorted(statuses) if (state := old_words.get(word_key(word)) or suggest_state(word))},
        priorities={word: word for word in sorted(priorities) if word in PRIORITIES},
        identifier=next((column.header for column in patient if column.action == "hash"), ""),
        enterprise=next((column.header for column in patient if column.action == "enterprise"), ""),
        dropped=tuple(column.header for column in patient if column.action == "drop"),
    )
    return mapping, confidence, because


def _readings(header: str, values: list[str], rows: int, earlier: Sequence[Mapping]) -> Iterable[tuple[str, float, str]]:
    """What a column may be, how surely, and why."""
    for mapping in earlier:
        for field, known in mapping.columns.items():
            if header_key(known) == header_key(header):
                yield field, 0.97, "as in an earlier mapping"
    words = plain_words(header)
    for field, pattern, sure in _COMPILED:
        confidence = sure
        if pattern.fullmatch(words):
            fitting = _share(values, _CONTENT[field]) if field in _CONTENT else 1.0
            if field == "source_key" and len(set(values)) < rows:
                confidence *= 0.8  # a number that is blank or repeats is rather that of the order an appointment belongs to
            if not values or fitting > 0.5:
                yield field, confidence * (1.0 if values else 0.8), "its name and content" if values and field in _CONTENT else "its name"
    if values and _share(values, lambda text: bool(suggest_state(text))) > 0.8 and len(set(values)) <= 20 and max(map(len, values)) > 1:
        yield "state", 0.45, "its words"
    if _share(values, lambda text: is_valid_npi(text.strip())) > 0.8:
        yield "referring_npi", 0.35, "it holds NPIs"


def _is_date(text: str) -> bool:
    return parse_date(text, "auto") is not None or parse_date(text, "dmy") is not None


_CONTENT: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(DATE_FIELDS, _is_date),
    **dict.fromkeys(("referring_npi", "performing_npi", "destination_npi"), lambda text: bool(re.fullmatch(r"\d{10}", text.strip()))),
    "referring_zip": lambda text: bool(_ZIP.fullmatch(text.strip())),
    "referring_name": lambda text: not text.strip().isdigit(),
    "destination_name": lambda text: not text.strip().isdigit(),
}


def _share(values: Sequence[str], is_so: Callable[[str], bool]) -> float:
    return sum(map(is_so, values)) / len(values) if values else 0.0


def _dates(mapping: Mapping, columns: dict[str, list[str]]) -> DateEvidence:
    values = [value.strip() for field in DATE_FIELDS for value in columns.get(mapping.columns.get(field, ""), ())]
    slashed = [(value, int(found[1]), int(found[2])) for value in values if (found := _SLASHED.fullmatch(value))]
    if not slashed:
        serial = _share(values, lambda text: parse_date(text, "excel") is not None and parse_date(text, "ymd") is None)
        return DateEvidence("excel" if serial > 0.5 else "ymd" if values else "auto", ambiguous=False, examples=())
    month_first = sum(second > 12 for _, _, second in slashed)
    day_first = sum(first > 12 for _, first, _ in slashed)
    examples = tuple(
        (value, str(parse_date(value, "mdy") or ""), str(parse_date(value, "dmy") or ""))
        for value in dict.fromkeys(value for value, first, second in slashed if first != second)
    )[:3]
    return DateEvidence("dmy" if day_first > month_first else "mdy", ambiguous=month_first == day_first, examples=examples)
