"""Many visits, follow-ups, target stops, concerns, alerts and notices at once: what changes, what stays and why, and the way back."""

import datetime as dt

from django.urls import reverse
from django.utils import timezone

import concerns.actions
import visits.actions
from bulk.lists import lists
from concerns.models import Concern
from notices.actions import mark_read, notify
from notices.models import Notice
from tests import factories
from tests.bulk.ways import change, typed
from tests.factories.concerns import make_category, make_concern
from tests.factories.visits import make_follow_up
from visits.models import FollowUp, TargetEntry, Visit, VisitState


def ahead(days: int, hour: int = 10) -> dt.datetime:
    day = timezone.localdate() + dt.timedelta(days=days)
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))


def day(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


# ---- follow-ups


def test_follow_ups_are_done_and_open_again(world):
    mine, done, foreign = (make_follow_up(world.north_practice, world.nora) for _ in range(3))
    visits.actions.complete_follow_up(by=world.nora, follow_up=done)
    FollowUp.objects.filter(pk=foreign.pk).update(owner=world.dana, created_by=world.dana)
    run = change("follow-ups", "done", [mine, done, foreign], by=world.nora)
    assert run.whys == {done.pk: "Done already.", foreign.pk: "Only Dana or a manager can change this follow-up."}
    assert FollowUp.objects.done().count() == 2
    assert run.take_back() == 1
    assert FollowUp.objects.get(pk=mine.pk).done_at is None


def test_follow_ups_are_put_off_and_back(world):
    first, there = make_follow_up(world.north_practice, world.nora), make_follow_up(world.north_practice, world.nora)
    FollowUp.objects.filter(pk=there.pk).update(due_on=day(9))
    was = first.due_on
    run = change("follow-ups", "snooze", [first, there], by=world.nora, on=day(9))
    assert run.whys == {there.pk: "Due on that day already."}
    assert FollowUp.objects.get(pk=first.pk).snoozes == 1
    assert run.take_back() == 1
    assert FollowUp.objects.get(pk=first.pk).due_on == was
    form = lists["follow-ups"].acts["snooze"].form(typed({"on": day(0)}), user=world.nora)
    assert "still to come" in str(form.errors["on"])


def test_follow_ups_are_handed_over_with_one_notice(world):
    items = [make_follow_up(world.north_practice, world.nora) for _ in range(2)]
    far = make_follow_up(world.south_practice, world.nora)
    run = change("follow-ups", "hand-over", [*items, far], by=world.ada, to=world.dana.pk)
    assert run.changed == 3, "Dana leads both"
    notice = Notice.objects.get(to=world.dana)
    assert notice.text == "Ada hands you 3 follow-ups"
    assert run.take_back() == 3
    assert set(FollowUp.objects.values_list("owner", flat=True)) == {world.nora.pk}
    to_sol = change("follow-ups", "hand-over", [*items, far], by=world.ada, to=world.sol.pk)
    assert to_sol.whys == {item.pk: "Sol does not look after this practice." for item in items}


# ---- visits


def test_plans_move_to_a_day_at_the_same_time_and_back(world):
    late = factories.make_visit(world.north_practice, world.nora, state=VisitState.PLANNED, planned_at=ahead(-3, 9))
    agreed = factories.make_visit(world.north_practice, world.nora, state=VisitState.PLANNED, planned_at=ahead(2, 11))
    Visit.objects.filter(pk=agreed.pk).update(is_fixed=True)
    there = factories.make_visit(world.north_practice, world.nora, state=VisitState.PLANNED, planned_at=ahead(4, 8))
    made = factories.make_visit(world.north_practice, world.nora)
    run = change("visits", "move", [late, agreed, there, made], by=world.nora, on=day(4))
    assert run.whys == {
        agreed.pk: "The office agreed to this time: move it by itself.",
        there.pk: "On that day already.",
        made.pk: "No longer planned: it is done.",
    }
    assert Visit.objects.get(pk=late.pk).planned_at == ahead(4, 9)
    assert run.take_back() == 1
    assert Visit.objects.get(pk=late.pk).planned_at == ahead(-3, 9), "also to a day that is over by now"


def test_a_plan_that_was_moved_again_stays_there(world):
    plan = factories.make_visit(world.north_practice, world.nora, state=VisitState.PLANNED, planned_at=ahead(1))
    run = change("visits", "move", [plan], by=world.nora, on=day(4))
    Visit.objects.filter(pk=plan.pk).update(planned_at=ahead(6))
    assert run.take_back() == 0
    assert Visit.objects.get(pk=plan.pk).planned_at == ahead(6)


def test_plans_are_handed_over_by_managers_and_come_back(world):
    north = factories.make_visit(world.north_practice, world.nora, state=VisitState.PLANNED, planned_at=ahead(1))
    south = factories.make_visit(world.south_practice, world.nora, state=VisitState.PLANNED, planned_at=ahead(1))
    assert "hand-over" not in [act.key for act in lists["visits"].acts_for(world.nora)]
    run = change("visits", "hand-over", [north, south], by=world.dana, to=world.sol.pk)
    assert run.whys == {north.pk: "The practice lies in no territory of Sol."}
    assert Visit.objects.get(pk=south.pk).owner == world.sol
    assert Notice.objects.get(to=world.sol).text == "Dana hands you a planned visit"
    assert run.take_back() == 1
    assert Visit.objects.get(pk=south.pk).owner == world.nora


def test_plans_are_cancelled_and_planned_again(world):
    plans = [factories.make_visit(world.north_practice, world.nora, state=VisitState.PLANNED, planned_at=ahead(n)) for n in (1, 2)]
    run = change("visits", "cancel", plans, by=world.nora)
    assert set(Visit.objects.values_list("state", flat=True)) == {VisitState.CANCELLED}
    assert run.take_back() == 2
    assert set(Visit.objects.values_list("state", flat=True)) == {VisitState.PLANNED}


def test_the_list_of_plans_has_boxes_and_that_of_past_ones_has_none(as_, world):
    plan = factories.make_visit(world.north_practice, world.nora, state=VisitState.PLANNED, planned_at=ahead(1))
    factories.make_visit(world.north_practice, world.nora)
    page = as_("nora").get(f"{reverse('visits:list')}?state=planned").content.decode()
    assert f'name="row" value="{plan.pk}"' in page
    assert "data-tick" not in as_("nora").get(reverse("visits:list")).content.decode()
    assert "data-bulk" not in as_("ivan").get(f"{reverse('visits:list')}?state=planned").content.decode()


# ---- target lists


def test_practices_and_providers_go_on_a_list_and_off_again(world):
    chosen = visits.actions.save_target_list(by=world.nora, name="Autumn")
    off = factories.make_practice("Never there", territory=world.north)
    type(off).objects.filter(pk=off.pk).update(do_not_visit=True)
    run = change("practices", "target-list", [world.north_practice, off], by=world.nora, list=chosen.pk, why="New service")
    assert run.whys == {off.pk: "Not to be visited."}
    entry = TargetEntry.objects.get()
    assert (entry.practice, entry.reason) == (world.north_practice, "New service")
    again = change("practices", "target-list", [world.north_practice], by=world.nora, list=chosen.pk, why="New service")
    assert again.whys == {world.north_practice.pk: "On this list already."}
    people = change("providers", "target-list", [world.north_provider], by=world.nora, list=chosen.pk, why="Asked for it")
    assert TargetEntry.objects.get(provider=world.north_provider).practice == world.north_practice
    assert people.take_back() == 1
    assert run.take_back() == 1
    assert not TargetEntry.objects.exists()


def test_lists_of_others_are_not_on_offer(world):
    theirs = visits.actions.save_target_list(by=world.sol, name="Theirs")
    form = lists["practices"].acts["target-list"].form(typed({"list": theirs.pk, "why": "x"}), user=world.nora)
    assert not form.is_valid()


# ---- concerns


def test_concerns_get_somebody_who_answers_and_lose_them_again(world):
    first, closed = make_concern(world.north_practice, by=world.nora), make_concern(world.north_practice, by=world.nora)
    concerns.actions.resolve_concern(concern=closed, resolution="A line of their own.", by=world.nora)
    concerns.actions.tell_practice(concern=closed, told_on=day(0), told_how="phone", by=world.nora)
    was = Concern.objects.get(pk=first.pk).owner
    run = change("concerns", "owner", [first, closed], by=world.dana, owner=world.dana.pk)
    assert run.whys == {closed.pk: "Closed already."}
    assert Concern.objects.get(pk=first.pk).owner == world.dana
    assert run.take_back() == 1
    assert Concern.objects.get(pk=first.pk).owner == was


def test_concerns_are_escalated_and_that_is_taken_back(world):
    concern = make_concern(world.north_practice, by=world.nora)
    alone = make_concern(world.north_practice, by=world.nora, category=make_category("Parking"))
    no_lead = change("concerns", "escalate", [alone], by=world.nora)
    assert "has no lead" in no_lead.whys[alone.pk]
    run = change("concerns", "escalate", [concern], by=world.nora, to=world.dana.pk)
    assert Concern.objects.get(pk=concern.pk).escalated_to == world.dana
    assert Notice.objects.filter(to=world.dana).exists()
    again = change("concerns", "escalate", [concern], by=world.nora, to=world.dana.pk)
    assert again.whys == {concern.pk: "Escalated to Dana already."}
    assert run.take_back() == 1
    fresh = Concern.objects.get(pk=concern.pk)
    assert (fresh.escalated_at, fresh.escalated_to) == (None, None)
    assert not Notice.objects.filter(to=world.dana).exists()
    assert fresh.comments.last().text == "The escalation to Dana was taken back."


# ---- notices


def test_notices_are_read_and_unread_again(as_, world):
    told = [notify(to=world.nora, kind="concern", text=f"Told {n}", url="/x", by=world.dana, key=f"matter {n}")[0] for n in range(3)]
    mark_read(notices=Notice.objects.filter(pk=told[2].pk), by=world.nora)
    foreign = notify(to=world.sol, kind="concern", text="Theirs", url="/x", by=world.dana)[0]
    run = change("notices", "read", [*told, foreign], by=world.nora)
    assert run.whys == {told[2].pk: "Read already."}
    assert Notice.objects.filter(to=world.nora, read_at=None).count() == 0
    notify(to=world.nora, kind="concern", text="Told anew", url="/x", by=world.dana, key="matter 0")
    assert run.take_back() == 1, "what was told anew since is not there twice"
    assert "data-bulk" in as_("nora").get(reverse("notices:list")).content.decode()
    assert Notice.objects.get(pk=foreign.pk).read_at is None
