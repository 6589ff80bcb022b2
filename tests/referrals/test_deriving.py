"""What follows from a referral: whose both ends were that day, which territory, whose credit, and whether it counts."""

import datetime as dt
from typing import Any

import pytest

from audit.models import AuditEvent
from common.exceptions import InputError
from contacts.models import Affiliation, Alignment
from jobs.actions import enqueue, run_waiting
from jobs.models import Job
from referrals import actions
from referrals.models import DataVersion, Referral
from referrals.rollups import differences
from tests import factories
from tests.factories.referrals import load, row
from tests.referrals.slow import assert_derived

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 5, 4)
NORTH = {"office": "North Family Practice", "zip": "44101"}
SOUTH = {"office": "South Medical Group", "zip": "44301"}


@pytest.fixture(autouse=True)
def _as_the_twin_and_the_recount_say(world: Any) -> Any:
    yield
    assert_derived()
    assert differences() == []


def flows() -> dict[str, str]:
    return dict(Referral.objects.order_by("source_key").values_list("source_key", "flow"))


def get(key: str = "1") -> Referral:
    return Referral.objects.get(source_key=key)


def derive(*args: Any) -> None:
    enqueue("referrals.derive", *args)
    run_waiting(apps=("referrals",))


def test_flows_by_both_ends(world: Any) -> None:
    load(
        row("internal", **NORTH, to="Riverbend Cardiology"),
        row("outbound", **NORTH, to="Summit Cardiology"),
        row("undetermined", **NORTH),
        row("inbound", **SOUTH, to="Riverbend Cardiology"),
        row("outside", **SOUTH, to="Summit Cardiology"),
        row("outside too", **SOUTH),
    )
    assert flows() == {key: key.removesuffix(" too") for key in flows()}
    assert get("undetermined").destination_alignment == ""


@pytest.mark.parametrize(
    ("sees", "from_unknown", "to_unknown", "to_blank"),
    [
        ("our_orders", "internal", "outbound", "undetermined"),
        ("received", "inbound", "internal", "internal"),
        ("appointments", "inbound", "internal", "internal"),
        ("claims", "inbound", "outbound", "undetermined"),
    ],
)
def test_what_nobody_told_the_feed_declares(world: Any, sees: str, from_unknown: str, to_unknown: str, to_blank: str) -> None:
    load(
        row("from unknown", office="Unheard of", to="Riverbend Cardiology"),
        row("to unknown", **NORTH, to="Unheard of"),
        row("to blank", **NORTH),
        sees=sees,
    )
    assert flows() == {"from unknown": from_unknown, "to unknown": to_unknown, "to blank": to_blank}


def test_the_nearest_alignment_of_that_day_decides(world: Any) -> None:
    group = factories.make_organization("Group", alignment="affiliated")
    practice = factories.make_practice("Office", zip="44101", organization=group)
    provider = factories.make_provider("Own", at=practice)
    order = {"from_npi": provider.npi, "to": "Summit Cardiology"}
    load(row("1", **order))
    assert get().referrer_alignment == "affiliated"
    Alignment.objects.create(practice=practice, kind="unknown", ended_on=DAY + dt.timedelta(1))
    Alignment.objects.create(practice=practice, kind="independent", started_on=DAY + dt.timedelta(1))
    derive("practices", [practice.pk])
    assert (get().referrer_alignment, get().flow) == ("affiliated", "outbound")
    load(row("2", **order, ordered=DAY + dt.timedelta(1)))
    assert (get("2").referrer_alignment, get("2").flow) == ("independent", "outside")
    Alignment.objects.create(provider=provider, kind="employed", started_on=DAY, ended_on=DAY + dt.timedelta(2))
    derive("providers", [provider.pk])
    assert {get("1").referrer_alignment, get("2").referrer_alignment} == {"employed"}


def test_without_an_organization_the_named_provider_is_the_destination(world: Any) -> None:
    specialist = factories.make_provider("Heart", at=world.south_practice)
    load(row("1", **NORTH, to_npi=specialist.npi), row("2", **NORTH, to_npi=specialist.npi, to="Riverbend Cardiology"))
    assert (get().destination_alignment, get().flow, get("2").flow) == ("independent", "outbound", "internal")
    Alignment.objects.filter(practice=world.south_practice).update(kind="employed")
    derive("practices", [world.south_practice.pk])
    assert get().flow == "internal"


def test_whether_affiliated_practices_are_ours_is_a_rule(world: Any) -> None:
    Alignment.objects.filter(practice=world.north_practice).update(kind="affiliated")
    load(row("1", **NORTH, to="Summit Cardiology"))
    assert get().flow == "outbound"
    actions.save_counting_rules(by=world.ada, affiliated_is_ours=False)
    run_waiting(apps=("referrals",))
    assert get().flow == "outside"
    assert AuditEvent.objects.get(event="counting_rules.changed").details == {"affiliated_is_ours": [True, False]}


def test_rules_that_change_no_number_derive_nothing(world: Any) -> None:
    actions.save_counting_rules(by=world.ada, range_leads_above=40, affiliated_is_ours=True)
    assert not Job.objects.filter(name="referrals.derive").exists()
    with pytest.raises(InputError):
        actions.save_counting_rules(by=world.ada, counted_kinds=[])
    with pytest.raises(InputError):
        actions.save_counting_rules(by=world.ada, duplicate_days=1000)


def test_kinds_that_do_not_count(world: Any) -> None:
    load(row("1", kind="imaging"), row("2", kind="procedure"), row("3"))
    assert dict(Referral.objects.values_list("source_key", "is_counted")) == {"1": False, "2": True, "3": True}
    actions.save_counting_rules(by=world.ada, counted_kinds=["imaging"])
    run_waiting(apps=("referrals",))
    assert dict(Referral.objects.values_list("source_key", "is_counted")) == {"1": True, "2": False, "3": False}


def test_own_follow_ups(world: Any) -> None:
    heart, bones = factories.make_specialty(), factories.make_specialty("207X00000X", "Orthopedics")
    me, colleague, other = (
        factories.make_provider(name, at=world.north_practice, specialty=specialty)
        for name, specialty in (("Me", heart), ("Colleague", heart), ("Other", bones))
    )
    elsewhere = factories.make_provider("Elsewhere", at=world.south_practice, specialty=heart)
    for key, performer in (("self", me), ("colleague", colleague), ("other", other), ("elsewhere", elsewhere)):
        load(row(key, **NORTH, from_npi=me.npi, to_npi=performer.npi, to="Riverbend Cardiology"))
    own = dict(Referral.objects.values_list("source_key", "is_own_follow_up"))
    assert own == {"self": True, "colleague": True, "other": False, "elsewhere": False}


def test_duplicates(world: Any) -> None:
    same = {**NORTH, "from_npi": world.north_provider.npi, "line": "Cardiology", "mrn": "77"}
    load(
        row("1", **same),
        row("2", **same, ordered=DAY + dt.timedelta(30)),
        row("3", **same, ordered=DAY + dt.timedelta(61)),
        row("4", **{**same, "mrn": "78"}),
        row("5", **{**same, "line": "Orthopedics"}),
        row("6", **{**same, "mrn": ""}),
        row("7", **{**same, "from_npi": ""}),
    )
    load(row("8", **same), source="another")
    assert set(Referral.objects.filter(is_duplicate=True).values_list("source_key", flat=True)) == {"2"}


def test_the_first_that_was_declined_makes_no_duplicate_and_neighbours_follow(world: Any) -> None:
    same = {**NORTH, "line": "Cardiology", "mrn": "77"}
    load(row("1", **same), row("2", **same, ordered=DAY + dt.timedelta(3)))
    assert get("2").is_duplicate
    load(row("1", **same, state="refused"))
    assert not get("2").is_duplicate
    load(row("0", **same, ordered=DAY - dt.timedelta(3)))
    assert get("2").is_duplicate
    actions.delete_referral(referral=get("0"), by=world.ada, why="sent by mistake")
    assert not get("2").is_duplicate
    load(row("1b", **same, ordered=DAY + dt.timedelta(1)))
    assert get("2").is_duplicate
    load(row("1b", **{**same, "mrn": "79"}, ordered=DAY + dt.timedelta(1)))  # another patient after all
    assert not get("2").is_duplicate


def test_without_a_practice_the_primary_one_of_that_day_is_assumed(world: Any) -> None:
    provider = factories.make_provider("Mover")
    Affiliation.objects.create(provider=provider, practice=world.north_practice, ended_on=DAY)
    Affiliation.objects.create(provider=provider, practice=world.south_practice, started_on=DAY)
    load(
        row("1", from_npi=provider.npi, ordered=DAY - dt.timedelta(1)),
        row("2", from_npi=provider.npi),
        row("3", **NORTH, from_npi=provider.npi),
    )
    assert [(get(key).practice, get(key).practice_assumed, get(key).territory) for key in "123"] == [
        (world.north_practice, True, world.north),
        (world.south_practice, True, world.south),
        (world.north_practice, False, world.north),
    ]


def test_an_office_that_somebody_left_is_not_assumed(world: Any) -> None:
    provider = factories.make_provider("Guest", at=world.north_practice)
    Affiliation.objects.create(
        provider=provider, practice=world.south_practice, started_on=DAY - dt.timedelta(30), ended_on=DAY - dt.timedelta(9)
    )
    load(row("1", from_npi=provider.npi), row("2", from_npi=provider.npi, ordered=DAY - dt.timedelta(10)))
    assert (get("1").practice, get("2").practice) == (world.north_practice, world.south_practice)


def test_the_same_requester_from_another_office_sends_a_duplicate(world: Any) -> None:
    same = {"from_npi": world.north_provider.npi, "line": "Cardiology", "mrn": "77"}
    load(row("1", **same, **NORTH), row("2", **same, **SOUTH))
    assert get("2").is_duplicate


def test_a_move_takes_the_facts_along(world: Any) -> None:
    load(row("1", **NORTH))
    world.north_practice.territory = world.south
    world.north_practice.save()
    derive("practices", [world.north_practice.pk])
    assert (get().territory, get().credited_to) == (world.south, world.nora), "the facts go along, the credit stays"
    versions = DataVersion.objects.count()
    derive("practices", [world.north_practice.pk])
    derive("all", [])
    derive("organizations", [world.ours.pk])
    derive("sources", [get().source_id])
    assert DataVersion.objects.count() == versions


def test_credit_is_of_that_day_and_reassigning_never_rewrites_it(world: Any) -> None:
    load(row("1", **NORTH), row("old", **NORTH, ordered=dt.date(2019, 6, 1)), row("gap", **NORTH, ordered=dt.date(2018, 6, 1)))
    assert [get(key).credited_to for key in ("1", "old", "gap")] == [world.nora, world.past, None]
    world.north.assignments.filter(user=world.nora).update(user=world.sol)
    factories.assign(world.dana, world.north, started_on=dt.date(2018, 1, 1), ended_on=dt.date(2019, 1, 1))
    derive("practices", [world.north_practice.pk])
    assert [get(key).credited_to for key in ("1", "old", "gap")] == [world.nora, world.past, world.dana]


def test_contacts_that_come_later_are_matched(world: Any) -> None:
    load(row("1", **{"from": "New Comer"}, office="New Office", zip="44101", to="New Hospital"))
    assert (get().provider, get().practice, get().flow) == (None, None, "outbound")
    practice = factories.make_practice("New Office", territory=world.north, zip="44101", alignment="employed")
    provider = factories.make_provider("Comer", first_name="New", at=practice)
    hospital = factories.make_organization("New Hospital", alignment="employed")
    enqueue("referrals.rematch")
    run_waiting(apps=("referrals",))
    assert (get().provider, get().practice, get().destination, get().flow) == (provider, practice, hospital, "internal")
    practice.name, practice.folded_name = "Renamed", "renamed"
    practice.save()
    versions = DataVersion.objects.count()
    enqueue("referrals.rematch")
    run_waiting(apps=("referrals",))
    assert (get().provider, get().practice, DataVersion.objects.count()) == (provider, practice, versions)


def test_a_correction_holds_against_matching(world: Any) -> None:
    load(row("1", **{"from": "Who Knows"}, **SOUTH))
    actions.edit_referral(
        referral=get(),
        by=world.ada,
        provider=world.north_provider,
        practice=world.north_practice,
        destination=world.ours,
        service_line=world.line,
    )
    enqueue("referrals.rematch")
    run_waiting(apps=("referrals",))
    r = get()
    assert (r.provider, r.practice, r.territory, r.flow, r.service_line) == (
        world.north_provider, world.north_practice, world.north, "internal", world.line,
    )  # fmt: skip
    assert AuditEvent.objects.get(event="referral.edited").details == {"fields": ["destination", "practice", "provider", "service_line"]}
    actions.edit_referral(referral=r, by=world.ada, provider=None, destination=None)
    assert (get().referrer_named, get().flow) == ("organization", "undetermined")
    with pytest.raises(InputError):
        actions.edit_referral(referral=r, by=world.ada, kind="frobnication")
    with pytest.raises(TypeError):
        actions.edit_referral(referral=r, by=world.ada, patient_hash="")
