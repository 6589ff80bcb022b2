"""HL7 v2 as rows: referrals (REF I12 to I15) and the appointments that follow (SIU S12 to S22, S26).

A REF is a row under the number of the referral, RF1-6, else RF1-11. A trigger event that says what happened (I14: cancelled) goes before
the status of RF1-1. An SIU is a row under the number of the order, SCH-26, else SCH-27; alone in a file it has a number of its own,
SCH-2, else SCH-1, with the order's beside it if told. Status words are those of RF1-1, "SCH " and those of SCH-25, or the trigger event.
Of PID only the identifiers are read.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import hl7

from common.npi import is_valid_npi
from common.tables.archives import Source, open_plain, open_unpacked
from referrals.importing.formats.records import Record, Records, Remarks
from referrals.importing.formats.segments import Message, messages

HEADERS = (
    "HL7 message", "RF1 referral number", "RF1 process date", "Message date", "Referring provider (RP)", "Referring provider NPI",
    "Referring organization (RP)", "Referring ZIP", "Referred-to organization (RT)", "Referred-to organization NPI",
    "Referred-to provider (RT)", "Referred-to provider NPI", "Referral specialty", "RF1 referral type", "RF1 priority", "HL7 status",
    "Message time", "Appointment start", "Seen", "Payer (IN1)", "Patient identifier", "Enterprise patient identifier",
)  # fmt: skip
APPOINTMENT = "SCH appointment number"  # the column of files without referrals

_REFERRALS = frozenset({"I12", "I13", "I14", "I15"})
_VISITS = frozenset({"S12", "S13", "S14", "S15", "S16", "S17", "S18", "S19", "S20", "S21", "S22", "S26"})
_DECIDING = frozenset({"I14", "S15", "S16", "S17", "S26"})  # these events say themselves what happened
_SEEN = frozenset({"complete", "completed", "arrived", "started", "checked in", "checked out"})
# The segments that are read, and the last field of each: a name and a birth date come after it in PID.
_LAST_FIELD = {
    "MSH": 8, "RF1": 20, "PRD": 11, "PID": 4, "IN1": 4, "PV1": 8, "SCH": 27, "TQ1": 7, "AIS": 4, "AIG": 8, "AIP": 6, "AIL": 6,
}  # fmt: skip
_WANTED = frozenset(_LAST_FIELD)
_TYPES = frozenset({"LAB", "RAD", "MED", "SKN", "PSY", "HOM"})  # table 0281: kinds; any other word there is a service line
_EVENT = re.compile(r"(?:([A-Z]{3})_)?([A-Z]\d\d)")
_READ = {"REF": _REFERRALS, "RRI": _REFERRALS, "SIU": _VISITS}  # an RRI answers a REF, with the status
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?(?:\.\d+)?)?([+-]\d{4})?")
_ENTERPRISE = frozenset({"EPI", "EMPI", "EUID", "ENTERPRISE"})
_NO_RECORD_NUMBER = frozenset({"SS", "SSN", "DL", "PPN", "AN", "VN"})
_BROKEN = (hl7.HL7Exception, IndexError, AssertionError, KeyError, ValueError)  # what the parser raises at a header that is none

Cells = dict[str, str]


@contextmanager
def open_hl7(source: Source, *, encoding: str = "") -> Iterator[Records]:
    """The file's messages as rows. Rows of a file without any referral are appointments of their own: they have one more column."""
    with open_plain(source) as plain, ExitStack() as stack:
        with open_unpacked(plain) as stream:
            heads = messages(stream, wanted=frozenset(), encoding=encoding)
            has_referrals = any(_event(head.segments[0])[1] in _REFERRALS for head in heads if head.segments)
        size = plain.seek(0, 2)
        stream = stack.enter_context(open_unpacked(plain))
        remarks = Remarks()
        headers = HEADERS if has_referrals else (*HEADERS, APPOINTMENT)

        def rows() -> Iterator[Record]:
            for message in messages(stream, wanted=_WANTED, encoding=encoding):
                if cells := _read(message, remarks, has_referrals=has_referrals):
                    yield message.number, [cells.get(header, "") for header in headers]

        yield Records(
            rows(), headers=headers, format="hl7v2", progress=lambda: min(1.0, plain.tell() / size), encoding=encoding, remarks=remarks
        )


def _event(header: str) -> tuple[str, str]:
    """Message type and trigger event, from whichever part of MSH-9 says them; blank when the message is none that is read."""
    fields = header.split(header[3:4]) if len(header) > 4 else []
    parts = fields[8].split(header[4]) if len(fields) > 8 else []
    found = [match for part in parts if (match := _EVENT.fullmatch(part.strip()))]
    type = (parts[0].strip() if parts else "") or next((match[1] for match in found if match[1]), "")
    return type, next((match[2] for match in found if match[2] in _READ.get(type, ())), "")


def _read(message: Message, remarks: Remarks, *, has_referrals: bool) -> Cells | None:
    """The row of a message, or a remark."""
    number = message.number
    if message.fault:
        remarks.say(number, "not read", message.fault)
        return None
    type, event = _event(message.segments[0])
    if not event:
        called = f" {type}" if re.fullmatch("[A-Z]{3}", type) else ""
        remarks.say(
            number, "message type not read", f"Messages{called} of this kind tell nothing of a referral: read are REF I12 to I15 and SIU."
        )
        return None
    try:
        parsed = hl7.parse("\r".join(map(_shortened, message.segments)))
    except _BROKEN:
        remarks.say(number, "not read", "The message's header does not name its separators as HL7 v2 wants it.")
        return None
    view = _View(parsed)
    if event in _REFERRALS:
        if not view.has("RF1"):
            remarks.say(number, "no referral", "The message has no RF1 segment, so it does not say which referral it is about.")
            return None
        return {**_common(view, type, event), **_referral(view, event)}
    if not view.has("SCH"):
        remarks.say(number, "no appointment", "The message has no SCH segment, so it does not say which appointment it is about.")
        return None
    cells = {**_common(view, type, event), **_visit(view, event)}
    if has_referrals and not cells["RF1 referral number"]:
        remarks.say(number, "no order", "The appointment names no order (SCH-26 or SCH-27), so it belongs to no referral of the file.")
        return None
    return cells


def _shortened(segment: str) -> str:
    """A segment up to the last field that is read."""
    separator = segment[3:4]
    return separator.join(segment.split(separator)[: _LAST_FIELD[segment[:3]] + 1]) if separator else segment


class _View:
    """Fields of a parsed message as clean text. The library's own unescaping writes what it cannot read into the log: a patient's data."""

    def __init__(self, message: Any) -> None:
        self._message = message
        self._segments: dict[str, list[Any]] = {}
        for segment in message:
            self._segments.setdefault(str(segment[0]), []).append(segment)
        _, field, repeat, component, sub = message.separators
        self._esc = message.esc
        self._escaped = re.compile(re.escape(self._esc) + r"([^\r]{0,400}?)" + re.escape(self._esc))
        self._known: dict[str, str] = {"F": field, "R": repeat, "S": component, "T": sub, "E": self._esc}

    def has(self, name: str) -> bool:
        """Is there such a segment?"""
        return name in self._segments

    def all(self, name: str) -> list[Any]:
        """All segments of that name."""
        return self._segments.get(name, [])

    def repeats(self, segment: Any, field: int) -> list[Any]:
        """The repetitions of a field."""
        return list(segment[field]) if field < len(segment) else []

    def part(self, repeat: Any, component: int = 1, sub: int = 1) -> str:
        """A component of a repetition, or its first sub-component, unescaped."""
        components = [repeat] if isinstance(repeat, str) else repeat
        if component > len(components):
            return ""
        subs = components[component - 1]
        subs = [subs] if isinstance(subs, str) else subs
        return self._clean(str(subs[sub - 1])) if sub <= len(subs) else ""

    def text(self, name: str, field: int, component: int = 1) -> str:
        """The first that any segment of the name says in a field."""
        for segment in self.all(name):
            for repeat in self.repeats(segment, field):
                if said := self.part(repeat, component):
                    return said
        return ""

    def _clean(self, text: str) -> str:
        if self._esc and self._esc in text:
            text = self._escaped.sub(self._unescaped, text)
        text = " ".join(text.split())
        return "" if text == '""' else text  # how HL7 says that a value was deleted

    def _unescaped(self, found: re.Match[str]) -> str:
        inside = found[1]
        if inside in self._known:
            return self._known[inside]
        if inside[:1] == "X":
            try:
                return bytes.fromhex(inside[1:]).decode("utf-8", "replace")
            except ValueError:
                return ""
        return " " if inside[:1] == "." else ""


def _common(view: _View, type: str, event: str) -> Cells:
    patient, enterprise = _patient(view)
    sent = moment(view.text("MSH", 7))
    return {
        "HL7 message": f"{type} {event}",
        "Message date": sent[:10],
        "Message time": sent,
        "Payer (IN1)": view.text("IN1", 4) or view.text("IN1", 2, 2),
        "Patient identifier": patient,
        "Enterprise patient identifier": enterprise,
    }


def _referral(view: _View, event: str) -> Cells:
    by_role: dict[str, Cells] = {}
    for segment in view.all("PRD"):
        for role in view.repeats(segment, 1):
            code = view.part(role).upper() or view.part(role, 2).upper()
            by_role.setdefault({"REFERRING PROVIDER": "RP", "REFERRED TO PROVIDER": "RT"}.get(code, code), _provider(view, segment))
    sender = by_role.get("RP") or _doctor(view, "PV1", 8)
    receiver = by_role.get("RT") or by_role.get("IR") or {}
    other = _doctor(view, "RF1", 20)
    if receiver.get("name") and other.get("name", "").casefold() != receiver["name"].casefold():
        other = {}
    kind = view.text("RF1", 3).upper()
    named_kind = kind in _TYPES
    return {
        "RF1 referral number": view.text("RF1", 6) or view.text("RF1", 11),
        "RF1 process date": moment(view.text("RF1", 9) or view.text("RF1", 7))[:10],
        "Referring provider (RP)": sender.get("name", ""),
        "Referring provider NPI": sender.get("npi", ""),
        "Referring organization (RP)": sender.get("organization", ""),
        "Referring ZIP": sender.get("zip", ""),
        "Referred-to organization (RT)": receiver.get("organization") or view.text("RF1", 19),
        "Referred-to organization NPI": receiver.get("organization npi", ""),
        "Referred-to provider (RT)": receiver.get("name") or other.get("name", ""),
        "Referred-to provider NPI": receiver.get("npi") or other.get("npi", ""),
        "Referral specialty": "" if named_kind else view.text("RF1", 3, 2) or view.text("RF1", 3),
        "RF1 referral type": kind if named_kind else "",
        "RF1 priority": view.text("RF1", 2) or view.text("RF1", 2, 2),
        "HL7 status": event if event in _DECIDING else view.text("RF1", 1) or view.text("RF1", 1, 2) or event,
    }


def _visit(view: _View, event: str) -> Cells:
    start = next((at for at in (view.text(*where) for where in _STARTS) if at), "")
    said = view.text("SCH", 25) or view.text("SCH", 25, 2)
    seen = event not in _DECIDING and said.casefold() in _SEEN
    doctor = _doctor(view, "AIP", 3)
    sender = _doctor(view, "PV1", 8)
    return {
        "RF1 referral number": view.text("SCH", 26) or view.text("SCH", 27),
        APPOINTMENT: view.text("SCH", 2) or view.text("SCH", 1),
        "Referring provider (RP)": sender.get("name", ""),
        "Referring provider NPI": sender.get("npi", ""),
        "Referred-to organization (RT)": view.text("AIL", 3, 4) or view.text("AIL", 3, 9) or view.text("AIL", 3),
        "Referred-to provider (RT)": doctor.get("name", ""),
        "Referred-to provider NPI": doctor.get("npi", ""),
        "Referral specialty": view.text("AIP", 4, 2),
        "HL7 status": f"SCH {said}" if said and event not in _DECIDING else event,
        "Appointment start": moment(start),
        "Seen": moment(start) if seen else "",
    }


# Where the start of an appointment stands, by version.
_STARTS = (("TQ1", 7), ("SCH", 11, 4), ("AIS", 4), ("AIP", 6), ("AIG", 8), ("AIL", 6))


def _provider(view: _View, segment: Any) -> Cells:
    """Who a PRD segment is about: name, NPI, organisation and ZIP."""
    name, address, place, organization, its_address = (next(iter(view.repeats(segment, field)), "") for field in (2, 3, 4, 10, 11))
    return {
        "name": _person(view, name, 1),
        "npi": next((npi for number in view.repeats(segment, 7) if (npi := _npi(view, number, type_at=2))), ""),
        "organization": view.part(organization) or view.part(place, 9) or view.part(place, 4),
        "organization npi": _npi(view, organization, type_at=7, at=10) or _npi(view, organization, type_at=7, at=3),
        "zip": view.part(address, 5) or view.part(its_address, 5),
    }


def _doctor(view: _View, name: str, field: int) -> Cells:
    """The first person (XCN) of a field."""
    for segment in view.all(name):
        for repeat in view.repeats(segment, field):
            if who := _person(view, repeat, 2):
                return {"name": who, "npi": _npi(view, repeat, type_at=13)}
    return {}


def _person(view: _View, repeat: Any, family_at: int) -> str:
    """ "Careful, Adam B": family name first, so that a name of several words stays whole."""
    given = " ".join(filter(None, (view.part(repeat, family_at + 1), view.part(repeat, family_at + 2))))
    return ", ".join(filter(None, (view.part(repeat, family_at), given)))


def _npi(view: _View, repeat: Any, *, type_at: int, at: int = 1) -> str:
    """The number if it is called an NPI, or is called nothing and is one."""
    number, type = view.part(repeat, at), view.part(repeat, type_at).upper()
    return number if type == "NPI" or (not type and is_valid_npi(number)) else ""


def _patient(view: _View) -> tuple[str, str]:
    """Record number and enterprise number of PID-3; PID-2 where a source still uses it."""
    best, best_rank, shared = "", 9, ""
    for segment in view.all("PID"):
        for field in (3, 2):
            for repeat in view.repeats(segment, field):
                number, type = view.part(repeat), view.part(repeat, 5).upper()
                if number and type in _ENTERPRISE:
                    shared = shared or number
                elif number and type not in _NO_RECORD_NUMBER:
                    rank = {"MR": 0, "MRN": 0, "PI": 1}.get(type, 2) + (3 if field == 2 else 0)
                    if rank < best_rank:
                        best, best_rank = number, rank
    return best, shared


def moment(text: str) -> str:
    """A day or moment of HL7 v2 as ISO writes it; what is neither as it stands, for the parser to refuse."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return text
    year, month, day, hour, minute, second, zone = found.groups()
    if not hour:
        return f"{year}-{month}-{day}"
    offset = f"{zone[:3]}:{zone[3:]}" if zone else ""
    return f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{offset}"
