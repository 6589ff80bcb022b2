"""CMS50 over feeds: the query against a plain reading of the rows, and the run as a person meets it."""

import datetime as dt
from collections import Counter

from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from referrals.models import Referral, Sees
from reports import actions
from reports.models import ReportRun
from reports.queries.closing import closings
from territories.scope import Scope, scope_of
from tests.factories.reports import add_referrals, make_source, new_referral

YEAR = 2026
WHOLE = Scope(whole=True)


def told(world, on, *, patient="p1", flow="internal", source=None, report=None, practice=None, **fields):
    return new_referral(
        on=on,
        flow=flow,
        source=source or make_source(),
        practice=practice or world.north_practice,
        patient_hash=patient,
        report_on=report,
        service_line=world.line,
        **fields,
    )


def counts(found):
    return sum(row.patients for row in found), sum(row.closed for row in found)


def test_only_the_first_referral_of_a_patient_counts(world):
    first, later = dt.date(2026, 2, 3), dt.date(2026, 5, 6)
    add_referrals(
        told(world, first), told(world, later, report=dt.date(2026, 6, 1)),
        told(world, first, patient="p2", report=first),
        told(world, dt.date(2026, 10, 31), patient="p3", report=dt.date(2026, 12, 31)),
        told(world, dt.date(2026, 10, 31), patient="p4", report=dt.date(2027, 1, 1)),
        told(world, dt.date(2026, 11, 1), patient="p5"),
        told(world, first, patient=""),
        told(world, first, patient="p6", flow="inbound"),
        told(world, first, patient="p7", state="cancelled"),
        told(world, first, patient="p8", kind="imaging"),
        told(world, first, patient="p9", is_own_follow_up=True, is_counted=False),
        told(world, first, patient="p1", source=make_source("second")),
    )  # fmt: skip
    received = make_source("received")
    received.sees = Sees.RECEIVED
    received.save()
    add_referrals(told(world, first, source=received))
    assert counts(closings(year=YEAR, scope=WHOLE)) == (5, 2)


days = st.dates(dt.date(2025, 12, 1), dt.date(2027, 1, 31))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            days, st.sampled_from("abc"), st.sampled_from(["internal", "outbound", "inbound"]), st.booleans(),
            st.none() | days, st.sampled_from(["received", "rejected"]),
        ),
        max_size=25,
    )
)  # fmt: skip
def test_any_rows_equal_a_plain_reading(world, rows):
    Referral.objects.all().delete()
    source, south = make_source(), world.south_practice
    add_referrals(
        *(
            told(world, on, patient=patient, flow=flow, source=source, report=report, state=state, practice=south if is_south else None)
            for on, patient, flow, is_south, report, state in rows
        )
    )
    expected = {"whole": Counter(), "north": Counter()}
    for patient in "abc":
        own = [row for row in rows if row[1] == patient and row[2] != "inbound" and row[5] != "rejected"]
        own = [row for row in own if dt.date(2026, 1, 1) <= row[0] <= dt.date(2026, 10, 31)]
        if not own:
            continue
        day = min(row[0] for row in own)
        same_day = Referral.objects.filter(patient_hash=patient, ordered_on=day, state="received").exclude(flow="inbound")
        stored = min(same_day, key=lambda referral: referral.source_key)
        closed = stored.report_on is not None and day <= stored.report_on <= dt.date(2026, 12, 31)
        for name in ("whole", *(["north"] if stored.practice_id == world.north_practice.pk else [])):
            expected[name].update(patients=1, closed=int(closed))
    for name, scope in (("whole", WHOLE), ("north", scope_of(world.nora))):
        assert counts(closings(year=YEAR, scope=scope)) == (expected[name]["patients"], expected[name]["closed"])


def test_a_person_asks_and_reads(as_, world, run_jobs):
    add_referrals(
        *(told(world, dt.date(2026, 2, 3), patient=f"p{n}", report=dt.date(2026, 3, 1) if n % 4 else None) for n in range(40)),
        told(world, dt.date(2026, 10, 31), patient="late"),
    )
    client = as_("dana")
    address = reverse("reports:run-new-of-kind", args=["closing"])
    assert client.get(address).status_code == 200
    sent = client.post(address, {"year": YEAR})
    assert sent.status_code == 302
    run_jobs()
    body = client.get(sent.url).content.decode()
    assert "Closing the referral loop (CMS50)" in body
    assert "73.2%" in body  # 30 of 41
    assert "tell no such visit" in body
    assert "2026 is not over in the data" in body
    assert as_("sol").get(sent.url).status_code == 404


def test_nobody_sees_what_is_not_theirs(world):
    add_referrals(told(world, dt.date(2026, 2, 3)), told(world, dt.date(2026, 2, 3), patient="p2", practice=world.south_practice))
    assert [counts(closings(year=YEAR, scope=scope_of(person))) for person in (world.nora, world.sol, world.past, world.ada)] == [
        (1, 0), (1, 0), (0, 0), (2, 0),
    ]  # fmt: skip


def test_the_same_question_is_answered_once(world, run_jobs):
    add_referrals(told(world, dt.date(2026, 2, 3)))
    asked = [
        actions.ask_for_run(kind="closing", parameters={"year": YEAR}, territory=None, by=person) for person in (world.ada, world.ivan)
    ]
    assert asked[0] == asked[1]
    assert ReportRun.objects.filter(kind="closing").count() == 1
