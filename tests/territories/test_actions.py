"""Writes of territories: what they refuse and in which words, what they keep in the audit trail, what they queue."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from jobs.models import Job
from territories import actions
from territories.models import Assignment, Territory
from tests import factories


def rules(territory: Territory) -> list[str]:
    return [f"{rule.kind}:{rule.value}" for rule in territory.rules.all()]


def edit(territory: Territory, world: SimpleNamespace, **changes) -> Territory:
    asked = {"name": territory.name, "parent": territory.parent, "description": territory.description} | changes
    return actions.edit_territory(territory=territory, by=world.ada, **asked)


def test_the_first_territory_is_the_organization(db):
    root = actions.create_territory(name=" Riverbend ", parent=None, by=None)

    assert (root.name, root.parent) == ("Riverbend", None)
    assert actions.ensure_root(name="Other", by=None) == root
    with pytest.raises(PolicyViolation, match="Choose the territory it belongs to"):
        actions.create_territory(name="Second", parent=None, by=None)


def test_ensure_root_makes_one(db):
    root = actions.ensure_root(name="Riverbend", by=None)

    assert actions.ensure_root(name="Riverbend", by=None) == root
    assert Territory.objects.count() == 1


@pytest.mark.parametrize("name", ["North", "NORTH", " north "])
def test_a_name_stands_once(world, name):
    with pytest.raises(PolicyViolation, match="already a territory called North"):
        actions.create_territory(name=name, parent=world.region, by=world.ada)


@pytest.mark.parametrize(("name", "sentence"), [("  ", "Give the territory a name"), ("x" * 81, "at most 80")])
def test_a_name_can_be_used(world, name, sentence):
    with pytest.raises(PolicyViolation, match=sentence):
        actions.create_territory(name=name, parent=world.region, by=world.ada)


def test_nothing_hangs_below_a_territory_with_rules_or_an_archived_one(world):
    with pytest.raises(PolicyViolation, match="North holds ZIP codes"):
        actions.create_territory(name="Inner North", parent=world.north, by=world.ada)
    actions.archive_territory(territory=world.south, move_to=world.north, by=world.ada)
    world.south.refresh_from_db()
    with pytest.raises(PolicyViolation, match="South is archived"):
        actions.create_territory(name="Inner South", parent=world.south, by=world.ada)


def test_no_cycles_and_one_root(world):
    inner = actions.create_territory(name="Inner", parent=world.region, by=world.ada)
    for below in (inner, world.region):
        with pytest.raises(PolicyViolation, match="cannot hang below itself"):
            edit(world.region, world, parent=below)
    with pytest.raises(PolicyViolation, match="hangs below nothing"):
        edit(world.root, world, parent=inner)


def test_rename_and_move_are_told(world):
    west = actions.create_territory(name="West", parent=world.root, by=world.ada)

    edit(world.north, world, name="Upper North", parent=west)

    world.north.refresh_from_db()
    assert (world.north.name, world.north.parent) == ("Upper North", west)
    event = AuditEvent.objects.get(event="territory.edited")
    assert event.details == {"name": ["North", "Upper North"], "parent": ["Region", "West"]}
    edit(world.north, world)
    assert AuditEvent.objects.filter(event="territory.edited").count() == 1


def test_rules_are_replaced_and_practices_follow_in_a_worker(world):
    job = actions.set_rules(territory=world.north, zips=["44102", "44103"], counties=["OH/Cuyahoga"], by=world.ada)

    assert rules(world.north) == ["county:OH/Cuyahoga", "zip:44102", "zip:44103"]
    assert (job.name, job.args) == ("contacts.place_practices", ["all"])
    details = AuditEvent.objects.get(event="territory.rules_changed").details
    assert (details["added"], details["removed"]) == (["44103", "OH/Cuyahoga"], ["44101"])


def test_the_same_rules_change_nothing(world):
    assert actions.set_rules(territory=world.north, zips=["44101", "44102"], counties=[], by=world.ada) is None
    assert not AuditEvent.objects.exists()
    assert not Job.objects.exists()


def test_a_taken_value_is_refused_with_its_owner(world):
    with pytest.raises(PolicyViolation, match="ZIP code 44101 belongs to North"):
        actions.set_rules(territory=world.south, zips=["44101", "44301"], counties=[], by=world.ada)
    assert rules(world.north) == ["zip:44101", "zip:44102"]


def test_taking_over_is_told_on_both_sides(world):
    actions.set_rules(territory=world.south, zips=["44101", "44301"], counties=[], take=True, by=world.ada)

    assert (rules(world.north), rules(world.south)) == (["zip:44102"], ["zip:44101", "zip:44301"])
    event = AuditEvent.objects.get(event="territory.rules_taken")
    assert (event.target_label, event.details) == ("North", {"other": "South", "values": ["44101"]})


@pytest.mark.parametrize(("name", "sentence"), [("region", "has territories below it"), ("root", "whole organization")])
def test_rules_belong_to_the_lowest(world, name, sentence):
    with pytest.raises(PolicyViolation, match=sentence):
        actions.set_rules(territory=getattr(world, name), zips=["10001"], counties=[], by=world.ada)


def test_undo_gives_everybody_back_what_they_had(world):
    actions.set_rules(territory=world.south, zips=["44101"], counties=["OH/Summit"], take=True, by=world.ada)

    actions.undo_rules(territory=world.south, by=world.ada)

    assert (rules(world.north), rules(world.south)) == (["zip:44101", "zip:44102"], ["zip:44301"])
    assert actions.rules_to_undo(world.south) is None
    with pytest.raises(PolicyViolation, match="changed since"):
        actions.undo_rules(territory=world.south, by=world.ada)


def test_undo_is_off_once_somebody_changed_the_rules_again(world):
    actions.set_rules(territory=world.south, zips=["44101", "44301"], counties=[], take=True, by=world.ada)
    assert actions.rules_to_undo(world.south)

    actions.set_rules(territory=world.north, zips=["44101", "44102"], counties=[], take=True, by=world.ada)

    assert actions.rules_to_undo(world.south) is None
    assert actions.rules_to_undo(world.north)


def test_undo_takes_nothing_from_a_third(world):
    third = actions.create_territory(name="Third", parent=world.region, by=world.ada)
    actions.set_rules(territory=world.south, zips=[], counties=[], by=world.ada)
    actions.set_rules(territory=third, zips=["44301"], counties=[], by=world.ada)

    with pytest.raises(PolicyViolation, match="ZIP code 44301 belongs to Third"):
        actions.undo_rules(territory=world.south, by=world.ada)


def test_archiving_asks_who_takes_over(world):
    with pytest.raises(PolicyViolation, match="still holds 2 rules"):
        actions.archive_territory(territory=world.north, by=world.ada)
    with pytest.raises(PolicyViolation, match="territories below it"):
        actions.archive_territory(territory=world.region, by=world.ada)
    with pytest.raises(PolicyViolation, match="another territory"):
        actions.archive_territory(territory=world.north, move_to=world.north, by=world.ada)
    with pytest.raises(PolicyViolation, match="cannot be archived"):
        actions.archive_territory(territory=world.root, by=world.ada)


def test_archiving_hands_over_and_ends_assignments(world, run_jobs):
    coming = factories.assign(world.ivan, world.north, primary=False, started_on=timezone.localdate() + dt.timedelta(days=9))

    actions.archive_territory(territory=world.north, move_to=world.south, by=world.ada)

    assert rules(world.south) == ["zip:44101", "zip:44102", "zip:44301"]
    assert not Assignment.objects.filter(pk=coming.pk).exists()
    assert not world.north.assignments.today().exists()
    with pytest.raises(PolicyViolation, match="already archived"):
        actions.archive_territory(territory=world.north, move_to=world.south, by=world.ada)


def test_archiving_to_nobody(world):
    actions.archive_territory(territory=world.north, drop_rules=True, by=world.ada)

    world.north.refresh_from_db()
    assert world.north.archived_at
    assert rules(world.north) == []


TODAY = dt.date(2026, 3, 2)


def test_one_primary_at_a_time(world):
    with pytest.raises(PolicyViolation, match="Nora is the primary of North from 1 Jan 2020"):
        actions.assign(user=world.sol, territory=world.north, started_on=TODAY, by=world.ada)


def test_taking_over_ends_the_primary_and_ones_own_part(world):
    actions.assign(user=world.sol, territory=world.north, started_on=dt.date(2021, 5, 1), is_primary=False, by=world.ada)

    actions.assign(user=world.sol, territory=world.north, started_on=TODAY, take_over=True, by=world.ada)

    assert [str(assignment.user) for assignment in world.north.assignments.on(TODAY)] == ["Sol"]
    assert world.north.assignments.filter(ended_on=TODAY).count() == 2
    assert Job.objects.filter(name="contacts.credit_anew", args=[world.north.pk]).count() == 1


def test_a_later_primary_is_not_pushed_away(world):
    with pytest.raises(PolicyViolation, match="Nora is the primary"):
        actions.assign(user=world.sol, territory=world.north, started_on=dt.date(2019, 6, 1), take_over=True, by=world.ada)


def test_a_gap_may_be_filled(world):
    filled = actions.assign(
        user=world.sol, territory=world.north, started_on=dt.date(2018, 1, 1), ended_on=dt.date(2019, 1, 1), by=world.ada
    )
    assert filled.is_primary


@pytest.mark.parametrize("line", [None, "Cardiology"])
def test_nobody_holds_the_same_twice(world, line):
    service_line = factories.make_line(line) if line else None
    asked = {"user": world.ivan, "territory": world.north, "service_line": service_line, "is_primary": False, "by": world.ada}
    actions.assign(started_on=TODAY, **asked)

    with pytest.raises(PolicyViolation, match="Ivan already looks after North"):
        actions.assign(started_on=TODAY + dt.timedelta(days=30), **asked)


def test_overlays_stand_beside_the_primary(world):
    for line in (world.line, world.other_line):
        overlay = actions.assign(user=world.sol, territory=world.north, service_line=line, started_on=TODAY, by=world.ada)
        assert not overlay.is_primary


def test_an_assignment_needs_a_person_a_live_territory_and_a_period(world):
    world.past.is_active = False
    with pytest.raises(PolicyViolation, match="Past no longer signs in"):
        actions.assign(user=world.past, territory=world.north, started_on=TODAY, is_primary=False, by=world.ada)
    with pytest.raises(PolicyViolation, match="the earliest end is 3 Mar 2026"):
        actions.assign(user=world.sol, territory=world.north, started_on=TODAY, ended_on=TODAY, is_primary=False, by=world.ada)
    world.north.archived_at = timezone.now()
    with pytest.raises(PolicyViolation, match="North is archived"):
        actions.assign(user=world.sol, territory=world.north, started_on=TODAY, is_primary=False, by=world.ada)


def test_assignments_end_once(world):
    assignment = world.north.assignments.get(user=world.nora)
    actions.end_assignment(assignment=assignment, ended_on=TODAY, by=world.ada)

    assert not Job.objects.exists()
    with pytest.raises(PolicyViolation, match="It ended on 2 Mar 2026"):
        actions.end_assignment(assignment=assignment, ended_on=TODAY, by=world.ada)


def test_ends_lie_after_starts_and_the_future_can_be_withdrawn(world):
    with pytest.raises(PolicyViolation, match="ends after it starts"):
        actions.end_assignment(assignment=world.north.assignments.get(user=world.nora), ended_on=dt.date(2019, 1, 1), by=world.ada)
    today = timezone.localdate()
    coming = factories.assign(world.ivan, world.north, primary=False, started_on=today + dt.timedelta(days=5))
    actions.end_assignment(assignment=coming, ended_on=today, by=world.ada)
    assert not Assignment.objects.filter(pk=coming.pk).exists()
    assert AuditEvent.objects.filter(event="assignment.withdrawn").exists()


def test_helpers_and_the_future_credit_nobody_anew(world):
    actions.assign(user=world.sol, territory=world.north, started_on=TODAY, is_primary=False, by=world.ada)
    actions.assign(
        user=world.sol, territory=world.north, service_line=world.line, started_on=timezone.localdate() + dt.timedelta(days=3), by=world.ada
    )
    assert not Job.objects.exists()


def test_service_lines(world):
    line = actions.save_service_line(name="  Women's   Health ", by=world.ada)
    assert line.name == "Women's Health"
    for name, sentence in (("cardiology", "already a service line called Cardiology"), (" ", "Give the service line a name")):
        with pytest.raises(PolicyViolation, match=sentence):
            actions.save_service_line(line=line, name=name, by=world.ada)
    actions.save_service_line(line=line, name="Women's Health", is_active=False, by=world.ada)
    line.refresh_from_db()
    assert not line.is_active
