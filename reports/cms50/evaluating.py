"""CMS50 as its published logic reads (version 0.4.000 for FHIR, reporting year 2026): pure, one bundle at a time.

Initial population and denominator: patients with a finished qualifying encounter or a completed qualifying intervention in the year, and a
first referral (an order, active or completed) from 1 January to 31 October. Numerator: a completed task that the consultant's report
fulfills, based on that referral and no other, ended after the referral was written and within the year. An emergency visit is not among
the qualifying encounters.

The next edition (1.1, US Quality Core) tells the report as the reason of a task that fulfills the referral, and lets `focus` name the
referral beside `basedOn`; both ways of telling it are read.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reports.cms50.codes import (
    BEHAVIORAL,
    CONSULTANT_REPORT,
    ENCOUNTERS,
    FULFILL,
    INTERVENTIONS,
    PSYCHIATRIC,
    REFERRAL,
    Code,
    Codes,
    value_sets,
)
from reports.cms50.moments import Moment

Resource = Mapping[str, Any]
LAST_REFERRAL = (10, 31)  # month and day
READ = frozenset({"Encounter", "Procedure", "ServiceRequest", "Task"})


@dataclass(frozen=True)
class Period:
    """A reporting year, in the time zone whose calendar says which day an instant belongs to."""

    year: int
    zone: dt.tzinfo = dt.UTC

    @property
    def first(self) -> dt.date:
        return dt.date(self.year, 1, 1)

    @property
    def last(self) -> dt.date:
        return dt.date(self.year, 12, 31)

    @property
    def last_referral(self) -> dt.date:
        return dt.date(self.year, *LAST_REFERRAL)

    def holds(self, moment: Moment | None, *, until: dt.date | None = None) -> bool:
        return moment is not None and moment.is_within_days(self.first, until or self.last, self.zone)


@dataclass(frozen=True)
class Counts:
    """Patients in each population. The denominator is the initial population."""

    initial_population: int = 0
    denominator: int = 0
    numerator: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.initial_population + other.initial_population,
            self.denominator + other.denominator,
            self.numerator + other.numerator,
        )


def evaluate(resources: Iterable[Resource], period: Period, codes: Codes | None = None) -> Counts:
    """The populations of all patients among these resources, each patient counted once. What is kept of a patient is small.

    Where there is one patient it is a record of that patient, whatever its references say (official cases were renumbered without them).
    Among several, resources belong to the patient they name; those of nobody, or of somebody who is not there, are left out.
    """
    codes = value_sets() if codes is None else codes
    patients: set[str] = set()
    records: dict[str, Record] = {}
    for resource in _flat(resources):
        if resource.get("resourceType") == "Patient":
            patients.add(str(resource.get("id")))
        elif resource.get("resourceType") in READ:
            records.setdefault(_patient(resource), Record()).add(resource, period, codes)
    if len(patients) == 1:
        records = {next(iter(patients)): Record.of_one(records.values())}
    return sum((record.counts() for patient, record in records.items() if patient in patients), Counts())


@dataclass(slots=True)
class Record:
    """What CMS50 has to know of one patient: the first order, whether anything qualifies, and the reports that ended in the year."""

    first: tuple[dt.datetime, str, Moment] | None = None
    qualifies: bool = False
    reports: list[tuple[frozenset[str], Moment]] = field(default_factory=list)

    @classmethod
    def of_one(cls, parts: Iterable["Record"]) -> "Record":
        """Several parts as one patient's."""
        parts = list(parts)
        firsts = [part.first for part in parts if part.first]
        return cls(
            min(firsts, key=_when, default=None),
            any(part.qualifies for part in parts),
            [report for part in parts for report in part.reports],
        )

    def add(self, resource: Resource, period: Period, codes: Codes) -> None:
        kind = resource["resourceType"]
        if kind == "ServiceRequest":
            order = _order(resource, period, codes)
            if order and (self.first is None or _when(order) < _when(self.first)):  # of several at one time, the one told first
                self.first = order
        elif kind == "Task":
            if report := _report(resource, period, codes):
                self.reports.append(report)
        elif not self.qualifies:
            self.qualifies = _qualifies(resource, period, codes)

    def counts(self) -> Counts:
        if self.first is None or not self.qualifies:
            return Counts()
        _, referral, authored = self.first
        return Counts(1, 1, int(any(referral in about and ended.is_after(authored) for about, ended in self.reports)))


def _when(order: tuple[dt.datetime, str, Moment]) -> dt.datetime:
    return order[0]


def _order(resource: Resource, period: Period, codes: Codes) -> tuple[dt.datetime, str, Moment] | None:
    """When, and of what id, if this is a referral order of the first ten months."""
    if (
        resource.get("status") not in {"active", "completed"}
        or resource.get("intent") != "order"
        or resource.get("doNotPerform")
        or not _codes(resource.get("code")) & codes[REFERRAL]
    ):
        return None
    authored = Moment.read(resource.get("authoredOn"), period.zone)
    if authored is None or not period.holds(authored, until=period.last_referral):
        return None
    return authored.first, str(resource.get("id")), authored


def _qualifies(resource: Resource, period: Period, codes: Codes) -> bool:
    """A finished encounter of a named kind, or an intervention that was performed, wholly within the year."""
    if resource["resourceType"] == "Encounter":
        told = _codes(resource.get("type"))
        wanted = resource.get("status") == "finished" and any(told & codes[url] for url in ENCOUNTERS)
        span = resource.get("period")
    else:
        told = _codes(resource.get("code"))
        wanted = resource.get("status") == "completed" and bool(told & (codes[BEHAVIORAL] | codes[PSYCHIATRIC] | INTERVENTIONS))
        at = resource.get("performedDateTime")
        span = {"start": at, "end": at} if at else resource.get("performedPeriod")
    return wanted and isinstance(span, Mapping) and all(period.holds(Moment.read(span.get(edge), period.zone)) for edge in ("start", "end"))


def _report(resource: Resource, period: Period, codes: Codes) -> tuple[frozenset[str], Moment] | None:
    """Which requests it is about and when it ended, if this is a consultant's report, completed within the year."""
    told, reason = _codes(resource.get("code")), _codes(resource.get("reasonCode"))
    fulfills = any(code == FULFILL for _, code in told) and bool(reason & codes[CONSULTANT_REPORT])
    if resource.get("status") != "completed" or not (fulfills or told & codes[CONSULTANT_REPORT]):
        return None
    about = [*_list(resource.get("basedOn")), *([resource.get("focus")] if fulfills else [])]
    span = resource.get("executionPeriod")
    ended = Moment.read(span.get("end"), period.zone) if isinstance(span, Mapping) else None
    if ended is None or not period.holds(ended):
        return None
    return frozenset(_id(reference) for reference in about) - {""}, ended


def _flat(resources: Iterable[Resource]) -> Iterator[Resource]:
    """The resources, and those of bundles among them. A bundle in a bundle is somebody's copy and is left out."""
    for resource in resources:
        if resource.get("resourceType") == "Bundle":
            yield from (entry["resource"] for entry in _list(resource.get("entry")) if isinstance(entry.get("resource"), Mapping))
        else:
            yield resource


def _patient(resource: Resource) -> str:
    """The id of the patient that a resource names; blank for nobody."""
    return _id(resource.get("subject") or resource.get("for"))


def _id(reference: Any) -> str:
    """The id in a reference, relative, absolute or as a urn."""
    text = str(reference.get("reference", "")) if isinstance(reference, Mapping) else ""
    return text.partition("/_history/")[0].rpartition("/")[2].removeprefix("urn:uuid:")


def _codes(concept: Any) -> set[Code]:
    """Codings of a CodeableConcept, or of several."""
    concepts = concept if isinstance(concept, list) else [concept]
    return {
        (str(coding.get("system", "")), str(coding.get("code", "")))
        for each in concepts
        if isinstance(each, Mapping)
        for coding in _list(each.get("coding"))
    }


def _list(value: Any) -> list[Any]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def measure_report(counts: Counts, period: Period) -> dict[str, Any]:
    """The counts as a FHIR MeasureReport of kind summary."""
    populations = {
        "initial-population": counts.initial_population,
        "denominator": counts.denominator,
        "numerator": counts.numerator,
    }
    score = {"measureScore": {"value": counts.numerator / counts.denominator}} if counts.denominator else {}
    return {
        "resourceType": "MeasureReport",
        "status": "complete",
        "type": "summary",
        "measure": "https://madie.cms.gov/Measure/CMS50FHIRCRLReceiptofSpecialistReport|0.4.000",
        "period": {"start": period.first.isoformat(), "end": period.last.isoformat()},
        "group": [
            {
                "population": [
                    {
                        "code": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/measure-population", "code": name}]},
                        "count": count,
                    }
                    for name, count in populations.items()
                ],
                **score,
            }
        ],
    }
