"""Appointments and claims belong to orders: by number, else by patient and service line; whoever comes first, and whoever goes."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jobs.actions import run, run_waiting
from referrals import actions
from referrals.models import CountingRules, ImportBatch, Referral, Source, StatusEvent
from tests.factories.referrals import MAPPING, load, row
from tests.referrals.slow import assert_derived, assert_rollups

pytestmark = pytest.mark.django_db
COLUMNS = {**MAPPING["columns"], "order_key": "zip"}  # the test feed has no column of its own for it
PATIENT = {"identifier": "", "enterprise": "mrn", "dropped": ["patient"]}


@pytest.fixture(autouse=True)
def _uploads(settings: Any, tmp_path: Path) -> Any:
    settings.UPLOADS = tmp_path / "uploads"
    yield
    assert_derived()
    assert_rollups()


def orders(*rows: dict[str, str], source: str = "orders", sees: str = "our_orders") -> ImportBatch:
    return load(*rows, source=source, sees=sees, patient=PATIENT)


def visits(*rows: dict[str, str], source: str = "visits", **how: Any) -> ImportBatch:
    return load(*rows, source=source, sees="appointments", columns=COLUMNS, patient=PATIENT, **how)


def claims(*rows: dict[str, str], source: str = "claims", **how: Any) -> ImportBatch:
    return load(*rows, source=source, sees="claims", columns=COLUMNS, patient=PATIENT, **how)


def undo(batch: ImportBatch) -> None:
    run(actions.start_undo(batch=batch, by=None, why="x").pk)


def get(key: str) -> Referral:
    return Referral.objects.get(source_key=key)


ORDER = row("O1", ordered="2026-05-04", line="Cardiology", mrn="77")
NAMED = row("V1", ordered="2026-05-20", zip="O1", state="seen", appointment="2026-05-20")
ALIKE = row("V1", ordered="2026-05-20", line="Cardiology", mrn="77", state="seen", appointment="2026-05-20")


@pytest.mark.parametrize("visit", [NAMED, ALIKE], ids=["by number", "by patient and line"])
@pytest.mark.parametrize("order_first", [True, False])
def test_a_visit_is_evidence_on_its_order_and_counts_there(world: Any, visit: dict[str, str], order_first: bool) -> None:
    for step in (lambda: orders(ORDER), lambda: visits(visit))[:: 1 if order_first else -1]:
        step()
    order, linked = get("O1"), get("V1")
    assert (order.state, order.seen_on, order.appointment_on, order.seen_by) == (
        "seen",
        dt.date(2026, 5, 20),
        dt.date(2026, 5, 20),
        "appointment",
    )
    assert (linked.linked_to, linked.is_counted, order.is_counted) == (order, False, True)
    assert list(order.status_events.filter(state="seen").values_list("via", flat=True)) == [linked.pk]


def test_without_an_order_it_stands_alone_and_is_told(world: Any) -> None:
    batch = visits(NAMED, row("V2", ordered="2026-05-20", mrn="9", line="Cardiology"))
    assert batch.findings == {"no order found": 2}
    assert get("V1").is_counted
    orders(ORDER)
    assert visits(NAMED).findings == {}
    assert (get("V1").linked_to, get("V2").linked_to) == (get("O1"), None)


def test_either_side_undone_they_part(world: Any) -> None:
    first = orders(ORDER)
    second = visits(NAMED)
    undo(second)
    assert (get("O1").state, get("O1").seen_by, get("O1").seen_on) == ("received", "", None)
    assert not StatusEvent.objects.filter(state="seen").exists()
    visits(NAMED)
    assert get("O1").state == "seen"
    undo(first)
    alone = Referral.objects.get()
    assert (alone.source_key, alone.linked_to, alone.is_counted, alone.seen_by) == ("V1", None, True, "appointment")


def test_a_deleted_order_lets_go(world: Any) -> None:
    orders(ORDER)
    visits(NAMED)
    actions.delete_referral(referral=get("O1"), by=None, why="x")
    assert (get("V1").linked_to, get("V1").is_counted) == (None, True)


def test_a_claim_is_the_stronger_evidence_and_a_cancelled_visit_cancels_no_order(world: Any) -> None:
    orders(ORDER)
    visits(row("V1", ordered="2026-05-20", zip="O1", state="off", appointment="2026-05-20"))
    assert get("O1").state == "appointment cancelled"
    visits(row("V2", ordered="2026-06-20", zip="O1", state="seen", appointment="2026-06-20"))
    claims(row("C1", ordered="2026-06-20", zip="O1", state="seen"))
    assert (get("O1").state, get("O1").seen_by, get("O1").seen_on) == ("seen", "claim", dt.date(2026, 6, 20))


def test_the_nearest_order_before_within_the_days(world: Any) -> None:
    orders(
        row("late", ordered="2026-06-01", line="Cardiology", mrn="77"), row("near", ordered="2026-05-10", line="Cardiology", mrn="77"),
        row("far", ordered="2025-01-10", line="Cardiology", mrn="77"), row("other", ordered="2026-05-19", line="Orthopedics", mrn="77"),
        row("else", ordered="2026-05-19", line="Cardiology", mrn="78"),
    )  # fmt: skip
    visits(ALIKE, row("V2", ordered="2025-09-01", line="Cardiology", mrn="77"))
    assert get("V1").linked_to == get("near")
    assert get("V2").linked_to is None
    actions.save_counting_rules(by=None, link_days=300)
    run_waiting(apps=("referrals",))
    assert get("V2").linked_to == get("far")
    actions.save_counting_rules(by=None, link_days=5)
    run_waiting(apps=("referrals",))
    assert not Referral.objects.exclude(linked_to=None).exists()


def test_an_order_that_only_repeats_another_shows_nothing(world: Any) -> None:
    same = {"line": "Cardiology", "mrn": "77", "from_npi": world.north_provider.npi}
    orders(row("O1", ordered="2026-05-04", **same), *(row(f"again{day}", ordered=f"2026-05-{day}", **same) for day in ("09", "18")))
    visits(ALIKE)
    assert get("V1").linked_to == get("O1")
    assert (get("O1").state, get("O1").is_counted) == ("seen", True)
    assert {(get(f"again{day}").state, get(f"again{day}").is_counted) for day in ("09", "18")} == {("received", False)}


def test_who_asked_again_may_have_no_npi_and_a_refused_order_is_repeated_by_none(world: Any) -> None:
    same = {"line": "Cardiology", "from": "Northrop, Pat", "office": "North Family Practice"}
    orders(
        row("first", ordered="2026-05-04", mrn="77", **same), row("again", ordered="2026-05-09", mrn="77", **same),
        row("refused", ordered="2026-05-04", mrn="78", state="refused", **same), row("anew", ordered="2026-05-09", mrn="78", **same),
        row("scan", ordered="2026-05-04", mrn="79", kind="imaging", **same), row("consult", ordered="2026-05-09", mrn="79", **same),
    )  # fmt: skip
    visits(*({**ALIKE, "id": f"V{mrn}", "mrn": mrn} for mrn in ("77", "78", "79")))
    assert [get(f"V{mrn}").linked_to.source_key for mrn in ("77", "78", "79")] == ["first", "anew", "consult"]
    assert [get(key).is_counted for key in ("first", "again", "anew", "consult")] == [True, False, True, True]


def test_one_number_in_two_feeds(world: Any) -> None:
    orders(ORDER)
    orders(row("O1", ordered="2026-05-06"), source="other", sees="received")
    assert visits(NAMED).findings == {"order not clear": 1}
    assert get("V1").linked_to is None
    visits(NAMED, feed={"orders": "other"})
    run_waiting(apps=("referrals",))
    assert get("V1").linked_to.source.name == "other"
    undo(ImportBatch.objects.filter(source__name="other").get())
    assert get("V1").linked_to is None  # the feed that it names has no such order


def test_what_a_feed_sees_is_told_anew(world: Any) -> None:
    orders(ORDER)
    visits(NAMED)
    actions.edit_source(source=Source.objects.get(name="visits"), title="", sees="received", by=None)
    run_waiting(apps=("referrals",))
    assert (get("V1").linked_to, get("O1").state) == (None, "received")
    actions.edit_source(source=Source.objects.get(name="visits"), title="", sees="appointments", by=None)
    run_waiting(apps=("referrals",))
    assert (get("V1").linked_to, get("O1").state) == (get("O1"), "seen")


def test_without_an_identifier_shared_by_feeds_patients_do_not_meet(world: Any) -> None:
    alone = {"identifier": "mrn", "dropped": ["patient"]}
    load(ORDER, source="orders", patient=alone)
    load(ALIKE, source="visits", sees="appointments", patient=alone)
    assert get("V1").linked_to is None


def repeats(order: Referral, ordering: list[Referral]) -> bool:
    """Does it ask once more for what the same requester asked for a few days before?"""
    asked = order.referring_npi or order.referring_name
    return bool(asked) and any(
        o.state != "rejected"
        and o.kind in CountingRules.current().counted_kinds
        and (o.source_id, o.patient_hash, o.service_line_id) == (order.source_id, order.patient_hash, order.service_line_id)
        and (o.referring_npi or o.referring_name) == asked
        and (o.anchor_on, o.source_key) < (order.anchor_on, order.source_key)
        and (order.anchor_on - o.anchor_on).days <= CountingRules.current().duplicate_days
        for o in ordering
    )


def slow_links() -> dict[str, str | None]:
    """The twin, from METHODS and not from the SQL."""
    days, rows = CountingRules.current().link_days, list(Referral.objects.select_related("source"))
    ordering = [r for r in rows if r.source.sees in ("our_orders", "received")]
    links: dict[str, str | None] = {}
    for r in rows:
        if r.source.sees not in ("appointments", "claims"):
            continue
        named = [o for o in ordering if r.order_key and o.source_key == r.order_key]
        day = r.appointment_on or r.seen_on or r.anchor_on
        near = [
            o for o in ordering
            if r.patient_hash and o.patient_hash == r.patient_hash and o.service_line_id and o.service_line_id == r.service_line_id
            and 0 <= (day - o.anchor_on).days <= days
        ]  # fmt: skip
        best = sorted(near, key=lambda o: (repeats(o, ordering), -o.anchor_on.toordinal(), o.source.name, o.source_key))
        found = named if named else best[:1]
        links[str(r)] = str(found[0]) if len(found) == 1 else None
    return links


DAYS = st.sampled_from([dt.date(2026, 3, 1) + dt.timedelta(n) for n in (0, 5, 100, 181)])
LINES, PATIENTS = st.sampled_from(["Cardiology", "Orthopedics", ""]), st.sampled_from(["1", "2", ""])
ORDERS = st.builds(
    lambda key, day, line, mrn, who: row(key, ordered=day, line=line, mrn=mrn, **{"from": who}),
    st.sampled_from(["O1", "O2", "O3"]),
    DAYS,
    LINES,
    PATIENTS,
    st.sampled_from(["", "Ana Abbott"]),
)
CLAIMANTS = st.builds(
    lambda key, order, day, line, mrn, state: row(key, ordered=day, zip=order, line=line, mrn=mrn, state=state),
    st.sampled_from(["V1", "V2"]),
    st.sampled_from(["O1", "O2", "O9", ""]),
    DAYS,
    LINES,
    PATIENTS,
    st.sampled_from(["seen", "appt", "missed"]),
)
FILES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([("a", "our_orders"), ("b", "received")]), st.lists(ORDERS, min_size=1, max_size=3)),
        st.tuples(st.sampled_from([("v", "appointments"), ("c", "claims")]), st.lists(CLAIMANTS, min_size=1, max_size=3)),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(files=FILES, gone=st.lists(st.integers(0, 4), max_size=2, unique=True))
def test_links_are_those_of_the_twin(world: Any, files: Any, gone: list[int]) -> None:
    with transaction.atomic():
        batches = [load(*rows, source=name, sees=sees, columns=COLUMNS, patient=PATIENT) for (name, sees), rows in files]
        for n in gone:
            if n < len(batches):
                undo(batches[n])
        claimants = Referral.objects.filter(source__sees__in=["appointments", "claims"])
        assert {str(r): str(r.linked_to) if r.linked_to else None for r in claimants} == slow_links()
        for order in Referral.objects.filter(source__sees__in=["our_orders", "received"]):
            seen = [r for r in order.linked.select_related("source") if r.seen_by]
            assert order.seen_by == ("claim" if any(r.source.sees == "claims" for r in seen) else "appointment" if seen else "")
        assert_derived()
        assert_rollups()
        transaction.set_rollback(True)
