"""After any sequence of imports, re-imports, edits, deletions and changes of what flows depend on: the engine equals its slow twin."""

import datetime as dt
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from common.npi import with_check_digit
from contacts.models import Affiliation, Alignment, Organization, Practice, Provider
from jobs.actions import enqueue, run_waiting
from referrals import actions, rollups
from referrals.deriving import lock_facts
from referrals.models import LineMonth, ProviderMonth, Referral
from tests import factories
from tests.factories.referrals import load, row
from tests.referrals.slow import assert_derived, assert_rollups

DAY = dt.date(2026, 3, 1)
NPIS = [with_check_digit(f"27000000{n}") for n in range(4)]
OFFICES = [("North Office", "44101"), ("South Office", "44301"), ("Nowhere Office", "99501")]
EDITS = ["payer", "line", "provider", "practice", "destination", "performer", "kind"]
PLACES = ["Our Hospital", "Their Hospital", "Joining Clinic"]


def field() -> None:
    """A field as small as can be, with every alignment, two territories and offices that hold two people."""
    north, south = factories.make_territory("North", zips=("44101",)), factories.make_territory("South", zips=("44301",))
    group = factories.make_organization("Group", alignment="affiliated")
    offices = [
        factories.make_practice("North Office", territory=north, zip="44101", alignment="employed"),
        factories.make_practice("South Office", territory=south, zip="44301", organization=group),
        factories.make_practice("Nowhere Office", zip="99501", alignment="independent"),
    ]
    heart = factories.make_specialty(line=factories.make_line("Cardiology"))
    for n, npi in enumerate(NPIS):
        provider = factories.make_provider(f"Name{n}", npi=npi, first_name="Pat", specialty=heart if n < 2 else None)
        Affiliation.objects.create(provider=provider, practice=offices[n % 2])
    ours, theirs, joining = (factories.make_organization(name) for name in PLACES)
    Alignment.objects.create(organization=ours, kind="employed")
    Alignment.objects.create(organization=theirs, kind="competitor")
    Alignment.objects.create(organization=joining, kind="independent", ended_on=DAY + dt.timedelta(20))
    Alignment.objects.create(organization=joining, kind="affiliated", started_on=DAY + dt.timedelta(20))


day = st.integers(0, 60).map(lambda n: DAY + dt.timedelta(n))
blank_or = lambda *words: st.sampled_from(["", *words])  # noqa: E731 - a strategy by another name
line_ = st.builds(
    lambda key, office, **cells: row(key, office=office[0], zip=office[1], **cells),
    st.sampled_from("ABCDEF"),
    office=st.sampled_from([("", ""), ("Unheard of", "44101"), *OFFICES]),
    ordered=day,
    from_npi=blank_or(*NPIS[:3]),
    **{"from": blank_or("Pat Name0", "NAME3, PAT", "Who Knows")},
    to=blank_or(*PLACES, "Never Heard"),
    to_npi=blank_or(*NPIS),
    line=blank_or("Cardiology", "Orthopedics"),
    kind=blank_or("imaging", "procedure"),
    state=st.sampled_from(["new", "appt", "seen", "missed", "off", "refused", "accepted"]),
    appointment=st.none() | day,
    payer=blank_or("Aetna"),
    mrn=blank_or("1", "2"),
)
steps = st.one_of(
    st.tuples(st.just("load"), st.sampled_from(["our_orders", "received"]), st.lists(line_, min_size=1, max_size=6)),
    st.tuples(st.just("edit"), st.integers(0, 9), st.sampled_from(EDITS)),
    st.tuples(st.just("delete"), st.integers(0, 9), st.none()),
    st.tuples(st.just("align"), st.sampled_from([name for name, _ in OFFICES]), st.sampled_from(["employed", "independent", "unknown"])),
    st.tuples(st.just("move"), st.sampled_from([name for name, _ in OFFICES]), st.none()),
    st.tuples(st.just("hire"), st.sampled_from(NPIS), day),
    st.tuples(st.just("rules"), st.booleans(), st.sampled_from([0, 7, 30])),
    st.tuples(st.just("again"), st.none(), st.none()),
)  # fmt: skip


class Story:
    """Does the steps as the application would: by its actions, and by jobs after the contacts changed."""

    def __init__(self) -> None:
        self.last: tuple[str, list[dict[str, str]]] | None = None

    def do(self, what: str, one: Any, other: Any) -> None:
        getattr(self, what)(one, other)
        run_waiting(apps=("referrals",))

    def load(self, sees: str, rows: list[dict[str, str]]) -> None:
        self.last = sees, rows
        load(*rows, source=f"feed-{sees}".replace("_", "-"), sees=sees)

    def again(self, *_: None) -> None:
        if self.last:
            self.load(*self.last)

    def edit(self, nth: int, field: str) -> None:
        if (referral := self._nth(nth)) is None:
            return
        value = {
            "payer": lambda: None,
            "line": lambda: factories.make_line("Orthopedics"),
            "provider": lambda: Provider.objects.get(npi=NPIS[nth % 4]),
            "practice": lambda: Practice.objects.get(name=OFFICES[nth % 3][0]),
            "destination": lambda: Organization.objects.get(name=PLACES[nth % 3]),
            "performer": lambda: Provider.objects.get(npi=NPIS[nth % 3]),
            "kind": lambda: "imaging",
        }[field]()
        actions.edit_referral(referral=referral, by=None, **{"service_line" if field == "line" else field: value})

    def delete(self, nth: int, _: None) -> None:
        if (referral := self._nth(nth)) is not None:
            actions.delete_referral(referral=referral, by=None, why="sent by mistake")

    def align(self, office: str, kind: str) -> None:
        practice = Practice.objects.get(name=office)
        practice.alignments.all().delete()
        Alignment.objects.create(practice=practice, kind=kind, started_on=DAY + dt.timedelta(10))
        enqueue("referrals.derive", "practices", [practice.pk])

    def move(self, office: str, _: None) -> None:
        practice = Practice.objects.get(name=office)
        territories = [None, *practice.territory._meta.model.objects.order_by("pk")] if practice.territory else [None]
        practice.territory = territories[-1] if practice.territory is None or practice.territory == territories[1] else None
        practice.save()
        enqueue("referrals.derive", "practices", [practice.pk])

    def hire(self, npi: str, on: dt.date) -> None:
        """Somebody works elsewhere from that day on."""
        provider = Provider.objects.get(npi=npi)
        provider.affiliations.filter(started_on__gte=on).delete()
        provider.affiliations.filter(ended_on=None).update(ended_on=on)
        Affiliation.objects.create(provider=provider, practice=Practice.objects.get(name="Nowhere Office"), started_on=on)
        enqueue("referrals.rematch")
        enqueue("referrals.derive", "providers", [provider.pk])

    def rules(self, affiliated: bool, days: int) -> None:
        actions.save_counting_rules(by=None, affiliated_is_ours=affiliated, duplicate_days=days)

    def _nth(self, nth: int) -> Referral | None:
        found = list(Referral.objects.order_by("pk"))
        return found[nth % len(found)] if found else None


@pytest.mark.pg15
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(story=st.lists(steps, min_size=1, max_size=6))
def test_any_sequence_ends_where_the_slow_twin_does(transactional_world: None, story: list[tuple[str, Any, Any]]) -> None:
    with transaction.atomic():
        teller = Story()
        field()
        for step in story:
            teller.do(*step)
            assert rollups.differences() == []
        assert_derived()
        assert_rollups()
        transaction.set_rollback(True)


@pytest.fixture
def transactional_world(db: None) -> None:
    """A database in which each example is rolled back."""


def test_the_recount_finds_a_wrong_cell_and_mends_it(db: None, manage: Any) -> None:
    field()
    load(row("1", office="North Office", to="Our Hospital"), row("2", office="North Office", to="Their Hospital"))
    assert "what the facts say" in manage("recount")
    ProviderMonth.objects.update(n_outbound=5)
    LineMonth.objects.all().delete()
    found = rollups.differences()
    assert {cell.rollup: (cell.stored["n_outbound"], cell.counted["n_outbound"]) for cell in found} == {
        "providermonth": (5, 1),
        "linemonth": (0, 1),
    }
    with pytest.raises(CommandError, match="2 cells differ"):
        manage("recount")
    enqueue("referrals.recount")
    run_waiting(apps=("referrals",))
    assert AuditEvent.objects.get(event="rollups.differ").details["cells"] == 2
    manage("recount", "--mend")
    assert rollups.differences() == []
    assert_rollups()


def test_only_the_cells_of_the_change_are_written(db: None) -> None:
    """The cost follows the change: a neighbour's cell keeps its row version."""
    field()
    load(row("1", office="North Office", to="Our Hospital"), row("2", office="South Office", to="Our Hospital"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin::text, cmin::text FROM referrals_providermonth ORDER BY id")
        before = {cell: version for cell, *version in cursor.fetchall()}
        load(row("1", office="North Office", to="Their Hospital"))
        cursor.execute("SELECT id, xmin::text, cmin::text FROM referrals_providermonth ORDER BY id")
        after = {cell: version for cell, *version in cursor.fetchall()}
    assert before.keys() == after.keys()
    assert sum(before[cell] != after[cell] for cell in before) == 1


def test_a_person_does_not_wait_long_for_an_import(transactional_db: None) -> None:
    field()
    load(row("1", office="North Office"))
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            lock_facts(cursor)
        with pytest.raises(PolicyViolation, match="import is being written"):
            actions.delete_referral(referral=Referral.objects.get(), by=None, why="")
    finally:
        other.close()
    assert Referral.objects.exists()
