"""What is written, by whom, and how often."""

import datetime as dt
import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import close_old_connections, connection
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from tests.factories import make_staff, make_visit
from tests.factories.visits import make_follow_up, make_topic
from visits import actions
from visits.models import FollowUp, Visit


def _log(world, by=None, **fields):
    fields = {"practice": world.north_practice, "visited_at": timezone.now(), "outcome": "met staff"} | fields
    return actions.log_visit(by=by or world.nora, **fields)


def _events():
    return list(AuditEvent.objects.order_by("pk").values_list("event", "by_label"))


def test_a_visit_holds_everything_that_was_said(world):
    staff, topic = make_staff(world.north_practice, "Kim"), make_topic()
    visit = _log(
        world,
        providers=[world.north_provider],
        staff=[staff],
        topics=[topic],
        note="  Wants the new fax number ",
        follow_up="Send the number",
        follow_up_due=dt.date(2030, 1, 2),
        mode="phone",
    )
    stored = Visit.objects.get()
    assert stored == visit
    assert (stored.state, stored.mode, stored.outcome, stored.note) == ("done", "phone", "met staff", "Wants the new fax number")
    assert (stored.owner, stored.logged_by, list(stored.topics.all())) == (world.nora, world.nora, [topic])
    assert {str(person) for person in stored.attendees.all()} == {str(world.north_provider), "Kim"}
    promise = FollowUp.objects.get()
    assert (promise.text, promise.due_on, promise.owner, promise.visit, promise.provider) == (
        "Send the number",
        dt.date(2030, 1, 2),
        world.nora,
        visit,
        world.north_provider,
    )
    assert _events() == [("visit.logged", "Nora"), ("follow-up.added", "Nora")]
    assert "fax" not in str(list(AuditEvent.objects.values()))


def test_three_times_are_kept(world):
    visited = timezone.now() - dt.timedelta(hours=3)
    entered = timezone.now() - dt.timedelta(hours=1)
    visit = _log(world, visited_at=visited, entered_at=entered)
    assert visit.visited_at == visited
    assert visit.entered_at == entered
    assert timezone.now() - visit.received_at < dt.timedelta(seconds=30)


def test_a_fast_clock_does_not_enter_before_it_is_received(world):
    visit = _log(world, entered_at=timezone.now() + dt.timedelta(hours=5))
    assert visit.entered_at == visit.received_at


def test_the_same_key_and_body_is_one_visit(world):
    key = uuid.uuid4()
    first = _log(world, client_id=key, body_hash="a")
    assert _log(world, client_id=key, body_hash="a") == first
    assert Visit.objects.count() == 1
    assert len(_events()) == 1


def test_the_same_key_with_another_body_is_refused(world):
    key = uuid.uuid4()
    first = _log(world, client_id=key, body_hash="a")
    with pytest.raises(actions.IdempotencyConflict) as conflict:
        _log(world, client_id=key, body_hash="b")
    assert conflict.value.stored == first
    assert Visit.objects.count() == 1


def test_the_same_key_of_somebody_else_is_their_own_visit(world):
    key = uuid.uuid4()
    _log(world, client_id=key, body_hash="a")
    _log(world, by=world.dana, client_id=key, body_hash="a")
    assert Visit.objects.count() == 2


def test_a_late_retry_succeeds_although_it_would_not_be_allowed_now(world):
    key = uuid.uuid4()
    first = _log(world, client_id=key, body_hash="a")
    world.nora.assignments.update(ended_on=dt.date(2020, 2, 2))
    assert _log(world, client_id=key, body_hash="a") == first
    with pytest.raises(PolicyViolation):
        _log(world, client_id=uuid.uuid4(), body_hash="a")


@pytest.mark.django_db(transaction=True)
def test_twenty_threads_with_one_key_make_one_visit(request):
    world = request.getfixturevalue("world")
    key, start = uuid.uuid4(), Barrier(20)

    def send(_):
        try:
            start.wait(timeout=30)
            return _log(world, client_id=key, body_hash="a", providers=[world.north_provider], follow_up="Call").pk
        finally:
            connection.close()
            close_old_connections()

    with ThreadPoolExecutor(20) as pool:
        made = set(pool.map(send, range(20)))
    assert made == {Visit.objects.get().pk}
    assert FollowUp.objects.count() == 1
    assert Visit.objects.get().attendees.count() == 1
    assert _events() == [("visit.logged", "Nora"), ("follow-up.added", "Nora")]


@pytest.mark.django_db(transaction=True)
def test_ten_threads_that_complete_one_plan_make_one_visit(request):
    world = request.getfixturevalue("world")
    plan, key, start = make_visit(world.north_practice, world.nora, state="planned"), uuid.uuid4(), Barrier(10)

    def send(_):
        try:
            start.wait(timeout=30)
            return _log(world, client_id=key, body_hash="a", planned=Visit.objects.get(pk=plan.pk)).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(send, range(10))) == {plan.pk}
    assert _events() == [("visit.logged", "Nora")]


def test_a_plan_becomes_the_visit(world):
    plan = actions.plan_visit(
        by=world.nora, practice=world.north_practice, planned_at=timezone.localtime() + dt.timedelta(days=1), purpose="Introduce the clinic"
    )
    visit = _log(world, planned=plan)
    assert visit.pk == plan.pk
    assert (visit.state, visit.purpose, visit.planned_at) == ("done", "Introduce the clinic", plan.planned_at)
    with pytest.raises(PolicyViolation, match="no longer planned"):
        _log(world, planned=plan)
    assert [event for event, _ in _events()] == ["visit.planned", "visit.logged"]


def test_ones_own_plan_is_logged_after_the_territory_moved(world):
    plan = make_visit(world.south_practice, world.nora, state="planned")
    assert _log(world, practice=world.south_practice, planned=plan).state == "done"


def test_a_manager_who_completes_a_plan_leaves_it_to_its_owner(world):
    plan = make_visit(world.north_practice, world.nora, state="planned")
    visit = _log(world, by=world.dana, planned=plan)
    assert (visit.owner, visit.logged_by) == (world.nora, world.dana)


def test_missed_plans_the_next_try_and_undo_takes_it_away(world):
    at = timezone.now() - dt.timedelta(hours=2)
    plan = make_visit(world.north_practice, world.nora, state="planned", planned_at=at, purpose="Hello")
    back = timezone.localdate() + dt.timedelta(days=3)
    missed = actions.miss_visit(by=world.nora, visit=plan, back_on=back, note="On leave")
    again = Visit.objects.planned().get()
    assert (missed.state, missed.back_on, missed.visited_at) == ("missed", back, at)
    assert timezone.localdate(again.planned_at) == back
    assert timezone.localtime(again.planned_at).time() == timezone.localtime(at).time()
    assert (again.owner, again.purpose) == (world.nora, "Hello")
    restored = actions.restore_visit(by=world.nora, visit=missed)
    assert list(Visit.objects.planned()) == [restored]
    actions.miss_visit(by=world.nora, visit=restored, back_on=back)
    assert Visit.objects.planned().count() == 1


def test_cancel_and_bring_back(world):
    plan = make_visit(world.north_practice, world.nora, state="planned")
    assert actions.cancel_plan(by=world.nora, visit=plan).state == "cancelled"
    assert actions.restore_visit(by=world.nora, visit=plan).state == "planned"


def test_delete_takes_the_follow_ups_along_and_restore_brings_them_back(world):
    visit = _log(world, follow_up="Call")
    actions.delete_visit(by=world.nora, visit=visit)
    actions.delete_visit(by=world.nora, visit=visit)
    assert not Visit.objects.visible_to(world.nora).exists()
    assert not FollowUp.objects.visible_to(world.nora).exists()
    actions.restore_visit(by=world.nora, visit=visit)
    assert Visit.objects.visible_to(world.nora).get() == visit
    assert FollowUp.objects.visible_to(world.nora).exists()
    assert [event for event, _ in _events()] == ["visit.logged", "follow-up.added", "visit.deleted", "visit.restored"]


def test_an_edit_tells_what_changed_but_quotes_no_note(world):
    visit = _log(world, note="first words", providers=[world.north_provider])
    same = {"visited_at": visit.visited_at, "mode": visit.mode, "outcome": visit.outcome}
    actions.edit_visit(by=world.nora, visit=visit, note="other words", providers=[], staff=[], topics=[], **same)
    event = AuditEvent.objects.get(event="visit.edited")
    assert event.details == {"changed": ["attendees", "note"]}
    assert not visit.attendees.exists()
    actions.edit_visit(by=world.nora, visit=visit, note="other words", providers=[], staff=[], topics=[], **same)
    assert AuditEvent.objects.filter(event="visit.edited").count() == 1


def test_a_follow_up_is_done_reopened_snoozed_and_handed_over(world):
    item = make_follow_up(world.north_practice, world.nora, due_in=-2)
    done = actions.complete_follow_up(by=world.nora, follow_up=item)
    again = actions.complete_follow_up(by=world.nora, follow_up=item)
    assert done.done_by == world.nora
    assert done.done_at == again.done_at
    assert actions.reopen_follow_up(by=world.nora, follow_up=item).done_at is None
    later = timezone.localdate() + dt.timedelta(days=5)
    moved = actions.change_follow_up(by=world.nora, follow_up=item, due_on=later, owner=world.dana)
    assert (moved.due_on, moved.owner) == (later, world.dana)
    assert [event for event, _ in _events()] == ["follow-up.done", "follow-up.reopened", "follow-up.changed"]


def test_a_follow_up_goes_only_to_somebody_who_looks_after_the_practice(world):
    item = make_follow_up(world.north_practice, world.nora)
    with pytest.raises(PolicyViolation, match="does not look after"):
        actions.change_follow_up(by=world.nora, follow_up=item, due_on=item.due_on, owner=world.sol)


def test_topics_are_the_admins(world):
    topic = actions.save_topic(by=world.ada, name=" Access ")
    assert topic.name == "Access"
    assert not actions.save_topic(by=world.ada, name="Access", is_active=False, topic=topic).is_active
    with pytest.raises(PolicyViolation):
        actions.save_topic(by=world.nora, name="Mine")
