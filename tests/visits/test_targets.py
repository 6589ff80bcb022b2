"""Target lists: who sees and changes them, hand-over and its undo, and states that follow from visits."""

import datetime as dt

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import InputError, PolicyViolation
from contacts.models import Practice
from tests.factories import make_line, make_practice, make_user, make_visit
from visits import actions
from visits.actions import Wanted
from visits.models import TargetEntry, TargetList

TODAY = timezone.localdate


@pytest.fixture
def target_list(world):
    """Dana's list of a practice in the north and one in the south."""
    made = actions.save_target_list(by=world.dana, name="Hips", campaign="New hip center", starts_on=TODAY() - dt.timedelta(days=10))
    wanted = [
        Wanted(practice=world.north_practice, provider=world.north_provider, service_line=world.line, reason="Sends elsewhere."),
        Wanted(practice=world.south_practice, reason="New."),
    ]
    assert actions.add_targets(by=world.dana, target_list=made, wanted=wanted) == 2
    return made


def states(target_list, who=None):
    rows = TargetEntry.objects.with_state() if who is None else TargetEntry.objects.visible_to(who).with_state()
    return {entry.practice.name.split()[0]: entry.state for entry in rows.filter(list=target_list)}


def progress(target_list):
    row = TargetList.objects.for_list().get(pk=target_list.pk)
    return row.visited_count, row.entry_count


def test_who_sees_a_list(world, target_list):
    seen = {name for name, user in world.cast.items() if TargetList.objects.visible_to(user).exists()}
    assert seen == {"dana", "ada", "ivan"}
    actions.hand_over(by=world.dana, target_list=target_list, to=world.nora)
    seen = {name for name, user in world.cast.items() if TargetList.objects.visible_to(user).exists()}
    assert seen == {"dana", "ada", "ivan", "nora"}


def test_a_liaison_sees_the_practices_of_her_field_only(world, target_list):
    actions.hand_over(by=world.dana, target_list=target_list, to=world.nora)
    assert states(target_list, world.nora) == {"North": "open"}
    assert states(target_list, world.dana) == {"North": "open", "South": "open"}
    assert states(target_list, world.sol) == {}


def test_a_hand_over_is_undone_and_told(world, target_list):
    handover = actions.hand_over(by=world.dana, target_list=target_list, to=world.nora)
    with pytest.raises(PolicyViolation, match="has this list already"):
        actions.hand_over(by=world.dana, target_list=target_list, to=world.nora)
    actions.take_back(by=world.dana, handover=handover)
    assert not TargetList.objects.visible_to(world.nora).exists()
    with pytest.raises(PolicyViolation, match="any more"):
        actions.take_back(by=world.dana, handover=handover)
    again = actions.hand_over(by=world.dana, target_list=target_list, to=world.nora)
    assert again.pk != handover.pk
    events = list(AuditEvent.objects.filter(event__startswith="targets.").order_by("pk").values_list("event", flat=True))
    assert events == ["targets.made", "targets.added", "targets.handed_over", "targets.taken_back", "targets.handed_over"]


def test_a_list_goes_to_somebody_who_visits_there(world, target_list):
    for to, says in ((world.ivan, "does not log visits"), (world.past, "None of these practices")):
        with pytest.raises(PolicyViolation, match=says):
            actions.hand_over(by=world.dana, target_list=target_list, to=to)
    mine = actions.save_target_list(by=world.nora, name="Mine")
    actions.add_targets(by=world.nora, target_list=mine, wanted=[Wanted(practice=world.north_practice, reason="x")])
    with pytest.raises(PolicyViolation, match="Only a manager"):
        actions.hand_over(by=world.nora, target_list=mine, to=world.sol)


def test_a_list_holds_practices_in_scope_once(world, target_list):
    with pytest.raises(PolicyViolation, match="in your territories only"):
        actions.add_targets(by=world.dana, target_list=target_list, wanted=[Wanted(practice=world.unowned_practice, reason="x")])
    again = Wanted(practice=world.south_practice, reason="Still new.")
    other_line = Wanted(practice=world.south_practice, service_line=make_line("Orthopedics"), reason="Knees.")
    assert actions.add_targets(by=world.dana, target_list=target_list, wanted=[again, other_line]) == 1
    assert list(target_list.entries.values_list("reason", flat=True)) == ["Sends elsewhere.", "Still new.", "Knees."]


class TestStates:
    def test_they_follow_from_visits(self, world, target_list):
        assert progress(target_list) == (0, 2)
        actions.hand_over(by=world.dana, target_list=target_list, to=world.nora)
        plan = make_visit(world.north_practice, world.nora, state="planned")
        assert states(target_list) == {"North": "planned", "South": "open"}
        actions.cancel_plan(by=world.nora, visit=plan)
        assert states(target_list)["North"] == "open"
        visit = make_visit(world.north_practice, world.nora)
        assert states(target_list)["North"] == "visited"
        assert progress(target_list) == (1, 2)
        assert TargetEntry.objects.with_state().get(practice=world.north_practice).visit_id == visit.pk
        actions.delete_visit(by=world.nora, visit=visit)
        assert progress(target_list) == (0, 2)

    def test_somebody_elses_and_earlier_visits_do_not_count(self, world, target_list):
        actions.hand_over(by=world.dana, target_list=target_list, to=world.nora)
        make_visit(world.north_practice, world.ada)
        make_visit(world.north_practice, world.nora, visited_at=timezone.localtime() - dt.timedelta(days=30))
        make_visit(world.north_practice, world.nora, state="missed")
        assert states(target_list)["North"] == "open"
        make_visit(world.north_practice, world.dana)  # her own list
        assert states(target_list)["North"] == "visited"

    def test_taken_back_its_visits_count_no_longer(self, world, target_list):
        handover = actions.hand_over(by=world.dana, target_list=target_list, to=world.nora)
        make_visit(world.north_practice, world.nora)
        actions.take_back(by=world.dana, handover=handover)
        assert states(target_list)["North"] == "open"

    def test_dropped_with_a_reason_and_back(self, world, target_list):
        entry = target_list.entries.get(practice=world.south_practice)
        with pytest.raises(InputError, match="Say why"):
            actions.drop_target(by=world.dana, entry=entry, why=" ")
        with pytest.raises(PolicyViolation, match="not in your hands"):
            actions.drop_target(by=world.sol, entry=entry, why="retired")
        actions.hand_over(by=world.dana, target_list=target_list, to=world.sol)
        actions.drop_target(by=world.sol, entry=entry, why="retired")
        assert (states(target_list)["South"], progress(target_list)) == ("dropped", (0, 1))
        with pytest.raises(PolicyViolation, match="dropped before"):
            actions.drop_target(by=world.dana, entry=entry, why="again")
        actions.bring_back_target(by=world.sol, entry=entry)
        assert (states(target_list)["South"], progress(target_list)) == ("open", (0, 2))


def test_who_changes_a_list(world, target_list):
    actions.hand_over(by=world.dana, target_list=target_list, to=world.nora)
    with pytest.raises(PolicyViolation, match="Only Dana or a manager"):
        actions.save_target_list(by=world.nora, target_list=target_list, name="Other")
    other = make_user("mo", role="manager")
    actions.save_target_list(by=other, target_list=target_list, name="Other")
    with pytest.raises(PolicyViolation, match="those who plan visits"):
        actions.save_target_list(by=world.ivan, name="x")
    with pytest.raises(InputError, match="name"):
        actions.save_target_list(by=world.dana, name=" ")
    with pytest.raises(InputError, match="ends before"):
        actions.save_target_list(by=world.dana, name="x", starts_on=dt.date(2026, 3, 1), ends_on=dt.date(2026, 2, 1))


def test_a_closed_list_takes_nothing_more(world, target_list):
    actions.set_list_closed(by=world.dana, target_list=target_list, closed=True)
    actions.set_list_closed(by=world.dana, target_list=target_list, closed=True)
    assert not TargetList.objects.open().exists()
    with pytest.raises(PolicyViolation, match="closed"):
        actions.add_targets(by=world.dana, target_list=target_list, wanted=[Wanted(practice=world.north_practice, reason="x")])
    actions.set_list_closed(by=world.dana, target_list=target_list, closed=False)
    assert TargetList.objects.open().exists()


def test_lists_and_entries_ask_as_often_however_many(world, django_assert_num_queries):
    def add(count):
        for _ in range(count):
            made = actions.save_target_list(by=world.dana, name="x")
            practice = make_practice(territory=world.north)
            actions.add_targets(by=world.dana, target_list=made, wanted=[Wanted(practice=practice, reason="x")])

    for count in (2, 8):
        add(count)
        with django_assert_num_queries(2):
            assert {row.entry_count for row in TargetList.objects.for_list()} == {1}
        with django_assert_num_queries(1):
            assert {entry.practice.territory for entry in TargetEntry.objects.for_list()} == {world.north}
    assert Practice.objects.filter(target_entries__isnull=False).count() == 10
