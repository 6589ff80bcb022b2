"""Who may do what, with the whole cast."""

import datetime as dt

import pytest
from django.utils import timezone

from common.exceptions import PolicyViolation
from tests.factories import make_visit
from tests.factories.visits import make_follow_up
from visits import actions, policies
from visits.queries import colleagues_of, who_looks_after

NORTH_LOGGERS = {"nora", "dana", "ada"}
CAST = ("nora", "sol", "past", "over", "dana", "ada", "ivan", "elle")


@pytest.mark.parametrize("who", CAST)
def test_who_may_log_in_the_north(world, who):
    allowed = who in NORTH_LOGGERS
    person = world.cast[who]
    assert policies.can_log_for(person, world.north_practice) is allowed
    if allowed:
        actions.log_visit(by=person, practice=world.north_practice, visited_at=timezone.now(), outcome="met staff")
    else:
        with pytest.raises(PolicyViolation, match="in your territories only"):
            actions.log_visit(by=person, practice=world.north_practice, visited_at=timezone.now(), outcome="met staff")


@pytest.mark.parametrize("who", CAST)
def test_who_may_change_noras_visit(world, who):
    visit = make_visit(world.north_practice, world.nora)
    assert policies.can_edit(world.cast[who], visit) is (who in NORTH_LOGGERS)


@pytest.mark.parametrize("who", CAST)
def test_who_may_change_noras_follow_up(world, who):
    assert policies.can_change_follow_up(world.cast[who], make_follow_up(world.north_practice, world.nora)) is (who in NORTH_LOGGERS)


def test_every_change_of_a_visit_asks_who(world):
    visit, plan = make_visit(world.south_practice, world.sol), make_visit(world.south_practice, world.sol, state="planned")
    item = make_follow_up(world.south_practice, world.sol)
    for act, target in (
        (actions.delete_visit, {"visit": visit}),
        (actions.restore_visit, {"visit": visit}),
        (actions.cancel_plan, {"visit": plan}),
        (actions.miss_visit, {"visit": plan}),
        (actions.complete_follow_up, {"follow_up": item}),
        (actions.reopen_follow_up, {"follow_up": item}),
    ):
        with pytest.raises(PolicyViolation, match="Only Sol or a manager"):
            act(by=world.nora, **target)


@pytest.mark.parametrize(("hours", "allowed"), [(-1, True), (23, True), (25, False)])
def test_a_visit_lies_at_most_a_day_ahead(world, hours, allowed):
    at = timezone.now() + dt.timedelta(hours=hours)
    if allowed:
        policies.check_can_log(by=world.nora, practice=world.north_practice, visited_at=at)
    else:
        with pytest.raises(PolicyViolation, match="lies in the future"):
            policies.check_can_log(by=world.nora, practice=world.north_practice, visited_at=at)


def test_planning_for_others_is_the_managers(world):
    soon = timezone.localtime() + dt.timedelta(days=2)
    plan = {"practice": world.north_practice, "planned_at": soon, "owner": world.nora}
    assert actions.plan_visit(by=world.dana, **plan).owner == world.nora
    with pytest.raises(PolicyViolation, match="Only a manager"):
        actions.plan_visit(by=world.nora, **(plan | {"owner": world.dana}))
    with pytest.raises(PolicyViolation, match="does not log visits"):
        actions.plan_visit(by=world.dana, **(plan | {"owner": world.ivan}))
    with pytest.raises(PolicyViolation, match="day is over"):
        actions.plan_visit(by=world.nora, practice=world.north_practice, planned_at=timezone.localtime() - dt.timedelta(days=2))


def test_a_follow_up_for_a_practice_out_of_scope_is_refused(world):
    with pytest.raises(PolicyViolation, match="in your territories only"):
        actions.add_follow_up(by=world.nora, practice=world.south_practice, text="Call")


def test_who_looks_after_a_practice(world):
    assert set(who_looks_after(world.north_practice)) == {world.nora, world.dana, world.ada}
    assert set(who_looks_after(world.south_practice)) == {world.sol, world.over, world.dana, world.ada}
    assert set(who_looks_after(world.unowned_practice)) == {world.ada}
    assert set(colleagues_of(world.dana)) == {world.nora, world.sol, world.over, world.dana}
