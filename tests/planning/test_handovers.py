"""Hand-overs from proposal to undo, and what leavers leave."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from common.exceptions import PolicyViolation
from contacts.models import Practice, PracticePin
from contacts.placement import place_practices
from jobs.actions import run_waiting
from notices.models import Notice
from planning import actions
from planning.models import HandOver, HandOverState, Reassignment, Work
from planning.queries.work import in_hand
from referrals.models import Referral
from reports.models import Goal
from territories.models import Assignment
from tests import factories
from tests.factories import referrals as feed
from visits.models import FollowUp, TargetHandover, TargetList

EVERYTHING = list(Work.values)


def today() -> dt.date:
    return timezone.localdate()


def follow() -> None:
    run_waiting(apps=("planning", "contacts", "referrals"))


@pytest.fixture
def work(world, settings, tmp_path) -> Any:
    """Nora has a follow-up, a planned visit, a concern and a list in the north, and a follow-up in the south."""
    settings.UPLOADS = tmp_path
    place_practices()
    feed.load(*(feed.row(str(n), office=world.north_practice.name, zip="44101", to=world.ours.name) for n in range(3)))
    world.promise = FollowUp.objects.create(
        practice=world.north_practice, text="Send the card", due_on=today(), owner=world.nora, created_by=world.nora
    )
    world.elsewhere = FollowUp.objects.create(
        practice=world.south_practice, text="Call back", due_on=today(), owner=world.nora, created_by=world.nora
    )
    world.plan = factories.make_visit(world.north_practice, world.nora, state="planned")
    world.made = factories.make_visit(world.north_practice, world.nora)
    world.list = TargetList.objects.create(name="Hips", owner=world.dana)
    world.list.entries.create(practice=world.north_practice)
    TargetHandover.objects.create(list=world.list, to=world.nora, handed_by=world.dana)
    return world


def propose(world: Any, **more: Any) -> HandOver:
    asked = {"territory": world.north, "giver": world.nora, "taker": world.sol, "effective_on": today(), "takes": EVERYTHING}
    return actions.propose_handover(**{**asked, "by": world.dana, **more})


def holders(world: Any) -> set[str]:
    return {str(one.user) for one in Assignment.objects.today().filter(territory=world.north)}


class TestHandOver:
    def test_on_its_day_everything_goes_along_once_and_comes_back(self, work):
        credit = dict(Referral.objects.values_list("pk", "credited_to"))
        assert set(credit.values()) == {work.nora.pk}
        handover = propose(work)
        assert holders(work) == {"Nora"}
        assert set(Notice.objects.filter(kind="handover").values_list("to__full_name", flat=True)) == {"Ada", "Nora", "Sol"}

        actions.approve_handover(handover=handover, by=work.ada)
        follow()
        handover.refresh_from_db()
        assert handover.state == HandOverState.DONE
        assert holders(work) == {"Sol"}
        assert in_hand(work.sol) == {
            Work.FOLLOW_UPS: [work.promise.pk],
            Work.VISITS: [work.plan.pk],
            Work.CONCERNS: [],
            Work.TARGETS: [work.list.pk],
        }
        assert in_hand(work.nora)[Work.FOLLOW_UPS] == [work.elsewhere.pk]
        work.made.refresh_from_db()
        assert work.made.owner == work.nora
        assert dict(Referral.objects.values_list("pk", "credited_to")) == credit
        told = Notice.objects.filter(to=work.sol, kind="handover").first()
        assert told is not None
        assert told.text == "In force: North from Nora to Sol"

        assert actions.take_due_handovers() == 0
        assert Assignment.objects.filter(territory=work.north, user=work.sol).count() == 1

        actions.undo_handover(handover=handover, by=work.dana)
        follow()
        assert holders(work) == {"Nora"}
        assert in_hand(work.nora)[Work.FOLLOW_UPS] == [work.promise.pk, work.elsewhere.pk]
        assert in_hand(work.nora)[Work.TARGETS] == [work.list.pk]
        assert in_hand(work.sol) == {kind: [] for kind in Work.values}
        assert dict(Referral.objects.values_list("pk", "credited_to")) == credit

    def test_before_its_day_nothing_happens(self, work):
        handover = propose(work, effective_on=today() + dt.timedelta(days=3))
        actions.approve_handover(handover=handover, by=work.ada)
        assert actions.take_due_handovers() == 0
        assert holders(work) == {"Nora"}

        HandOver.objects.update(effective_on=today())  # the day has come
        assert actions.take_due_handovers() == 1
        assert holders(work) == {"Sol"}

    def test_only_what_was_chosen_goes_along(self, work):
        actions.approve_handover(handover=propose(work, takes=[Work.VISITS]), by=work.ada)
        follow()
        assert in_hand(work.sol) == {Work.FOLLOW_UPS: [], Work.VISITS: [work.plan.pk], Work.CONCERNS: [], Work.TARGETS: []}

    def test_parts_go_to_a_territory_of_the_taker_and_come_back(self, work):
        credit = dict(Referral.objects.values_list("pk", "credited_to"))
        other = factories.make_practice("Second Office", zip="44102")
        place_practices()
        handover = propose(work, zips=["44102"], practices=[work.north_practice.pk], to_territory=work.south)
        actions.approve_handover(handover=handover, by=work.ada)
        follow()
        assert set(Practice.objects.filter(territory=work.south)) == {work.south_practice, work.north_practice, other}
        assert PracticePin.objects.get().practice == work.north_practice
        assert holders(work) == {"Nora"}
        assert in_hand(work.sol)[Work.VISITS] == [work.plan.pk]
        assert dict(Referral.objects.values_list("pk", "credited_to")) == credit

        handover.refresh_from_db()
        actions.undo_handover(handover=handover, by=work.ada)
        follow()
        assert set(Practice.objects.filter(territory=work.south)) == {work.south_practice}
        assert in_hand(work.nora)[Work.VISITS] == [work.plan.pk]
        assert dict(Referral.objects.values_list("pk", "credited_to")) == credit

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"by": "sol"}, "what is yours"),
            ({"taker": "nora"}, "somebody else"),
            ({"taker": "ivan"}, "does not log visits"),
            ({"effective_on": dt.date(2020, 1, 1)}, "The past stays"),
            ({"giver": "past"}, "does not look after"),
            ({"zips": ["44102"]}, "Choose the territory"),
            ({"zips": ["44102"], "to_territory": "north"}, "lie in North already"),
            ({"zips": ["44102"], "to_territory": "region"}, "does not look after Region"),
        ],
    )
    def test_what_is_refused(self, work, change, words):
        named = {name: getattr(work, value) if isinstance(value, str) else value for name, value in change.items()}
        with pytest.raises(PolicyViolation, match=words):
            propose(work, **named)

    def test_who_proposed_it_does_not_approve_it(self, work):
        handover = propose(work)
        with pytest.raises(PolicyViolation, match="Somebody else"):
            actions.approve_handover(handover=handover, by=work.dana)
        with pytest.raises(PolicyViolation, match="Somebody else"):
            actions.approve_handover(handover=handover, by=work.sol)
        actions.approve_handover(handover=propose(work, by=work.nora), by=work.dana)

    def test_declined_and_withdrawn_never_happen(self, work):
        actions.decline_handover(handover=propose(work), why="Not now", by=work.ada)
        later = propose(work)
        actions.approve_handover(handover=later, by=work.ada)
        actions.withdraw_handover(handover=later, by=work.dana)
        follow()
        assert set(HandOver.objects.values_list("state", flat=True)) == {HandOverState.DECLINED, HandOverState.WITHDRAWN}
        assert holders(work) == {"Nora"}
        with pytest.raises(PolicyViolation, match="decided before"):
            actions.approve_handover(handover=later, by=work.ada)

    def test_one_that_cannot_take_effect_is_told_once(self, work):
        handover = propose(work)
        Assignment.objects.filter(user=work.nora).update(ended_on=today())
        actions.approve_handover(handover=handover, by=work.ada)
        assert actions.take_due_handovers() == actions.take_due_handovers() == 0
        handover.refresh_from_db()
        assert handover.problem == "Nora does not look after North any more."
        assert Notice.objects.filter(text__startswith="Could not take effect", to=work.dana).count() == 1

    def test_pages_from_proposal_to_undo(self, work, as_):
        asked = {"territory": work.north.pk, "giver": work.nora.pk, "taker": work.sol.pk, "effective_on": today(), "takes": EVERYTHING}
        assert as_("nora").get(reverse("planning:propose") + f"?territory={work.north.pk}").status_code == 200
        answer = as_("nora").post(reverse("planning:propose"), asked)
        handover = HandOver.objects.get()
        assert answer["Location"] == handover.get_absolute_url()
        page = as_("dana").get(handover.get_absolute_url()).content.decode()
        assert "Open follow-ups: 1" in page
        assert as_("past").get(handover.get_absolute_url()).status_code == 404
        assert as_("nora").post(reverse("planning:handover-approve", args=[handover.pk])).status_code == 403
        as_("dana").post(reverse("planning:handover-approve", args=[handover.pk]))
        follow()
        assert holders(work) == {"Sol"}
        assert "In force" in as_("sol").get(handover.get_absolute_url()).content.decode()
        assert "Done" in as_("dana").get(reverse("planning:handovers")).content.decode()
        as_("dana").post(reverse("planning:handover-undo", args=[handover.pk]))
        assert holders(work) == {"Nora"}

    def test_who_proposed_it_is_told_that_somebody_else_approves(self, work, as_):
        own = {"territory": work.north, "giver": work.nora, "taker": work.sol, "effective_on": today()}
        handover = HandOver.objects.create(**own, proposed_by=work.dana)
        panel = reverse("planning:waiting-panel")
        assert "somebody else approves" in as_("dana").get(panel).text
        assert "It waits for somebody else" in as_("dana").get(handover.get_absolute_url()).text
        assert "somebody else approves" not in as_("ada").get(panel).text
        assert "It waits for somebody else" not in as_("ada").get(handover.get_absolute_url()).text

    def test_a_wrong_form_keeps_what_was_typed(self, work, as_):
        answer = as_("dana").post(reverse("planning:propose"), {"territory": work.north.pk, "zips": "nowhere", "note": "kept"})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "Not a US ZIP code: nowhere" in page
        assert "kept</textarea>" in page

    def test_the_list_is_flat(self, work, as_, assert_flat_queries):
        as_("dana")

        def add(count: int) -> None:
            for _ in range(count):
                HandOver.objects.create(territory=work.north, giver=work.nora, taker=work.sol, effective_on=today(), proposed_by=work.dana)

        assert_flat_queries(reverse("planning:handovers"), add)


class TestLeaver:
    def test_work_of_a_leaver_goes_to_others_and_comes_back(self, work, as_):
        url = reverse("planning:leaver", args=[work.nora.pk])
        assignment = work.north.assignments.get(user=work.nora)
        panel = as_("ada").get(reverse("planning:leaver-panel", args=[work.nora.pk])).content.decode()
        assert "Open follow-ups" in panel
        work.nora.is_active = False
        work.nora.save()
        assert "Open follow-ups: 2" in as_("ada").get(url).content.decode()
        as_("ada").post(url, {f"assignment-{assignment.pk}": work.sol.pk, Work.FOLLOW_UPS: work.dana.pk, Work.VISITS: work.sol.pk})
        assert holders(work) == {"Sol"}
        assert in_hand(work.dana)[Work.FOLLOW_UPS] == [work.promise.pk, work.elsewhere.pk]
        assert in_hand(work.sol)[Work.VISITS] == [work.plan.pk]
        assert in_hand(work.nora)[Work.TARGETS] == [work.list.pk], "what was not named stays"
        work.made.refresh_from_db()
        assert work.made.owner == work.nora

        made = Reassignment.objects.get()
        undo = reverse("planning:leaver-undo", args=[made.pk])
        assert "Enable the account first" in as_("ada").post(undo, follow=True).content.decode()
        work.nora.is_active = True
        work.nora.save()
        as_("ada").post(undo)
        assert holders(work) == {"Nora"}
        assert in_hand(work.nora)[Work.FOLLOW_UPS] == [work.promise.pk, work.elsewhere.pk]
        assert in_hand(work.nora)[Work.VISITS] == [work.plan.pk]
        assert "undone before" in as_("ada").post(undo, follow=True).content.decode()

    def test_who_may(self, work, as_):
        for who, status in (("nora", 403), ("dana", 403), ("ivan", 403), ("ada", 200)):
            assert as_(who).get(reverse("planning:leaver", args=[work.nora.pk])).status_code == status

    def test_nobody_chosen_is_told(self, work, as_):
        answer = as_("ada").post(reverse("planning:leaver", args=[work.nora.pk]), {"note": "x"})
        assert answer.status_code == 422
        assert "Choose somebody" in answer.content.decode()

    def test_who_has_nothing(self, work, as_):
        assert "Nothing is in their hands" in as_("ada").get(reverse("planning:leaver", args=[work.ivan.pk])).content.decode()

    @pytest.mark.parametrize("how", ["taker", "end"])
    def test_open_goals_go_or_end_by_days_and_come_back_exactly(self, work, as_, monkeypatch, how):
        at = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
        monkeypatch.setattr(timezone, "now", lambda: at)

        def goal(measure, period, start_on, target, liaison=work.nora):
            return Goal.objects.create(
                measure=measure, period=period, start_on=start_on, target=target, liaison=liaison, set_by=work.ada, set_at=at
            )

        goal("inbound", "month", dt.date(2026, 11, 1), 30)  # 10 of 30 days are left
        goal("visits", "month", dt.date(2026, 12, 1), 20)  # to come
        goal("leakage", "month", dt.date(2026, 11, 1), 0.2)
        goal("received", "month", dt.date(2026, 10, 1), 9)  # over
        goal("visits", "month", dt.date(2026, 12, 1), 5, liaison=work.sol)
        before = goals_of()
        url = reverse("planning:leaver", args=[work.nora.pk])
        page = as_("ada").get(url).content.decode()
        assert "Open goals: 3" in page
        assert '<td data-label="Stays" class="num">20</td><td data-label="Goes, or ends" class="num">10</td>' in page
        assert "Open goals" in as_("ada").get(reverse("planning:leaver-panel", args=[work.nora.pk])).content.decode()
        assert as_("ada").post(url, {"goals": work.sol.pk if how == "taker" else "end"}).status_code == 302
        stays = {("Nora", "inbound"): 20, ("Nora", "leakage"): 0.2, ("Nora", "received"): 9, ("Sol", "visits"): 5}
        goes = {("Sol", "inbound"): 10, ("Sol", "leakage"): 0.2, ("Sol", "visits"): 25}
        assert goals_of() == (stays | goes if how == "taker" else stays)
        made = Reassignment.objects.get()
        assert as_("ada").post(reverse("planning:leaver-undo", args=[made.pk]), follow=True).status_code == 200
        assert goals_of() == before

    def test_a_goal_that_was_set_anew_stays_when_the_rest_comes_back(self, work):
        on = timezone.localdate().replace(day=1)
        start = on.replace(month=1, year=on.year + 1)
        mine = Goal.objects.create(measure="visits", period="year", start_on=start, target=50, liaison=work.nora, set_by=work.ada)
        made = actions.reassign_work(person=work.nora, assignments={}, work={}, goals=work.sol, by=work.ada)
        Goal.objects.filter(liaison=work.sol).update(target=60)
        actions.undo_reassignment(reassignment=made, by=work.ada)
        assert goals_of() == {("Nora", "visits"): mine.target, ("Sol", "visits"): 60}
        with pytest.raises(PolicyViolation, match="cannot take this over"):
            actions.reassign_work(person=work.nora, assignments={}, work={}, goals=work.nora, by=work.ada)


def goals_of():
    return {(str(goal.liaison), goal.measure): goal.target for goal in Goal.objects.select_related("liaison")}
