"""CMS50 against the official cases, against each sentence of its definition, and against a plainly written twin."""

import copy
import datetime as dt
import io
import json
import random
import zoneinfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.base import CommandError
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from common.exceptions import InputError
from reports.cms50 import Counts, Period, evaluate, measure_report, value_sets
from reports.cms50.codes import BEHAVIORAL, CONSULTANT_REPORT, CPT, ENCOUNTERS, INTERVENTIONS, REFERRAL, replaced
from reports.cms50.moments import Moment
from reports.cms50.reading import count
from tests.samples import samples

YEAR = Period(2026)
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
IN, CLOSED, OUT = Counts(1, 1, 0), Counts(1, 1, 1), Counts()


@pytest.mark.parametrize("path", samples("closed_loop/tests-*.json"), ids=lambda path: path.stem[6:14])
def test_the_official_cases(path):
    bundle = json.loads(path.read_bytes())
    expected = next(entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == "MeasureReport")
    populations = {row["code"]["coding"][0]["code"]: row["count"] for row in expected["group"][0]["population"]}
    found = Counts(populations["initial-population"], populations["denominator"], populations["numerator"])
    period = Period(int(expected["period"]["start"][:4]))
    assert evaluate([bundle], period) == found
    assert count(io.BytesIO(path.read_bytes()), period) == found


def coded(system, code):
    return {"coding": [{"system": system, "code": code}]}


def patient(name="p"):
    return {"resourceType": "Patient", "id": name}


def order(authored="2026-03-02T10:00:00Z", *, name="o", of="p", code="103696004", **fields):
    told = {"id": name, "status": "active", "intent": "order", "code": coded(SNOMED, code), "authoredOn": authored}
    return {"resourceType": "ServiceRequest", **told, "subject": {"reference": f"Patient/{of}"}, **fields}


def encounter(start="2026-02-01T09:00:00Z", end="2026-02-01T09:30:00Z", *, of="p", system=CPT, code="99213", **fields):
    told = {"status": "finished", "type": [coded(system, code)], "period": {"start": start, "end": end}}
    return {"resourceType": "Encounter", "id": "e", **told, "subject": {"reference": f"Patient/{of}"}, **fields}


def procedure(code="96156", at="2026-02-01", **fields):
    told = {"status": "completed", "code": coded(CPT, code), "performedDateTime": at}
    return {"resourceType": "Procedure", "id": "c", **told, "subject": {"reference": "Patient/p"}, **fields}


def report(end="2026-04-01T10:00:00Z", *, on="o", of="p", **fields):
    told = {"status": "completed", "code": coded(LOINC, "11488-4"), "basedOn": [{"reference": f"ServiceRequest/{on}"}]}
    return {"resourceType": "Task", "id": "t", **told, "for": {"reference": f"Patient/{of}"}, "executionPeriod": {"end": end}, **fields}


FULFILLED = {"code": coded("http://hl7.org/fhir/CodeSystem/task-code", "fulfill"), "reasonCode": coded(LOINC, "11488-4")}


@pytest.mark.parametrize(
    ("resources", "found"),
    [
        pytest.param([encounter(), order()], IN, id="a visit and an order"),
        pytest.param([encounter(), order(), report()], CLOSED, id="and its report"),
        pytest.param([order()], OUT, id="no visit"),
        pytest.param([encounter()], OUT, id="no order"),
        pytest.param([encounter(status="in-progress"), order()], OUT, id="the visit is not over"),
        pytest.param([encounter(system=SNOMED, code="4525004"), order()], OUT, id="an emergency visit does not qualify"),
        pytest.param([encounter(start="2025-12-31T23:50:00Z"), order()], OUT, id="the visit began the year before"),
        pytest.param([encounter(end="2027-01-01T00:10:00Z"), order()], OUT, id="the visit ended the year after"),
        pytest.param([encounter(end=None), order()], OUT, id="a visit without an end"),
        pytest.param([procedure(), order()], IN, id="an assessment instead of a visit"),
        pytest.param([procedure("96116"), order()], IN, id="a behavioral assessment of the value set"),
        pytest.param([procedure("90791"), order()], IN, id="a psychiatric evaluation, told as a procedure"),
        pytest.param([procedure(status="not-done"), order()], OUT, id="an assessment that was not done"),
        pytest.param(
            [procedure(at=None, performedPeriod={"start": "2026-01-01", "end": "2026-01-02"}), order()], IN, id="an assessment over days"
        ),
        pytest.param([encounter(code="96156"), order()], OUT, id="an assessment told as a visit is none"),
        pytest.param([encounter(), order("2026-10-31T23:59:00Z")], IN, id="the last minute for an order"),
        pytest.param([encounter(), order("2026-11-01T00:00:00Z")], OUT, id="an order of November"),
        pytest.param([encounter(), order("2025-12-31T23:59:00Z")], OUT, id="an order of the year before"),
        pytest.param([encounter(), order(status="draft")], OUT, id="an order that is none yet"),
        pytest.param([encounter(), order(status="revoked")], OUT, id="an order taken back"),
        pytest.param([encounter(), order(status="completed")], IN, id="a completed order"),
        pytest.param([encounter(), order(intent="plan")], OUT, id="only planned"),
        pytest.param([encounter(), order(doNotPerform=True)], OUT, id="an order not to refer"),
        pytest.param([encounter(), order(code="1")], OUT, id="an order of something else"),
        pytest.param([encounter(), order(authoredOn=None)], OUT, id="an order without a date"),
        pytest.param([encounter(), order("2026-03"), report()], CLOSED, id="an order known to the month"),
        pytest.param([encounter(), order("2026")], OUT, id="an order known to the year may be of November"),
        pytest.param([encounter(), order(), report(on="other")], IN, id="a report on another order"),
        pytest.param([encounter(), order(), report(basedOn=[])], IN, id="a report on nothing"),
        pytest.param([encounter(), order(), report(status="failed")], IN, id="a report that failed"),
        pytest.param([encounter(), order(), report(code=coded(LOINC, "1"))], IN, id="a task that is no report"),
        pytest.param([encounter(), order(), report("2026-03-02T09:59:00Z")], IN, id="a report before the order"),
        pytest.param([encounter(), order(), report("2026-03-02T10:00:00Z")], IN, id="a report at the same second"),
        pytest.param([encounter(), order(), report("2026-03-02")], IN, id="a report of the order's day, at no hour"),
        pytest.param([encounter(), order(), report("2026-12-31T23:59:00Z")], CLOSED, id="a report on the last day"),
        pytest.param([encounter(), order(), report("2027-01-01T00:00:00Z")], IN, id="a report of the year after"),
        pytest.param([encounter(), order(), report(executionPeriod={"start": "2026-04-01"})], IN, id="a report that never ended"),
        pytest.param(
            [encounter(), order(), report(basedOn=[{"reference": "https://x.example/fhir/ServiceRequest/o"}])], CLOSED, id="by URL"
        ),
        pytest.param([encounter(), order(), report(basedOn=[{"reference": "ServiceRequest/o/_history/2"}])], CLOSED, id="by version"),
        pytest.param([encounter(), order(), report(**FULFILLED)], CLOSED, id="the next edition's report"),
        pytest.param(
            [encounter(), order(), report(**FULFILLED, basedOn=[], focus={"reference": "ServiceRequest/o"})], CLOSED, id="by its focus"
        ),
        pytest.param(
            [encounter(), order(), report(**{**FULFILLED, "reasonCode": coded(LOINC, "1")})], IN, id="fulfilled for another reason"
        ),
        pytest.param(
            [encounter(), order("2026-03-02T10:01:00Z", name="second"), order(), report(on="second")], IN, id="only the second is answered"
        ),
        pytest.param(
            [encounter(), order("2026-03-02T10:01:00Z", name="second"), order(), report()], CLOSED, id="the first is answered, told later"
        ),
        pytest.param([encounter(of="x"), order(of="x"), report(of="x")], CLOSED, id="one patient's file, renumbered"),
    ],
)
def test_each_sentence_of_the_definition(resources, found):
    assert evaluate([patient(), *resources], YEAR) == found


def test_several_patients_each_once():
    people = [
        *[encounter(of=who) for who in "abc"],
        *[order(of=who, name=f"o{who}") for who in "abc"],
        order(of="a", name="again", authored="2026-05-01"),
        report(of="a", on="oa"),
        report(of="b", on="oa"),  # about somebody else's order
        encounter(of="nobody"),
        order(of="nobody"),
    ]
    assert evaluate([*people, *map(patient, "abcd")], YEAR) == Counts(3, 3, 1)


def test_days_are_those_of_the_zone():
    new_york = Period(2026, zoneinfo.ZoneInfo("America/New_York"))
    late = [patient(), encounter(), order("2026-11-01T02:00:00Z")]  # ten in the evening of 31 October in New York
    assert (evaluate(late, YEAR), evaluate(late, new_york)) == (OUT, IN)
    local = [patient(), encounter(), order("2026-10-31T22:00:00")]
    assert evaluate(local, new_york) == IN


def _plain(resources):
    """The definition, read off once more, patient by patient; hypothesis gives whole seconds in UTC."""
    codes, sums = value_sets(), [0, 0]

    def about(resource, who):
        return (resource.get("subject") or resource.get("for") or {}).get("reference") == f"Patient/{who}"

    def day(text):
        return dt.date.fromisoformat(text[:10])

    for who in {resource["id"] for resource in resources if resource["resourceType"] == "Patient"}:
        own = [resource for resource in resources if about(resource, who)]
        visits = [
            row
            for row in own
            if row["resourceType"] == "Encounter" and row["status"] == "finished" and day(row["period"]["start"]).year == 2026
        ]
        kinds = {(c["system"], c["code"]) for row in visits for c in row["type"][0]["coding"]}
        orders = [row for row in own if row["resourceType"] == "ServiceRequest" and dt.date(2026, 1, 1) <= day(row["authoredOn"])]
        orders = [row for row in orders if day(row["authoredOn"]) <= dt.date(2026, 10, 31) and row["status"] == "active"]
        if not orders or not any(kinds & codes[url] for url in ENCOUNTERS):
            continue
        first = sorted(orders, key=lambda row: row["authoredOn"])[0]
        sums[0] += 1
        sums[1] += any(
            row["resourceType"] == "Task"
            and row["status"] == "completed"
            and row["basedOn"][0]["reference"] == f"ServiceRequest/{first['id']}"
            and row["executionPeriod"]["end"] > first["authoredOn"]
            and day(row["executionPeriod"]["end"]).year == 2026
            for row in own
        )
    return Counts(sums[0], sums[0], sums[1])


times = st.integers(0, 430 * 86400).map(lambda second: (dt.datetime(2025, 12, 10) + dt.timedelta(seconds=second)).isoformat() + "Z")
people = st.sampled_from("abc")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine
@given(st.data())
def test_any_file_in_any_order_equals_the_plain_reading(data):
    orders = [
        order(data.draw(times), name=f"o{place}", of=data.draw(people), status=data.draw(st.sampled_from(["active", "revoked"])))
        for place in range(data.draw(st.integers(0, 5)))
    ]
    visits = [
        encounter(at, at, of=data.draw(people), code=data.draw(st.sampled_from(["99213", "99395", "99281"])))
        for at in data.draw(st.lists(times, max_size=4))
    ]
    reports = [
        report(
            data.draw(times),
            of=data.draw(people),
            on=f"o{data.draw(st.integers(0, 5))}",
            status=data.draw(st.sampled_from(["completed", "failed"])),
        )
        for _ in range(data.draw(st.integers(0, 6)))
    ]
    resources = [*map(patient, "abc"), *orders, *visits, *reports]
    expected = _plain(resources)
    shuffled = copy.deepcopy(resources)
    random.Random(data.draw(st.integers(0, 99))).shuffle(shuffled)
    assert (
        evaluate(shuffled, YEAR)
        == evaluate([{"resourceType": "Bundle", "entry": [{"resource": row} for row in shuffled]}], YEAR)
        == expected
    )


class TestMoments:
    @pytest.mark.parametrize(
        ("text", "first", "last"),
        [
            ("2026", dt.datetime(2026, 1, 1), dt.datetime(2026, 12, 31, 23, 59, 59, 999999)),
            ("2026-02", dt.datetime(2026, 2, 1), dt.datetime(2026, 2, 28, 23, 59, 59, 999999)),
            ("2026-02-03", dt.datetime(2026, 2, 3), dt.datetime(2026, 2, 3, 23, 59, 59, 999999)),
            ("2026-02-03T04:05Z", dt.datetime(2026, 2, 3, 4, 5), dt.datetime(2026, 2, 3, 4, 5, 59, 999999)),
            ("2026-02-03T04:05:06+01:00", dt.datetime(2026, 2, 3, 3, 5, 6), dt.datetime(2026, 2, 3, 3, 5, 6, 999999)),
            ("2026-02-03T04:05:06.789Z", dt.datetime(2026, 2, 3, 4, 5, 6, 789000), dt.datetime(2026, 2, 3, 4, 5, 6, 789999)),
        ],
    )
    def test_a_moment_is_as_long_as_it_is_vague(self, text, first, last):
        assert Moment.read(text, dt.UTC) == Moment(first.replace(tzinfo=dt.UTC), last.replace(tzinfo=dt.UTC))

    @pytest.mark.parametrize("text", ["", None, 5, "yesterday", "2026-13-01", "2026-02-30", "20260203"])
    def test_what_is_no_date_is_none(self, text):
        assert Moment.read(text, dt.UTC) is None


class TestValueSets:
    def test_they_hold_numbers_and_no_text(self):
        sets = value_sets()
        assert len(sets) == 10
        assert (SNOMED, "103696004") in sets[REFERRAL]
        assert (LOINC, "11488-4") in sets[CONSULTANT_REPORT]
        assert all(" " not in code and code for codes in sets.values() for _, code in codes)
        assert not INTERVENTIONS & sets[BEHAVIORAL]

    def test_a_newer_expansion_takes_the_place_of_the_older(self):
        newer = {"resourceType": "ValueSet", "url": f"{REFERRAL}|2027", "expansion": {"contains": [{"system": SNOMED, "code": "1"}]}}
        codes = replaced(value_sets(), [newer])
        assert evaluate([patient(), encounter(), order(code="1")], YEAR, codes) == IN
        assert evaluate([patient(), encounter(), order()], YEAR, codes) == OUT
        for wrong in ({"resourceType": "Patient"}, {**newer, "url": "http://other"}, {**newer, "expansion": {}}):
            with pytest.raises(ValueError, match=r"value set"):
                replaced(value_sets(), [wrong])


def _lines(*resources):
    return "\n".join(json.dumps(resource) for resource in resources).encode()


class TestCommand:
    def test_files_are_counted_one_by_one(self, manage, tmp_path):
        for place in range(2):
            (tmp_path / f"{place}.ndjson").write_bytes(_lines(patient(), encounter(), order(), report()))
        (tmp_path / "open.ndjson").write_bytes(_lines(patient(), encounter(), order()))
        files = [str(path) for path in sorted(tmp_path.glob("*.ndjson"))]
        assert (
            manage("cms50", *files, "--year", "2026").strip() == "2026: 2 of 3 patients with a first referral have the report back, 66.7%."
        )
        told = json.loads(manage("cms50", *files, "--year", "2026", "--json"))
        assert told == measure_report(Counts(3, 3, 2), YEAR)
        assert told["group"][0]["measureScore"]["value"] == pytest.approx(2 / 3)
        assert "0 of 0" in manage("cms50", *files, "--year", "2024")

    def test_a_newer_value_set_is_taken(self, manage, tmp_path):
        newer = {"resourceType": "ValueSet", "url": REFERRAL, "expansion": {"contains": [{"system": SNOMED, "code": "1"}]}}
        (tmp_path / "set.json").write_text(json.dumps(newer))
        (tmp_path / "a.ndjson").write_bytes(_lines(patient(), encounter(), order()))
        said = manage("cms50", str(tmp_path / "a.ndjson"), "--year", "2026", "--value-set", str(tmp_path / "set.json"))
        assert "0 of 0" in said

    @pytest.mark.parametrize(
        ("content", "options", "sentence"),
        [
            (b"id,name\n1,2\n", (), "not JSON"),
            (_lines(order()), (), "no Patient"),
            (b'{"resourceType": "Patient"}\nbroken\n', (), "not a JSON text"),
            (_lines(patient()), ("--zone", "Mars/Olympus"), "no time zone"),
            (_lines(patient()), ("--value-set", "absent.json"), "absent.json"),
        ],
    )
    def test_what_cannot_be_counted_is_said(self, manage, tmp_path, content, options, sentence):
        (tmp_path / "file").write_bytes(content)
        with pytest.raises(CommandError, match=sentence):
            manage("cms50", str(tmp_path / "file"), "--year", "2026", *options)
        with pytest.raises(CommandError, match="cannot be read"):
            manage("cms50", str(tmp_path / "nothing"), "--year", "2026")

    def test_a_deep_file_is_no_crash(self):
        with pytest.raises(InputError):
            count(io.BytesIO(b"[" * 100_000), YEAR)


class TestPage:
    def _post(self, client, content, **fields):
        file = SimpleUploadedFile("bundle.json", content)
        return client.post(reverse("reports:fhir-count"), {"file": file, "year": 2026, "zone": "UTC", **fields})

    def test_an_analyst_counts_a_file_and_nothing_of_it_stays(self, as_):
        canary = {**patient(), "name": [{"family": "Quillbrook"}]}
        page = self._post(as_("ivan"), _lines(canary, encounter(), order(), report()))
        assert page.status_code == 200
        body = page.content.decode()
        assert "100.0% of first referrals in 2026 have the report back: 1 of 1" in body
        assert "too few to say" in body
        assert "Quillbrook" not in body
        event = AuditEvent.objects.get(event="report.cms50_counted")
        assert "Quillbrook" not in str(event.__dict__)

    def test_what_is_wrong_comes_back_with_the_form(self, as_):
        page = self._post(as_("ivan"), b"nothing of the kind")
        assert page.status_code == 422
        assert "not JSON" in page.content.decode()
        assert self._post(as_("ivan"), _lines(patient()), year=1999).status_code == 422

    @pytest.mark.parametrize(("who", "status"), [("ivan", 200), ("ada", 200), ("dana", 403), ("nora", 403), ("elle", 403), (None, 302)])
    def test_who_may(self, as_, who, status):
        assert as_(who).get(reverse("reports:fhir-count")).status_code == status
