"""Writes on contacts: audited, refused by a sentence, with consequences for the facts."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from contacts import actions
from contacts.importing.specialties import ensure_specialties
from contacts.models import Affiliation, Practice, Provider, Specialty
from contacts.spans import Span, overlay
from jobs.models import Job
from tests import factories

DAY = dt.date


def queued() -> list[tuple[str, list]]:
    return list(Job.objects.order_by("pk").values_list("name", "args"))


@pytest.fixture
def asked(world):
    """Every action once, with the event that it must leave."""
    w = world

    def affiliation() -> Affiliation:
        return Affiliation.objects.open().get(provider=w.north_provider, is_primary=True)

    def aligned():
        return w.north_practice.alignments.last()

    heart = {"specialty": factories.make_specialty(), "name": "Heart", "service_line": w.line}

    return {
        "provider.added": lambda by: actions.save_provider(last_name="New", practice=w.north_practice, by=by),
        "provider.changed": lambda by: actions.save_provider(provider=w.north_provider, phone="5", by=by),
        "practice.added": lambda by: actions.save_practice(name="New", zip="44101", by=by),
        "practice.changed": lambda by: actions.save_practice(practice=w.north_practice, fax="5", by=by),
        "practice.archived": lambda by: actions.set_archived(practice=factories.make_practice(), archived=True, by=by),
        "practice.brought_back": lambda by: actions.set_archived(
            practice=factories.make_practice(archived_at="2026-01-01T00:00Z"), archived=False, by=by
        ),
        "organization.added": lambda by: actions.save_organization(name="New", by=by),
        "organization.changed": lambda by: actions.save_organization(organization=w.ours, city="Akron", by=by),
        "staff.added": lambda by: actions.save_staff(practice=w.north_practice, name="Kim", by=by),
        "staff.changed": lambda by: actions.save_staff(staff=factories.make_staff(w.north_practice), job="Desk", by=by),
        "affiliation.added": lambda by: actions.affiliate(provider=w.north_provider, practice=w.south_practice, by=by),
        "affiliation.made_primary": lambda by: actions.make_primary(affiliation=affiliation(), by=by),
        "affiliation.ended": lambda by: actions.end_affiliation(affiliation=affiliation(), by=by),
        "practice.aligned": lambda by: actions.align(owner=w.north_practice, kind="competitor", started_on=DAY(2026, 1, 1), by=by),
        "practice.alignment_removed": lambda by: actions.remove_alignment(alignment=aligned(), by=by),
        "practice.pinned": lambda by: actions.pin_practice(practice=w.unowned_practice, territory=w.north, by=by),
        "practice.unpinned": lambda by: actions.unpin_practice(practice=w.unowned_practice, by=by),
        "specialty.changed": lambda by: actions.save_specialty(**heart, by=by),
    }


def test_every_action_is_in_the_history(asked, world):
    for event, act in asked.items():
        act(world.ada)
        assert set(AuditEvent.objects.filter(event=event).values_list("by_label", flat=True)) == {"Ada"}, event


def test_nothing_changed_nothing_told(world):
    actions.save_provider(provider=world.north_provider, phone=" ", by=world.ada)
    actions.set_archived(practice=world.north_practice, archived=False, by=world.ada)
    actions.unpin_practice(practice=world.north_practice, by=world.ada)
    assert not AuditEvent.objects.exists()
    assert not queued()


@pytest.mark.parametrize(
    ("sentence", "act"),
    [
        ("last name", lambda w: actions.save_provider(last_name=" ", by=w.ada)),
        ("not an NPI", lambda w: actions.save_provider(last_name="A", npi="123", by=w.ada)),
        ("has the NPI", lambda w: actions.save_provider(last_name="A", npi=w.north_provider.npi, by=w.ada)),
        ("already a practice", lambda w: actions.save_practice(name="NORTH family-practice", zip="44101", by=w.ada)),
        ("Give the practice a name", lambda w: actions.save_practice(name="-", by=w.ada)),
        ("already an organization", lambda w: actions.save_organization(name="RIVERBEND cardiology", by=w.ada)),
        ("Give the organization", lambda w: actions.save_organization(name="", by=w.ada)),
        ("Give the person", lambda w: actions.save_staff(practice=w.north_practice, name=" ", by=w.ada)),
        ("Give the specialty", lambda w: actions.save_specialty(
            specialty=factories.make_specialty(), name=" ", service_line=None, by=w.ada)),
        ("already", lambda w: actions.affiliate(provider=w.north_provider, practice=w.north_practice, by=w.ada)),
        ("archived", lambda w: actions.affiliate(
            provider=w.north_provider, practice=factories.make_practice("Old", archived_at="2026-01-01T00:00Z"), by=w.ada)),
        ("future", lambda w: actions.end_affiliation(affiliation=w.north_provider.affiliations.get(), ended_on=DAY(2999, 1, 1), by=w.ada)),
        ("works at North", lambda w: actions.set_archived(practice=w.north_practice, archived=True, by=w.ada)),
        ("below it", lambda w: actions.pin_practice(practice=w.north_practice, territory=w.region, by=w.ada)),
        ("employed for all of that time", lambda w: actions.align(
            owner=w.north_practice, kind="employed", started_on=DAY(2026, 1, 1), by=w.ada)),
        ("later than the start", lambda w: actions.align(
            owner=w.north_practice, kind="unknown", started_on=DAY(2026, 1, 2), ended_on=DAY(2026, 1, 2), by=w.ada)),
    ],
)  # fmt: skip
def test_what_is_refused_says_why(world, sentence, act):
    with pytest.raises(PolicyViolation, match=sentence):
        act(world)


def test_an_ended_affiliation_cannot_be_ended_or_made_primary(world):
    works = world.north_provider.affiliations.get()
    actions.end_affiliation(affiliation=works, ended_on=DAY(2026, 1, 1), by=world.ada)
    for act in (actions.end_affiliation, actions.make_primary):
        with pytest.raises(PolicyViolation, match=r"already|no longer"):
            act(affiliation=works, by=world.ada)


def test_the_place_held_longest_becomes_primary(world):
    second = actions.affiliate(provider=world.north_provider, practice=world.south_practice, by=world.ada)
    actions.affiliate(provider=world.north_provider, practice=world.unowned_practice, by=world.ada)
    actions.end_affiliation(affiliation=world.north_provider.affiliations.get(is_primary=True), by=world.ada)
    second.refresh_from_db()
    assert second.is_primary


def test_an_alignment_ends_the_one_before(world):
    actions.align(owner=world.north_practice, kind="independent", started_on=DAY(2026, 1, 1), by=world.ada)
    actions.align(owner=world.north_practice, kind="affiliated", started_on=DAY(2025, 3, 1), ended_on=DAY(2025, 6, 1), by=world.ada)
    spans = [(row.kind, str(row.started_on or ""), str(row.ended_on or "")) for row in world.north_practice.alignments.all()]
    assert spans == [
        ("employed", "", "2025-03-01"), ("affiliated", "2025-03-01", "2025-06-01"), ("employed", "2025-06-01", "2026-01-01"),
        ("independent", "2026-01-01", "")]  # fmt: skip
    with pytest.raises(PolicyViolation, match="From 1 Jan 2026 it is entered as independent"):
        actions.align(owner=world.north_practice, kind="affiliated", started_on=DAY(2025, 9, 1), by=world.ada)


def test_facts_follow_and_repeated_edits_are_one_job(world):
    for kind in ("independent", "affiliated"):
        actions.align(owner=world.ours, kind=kind, by=world.ada)
    assert queued() == [("referrals.derive", ["organizations", [world.ours.pk]])]
    actions.save_provider(provider=world.north_provider, last_name="Norton", by=world.ada)
    assert Provider.objects.get(pk=world.north_provider.pk).folded_name == "nortonpat"
    assert queued()[1:] == [("referrals.rematch", [])]


def test_a_pin_goes_before_the_rules(world):
    actions.pin_practice(practice=world.north_practice, territory=world.south, by=world.ada)
    practice = Practice.objects.get(pk=world.north_practice.pk)
    assert (practice.territory, practice.placed_by) == (world.south, "pin")
    actions.save_practice(practice=practice, zip="44102", by=world.ada)
    assert practice.territory == world.south
    actions.unpin_practice(practice=practice, by=world.ada)
    practice.refresh_from_db()
    assert (practice.territory, practice.placed_by) == (world.north, "zip")


days = st.none() | st.dates(DAY(2026, 1, 1), DAY(2026, 1, 20))
spans = st.builds(Span, st.sampled_from("abc"), days, days).filter(lambda span: span.bounds[0] < span.bounds[1])


@given(st.lists(spans, max_size=6))
def test_laid_over_each_other_spans_say_what_the_last_word_said(said):
    laid: list[Span] = []
    for span in said:
        laid = overlay(laid, span)
    for offset in range(-1, 22):
        day = DAY(2026, 1, 1) + dt.timedelta(offset)
        told = [span.kind for span in said if span.bounds[0] <= day < span.bounds[1]]
        assert [span.kind for span in laid if span.bounds[0] <= day < span.bounds[1]] == told[-1:]
    assert laid == sorted(laid, key=lambda span: span.bounds)
    assert not any(one.kind == two.kind and one.end == two.start for one, two in pairwise(laid))


def test_who_does_not_choose_stays_off_lists(world):
    """Emergency physicians, hospitalists and residents by their specialty, locums by themselves (METHODS section 1)."""
    keys = ensure_specialties(["207P00000X", "207PE0004X", "208M00000X", "390200000X", "207Q00000X"])
    specialties = Specialty.objects.in_bulk(keys.values())
    made = {code: factories.make_provider(at=world.north_practice, specialty=specialties[key]) for code, key in keys.items()}
    locum = factories.make_provider(at=world.north_practice, specialty=specialties[keys["207Q00000X"]], stays_off_lists=True)
    nobody_knows = factories.make_provider(at=world.north_practice)
    listed = set(Provider.objects.on_lists())
    assert listed.isdisjoint({locum, *(provider for code, provider in made.items() if code != "207Q00000X")})
    assert {made["207Q00000X"], nobody_knows} <= listed
    actions.save_specialty(specialty=specialties[keys["207P00000X"]], name="Emergency", service_line=None, stays_off_lists=False, by=None)
    assert made["207P00000X"] in set(Provider.objects.on_lists())
