"""A move of practices in the whole house: rules in the browser, facts and rollups in a worker, numbers in the new territory."""

import datetime as dt
from collections import Counter

import pytest
from django.urls import reverse

from contacts.models import PracticePin
from contacts.placement import place_practices
from jobs.actions import run_waiting
from referrals import rollups
from referrals.models import LineMonth, Referral
from territories import actions
from tests.factories import referrals as feed


@pytest.fixture
def run_jobs():
    """Reports are no part of a move."""
    return lambda: run_waiting(apps=("contacts", "referrals"))


@pytest.fixture
def told(world, run_jobs):
    """Three referrals from the north, two from the south, one from a practice that nobody owns."""
    place_practices()
    offices = [(world.north_practice, 3), (world.south_practice, 2), (world.unowned_practice, 1)]
    rows = [
        feed.row(f"{office.pk}-{number}", office=office.name, zip=office.zip, to=world.ours.name)
        for office, count in offices
        for number in range(count)
    ]
    feed.load(*rows)
    run_jobs()
    assert volume() == {"North": 3, "South": 2, None: 1}


def volume() -> dict[str | None, int]:
    """Referrals by territory, from the facts; the rollups must say the same."""
    facts = Counter(Referral.objects.values_list("territory__name", flat=True))
    cells: Counter[str | None] = Counter()
    for cell in LineMonth.objects.select_related("territory"):
        cells[cell.territory.name if cell.territory else None] += sum(getattr(cell, name) for name in LineMonth.MEASURES)
    assert cells == facts
    assert not rollups.differences()
    return dict(facts)


def test_a_zip_takes_its_referrals_along_and_undo_brings_them_back(world, told, as_, run_jobs):
    client = as_("ada")
    asked = {"name": "South", "parent": world.region.pk, "zips": ["44301"], "more_zips": "44101 99501", "take": "on"}
    shown = client.post(reverse("contacts:rule-preview"), asked | {"territory": world.south.pk}).content.decode()
    assert "3 practices and 3 providers" in shown

    client.post(reverse("territories:edit", args=[world.south.pk]), asked)
    assert volume() == {"North": 3, "South": 2, None: 1}
    run_jobs()

    assert volume() == {"South": 6}
    actions.undo_rules(territory=world.south, by=world.ada)
    run_jobs()
    assert volume() == {"North": 3, "South": 2, None: 1}


def test_an_archived_territory_leaves_its_referrals_to_the_taker(world, told, run_jobs):
    PracticePin.objects.create(practice=world.unowned_practice, territory=world.north)
    place_practices()
    run_jobs()
    assert volume() == {"North": 4, "South": 2}

    actions.archive_territory(territory=world.north, move_to=world.south, by=world.ada)
    run_jobs()

    assert volume() == {"South": 6}


def test_archived_to_nobody_also_ends_pins(world, told, run_jobs):
    PracticePin.objects.create(practice=world.unowned_practice, territory=world.north)

    actions.archive_territory(territory=world.north, drop_rules=True, by=world.ada)
    run_jobs()

    assert volume() == {"South": 2, None: 4}
    assert not PracticePin.objects.exists()


def test_a_primary_in_a_gap_gets_the_credit_and_nobody_loses_theirs(world, told, run_jobs):
    nora = world.north.assignments.get(user=world.nora)
    actions.end_assignment(assignment=nora, ended_on=dt.date(2026, 5, 1), by=world.ada)
    run_jobs()
    assert set(Referral.objects.filter(territory=world.north).values_list("credited_to", flat=True)) == {world.nora.pk}

    Referral.objects.filter(territory=world.north).update(credited_to=None)
    actions.assign(user=world.sol, territory=world.north, started_on=dt.date(2026, 5, 1), by=world.ada)
    run_jobs()

    assert set(Referral.objects.filter(territory=world.north).values_list("credited_to", flat=True)) == {world.sol.pk}
