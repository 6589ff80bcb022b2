"""FHIR R4 as rows: every official sample has its outcome, and bundles of our own show the rest."""

import datetime as dt
import io
import json
import os
from collections.abc import Callable
from contextlib import suppress
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.exceptions import InputError
from common.npi import with_check_digit
from referrals.importing.formats import Remark, open_records
from referrals.importing.formats import streams as json_streams
from referrals.importing.formats.fhir_rows import APPOINTMENT, HEADERS
from referrals.importing.formats.words import NO_REFERRAL, kind_of, line_in
from referrals.importing.mapping import pick_mapping
from referrals.importing.parsing import Parser, Row, RowError
from referrals.states import STATES
from tests.samples import SAMPLES, sample, samples

TODAY = dt.date(2026, 12, 31)
NPI = with_check_digit("123456789")
OTHER_NPI = with_check_digit("198765432")
SNOMED = "http://snomed.info/sct"

Outcome = tuple[list[Row | RowError], list[Remark]]


def read(data: bytes) -> Outcome:
    """Rows as the import reads them, by the shipped mapping that fits; a patient's number as the hash "#number"."""
    with open_records(io.BytesIO(data)) as records:
        mapping = pick_mapping(records.headers)
        assert mapping is not None
        assert mapping.sees == ("appointments" if APPOINTMENT in records.headers else "our_orders")
        parser = Parser(records.headers, mapping, hash_patient=lambda number: f"#{number}", today=TODAY)
        rows = [parser(cells) for _, cells in records]
        assert records.progress() == 1.0
        return rows, list(records.remarks)


def read_all(*resources: dict[str, Any]) -> Outcome:
    return read("\n".join(map(json.dumps, resources)).encode())


def reasons(outcome: Outcome) -> list[str]:
    return [remark.reason for remark in outcome[1]]


def told(outcome: Outcome) -> list[tuple[str, str]]:
    """Number and state of each row; why it is refused for one that is."""
    return [(row.source_key, row.state) if isinstance(row, Row) else ("", row.reason) for row in outcome[0]]


def request(id: str = "1", **said: Any) -> dict[str, Any]:
    resource = {
        "resourceType": "ServiceRequest",
        "id": id,
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": SNOMED, "code": "103696004"}]},
        "subject": {"reference": "Patient/p"},
        "authoredOn": "2026-01-02",
    }
    return {key: value for key, value in {**resource, **said}.items() if value is not None}


def task(id: str = "1", **said: Any) -> dict[str, Any]:
    resource = {
        "resourceType": "Task",
        "id": id,
        "status": "accepted",
        "intent": "order",
        "focus": {"reference": "ServiceRequest/1"},
        "lastModified": "2026-01-05T10:00:00-05:00",
    }
    return {key: value for key, value in {**resource, **said}.items() if value is not None}


def appointment(id: str = "1", **said: Any) -> dict[str, Any]:
    resource = {
        "resourceType": "Appointment",
        "id": id,
        "status": "booked",
        "start": "2026-02-10T09:00:00-05:00",
        "basedOn": [{"reference": "ServiceRequest/1"}],
        "participant": [{"status": "accepted", "actor": {"reference": "Patient/p", "display": "Sam Secret"}}],
    }
    return {key: value for key, value in {**resource, **said}.items() if value is not None}


def encounter(id: str = "1", **said: Any) -> dict[str, Any]:
    resource = {
        "resourceType": "Encounter",
        "id": id,
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/p"},
        "basedOn": [{"reference": "ServiceRequest/1"}],
        "period": {"start": "2026-02-10T09:05:00-05:00"},
    }
    return {key: value for key, value in {**resource, **said}.items() if value is not None}


PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [
        {"type": {"coding": [{"code": "SS"}]}, "value": "999-99-9999"},
        {"use": "official", "value": "777"},
        {"type": {"coding": [{"code": "MR"}]}, "value": "M1"},
    ],
    "name": [{"family": "Secret", "given": ["Sam"]}],
    "birthDate": "1950-01-01",
}
PERSON = {
    "resourceType": "Practitioner",
    "id": "a",
    "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": NPI}],
    "name": [{"use": "maiden", "family": "Before"}, {"use": "official", "family": "van den Berk", "given": ["Adam", "B"]}],
    "address": [{"use": "home", "postalCode": "09999"}, {"use": "work", "postalCode": "06001"}],
}
ORGANISATION = {
    "resourceType": "Organization",
    "id": "o",
    "name": "Heart Group",
    "identifier": [{"type": {"coding": [{"code": "NPI"}]}, "value": OTHER_NPI}],
    "address": [{"postalCode": "06002"}],
}
ROLE = {
    "resourceType": "PractitionerRole",
    "id": "r",
    "practitioner": {"reference": "Practitioner/a"},
    "organization": {"reference": "Organization/o"},
    "specialty": [{"coding": [{"display": "Cardiology"}]}],
}


# The official samples

NO_PEOPLE = ["no referral"]
UNREAD = ["not read"]
FHIR_SAMPLES: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "ServiceRequest-ambulation": ([("45678", "seen")], ["kind not told"]),
    "ServiceRequest-benchpress": ([], ["only proposed"]),
    "ServiceRequest-colonoscopy": ([("45678", "seen")], []),
    "ServiceRequest-do-not-turn": ([], ["not to be done"]),
    "ServiceRequest-example-implant": ([("example-implant", "seen")], []),
    "ServiceRequest-example": ([("", "bad date")], []),
    "ServiceRequest-lipid": ([], ["laboratory order"]),
    "ServiceRequest-ob": ([("ob", "seen")], []),
    "ServiceRequest-physical-therapy": ([("physical-therapy", "seen")], []),
    "ServiceRequest-subrequest": ([], ["laboratory order"]),
    "Task-example1": ([], ["request not in the file"]),
    "Task-example3": ([], ["not sent"]),
    "Task-example5": ([], ["request not in the file"]),
    "Task-fm-example1": ([], ["request not in the file"]),
    "Task-fm-example3": ([], ["request not in the file"]),
    "Task-fm-example5": ([], ["request not in the file"]),
    "Appointment-2docs": ([("2docs", "scheduled")], []),
    "Appointment-examplereq": ([("123", "accepted")], []),
    "Encounter-example": ([("", "bad date")], []),
    "Encounter-f002": ([("", "bad date")], []),
    "Encounter-f201": ([("", "bad date")], []),
    "Encounter-f203": ([("Encounter_Roel_20130311", "seen")], []),
    "Encounter-xcda": ([("", "bad date")], []),
    "DocumentReference-example": ([], ["no final report"]),
    "Communication-fm-attachment": ([], ["no order"]),
}
OF_A_DIRECTORY = ("Practitioner", "PractitionerRole", "Organization", "Location", "Patient", "Coverage")


@pytest.mark.parametrize("file", samples("fhir_r4/*.json"), ids=lambda file: file.stem)
def test_official_sample(file: Path) -> None:
    outcome = read(file.read_bytes())
    default = ([], NO_PEOPLE if file.stem.split("-")[0] in OF_A_DIRECTORY else UNREAD)
    assert (told(outcome), reasons(outcome)) == FHIR_SAMPLES.get(file.stem, default)


def test_official_samples_are_there_or_skipped() -> None:
    sample("fhir_r4/ServiceRequest-example.json")
    assert {file.stem for file in (SAMPLES / "fhir_r4").glob("*.json")} >= FHIR_SAMPLES.keys()


def test_values_of_official_samples() -> None:
    [row], _ = read(sample("fhir_r4/ServiceRequest-ob.json"))
    assert isinstance(row, Row)
    assert (row.referring_practice, row.performing_name, row.kind, row.patient) == (
        "Women\u2019s Hospital",
        "Martha Midwife, RNP",
        "procedure",
        "",
    )
    assert (row.ordered_on, row.entered_on) == (None, dt.date(2012, 6, 2))
    [row], _ = read(sample("fhir_r4/ServiceRequest-physical-therapy.json"))
    assert (row.referring_name, row.performing_name, row.kind, row.patient) == (
        "Ollie Ortho, MD",
        "Paul Therapist, PT",
        "therapy",
        "#example",
    )
    [row], _ = read(sample("fhir_r4/Appointment-2docs.json"))
    assert (row.performing_name, row.service_line, row.appointment_on) == ("Dr Adam Careful", "General practice", dt.date(2013, 12, 9))
    [row], _ = read(sample("fhir_r4/Encounter-f203.json"))
    assert (row.order_key, row.seen_on, row.patient) == ("myringotomy", dt.date(2013, 3, 11), "#f201")


def test_official_samples_together_speak_of_each_other() -> None:
    files = [
        "ServiceRequest-colonoscopy",
        "Practitioner-example",
        "PractitionerRole-example",
        "Patient-f001",
        "Location-1",
        "Organization-1",
    ]
    resources = [json.loads(sample(f"fhir_r4/{file}.json")) for file in files]
    [row], _ = read_all(*resources)
    assert isinstance(row, Row)
    assert (row.performing_name, row.service_line, row.kind) == ("Careful, Adam", "General medical practice", "procedure")
    assert row.destination_name == "South Wing, second floor"  # the role's organisation is not in the file, its place is


# 11 bundles of the closed-loop measure: (state of the referral without its tasks, tasks that report, remarks on tasks)
CLOSED_LOOP = {
    "0fbfcffb": (["received"], []),
    "2feec6c6": (["received", "received", "report sent"], ["task of another kind"]),
    "3c747b52": (["received"], []),
    "445106a4": (["report sent", "received"], []),
    "65d214fa": (["seen"], []),
    "8e1e9821": (["received"], []),
    "a4eb4933": (["seen"], []),
    "bf87bf51": (["received", "report sent"], []),
    "cf289d58": (["received"], []),
    "e25e1d4a": (["received"], []),
    "f2634662": (["seen"], []),
}


@pytest.mark.parametrize("file", samples("closed_loop/tests-*.json"), ids=lambda file: file.stem[6:14])
def test_closed_loop_bundle(file: Path) -> None:
    """Each holds its resources twice, once in a bundle within the bundle: they are read once."""
    states, odd = CLOSED_LOOP[file.stem[6:14]]
    outcome = read(file.read_bytes())
    assert [state for _, state in told(outcome)] == states
    assert [reason for reason in reasons(outcome) if reason not in ("no order", "not read")] == odd
    for row in outcome[0]:
        assert isinstance(row, Row)
        assert (row.kind, row.payer, row.referring_name) == ("consult", "Blue Cross Blue Shield of Texas", "")
        assert row.patient.startswith("#")
        assert (row.report_on is not None) == (row.state == "report sent")


def test_the_fhir_of_an_official_hl7_referral_says_the_same() -> None:
    outcome = read(sample("hl7v2/REF-I12-01-expected-fhir.json"))
    [row] = outcome[0]
    assert isinstance(row, Row)
    assert (row.source_key, row.ordered_on, row.priority) == ("226839", dt.date(2022, 1, 25), "routine")
    assert (row.referring_name, row.referring_practice, row.referring_zip) == ("POWELL, ROBERT", "GOOD HEALTH HOSPITAL", "99999")
    assert row.destination_name.casefold() == "radiant health hospital"
    assert row.performing_name.casefold().startswith("mcwilliams, paul")
    assert (row.state, row.kind, row.patient) == ("received", "consult", "#PATID1234")
    assert "laboratory order" in reasons(outcome)  # the OBR is an order of the laboratory


def test_the_fhir_of_an_official_hl7_cancellation() -> None:
    """Its converter calls the request entered in error: cancelled, as the message itself is read."""
    outcome = read(sample("hl7v2/REF-I14-01-expected-fhir.json"))
    assert [state for _, state in told(outcome)] == ["cancelled"]
    assert reasons(outcome)[:1] == ["entered in error"]


def test_the_fhir_of_an_official_hl7_appointment() -> None:
    rows, _ = read(sample("hl7v2/SIU-S12-01-expected-fhir.json"))
    assert [(row.source_key, row.state, row.appointment_on, row.kind) for row in rows] == [
        ("377d8e6d-3ee4-7509-6f8b-6279da04eb6b", "scheduled", dt.date(2021, 9, 24), "procedure"),
        ("377d8e6d-3ee4-7509-6f8b-6279da04eb6b", "received", None, "procedure"),
    ]
    assert {(row.performing_name, row.service_line, row.patient) for row in rows} == {("GE, Robert C", "", "#1234567")}


# Requests


def test_everything_that_a_request_says() -> None:
    said = request(
        identifier=[
            {"value": "any"},
            {"use": "old", "value": "was"},
            {"use": "official", "value": "R-1"},
            {"type": {"coding": [{"code": "FILL"}]}, "value": "F-1"},
        ],
        priority="urgent",
        requester={"reference": "Practitioner/a"},
        performer=[{"reference": "PractitionerRole/r2"}],
        insurance=[{"reference": "#cover"}],
        contained=[
            {
                "resourceType": "Coverage",
                "id": "cover",
                "status": "active",
                "beneficiary": {"reference": "Patient/p"},
                "payor": [{"display": "Plan Seven"}],
            }
        ],
    )
    other = {**PERSON, "id": "b", "identifier": [], "name": [{"text": "Helen Heart"}], "address": []}
    role = {**ROLE, "id": "r2", "practitioner": {"reference": "Practitioner/b"}}
    sender = {**ROLE, "id": "r1", "organization": {"display": "Avon Family Practice"}, "specialty": []}
    [row], remarks = read_all(said, PATIENT, PERSON, sender, role, ORGANISATION, other)
    assert remarks == []
    assert isinstance(row, Row)
    assert (row.source_key, row.ordered_on, row.kind, row.priority, row.state) == (
        "R-1",
        dt.date(2026, 1, 2),
        "consult",
        "urgent",
        "received",
    )
    assert (row.referring_name, row.referring_npi, row.referring_practice, row.referring_zip) == (
        "van den Berk, Adam B",
        NPI,
        "Avon Family Practice",
        "06001",
    )
    assert (row.performing_name, row.destination_name, row.destination_npi, row.service_line) == (
        "Helen Heart",
        "Heart Group",
        OTHER_NPI,
        "Cardiology",
    )
    assert (row.payer, row.patient, row.told_at) == ("Plan Seven", "#M1", dt.datetime(2026, 1, 2, tzinfo=dt.UTC))


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ({"identifier": [{"use": "usual", "value": "u"}, {"type": {"coding": [{"code": "PLAC"}]}, "value": "placer"}]}, "placer"),
        ({"identifier": [{"use": "temp", "value": "t"}, {"use": "usual", "value": "u"}]}, "u"),
        ({"identifier": [{"system": "x"}]}, "1"),
        ({"identifier": None}, "1"),
    ],
)
def test_the_number_of_a_request(said: dict[str, Any], number: str) -> None:
    [row], _ = read_all(request(**said))
    assert row.source_key == number


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"status": "active"}, "received"),
        ({"status": "on-hold"}, "received"),
        ({"status": "unknown"}, "received"),
        ({"status": "revoked"}, "cancelled"),
        ({"status": "completed"}, "seen"),
        ({"status": "halfway"}, None),
    ],
)
def test_states_of_a_request(said: dict[str, Any], state: str | None) -> None:
    [row], _ = read_all(request(**said))
    if state:
        assert row.state == state
    else:
        assert row == RowError("unknown status", 'FHIR status is "request halfway", which the mapping does not know.')


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"doNotPerform": True}, "not to be done"),
        ({"intent": "proposal"}, "only proposed"),
        ({"intent": "plan"}, "only proposed"),
        ({"intent": "option"}, "only proposed"),
        ({"intent": "directive"}, "only proposed"),
        ({"status": "draft"}, "not sent"),
        ({"category": [{"coding": [{"system": SNOMED, "code": "108252007"}]}]}, "laboratory order"),
    ],
)
def test_what_is_no_referral(said: dict[str, Any], reason: str) -> None:
    outcome = read_all(request(**said), task(), appointment(), encounter())
    assert outcome[0] == []
    assert reasons(outcome) == [reason, "about no referral", "about no referral", "about no referral"]


def test_entered_in_error_is_cancelled() -> None:
    """An earlier file may have told it as active; what was booked meanwhile stays in its history."""
    at = "2026-05-01T08:00:00Z"
    outcome = read_all(request(status="entered-in-error", meta={"lastUpdated": at}), appointment())
    assert told(outcome) == [("1", "cancelled"), ("1", "scheduled")]
    assert reasons(outcome) == ["entered in error"]
    assert outcome[0][0].told_at == dt.datetime(2026, 5, 1, 8, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("category", "code", "kind"),
    [
        (None, {"text": "Referral to cardiology"}, "consult"),
        ([{"coding": [{"system": SNOMED, "code": "363679005"}]}], {"text": "Something"}, "imaging"),
        ([{"text": "Diagnostic procedure"}], {"coding": [{"display": "Computed tomography of head"}]}, "imaging"),
        ([{"coding": [{"system": SNOMED, "code": "387713003"}]}], {"text": "Colonoscopy"}, "procedure"),
        ([{"coding": [{"code": "RAD"}]}], None, "imaging"),
        (None, {"text": "Physiotherapy"}, "therapy"),
        (None, {"text": "Wheelchair"}, "dme"),
        (None, {"text": "Skilled nursing facility"}, "post-acute"),
        (None, {"text": "Transfer of care"}, "transfer"),
        (None, {"text": "Lipid panel"}, NO_REFERRAL),
        (None, {"coding": [{"system": "http://loinc.org", "code": "35542-0"}]}, NO_REFERRAL),
        (None, {"coding": [{"system": "http://loinc.org", "code": "11488-4", "display": "Consult note"}]}, "consult"),
        (None, {"coding": [{"system": SNOMED, "code": "62013009", "display": "Ambulating patient (procedure)"}]}, ""),
        (None, None, ""),
    ],
)
def test_kinds(category: Any, code: Any, kind: str) -> None:
    assert kind_of(category, code) == kind


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Referral to cardiology service (procedure)", "Cardiology"),
        ("Patient referral to specialist", ""),
        ("Refer to the pain clinic", "Pain"),
        ("Referral for physical therapy", "Physical therapy"),
        ("Consultation", ""),
    ],
)
def test_service_line_in_a_code(text: str, line: str) -> None:
    assert line_in({"coding": [{"display": text}]}) == line


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"performerType": {"text": "Cardiologist"}}, "Cardiologist"),
        ({"category": [{"text": "Neurology"}]}, "Neurology"),
        ({"category": [{"text": "Imaging"}]}, ""),
        ({"orderDetail": [{"text": "Epilepsy clinic"}]}, "Epilepsy clinic"),
        ({"code": {"text": "Referral to dermatology service"}}, "Dermatology"),
    ],
)
def test_where_the_service_line_stands(said: dict[str, Any], line: str) -> None:
    [row], _ = read_all(request(**said))
    assert row.service_line == line


def test_dates_of_a_request() -> None:
    said = [
        request("1", authoredOn=None, occurrencePeriod={"start": "2026-03-04"}),
        request("2", authoredOn=None, occurrenceDateTime="2026-03-05T10:00:00+02:00"),
        request("3", authoredOn="2026"),
        request("4", authoredOn=None),
    ]
    rows, _ = read_all(*said)
    assert [getattr(row, "entered_on", row) for row in rows[:2]] == [dt.date(2026, 3, 4), dt.date(2026, 3, 5)]
    assert [row.reason for row in rows[2:]] == ["bad date", "bad date"]


def test_an_active_request_says_nothing_newer_than_the_order() -> None:
    """Its server touches it whenever anything happens; a later "received" would undo what a task told."""
    rows, _ = read_all(
        request("1", meta={"lastUpdated": "2026-05-01T00:00:00Z"}),
        request("2", status="revoked", meta={"lastUpdated": "2026-05-01T00:00:00Z"}),
    )
    assert [row.told_at.date() for row in rows] == [dt.date(2026, 1, 2), dt.date(2026, 5, 1)]


# Requests that replace others


def test_a_request_that_replaces_another_goes_on_under_its_number() -> None:
    for order in permutations(
        [
            request("1", identifier=[{"value": "first"}], status="revoked"),
            request("2", identifier=[{"value": "second"}], replaces=[{"reference": "ServiceRequest/1"}]),
            request("3", replaces=[{"reference": "ServiceRequest/2"}]),
        ]
    ):
        outcome = read_all(*order)
        assert set(told(outcome)) == {("first", "received")}  # the revoked one was only replaced
        assert reasons(outcome) == ["replaces a request"] * 2


def test_what_is_replaced_may_be_named_by_its_number_or_not_at_all() -> None:
    outcome = read_all(request("2", replaces=[{"identifier": {"value": "first"}}]), request("3", replaces=[{"display": "An earlier one"}]))
    assert told(outcome) == [("first", "received"), ("3", "received")]
    assert "each counts" in outcome[1][1].sentence


def test_circles_end() -> None:
    outcome = read_all(
        request("1", replaces=[{"reference": "ServiceRequest/2"}]),
        request("2", replaces=[{"reference": "ServiceRequest/1"}]),
        request("3", replaces=[{"reference": "ServiceRequest/3"}]),
        request("4", replaces=[{"reference": "ServiceRequest/2"}]),
    )
    assert [number for number, _ in told(outcome)] == ["1", "1", "3", "1"]


def test_the_copy_of_the_filler_is_the_same_referral() -> None:
    copy = request("2", intent="filler-order", basedOn=[{"reference": "ServiceRequest/1"}])
    another = request("3", intent="reflex-order", basedOn=[{"reference": "ServiceRequest/1"}])
    assert told(read_all(request("1"), copy, another)) == [("1", "received"), ("1", "received"), ("3", "received")]


def test_two_requests_with_one_number_are_told() -> None:
    outcome = read_all(request("1", identifier=[{"value": "x"}]), request("2", identifier=[{"value": "x"}]))
    assert reasons(outcome) == ["number used twice"] * 2


# Tasks


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"status": "requested"}, "received"),
        ({"status": "received"}, "received"),
        ({"status": "accepted"}, "accepted"),
        ({"status": "ready"}, "accepted"),
        ({"status": "in-progress"}, "accepted"),
        ({"status": "on-hold"}, "accepted"),
        ({"status": "rejected"}, "rejected"),
        ({"status": "cancelled"}, "cancelled"),
        ({"status": "completed"}, "report sent"),
        ({"status": "requested", "code": {"coding": [{"code": "abort"}]}}, "cancel requested"),
        ({"status": "completed", "code": {"coding": [{"code": "abort"}]}}, "cancelled"),
        ({"status": "completed", "code": {"coding": [{"code": "fulfill"}]}}, "report sent"),
        ({"status": "in-progress", "businessStatus": {"text": "waiting for a slot"}}, "accepted"),
        ({"status": "in-progress", "businessStatus": {"coding": [{"code": "5.1"}]}}, "accepted"),
        ({"status": "failed", "businessStatus": {"coding": [{"code": "5.1.2"}]}}, "no-show"),
    ],
)
def test_states_of_a_task(said: dict[str, Any], state: str) -> None:
    rows, remarks = read_all(request(), task(**said))
    assert remarks == []
    assert [(row.source_key, row.state) for row in rows] == [("1", "received"), ("1", state)]
    assert rows[1].told_at == dt.datetime(2026, 1, 5, 15, tzinfo=dt.UTC)
    assert rows[1].report_on == (dt.date(2026, 1, 5) if state == "report sent" else None)


@pytest.mark.parametrize(("state", "code"), STATES.items())
def test_business_status_goes_before_the_status(state: str, code: str) -> None:
    rows, _ = read_all(request(), task(status="in-progress", businessStatus={"coding": [{"system": "x", "code": "other"}, {"code": code}]}))
    assert rows[1].state == state


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"focus": None}, "task without a request"),
        ({"focus": {"reference": "ServiceRequest/gone"}}, "request not in the file"),
        ({"focus": {"reference": "MedicationRequest/1"}}, "request not in the file"),
        ({"focus": {"identifier": {"value": "claim"}}}, "request not in the file"),
        ({"focus": {"display": "The request"}}, "request not in the file"),
        ({"status": "draft"}, "not sent"),
        ({"status": "entered-in-error"}, "not sent"),
        ({"status": "failed"}, "task of another kind"),
        ({"code": {"coding": [{"code": "change"}]}}, "task of another kind"),
    ],
)
def test_a_task_that_tells_nothing_is_a_remark(said: dict[str, Any], reason: str) -> None:
    outcome = read_all(request(), task(**said))
    assert told(outcome) == [("1", "received")]
    assert reasons(outcome) == [reason]


def test_a_task_by_itself_may_name_the_number() -> None:
    said = task(
        focus={"type": "ServiceRequest", "identifier": {"value": "R-9"}},
        authoredOn="2026-01-03",
        requester={"display": "Avon Family Practice"},
        owner={"display": "Helen Heart"},
    )
    said["for"] = {"reference": "Patient/p"}
    with open_records(io.BytesIO(json.dumps(said).encode())) as records:
        [(_, cells)] = records
        row = dict(zip(records.headers, cells, strict=True))
    assert (row["Request number"], row["Entered on"], row["Performer"]) == ("R-9", "2026-01-03", "Helen Heart")
    assert (row["Requester organization"], row["Patient identifier"]) == ("Avon Family Practice", "p")


def test_the_owner_of_a_task_does_it_when_the_request_does_not_say() -> None:
    rows, _ = read_all(request(), task(owner={"reference": "Organization/o"}), ORGANISATION)
    assert [row.destination_name for row in rows] == ["", "Heart Group"]
    rows, _ = read_all(request(performer=[{"display": "Helen Heart"}]), task(owner={"display": "Somebody Else"}))
    assert [row.performing_name for row in rows] == ["Helen Heart"] * 2


# Appointments, encounters, reports


@pytest.mark.parametrize(
    ("resource", "state", "appointment_on", "seen_on"),
    [
        (appointment(status="booked"), "scheduled", dt.date(2026, 2, 10), None),
        (appointment(status="proposed", start=None), "accepted", None, None),
        (appointment(status="arrived"), "seen", dt.date(2026, 2, 10), dt.date(2026, 2, 10)),
        (appointment(status="fulfilled"), "seen", dt.date(2026, 2, 10), dt.date(2026, 2, 10)),
        (appointment(status="cancelled"), "appointment cancelled", dt.date(2026, 2, 10), None),
        (appointment(status="noshow"), "no-show", dt.date(2026, 2, 10), None),
        (encounter(status="planned"), "scheduled", dt.date(2026, 2, 10), None),
        (encounter(status="in-progress"), "seen", None, dt.date(2026, 2, 10)),
        (encounter(status="finished"), "seen", None, dt.date(2026, 2, 10)),
        (encounter(status="cancelled"), "appointment cancelled", None, None),
    ],
)
def test_states_of_a_visit(resource: dict[str, Any], state: str, appointment_on: dt.date | None, seen_on: dt.date | None) -> None:
    rows, remarks = read_all(request(), resource)
    assert remarks == []
    assert (rows[1].source_key, rows[1].state, rows[1].appointment_on, rows[1].seen_on) == ("1", state, appointment_on, seen_on)
    assert rows[1].ordered_on == dt.date(2026, 1, 2)


@pytest.mark.parametrize(
    "resource", [appointment(status="entered-in-error"), encounter(status="entered-in-error"), encounter(status="unknown")]
)
def test_visits_that_tell_nothing(resource: dict[str, Any]) -> None:
    outcome = read_all(request(), resource)
    assert (told(outcome), reasons(outcome)) == ([("1", "received")], ["not sent"])


def test_an_encounter_finds_its_request_through_the_appointment() -> None:
    rows, _ = read_all(encounter(basedOn=None, appointment=[{"reference": "Appointment/1"}]), appointment(), request())
    assert [(row.source_key, row.state) for row in rows] == [("1", "seen"), ("1", "scheduled"), ("1", "received")]


def test_visits_of_no_request_belong_to_no_referral() -> None:
    outcome = read_all(request(), appointment(basedOn=None), encounter(basedOn=[{"reference": "ServiceRequest/gone"}]))
    assert (told(outcome), reasons(outcome)) == ([("1", "received")], ["no order", "no order"])


def test_a_file_of_appointments_has_numbers_of_their_own() -> None:
    rows, _ = read_all(
        appointment(
            identifier=[{"value": "A-1"}],
            created="2026-01-20",
            participant=[
                {"status": "accepted", "actor": {"reference": "Patient/p", "display": "Sam Secret"}},
                {"status": "accepted", "actor": {"reference": "Practitioner/a"}},
                {"status": "accepted", "actor": {"display": "Sam's mother"}},
            ],
        ),
        appointment("2", basedOn=[{"identifier": {"value": "R-9"}}], specialty=[{"text": "Neurology"}]),
        encounter("3", basedOn=None, appointment=[{"reference": "Appointment/1"}], serviceProvider={"reference": "Organization/o"}),
        PATIENT,
        PERSON,
        ORGANISATION,
        ROLE,
    )
    assert [(row.source_key, row.order_key, row.state) for row in rows] == [
        ("A-1", "1", "scheduled"),
        ("2", "R-9", "scheduled"),
        ("A-1", "1", "seen"),
    ]
    assert [row.entered_on for row in rows] == [dt.date(2026, 1, 20), dt.date(2026, 2, 10), dt.date(2026, 2, 10)]
    assert (rows[0].performing_npi, rows[0].destination_name, rows[0].service_line, rows[0].patient) == (
        NPI,
        "Heart Group",
        "Cardiology",
        "#M1",
    )
    assert rows[1].service_line == "Neurology"
    assert rows[2].destination_name == "Heart Group"


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (
            {
                "resourceType": "DocumentReference",
                "status": "current",
                "content": [{"attachment": {"data": "x" * 9}}],
                "date": "2026-03-01T10:00:00Z",
                "context": {"related": [{"reference": "ServiceRequest/1"}]},
            },
            "",
        ),
        (
            {
                "resourceType": "DocumentReference",
                "status": "current",
                "docStatus": "final",
                "content": [{"attachment": {}}],
                "date": "2026-03-01T10:00:00Z",
                "context": {"encounter": [{"reference": "Encounter/1"}]},
            },
            "",
        ),
        (
            {"resourceType": "DocumentReference", "status": "current", "docStatus": "preliminary", "content": [{"attachment": {}}]},
            "no final report",
        ),
        ({"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": {}}]}, "no order"),
        (
            {
                "resourceType": "DiagnosticReport",
                "status": "final",
                "code": {"text": "x"},
                "issued": "2026-03-01T10:00:00Z",
                "basedOn": [{"reference": "ServiceRequest/1"}],
            },
            "",
        ),
        ({"resourceType": "DiagnosticReport", "status": "partial", "code": {"text": "x"}}, "no final report"),
        (
            {
                "resourceType": "Communication",
                "status": "completed",
                "sent": "2026-03-01T10:00:00Z",
                "basedOn": [{"reference": "ServiceRequest/1"}],
                "payload": [{"contentReference": {"display": "x"}}],
            },
            "",
        ),
        (
            {
                "resourceType": "Communication",
                "status": "completed",
                "basedOn": [{"reference": "ServiceRequest/1"}],
                "payload": [{"contentString": "Hello"}],
            },
            "no final report",
        ),
    ],
)
def test_reports(resource: dict[str, Any], reason: str) -> None:
    outcome = read_all(request(), encounter(), {"id": "d", **resource})
    assert reasons(outcome) == ([reason] if reason else [])
    rows = outcome[0][2:]
    assert [(row.source_key, row.state, row.report_on) for row in rows] == ([] if reason else [("1", "report sent", dt.date(2026, 3, 1))])


# References and people


@pytest.mark.parametrize(
    "wrap",
    [
        lambda resources: "\n".join(map(json.dumps, resources)),
        lambda resources: json.dumps(resources),
        lambda resources: json.dumps(
            {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": found} for found in resources]}
        ),
        lambda resources: json.dumps(
            {"entry": [{"resource": found} for found in resources], "type": "history", "resourceType": "Bundle"}, indent=2
        ),
        lambda resources: json.dumps(
            {
                "resourceType": "Bundle",
                "type": "batch-response",
                "entry": [
                    {"resource": {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": found}]}} for found in resources
                ],
            }
        ),
        lambda resources: "\n\n".join(json.dumps(found, indent=1) for found in resources),
        lambda resources: "\n".join(
            json.dumps(
                {
                    "resourceType": "Bundle",
                    "type": "searchset",
                    "entry": [
                        {"fullUrl": f"https://x.test/fhir/{found['resourceType']}/{found['id']}", "resource": found},
                        {"response": {"status": "204"}},
                    ],
                }
            )
            for found in resources
        ),
    ],
    ids=["lines", "array", "bundle", "bundle, entries first", "bundles within", "one after another", "bundles, one a line"],
)
@pytest.mark.parametrize("chunk", [1 << 20, 37])
def test_any_shape_of_file_reads_the_same(wrap: Callable[[Any], str], chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_streams, "_CHUNK", chunk)
    resources = [
        request(requester={"reference": "PractitionerRole/r"}),
        task(),
        appointment(),
        encounter(),
        PATIENT,
        ROLE,
        PERSON,
        ORGANISATION,
    ]
    rows, remarks = read(wrap(resources).encode())
    assert [(row.source_key, row.state) for row in rows] == [("1", "received"), ("1", "accepted"), ("1", "scheduled"), ("1", "seen")]
    assert {(row.referring_npi, row.referring_practice, row.patient) for row in rows} == {(NPI, "Heart Group", "#M1")}
    assert remarks == []


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "Practitioner/a"},
        {"reference": "Practitioner/a/_history/3"},
        {"reference": "https://x.test/fhir/Practitioner/a"},
        {"reference": "urn:uuid:4d1b7f0e-0000-4000-8000-000000000001"},
        {"reference": "#inner"},
        {"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": NPI}},
        {"type": "Practitioner", "identifier": {"value": NPI}},
    ],
)
def test_every_kind_of_reference(reference: dict[str, Any]) -> None:
    said = request(requester=reference, contained=[{**PERSON, "id": "inner"}])
    entries = [{"resource": said}, {"fullUrl": "urn:uuid:4d1b7f0e-0000-4000-8000-000000000001", "resource": PERSON}]
    [row], _ = read(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode())
    assert (row.referring_name, row.referring_npi) == ("van den Berk, Adam B", NPI)


@pytest.mark.parametrize(
    ("reference", "name", "practice", "npi"),
    [
        ({"display": "Dr. Ollie Ortho"}, "Dr. Ollie Ortho", "", ""),
        ({"display": "Women's Hospital"}, "", "Women's Hospital", ""),
        ({"reference": "Practitioner/gone", "display": "Ollie Ortho"}, "Ollie Ortho", "", ""),
        ({"reference": "Organization/gone", "display": "Ortho"}, "", "Ortho", ""),
        ({"type": "Organization", "display": "Ortho"}, "", "Ortho", ""),
        ({"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": OTHER_NPI}}, "", "", OTHER_NPI),
        ({"reference": "urn:uuid:gone", "display": "Sam Secret"}, "", "", ""),  # it may be the patient
        ({"reference": "Patient/p", "display": "Sam Secret"}, "", "", ""),
        ({"reference": "RelatedPerson/m", "display": "Sam's mother"}, "", "", ""),
        ({"reference": "Device/d", "display": "Robot"}, "", "", ""),
        ({"reference": "Practitioner/gone"}, "", "", ""),
    ],
)
def test_references_that_lead_nowhere(reference: dict[str, Any], name: str, practice: str, npi: str) -> None:
    [row], remarks = read_all(request(requester=reference))
    assert (row.referring_name, row.referring_practice, row.referring_npi) == (name, practice, npi)
    assert [remark.reason for remark in remarks] == (
        ["self-referred"] if "Sam" in reference.get("display", "") and "urn" not in reference["reference"] else []
    )


def test_places_and_services_lead_to_their_organisation() -> None:
    place = {
        "resourceType": "Location",
        "id": "l",
        "name": "Suite 4",
        "address": {"postalCode": "06003"},
        "managingOrganization": {"reference": "Organization/o"},
    }
    service = {
        "resourceType": "HealthcareService",
        "id": "h",
        "name": "Sleep",
        "specialty": [{"text": "Sleep medicine"}],
        "providedBy": {"reference": "Organization/o"},
    }
    alone = {"resourceType": "Location", "id": "m", "name": "Suite 5"}
    rows, _ = read_all(
        request("1", locationReference=[{"reference": "Location/l"}]),
        request("2", performer=[{"reference": "HealthcareService/h"}]),
        request("3", locationReference=[{"reference": "Location/m"}]),
        request("4", performer=[{"reference": "PractitionerRole/s"}]),
        place,
        service,
        alone,
        ORGANISATION,
        PERSON,
        {
            **ROLE,
            "id": "s",
            "organization": None,
            "specialty": None,
            "location": [{"reference": "Location/l"}],
            "healthcareService": [{"reference": "HealthcareService/h"}],
        },
    )
    assert [row.destination_name for row in rows][:3] == ["Heart Group", "Heart Group", "Suite 5"]
    assert rows[1].service_line == "Sleep medicine"


def test_several_performers_are_one_person_at_one_place() -> None:
    [row], _ = read_all(
        request(performer=[{"display": "Radiant Health Hospital"}, {"display": "Helen Heart"}, {"reference": "PractitionerRole/r"}]),
        ROLE,
        PERSON,
        ORGANISATION,
    )
    assert (row.performing_name, row.performing_npi, row.destination_name) == ("Helen Heart", "", "Radiant Health Hospital")


def test_a_person_of_two_roles_is_at_neither() -> None:
    [row], _ = read_all(request(requester={"reference": "Practitioner/a"}), PERSON, ROLE, {**ROLE, "id": "r2"}, ORGANISATION)
    assert (row.referring_name, row.referring_practice, row.referring_zip) == ("van den Berk, Adam B", "", "06001")


def test_who_pays() -> None:
    cover = {
        "resourceType": "Coverage",
        "id": "c",
        "status": "active",
        "beneficiary": {"reference": "Patient/p"},
        "payor": [{"reference": "Organization/o"}],
    }
    plan = {
        **cover,
        "id": "d",
        "payor": [{"reference": "Organization/gone"}],
        "class": [{"type": {"coding": [{"code": "plan"}]}, "value": "1", "name": "Gold"}],
    }
    own = {**cover, "id": "e", "payor": [{"reference": "Patient/p"}]}

    def payer(*resources: dict[str, Any], **said: Any) -> str:
        return read_all(request(**said), ORGANISATION, PATIENT, *resources)[0][0].payer

    assert payer(cover) == "Heart Group"
    assert payer(cover, plan) == ""  # which of two is not said
    assert payer(cover, plan, insurance=[{"reference": "Coverage/d"}]) == "Gold"
    assert payer(own) == "Self-pay"
    assert payer({**cover, "status": "cancelled"}) == ""
    assert payer(insurance=[{"display": "Plan Seven"}]) == "Plan Seven"


@pytest.mark.parametrize(
    ("patient", "subject", "number"),
    [
        (PATIENT, {"reference": "Patient/p"}, "#M1"),
        ({**PATIENT, "identifier": PATIENT["identifier"][:1]}, {"reference": "Patient/p"}, "#p"),
        (ORGANISATION, {"reference": "Patient/p"}, "#p"),
        (PATIENT, {"identifier": {"value": "M1"}}, "#M1"),
        (ORGANISATION, {"identifier": {"value": "M7"}}, "#M7"),
        (ORGANISATION, {"display": "Sam Secret"}, ""),
    ],
)
def test_the_number_of_a_patient(patient: dict[str, Any], subject: dict[str, Any], number: str) -> None:
    [row], _ = read_all(request(subject=subject), patient)
    assert row.patient == number


def test_an_enterprise_number_has_a_column_of_its_own() -> None:
    numbers = [{"type": {"text": "EPI"}, "value": "E9"}, {"type": {"text": "MRN"}, "value": "M1"}]
    with open_records(io.BytesIO("\n".join(map(json.dumps, [request(), {**PATIENT, "identifier": numbers}])).encode())) as records:
        [(_, cells)] = records
    assert cells[HEADERS.index("Patient identifier")] == "M1"
    assert cells[HEADERS.index("Enterprise patient identifier")] == "E9"


def test_nothing_of_a_patient_but_the_numbers_leaves_the_reader() -> None:
    subject = {"reference": "Patient/p", "display": "Sam Secret"}
    said = request(subject=subject, requester={"display": "Sam Secret"}, note=[{"text": "Secret"}], reasonCode=[{"text": "Secret"}])
    resources = [said, PATIENT, appointment(), encounter(subject=subject), task(description="Secret")]
    for told_of in (resources, resources[1:4]):
        with open_records(io.BytesIO("\n".join(map(json.dumps, told_of)).encode())) as records:
            text = json.dumps([*records, *records.remarks])
        assert not [secret for secret in ("Secret", "Sam", "1950", "999-99") if secret in text]


# What is not valid


@pytest.mark.parametrize(
    ("resource", "sentence"),
    [
        (request(authoredOn="yesterday"), "ServiceRequest.authoredOn is not as FHIR R4 wants it."),
        (request(subject=None), "ServiceRequest.subject is missing."),
        (request(status=None), "ServiceRequest.status"),
        (request(shoe="42"), "ServiceRequest.shoe is no element of FHIR R4 there."),
        (request(**{"Sam Secret": 1}), "ServiceRequest.(an element) is no element of FHIR R4 there."),
        (request(code={"coding": [{"code": 7}]}), "ServiceRequest.code.coding.code is no text."),
        (request(requester="Practitioner/a"), "ServiceRequest.requester is not as FHIR R4 wants it."),
        (request(performer={"reference": "x"}), "ServiceRequest.performer"),
        (request(id="Sam Secret"), "ServiceRequest.id is not as FHIR R4 wants it."),
        (request(contained=[{"resourceType": "Footwear", "id": "1"}]), "This ServiceRequest is not as FHIR R4 wants it."),
        (request(contained=[7]), "ServiceRequest"),
        ({"resourceType": "Task", "id": "1"}, "Task."),
        ({**PATIENT, "identifier": "Sam Secret"}, "Patient.identifier"),
    ],
)
def test_what_is_not_valid_names_its_element_and_no_value(resource: dict[str, Any], sentence: str) -> None:
    outcome = read_all(resource, request("2"))
    assert told(outcome) == [("2", "received")]
    [remark] = [remark for remark in outcome[1] if remark.reason == "not valid FHIR"]
    assert remark.line == 1
    assert remark.sentence.startswith(sentence)
    assert "Secret" not in remark.sentence


def test_what_is_not_read_is_counted_by_type() -> None:
    outcome = read_all(request(), *[{"resourceType": "Observation", "status": "whatever"}] * 3, {"resourceType": "Zoo"})
    assert [remark.sentence.split(":")[0] for remark in outcome[1]] == [
        "3 Observation resources were left out",
        "1 Zoo resource was left out",
    ]


def test_the_number_of_the_record_is_told() -> None:
    entries = [{"resource": PERSON}, {"resource": request()}, 7, {"resource": 7}, {"resource": request("2", doNotPerform=True)}]
    with open_records(io.BytesIO(json.dumps({"resourceType": "Bundle", "entry": entries}).encode())) as records:
        assert [line for line, _ in records] == [2]
        assert [(remark.line, remark.reason) for remark in records.remarks] == [(3, "not read"), (4, "not read"), (5, "not to be done")]


def test_bundles_within_bundles_end() -> None:
    nested: dict[str, Any] = request()
    for _ in range(9):
        nested = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": nested}]}
    outcome = read(json.dumps(nested).encode())
    assert (outcome[0], reasons(outcome)) == ([], ["not read"])


def test_a_later_version_in_the_file_is_another_row() -> None:
    outcome = read_all(request(), request(), request(status="revoked"))
    assert told(outcome) == [("1", "received"), ("1", "cancelled")]


def test_the_first_of_a_large_file() -> None:
    data = "\n".join(json.dumps(request(str(number))) for number in range(50)).encode()
    with open_records(io.BytesIO(data), first=7) as records:
        assert len(list(records)) == 7


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    with open_records(io.BytesIO("\n".join(json.dumps(request(str(number))) for number in range(200)).encode())) as records:
        rows = iter(records)
        next(rows)
        assert os.listdir(tmp_path) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TYPES = (
    "ServiceRequest",
    "Task",
    "Appointment",
    "Encounter",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Coverage",
    "Communication",
    "Bundle",
    "List",
)
ELEMENTS = (
    "identifier status intent code focus basedOn replaces subject for requester performer authoredOn contained extension meta entry name"
    " address insurance period start participant businessStatus category payload beneficiary practitioner location specialty class"
).split()
NOISE = st.fixed_dictionaries(
    {"resourceType": st.sampled_from(TYPES)},
    optional={
        "id": st.sampled_from(["1", "2", "p"]),
        **{
            element: JSON
            | st.sampled_from(["active", "order", {"reference": "ServiceRequest/1"}, {"reference": "#x"}, [{"reference": "Patient/p"}]])
            | st.lists(
                st.fixed_dictionaries({}, optional={"resource": JSON, "value": JSON, "reference": JSON, "resourceType": JSON, "id": JSON}),
                max_size=2,
            )
            for element in ELEMENTS
        },
    },
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(NOISE, min_size=1, max_size=4), st.booleans())
def test_noise_raises_nothing_else(resources: list[dict[str, Any]], whole: bool) -> None:
    text = json.dumps(resources) if whole else "\n".join(map(json.dumps, resources))
    with suppress(InputError):
        read(text.encode())


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from([request, task, appointment, encounter]), st.dictionaries(st.sampled_from(ELEMENTS), JSON, max_size=2))
def test_noise_in_a_valid_resource_raises_nothing_else(make: Callable[..., dict[str, Any]], said: dict[str, Any]) -> None:
    read_all(request("9"), {**make(), **said})
