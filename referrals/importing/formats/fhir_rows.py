"""Rows out of FHIR: a request is a row, and so is everything that later says what became of it, under the request's number.

- A ServiceRequest that is an order of something that can be referred. Not: what shall not be done, proposals and plans, drafts,
  laboratory tests. A request that replaces another goes on under that one's number, so that both count once; so does the filler's copy.
  One that was entered in error is cancelled, whether an earlier file told it as active or not: so HL7's own conversion tells an I14, too.
- A Task that carries the request out: its business status (the codes of HL7 BSeR) before its status. A Task to abort it asks to cancel.
- An Appointment, Encounter or report (DocumentReference, DiagnosticReport, Communication with a document) that names the request, directly
  or through the appointment or encounter that does.

In a file without any request, appointments and encounters are rows under numbers of their own, with the order's number beside it if told.
Status words are FHIR's with the record's name before them ("task completed"), or a bare business status ("5.1.4"): the mapping reads them.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from referrals.importing.formats.people import People, Who, first_code, identifier_of
from referrals.importing.formats.records import Record, Remarks
from referrals.importing.formats.store import Kept, Store, local
from referrals.importing.formats.words import NO_REFERRAL, first_text, kind_of, line_in
from referrals.states import STATES

HEADERS = (
    "FHIR record", "Request number", "Authored on", "Entered on", "Requester", "Requester NPI", "Requester organization", "Requester ZIP",
    "Performing organization", "Performing organization NPI", "Performer", "Performer NPI", "Specialty", "Request kind", "Request priority",
    "FHIR status", "Last modified", "Appointment start", "Encounter start", "Report date", "Payor", "Patient identifier",
    "Enterprise patient identifier",
)  # fmt: skip
APPOINTMENT = "Appointment number"  # the column of files without requests
SPEAKING = ("ServiceRequest", "Task", "Appointment", "Encounter", "DocumentReference", "DiagnosticReport", "Communication")

_BUSINESS = frozenset({*STATES.values(), "5.1"})
_ORDERS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})
_COPIES = frozenset({"filler-order", "instance-order"})
_NEVER = {"draft": "is a draft", "entered-in-error": "was entered in error"}
_OTHER_TASKS = frozenset({"approve", "nullify", "replace", "change", "suspend", "resume"})
_SEEN = frozenset({"arrived", "checked-in", "fulfilled", "triaged", "in-progress", "onleave", "finished"})
_FINAL = {
    "DocumentReference": ("current", "superseded"),
    "DiagnosticReport": ("final", "amended", "corrected", "appended"),
    "Communication": ("completed",),
}
_MOST_HOPS = 50

_REMEMBERED = 5_000
_ODD = (AttributeError, TypeError, KeyError, ValueError)  # what the models let through, such as a text of JSON for an object

Cells = dict[str, str]
T = TypeVar("T")


def number_of(says: dict[str, Any], own: str) -> str:
    """The number by which a request or an appointment is known: its identifier, else the id it has on its server."""
    return identifier_of(says.get("identifier")) or own.partition("/")[2].lstrip("#") or own


class Rows:
    """Walks once through what was kept of a file."""

    def __init__(self, store: Store, remarks: Remarks, *, has_orders: bool) -> None:
        self._store, self._remarks, self._has_orders = store, remarks, has_orders
        self._people = People(store)
        self._headers = HEADERS if has_orders else (*HEADERS, APPOINTMENT)
        self._replaced: set[str] = set()
        self._orders: dict[tuple[str, int], Cells] = {}  # of requests met lately: what became of them often stands close by
        self._refusals: dict[tuple[str, int], tuple[str, str] | None] = {}

    def __iter__(self) -> Iterator[Record]:
        self._replaced = set(self._find_replaced())
        tell = {
            "ServiceRequest": self._request,
            "Task": self._task,
            "Appointment": self._visit,
            "Encounter": self._visit,
            **dict.fromkeys(_FINAL, self._report),
        }
        for kept in self._store.of(*SPEAKING):
            try:
                told = list(tell[kept.type](kept))
            except _ODD:
                self._remarks.say(kept.line, "not valid FHIR", f"This {kept.type}, or one that it names, is not as FHIR R4 wants it.")
                continue
            for cells in told:
                yield kept.line, [str(cells.get(header) or "") for header in self._headers]

    # Requests

    def _request(self, kept: Kept) -> Iterator[Cells]:
        if why := self._why_not(kept):
            self._remarks.say(kept.line, *why)
            return
        says = kept.says
        if says.get("replaces"):
            self._remarks.say(kept.line, "replaces a request", self._replacing(kept))
        elif self._store.linked(f"number {number_of(says, kept.own)}") is None:
            self._remarks.say(
                kept.line, "number used twice", "Another ServiceRequest of the file has the same number: both are read as one referral."
            )
        if self._people.is_patient(says.get("requester"), kept.own):
            self._remarks.say(kept.line, "self-referred", "The request was made by the patient, so that nobody referred.")
        if says["status"] == "entered-in-error":
            self._remarks.say(kept.line, "entered in error", "The request was entered in error: it is a cancelled referral.")
        cells = self._order(kept)
        if not cells["Request kind"]:
            self._remarks.say(kept.line, "kind not told", "Neither the request's category nor its code says of what kind it is.")
        status = "replaced" if kept.own in self._replaced else says["status"]
        yield {**cells, "FHIR status": f"request {status}", "Last modified": self._ordered_at(kept)}

    def _ordered_at(self, kept: Kept) -> str:
        """When the status came to be: an active request says nothing newer than the order, whenever its server touched it."""
        if kept.own in self._replaced or kept.says["status"] not in ("revoked", "completed", "entered-in-error"):
            return _text(kept.says.get("authoredOn"))
        return _changed(kept)

    def _why_not(self, kept: Kept) -> tuple[str, str] | None:
        """Why a request is no referral: a reason and a sentence."""
        return _remembered(self._refusals, kept, self._judge)

    def _judge(self, kept: Kept) -> tuple[str, str] | None:
        says = kept.says
        if says.get("doNotPerform"):
            return "not to be done", "The request says what must not be done, so it is no referral."
        if says["status"] == "draft":
            return "not sent", "The request is a draft, so it is no referral."
        if says["intent"] not in _ORDERS:
            return "only proposed", "The request is a proposal, plan or option, not an order, so it is no referral."
        if kind_of(says.get("category"), says.get("code")) == NO_REFERRAL:
            return "laboratory order", "The request asks for a laboratory test or the like, not for a referral."
        return None

    def _order(self, kept: Kept) -> Cells:
        """What a request says of the referral, whoever speaks."""
        return _remembered(self._orders, kept, self._describe)

    def _describe(self, kept: Kept) -> Cells:
        says, own, people = kept.says, kept.own, self._people
        requester = people.who(says.get("requester"), own)
        performers = [people.who(performer, own) for performer in says.get("performer") or ()]
        performers += [people.who(place, own)._replace(name="", npi="") for place in says.get("locationReference") or ()]
        performer = Who()
        for other in performers:
            same_person = not performer.name or not other.name or performer.name == other.name
            performer = performer.filled(other if same_person else other._replace(name="", npi=""))
        patient, enterprise = people.patient(says.get("subject"), own)
        kind = kind_of(says.get("category"), says.get("code"))
        line = performer.specialty or first_text(says.get("performerType")) or line_in(says.get("code"))
        line = line or next(filter(None, (line_in(said) for said in (*(says.get("orderDetail") or ()), *(says.get("category") or ())))), "")
        if kind in ("", "consult"):  # of other kinds the detail is a device or a side of the body
            line = line or first_text(*(says.get("orderDetail") or ()), *((says.get("category") or ()) if _plain_line(says) else ()))
        period = says.get("occurrencePeriod") or {}
        return {
            "FHIR record": kept.type,
            "Request number": self._number(kept),
            "Authored on": _text(says.get("authoredOn")),
            "Entered on": "" if says.get("authoredOn") else _text(says.get("occurrenceDateTime") or period.get("start")),
            "Requester": requester.name,
            "Requester NPI": requester.npi,
            "Requester organization": requester.organization,
            "Requester ZIP": requester.zip,
            "Performing organization": performer.organization,
            "Performing organization NPI": performer.organization_npi,
            "Performer": performer.name,
            "Performer NPI": performer.npi,
            "Specialty": line,
            "Request kind": kind,
            "Request priority": _text(says.get("priority")),
            "Payor": people.payer(says, own, says.get("subject")),
            "Patient identifier": patient,
            "Enterprise patient identifier": enterprise,
        }

    def _number(self, kept: Kept) -> str:
        """The number of the first request that this one replaces or copies, over any number of steps; of a circle the smallest."""
        chain = [kept]
        while len(chain) < _MOST_HOPS:
            last = chain[-1]
            before = last.says.get("replaces") or (last.says.get("basedOn") if last.says["intent"] in _COPIES else None) or ()
            for reference in before:
                found = self._people.resolve(reference, last.own, "ServiceRequest")
                if found and found.type == "ServiceRequest":
                    break
                if not found and (number := (reference.get("identifier") or {}).get("value")):
                    return str(number)
            else:
                break
            owns = [request.own for request in chain]
            if found.own in owns:
                return min(number_of(request.says, request.own) for request in chain[owns.index(found.own) :])
            chain.append(found)
        return number_of(chain[-1].says, chain[-1].own)

    def _find_replaced(self) -> Iterator[str]:
        for replacing in self._store.all_linked("replaces"):
            if replacing.type == "ServiceRequest" and not self._why_not(replacing):
                for reference in _references(replacing.says.get("replaces")):
                    if found := self._people.resolve(reference, replacing.own, "ServiceRequest"):
                        yield found.own

    def _replacing(self, kept: Kept) -> str:
        if self._number(kept) != number_of(kept.says, kept.own):
            return "The request replaces another: it goes on under that one's number, and both count once."
        return "The request replaces another that the file does not hold and does not name by its number: each counts."

    # What became of them

    def _requests(self, references: Any, own: str) -> list[Kept]:
        found = [self._people.resolve(reference, own, "ServiceRequest") for reference in references or ()]
        return [kept for kept in found if kept and kept.type == "ServiceRequest"]

    def _told(self, kept: Kept, requests: list[Kept], cells: Cells) -> Iterator[Cells]:
        """What a record says, on each request it is about that is a referral."""
        seen: set[str] = set()
        for request in requests:
            if request.own not in seen and not self._why_not(request):
                order = self._order(request)
                yield {**order, **{header: order.get(header) or value for header, value in cells.items()}, "FHIR record": kept.type}
            seen.add(request.own)
        if requests and all(self._why_not(request) for request in requests):
            self._remarks.say(kept.line, "about no referral", f"This {kept.type} speaks of a request that is no referral.")

    def _task(self, kept: Kept) -> Iterator[Cells]:
        says = kept.says
        references = [says.get("focus"), *(says.get("basedOn") or ()), says.get("reasonReference")]
        references = [reference for reference in references if reference]
        requests = self._requests(references, kept.own)[:1]
        number = "" if requests else _logical(references, "ServiceRequest")  # a focus may be anything
        status, code = says["status"], first_code(says.get("code"))
        business = next(
            (coding["code"] for coding in (says.get("businessStatus") or {}).get("coding") or () if coding.get("code") in _BUSINESS), ""
        )
        if status in _NEVER:
            self._remarks.say(kept.line, "not sent", f"The task {_NEVER[status]}, so it tells nothing.")
        elif not references:
            self._remarks.say(kept.line, "task without a request", "The task names neither a focus nor what it is based on.")
        elif not requests and not number:
            self._remarks.say(
                kept.line, "request not in the file", "The task speaks of a request that is not in the file, or of something else."
            )
        elif code in _OTHER_TASKS or (status == "failed" and not business):
            why = "failed, which says nothing of the referral itself" if status == "failed" else "is not about carrying the request out"
            self._remarks.say(kept.line, "task of another kind", f"The task {why}.")
        else:
            ended = (says.get("executionPeriod") or {}).get("end") or says.get("lastModified")
            word = f"task {status}" if code != "abort" else f"task abort {'completed' if status == 'completed' else 'requested'}"
            word = business or word
            owner = self._people.who(says.get("owner"), kept.own)
            requester = self._people.who(says.get("requester"), kept.own)
            cells = {
                "FHIR status": word,
                "Last modified": _text(
                    says.get("lastModified") or (says.get("executionPeriod") or {}).get("end") or says.get("authoredOn")
                ),
                "Report date": _text(ended) if word in ("task completed", STATES["report sent"]) else "",
                "Performing organization": owner.organization,
                "Performer": owner.name,
                "Performer NPI": owner.npi,
            }
            if number and not requests:
                patient, enterprise = self._people.patient(says.get("for"), kept.own)
                yield {
                    **cells,
                    "FHIR record": kept.type,
                    "Request number": number,
                    "Entered on": _text(says.get("authoredOn") or says.get("lastModified")),
                    "Requester": requester.name,
                    "Requester NPI": requester.npi,
                    "Requester organization": requester.organization,
                    "Requester ZIP": requester.zip,
                    "Patient identifier": patient,
                    "Enterprise patient identifier": enterprise,
                }
            else:
                yield from self._told(kept, requests, cells)

    def _visit(self, kept: Kept) -> Iterator[Cells]:
        """An appointment or an encounter."""
        says, status = kept.says, kept.says["status"]
        if status in _NEVER or status == "unknown":
            self._remarks.say(
                kept.line, "not sent", f"The {kept.type.lower()} {_NEVER.get(status, 'has no known status')}, so it tells nothing."
            )
            return
        references, requests, appointment = self._based_on(kept)
        start = _text(says.get("start") or (says.get("period") or {}).get("start"))
        cells = {
            "FHIR status": f"{kept.type.lower()} {status}",
            "Last modified": _text((says.get("period") or {}).get("start")) or _changed(kept),
            "Appointment start": start if kept.type == "Appointment" or status == "planned" else "",
            "Encounter start": start if status in _SEEN else "",
        }
        if requests:
            yield from self._told(kept, requests, cells)
        elif self._has_orders:
            self._remarks.say(kept.line, "no order", f"The {kept.type.lower()} names no request of the file, so it belongs to no referral.")
        else:
            yield {**cells, **self._alone(kept, references, appointment)}

    def _based_on(self, kept: Kept) -> tuple[list[Any], list[Kept], Kept | None]:
        """The references to orders, the orders found, and the appointment of an encounter."""
        references = list(kept.says.get("basedOn") or ())
        requests = self._requests(references, kept.own)
        appointments = [self._people.resolve(reference, kept.own, "Appointment") for reference in kept.says.get("appointment") or ()]
        appointment = next((found for found in appointments if found and found.type == "Appointment"), None)
        if appointment and not requests:
            references += appointment.says.get("basedOn") or ()
            requests = self._requests(references, appointment.own)
        return references, requests, appointment

    def _alone(self, kept: Kept, references: list[Any], appointment: Kept | None) -> Cells:
        """An appointment in a file without orders."""
        says, people = kept.says, self._people
        whom = [reference for part in says.get("participant") or () if (reference := part.get("actor") or part.get("individual"))]
        subject = says.get("subject") or next((actor for actor in whom if people.is_patient(actor, kept.own)), None)
        performer = Who()
        for actor in (*(actor for actor in whom if actor.get("reference") or actor.get("type")), says.get("serviceProvider")):
            if actor and not people.is_patient(actor, kept.own):
                performer = performer.filled(people.who(actor, kept.own))
        patient, enterprise = people.patient(subject, kept.own)
        known = appointment or kept
        line = first_text(says.get("specialty")) or performer.specialty or first_text(says.get("serviceType"))
        return {
            "FHIR record": kept.type,
            APPOINTMENT: number_of(known.says, known.own),
            "Request number": _logical(references)
            or next((local(ref["reference"]).partition("/")[2] for ref in references if ref.get("reference")), ""),
            "Entered on": _text(says.get("created"))
            or _changed(kept)
            or _text(says.get("start") or (says.get("period") or {}).get("start")),
            "Performing organization": performer.organization,
            "Performing organization NPI": performer.organization_npi,
            "Performer": performer.name,
            "Performer NPI": performer.npi,
            "Specialty": line,
            "Payor": people.payer({}, kept.own, subject),
            "Patient identifier": patient,
            "Enterprise patient identifier": enterprise,
        }

    def _report(self, kept: Kept) -> Iterator[Cells]:
        says = kept.says
        if says["status"] not in _FINAL[kept.type] or says.get("docStatus") in ("preliminary", "entered-in-error"):
            self._remarks.say(kept.line, "no final report", f"The {kept.type} is no final report.")
            return
        if kept.type == "Communication" and not any(says.get("payload") or ()):
            self._remarks.say(kept.line, "no final report", "The message holds no document, so it is no report.")
            return
        context = says.get("context") or {}
        requests = self._requests([*(says.get("basedOn") or ()), *(context.get("related") or ())], kept.own)
        for reference in () if requests else context.get("encounter") or ():
            encounter = self._people.resolve(reference, kept.own, "Encounter")
            if encounter and encounter.type in ("Encounter", "Appointment"):
                requests += self._based_on(encounter)[1]
        at = _text(says.get("date") or says.get("issued") or says.get("effectiveDateTime") or says.get("sent"))
        if not requests:
            self._remarks.say(kept.line, "no order", f"The {kept.type} names no request of the file, so it belongs to no referral.")
        yield from self._told(kept, requests, {"FHIR status": "report", "Last modified": at, "Report date": at})


def _references(value: Any) -> list[dict[str, Any]]:
    return [reference for reference in value if isinstance(reference, dict)] if isinstance(value, list) else []


def _remembered(known: dict[tuple[str, int], T], kept: Kept, work_out: Callable[[Kept], T]) -> T:
    key = (kept.own, kept.line)
    if key not in known:
        if len(known) >= _REMEMBERED:
            known.clear()
        known[key] = work_out(kept)
    return known[key]


def _plain_line(says: dict[str, Any]) -> bool:
    """May the category be a service line, as in "Cardiology"? Only words that name no kind."""
    return not kind_of(says.get("category"), None)


def _logical(references: list[Any], *types: str) -> str:
    """The number by which a reference names a request that is elsewhere."""
    for reference in references:
        type = reference.get("type") or local(reference.get("reference") or "").split("/")[0]
        if type in (types or ("", "ServiceRequest")) and (value := (reference.get("identifier") or {}).get("value")):
            return str(value)
    return ""


def _changed(kept: Kept) -> str:
    return _text((kept.says.get("meta") or {}).get("lastUpdated"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
