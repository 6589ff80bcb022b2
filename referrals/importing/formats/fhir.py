"""FHIR R4 as rows: a Bundle of any kind, one resource, a JSON array, or one resource per line.

Two passes. The first validates each resource that is read at all against the specification (`fhir.resources`, R4B) and keeps what is needed
of it in a `Store`; the second turns what tells of referrals into rows (`fhir_rows`), with the references between them resolved. Names and
birth dates of patients are not even looked at.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import islice
from typing import IO, Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from common.exceptions import InputError
from common.tables.archives import Source, open_plain, open_unpacked
from referrals.importing.formats.fhir_rows import APPOINTMENT, HEADERS, SPEAKING, Rows, number_of
from referrals.importing.formats.records import Record, Records, Remarks
from referrals.importing.formats.store import Store, local, open_store
from referrals.importing.formats.streams import TWICE, Found, resources

# What is read of each type of resource; all others are counted and left.
_READ = {
    "ServiceRequest": "identifier status intent category code orderDetail priority doNotPerform subject authoredOn occurrenceDateTime"
    " occurrencePeriod requester performer performerType locationReference insurance basedOn replaces meta",
    "Task": "status businessStatus intent code focus basedOn reasonReference for authoredOn lastModified requester owner executionPeriod",
    "Appointment": "identifier status basedOn start created participant specialty serviceType meta",
    "Encounter": "identifier status basedOn appointment period subject participant serviceProvider serviceType meta",
    "DocumentReference": "status docStatus context date",
    "DiagnosticReport": "status basedOn issued effectiveDateTime",
    "Communication": "status basedOn sent payload",
    "Practitioner": "identifier name address",
    "PractitionerRole": "identifier practitioner organization location specialty healthcareService",
    "Organization": "identifier name address",
    "HealthcareService": "identifier name specialty type providedBy",
    "Location": "identifier name address managingOrganization",
    "Coverage": "identifier status payor class beneficiary",
    "Patient": "identifier",
}
_ELEMENTS = {type: frozenset(elements.split()) for type, elements in _READ.items()}
_OF_A_PATIENT = frozenset({"subject", "for", "beneficiary"})
_ORDERS = re.compile(rb'"resourceType"\s*:\s*"ServiceRequest"')
_LONGEST_MATCH = 256
_NAME = re.compile(r"[A-Za-z_]\w{0,39}")
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,39}")
_WHY = {
    "missing": "is missing",
    "extra_forbidden": "is no element of FHIR R4 there",
    "string_type": "is no text",
    "list_type": "is no list",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
}
# A model may fail with any of these; which one depends on what is wrong with the resource.
_INVALID = (ValidationError, ValueError, TypeError, KeyError, AttributeError, AssertionError, LookupError, RecursionError)


@contextmanager
def open_fhir(source: Source, *, first: int = 0) -> Iterator[Records]:
    """The file's referrals as rows, or those among its `first` resources. Rows of a file without any request are appointments of their own:
    they have one more column.
    """
    with open_plain(source) as plain, ExitStack() as stack:
        with open_unpacked(plain) as stream:
            encoding, has_orders = _look(stream)
        store = stack.enter_context(open_store())
        size = plain.seek(0, 2)
        done = Counter[str]()
        remarks = Remarks()

        def rows() -> Iterator[Record]:
            with open_unpacked(plain) as stream:
                for found in islice(resources(stream, encoding=encoding), first or None):
                    _keep(found, store, remarks, done)
                    done["bytes"] = plain.tell()
            if not done["resources"] and not remarks:
                raise InputError("The file holds no FHIR resource. Export a Bundle, or one resource per line.")
            yield from Rows(store, remarks, has_orders=has_orders)
            _sum_up(remarks, done, store)

        yield Records(
            rows(),
            headers=HEADERS if has_orders else (*HEADERS, APPOINTMENT),
            format="fhir",
            progress=lambda: min(1.0, done["bytes"] / size) if size else 1.0,
            encoding=encoding,
            remarks=remarks,
        )


def _look(stream: IO[bytes]) -> tuple[str, bool]:
    """The encoding, and whether a request stands anywhere: enough to know the headers before a row is read."""
    held = stream.read(1 << 18)
    if not held.strip():
        raise InputError("The file is empty.")
    encoding = "utf-16" if held[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    if encoding == "utf-8-sig" and b"\0" in held[:4]:
        encoding = "utf-16-le" if held[1:2] == b"\0" else "utf-16-be"
    while held:
        if _ORDERS.search(held.replace(b"\0", b"")):
            return encoding, True
        more = stream.read(1 << 20)
        held = held[-_LONGEST_MATCH:] + more if more else b""
    return encoding, False


def _keep(found: Found, store: Store, remarks: Remarks, done: Counter[str]) -> None:
    """Validate a resource and keep what is read of it, and of what it contains."""
    resource = found.resource
    if resource is None:
        remarks.say(found.line, "not read", found.fault)
        return
    type = resource.get("resourceType")
    if not isinstance(type, str) or not _TYPE.fullmatch(type):
        remarks.say(found.line, "not read", 'The record has no "resourceType", so it is no FHIR resource.')
        return
    done["resources"] += 1
    if type not in _ELEMENTS:
        done[f"unread {type}"] += 1
        return
    resource = _lean(type, resource)
    if problem := _problem(type, resource):
        remarks.say(found.line, "not valid FHIR", problem)
        return
    try:
        _put_all(found, type, resource, store, done["resources"])
    except _INVALID:  # the models take some things for others, such as a text of JSON for an object
        remarks.say(found.line, "not valid FHIR", f"This {type} is not as FHIR R4 wants it.")


def _put_all(found: Found, type: str, resource: dict[str, Any], store: Store, number: int) -> None:
    id = resource.get("id") or ""
    own = f"{type}/{id}" if id else local(found.url) or found.url or f"{type}/#{number}"
    _put(store, found, type, own, [own, found.url], resource)
    for inner in resource.get("contained") or ():
        inner_type = inner.get("resourceType")
        if inner_type in _ELEMENTS and inner.get("id"):
            name = f"{own.split('#')[0]}#{inner['id'].lstrip('#')}"
            _put(store, found, inner_type, name, [name], _lean(inner_type, inner))


def _put(store: Store, found: Found, type: str, own: str, names: list[str], resource: dict[str, Any]) -> None:
    for identifier in resource.get("identifier") or ():
        if value := identifier.get("value"):
            names = [*names, f"{type}|{identifier.get('system') or ''}|{value}", f"{type}||{value}"]
    says = {element: value for element, value in resource.items() if element in _ELEMENTS[type]}
    if type == "ServiceRequest":
        if (says.get("requester") or {}).get("display") == (says["subject"].get("display") or ""):
            says.pop("requester", None)  # the patient's name
        store.link(f"number {number_of(says, own)}", own)
        if says.get("replaces"):
            store.link("replaces", own)
    for element in _OF_A_PATIENT & says.keys():
        says[element] = {part: says[element][part] for part in ("reference", "type", "identifier") if part in says[element]}
    if type == "Communication":
        says["payload"] = [bool(part.get("contentAttachment") or part.get("contentReference")) for part in says.get("payload") or ()]
    if not store.keep(found.line, type, own, names, says):
        return
    if type == "PractitionerRole" and (person := (says.get("practitioner") or {}).get("reference")):
        store.link(f"role of {local(person) or person}", own)
    if type == "Coverage" and says.get("status") == "active" and (patient := says["beneficiary"].get("reference")):
        store.link(f"coverage of {local(patient) or patient}", own)


def _lean(type: str, resource: dict[str, Any]) -> dict[str, Any]:
    """Without the narrative and what is attached, which are long; of a patient the numbers alone."""
    if type == "Patient":
        return {element: resource[element] for element in ("resourceType", "id", "identifier", TWICE) if element in resource}
    lean = {element: value for element, value in resource.items() if element != "text"}
    if type == "DocumentReference" and isinstance(lean.get("content"), list):
        lean["content"] = [{"attachment": {}} if isinstance(part, dict) and part.get("attachment") else part for part in lean["content"]]
    if isinstance(lean.get("contained"), list):
        lean["contained"] = [
            _lean(inner["resourceType"], inner) if isinstance(inner, dict) and isinstance(inner.get("resourceType"), str) else inner
            for inner in lean["contained"]
        ]
    return lean


@cache
def _model(name: str) -> type[BaseModel]:
    model: type[BaseModel] = get_fhir_model_class(name)
    return model


def _problem(type: str, resource: dict[str, Any]) -> str:
    """The first thing that the specification does not allow, by the name of its element; "" when the resource is valid."""
    try:
        _model(type).model_validate(resource)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        names = [part for part in first["loc"] if isinstance(part, str) and part != "root"]
        if TWICE in names:
            return f"This {type} names an element twice, so that it says two things."
        where = ".".join(name.removesuffix("_fhir") if _NAME.fullmatch(name) else "(an element)" for name in names)
        why = _WHY.get(first["type"], "is not as FHIR R4 wants it")
        return f"{type}.{where} {why}." if where else f"This {type} {why}."
    except _INVALID:
        return f"This {type} is not as FHIR R4 wants it."
    return ""


def _sum_up(remarks: Remarks, done: Counter[str], store: Store) -> None:
    """What of the file was not read, and why there may be no rows."""
    for name, count in sorted(done.items()):
        if name.startswith("unread "):
            of_it = f"{count:,} {name[7:]} resource{'s were' if count > 1 else ' was'} left out: such resources tell nothing of a referral."
            remarks.say(1, "not read", of_it)
    if not store.count(*SPEAKING) and store.count(*_ELEMENTS):
        remarks.say(1, "no referral", "The file holds people and places, but no request, task, appointment, encounter or report.")
