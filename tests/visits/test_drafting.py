"""The week: promised hours, the draft's rules as properties, accepting and undoing it, and the drawn order among equals."""

import datetime as dt
import itertools

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from common.exceptions import PolicyViolation
from contacts.models import Cadence, Practice
from tests import factories
from tests.factories.concerns import make_concern
from tests.factories.visits import make_follow_up
from visits import actions
from visits.cadence import Due
from visits.drafting import Candidate, Fixed, Room, draft, driving_a_visit
from visits.models import DayPlan, DayStop, Draw, PlanDraft, PracticeTrend, TargetEntry, TargetList, Visit, WorkingHours
from visits.planning import candidates, capacity, promised_by, visits_due, week_of

MONDAY = dt.date(2026, 11, 30)
VISIT = 25


def at(day, hour, minute=0):
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour, minute)))


@pytest.fixture(autouse=True)
def sunday(monkeypatch):
    """It is Sunday the 29th of November 2026, noon."""
    monkeypatch.setattr(timezone, "now", lambda: at(MONDAY - dt.timedelta(days=1), 12))


def line(one, other):
    """Places on a line: "7" lies 7 minutes from "0"; a blank lies nowhere."""
    return None if "" in (one, other) else abs(int(one) - int(other))


def room(day=MONDAY, *, fixed=(), drawn=0, ends=16 * 60):
    return Room(day, 8 * 60, ends, 30, tuple(fixed), drawn)


def drafted(found, rooms, home="0"):
    return draft(found, rooms, home=home, visit_minutes=VISIT, drive=line)


# ---- the engine


@given(
    found=st.lists(st.tuples(st.integers(0, 60), st.floats(0.1, 5), st.booleans()), max_size=25),
    fixed=st.lists(st.integers(8 * 60, 15 * 60), max_size=2),
    days=st.integers(1, 3),
)
@settings(max_examples=150, deadline=None)
def test_what_a_draft_always_keeps(found, fixed, days):
    chosen = [Candidate(n, str(zip_), score, drawn_place=n + 1 if is_drawn else None) for n, (zip_, score, is_drawn) in enumerate(found)]
    rooms = [
        room(MONDAY + dt.timedelta(days=n), fixed=[Fixed(begins, "5") for begins in fixed] if n == 0 else (), drawn=2) for n in range(days)
    ]
    placed = drafted(chosen, rooms)
    assert len({one.candidate.practice for one in placed}) == len(placed), "each practice once"
    for n, one_room in enumerate(rooms):
        of_day = [one for one in placed if one.day == one_room.day]
        assert of_day == sorted(of_day, key=lambda one: one.begins)
        assert all(one_room.starts <= one.begins and one.begins + VISIT <= one_room.ends for one in of_day)
        assert all(later.begins >= one.begins + VISIT + (later.drive or 0) for one, later in itertools.pairwise(of_day)) or fixed
        for begins in fixed if n == 0 else ():
            assert not any(begins - VISIT < one.begins < begins + VISIT for one in of_day), "what is planned keeps its time"
    drawn = [one.candidate.drawn_place for one in sorted(placed, key=lambda one: one.day) if one.candidate.drawn_place]
    by_day = [sorted(one.candidate.drawn_place for one in placed if one.day == r.day and one.candidate.drawn_place) for r in rooms]
    assert sum(map(len, by_day)) == len(drawn)
    assert all(max(day) < min(later) for day, later in itertools.pairwise(by_day) if day and later), "in the drawn order"


def test_the_most_pressing_first_then_what_lies_near_it():
    far, near, pressing = Candidate(1, "60", 1.0), Candidate(2, "41", 1.0), Candidate(3, "40", 3.0)
    short = room(ends=8 * 60 + 30 + 2 * VISIT + 85)  # two visits and the way out and back
    assert {one.candidate.practice for one in drafted([far, near, pressing], [short])} == {3, 2}


def test_worth_is_held_against_the_minutes_it_costs():
    seed, near, far = Candidate(1, "0", 9.0), Candidate(2, "1", 1.0), Candidate(3, "90", 1.5)
    assert {one.candidate.practice for one in drafted([seed, near, far], [room(ends=8 * 60 + 30 + 2 * VISIT + 5)])} == {1, 2}


def test_equals_are_told_apart_by_nothing_but_the_draw():
    """A practice that lies better, or waits longer, does not overtake one that was drawn before it."""
    drawn = [Candidate(1, "90", 0.1, drawn_place=2), Candidate(2, "1", 5.0, drawn_place=3), Candidate(3, "80", 0.1, drawn_place=1)]
    two_days = [room(drawn=1), room(MONDAY + dt.timedelta(days=1), drawn=1)]
    assert [(one.day, one.candidate.drawn_place) for one in drafted(drawn, two_days)] == [
        (MONDAY, 1),
        (MONDAY + dt.timedelta(days=1), 2),
    ]


def test_where_nobody_knows_the_way():
    placed = drafted([Candidate(1, "", 1.0)], [room()])
    assert (placed[0].drive, placed[0].begins) == (None, 8 * 60 + 20)


def test_a_practice_is_visited_while_its_door_is_open():
    monday_late = Candidate(1, "0", 9.0, opens={0: [(14 * 60, 15 * 60)]})
    never_monday = Candidate(2, "0", 9.0, opens={0: []})
    too_short = Candidate(3, "0", 9.0, opens={0: [(9 * 60, 9 * 60 + 20)]})
    long = Candidate(4, "0", 5.0, minutes=60)
    tuesday = MONDAY + dt.timedelta(days=1)
    placed = {
        one.candidate.practice: (one.day, one.begins)
        for one in drafted([monday_late, never_monday, too_short, long], [room(), room(tuesday)])
    }
    assert placed[1] == (MONDAY, 14 * 60)
    assert placed[2][0] == tuesday
    assert placed[3][0] == tuesday, "twenty minutes are not enough on a Monday"
    assert 4 in placed


def test_after_noon_there_was_a_pause():
    placed = drafted([Candidate(n, "0", 1.0) for n in range(20)], [room()])
    times = [one.begins for one in placed]
    gaps = [later - one for one, later in itertools.pairwise(times)]
    assert max(gaps) == VISIT + 30
    assert sorted(gaps)[-2] == VISIT


def test_driving_a_visit():
    asked = {"visit_minutes": VISIT, "drive": line}
    assert driving_a_visit([], home="0", day_minutes=480, **asked) == 0
    assert driving_a_visit(["10"], home="0", day_minutes=480, **asked) == 20
    assert driving_a_visit(["10", "10", "20"], home="0", day_minutes=480, **asked) == 40 / 3
    assert driving_a_visit(["10", "10"], home="0", day_minutes=50, **asked) == 20, "a day each: out and back twice"
    assert driving_a_visit(["10"], home="", day_minutes=480, **asked) == 0, "nobody said where the day starts"


# ---- promised against what there is


@pytest.mark.parametrize(
    ("last", "every", "count"),
    [
        (None, 30, 1),
        (MONDAY - dt.timedelta(days=40), 30, 1),  # overdue: at once, and again after the four weeks
        (MONDAY - dt.timedelta(days=40), 14, 2),
        (MONDAY - dt.timedelta(days=1), 28, 1),  # on the last day but one
        (MONDAY, 28, 0),
        (MONDAY, 7, 3),
    ],
)
def test_visits_that_fall_due(last, every, count):
    due = Due(Practice(), every, last, None)
    end = MONDAY + dt.timedelta(weeks=4)
    by_hand, day = 0, max(due.due_on or MONDAY, MONDAY)
    while day < end:
        by_hand, day = by_hand + 1, day + dt.timedelta(days=every)
    assert visits_due(due, MONDAY, end) == count == by_hand


@pytest.fixture
def promised(world):
    """Ten tier A offices every 14 days, none of them ever visited; five tier B offices every 60 days, two of them in time."""
    Cadence.objects.create(tier="A", every_days=14)
    Cadence.objects.create(tier="B", every_days=60)
    world.often = [factories.make_practice(f"Often {n}", territory=world.north, tier="A", zip="44101") for n in range(10)]
    world.seldom = [factories.make_practice(f"Seldom {n}", territory=world.north, tier="B", zip="44102") for n in range(5)]
    for office in world.seldom[:2]:
        factories.make_visit(office, world.nora, visited_at=at(MONDAY - dt.timedelta(days=10), 9))
    return world


def test_promised_so_many_hours_and_there_are_so_many(promised):
    working = WorkingHours(user=promised.nora, start_zip="44101", visit_minutes=30)
    found = capacity(promised_by(promised.nora), working, starts_on=MONDAY, today=MONDAY)
    assert [(row.tier, row.practices, row.visits, row.due, row.overdue) for row in found.tiers] == [
        ("A", 10, 20, 10, 10),
        ("B", 5, 3, 3, 3),
    ]
    assert (found.visits, found.visit_minutes, found.working_days, found.available) == (23, 690, 19, 19 * 480)  # less Christmas
    assert found.drive_minutes > 0
    assert not found.is_too_much
    assert found.sentence == f"Promised {round((690 + found.drive_minutes) / 60)} h, you have 152"
    busy = capacity(promised_by(promised.nora), WorkingHours(weekdays=[0], visit_minutes=240), starts_on=MONDAY, today=MONDAY)
    assert busy.is_too_much
    assert (busy.working_days, busy.sentence) == (4, "Promised 92 h, you have 32")


def test_who_may_be_chosen_and_what_that_is_worth(promised):
    world = promised
    falling, plain, planned = world.often[:3]
    make_follow_up(falling, world.nora, due_in=-1)
    make_concern(falling, world.nora, state="resolved", resolved_at=timezone.now())
    PracticeTrend.objects.create(
        practice=falling, sentence="Fewer", way="fewer", through_on=MONDAY, data_version=1, written_at=timezone.now()
    )
    factories.make_visit(planned, world.nora, state="planned", planned_at=at(MONDAY, 9))
    chosen = TargetList.objects.create(name="List", owner=world.nora)
    TargetEntry.objects.create(list=chosen, practice=world.seldom[0], reason="more", value=900)
    TargetEntry.objects.create(list=chosen, practice=world.seldom[2], reason="more", value=300)
    found = {one.practice: one for one in candidates(world.nora, world.nora, until=MONDAY)}
    assert planned.pk not in found
    assert world.south_practice.pk not in found
    assert world.seldom[1].pk not in found, "visited in time, and nothing else to do"
    assert found[plain.pk].score == 2.0  # tier A, one cadence over
    assert found[falling.pk].score == 2.0 + 1.0 + 0.7 + 0.5
    assert found[world.seldom[0].pk].score == 0.5 + 0.5  # on a list, the most valuable
    assert found[world.seldom[2].pk].score == round(0.7 * 2 + 0.5 + 0.5 / 3, 3)
    assert found[falling.pk].why == (
        "Tell them: Scheduling is resolved; Follow-up 2 days overdue; Never visited (tier A, every 14 days); fewer referrals than expected"
    )


# ---- drafted, accepted, undone


def test_a_week_is_drafted_accepted_and_undone(as_, promised):
    world, client = promised, as_("nora")
    plan_week = reverse("visits:plan-week")
    assert client.post(reverse("visits:draft-make"), {"week": str(MONDAY)}).status_code == 302
    plan = PlanDraft.objects.get()
    stops = list(plan.stops.all())
    assert len(stops) == 13, "all that is due fits into a week"
    assert not Visit.objects.filter(state="planned").exists(), "nothing is planned yet"
    page = client.get(plan_week, {"week": str(MONDAY)})
    assert page.context["draft"] == plan
    left_out, *taken = stops
    body = {"stop": [stop.pk for stop in taken]}
    client.post(reverse("visits:draft-accept", args=[plan.pk]), body)
    client.post(reverse("visits:draft-accept", args=[plan.pk]), body)
    planned = Visit.objects.filter(state="planned", owner=world.nora)
    assert {(visit.practice_id, visit.planned_at) for visit in planned} == {(stop.practice_id, stop.planned_at) for stop in taken}
    assert left_out.practice_id not in {visit.practice_id for visit in planned}
    kept = planned.first()
    actions.log_visit(by=world.nora, practice=kept.practice, visited_at=timezone.now(), planned=kept)
    assert "planned from a draft" in client.get(plan_week, {"week": str(MONDAY)}).content.decode()
    client.post(reverse("visits:draft-undo", args=[plan.pk]))
    assert not Visit.objects.filter(state="planned").exists()
    assert Visit.objects.filter(state="cancelled").count() == len(taken) - 1, "what was logged meanwhile stays"
    assert actions.undo_draft(by=world.nora, plan=plan) == 0


def test_an_accepted_week_is_put_in_order_by_a_worker(promised, run_jobs):
    WorkingHours.objects.create(user=promised.nora, start_zip="44101")
    plan = actions.draft_days(by=promised.nora, owner=promised.nora, days=week_of(MONDAY))
    actions.accept_draft(by=promised.nora, plan=plan, stops=[stop.pk for stop in plan.stops.all()])
    days = {timezone.localdate(stop.planned_at) for stop in plan.stops.all()}
    assert set(DayPlan.objects.values_list("day_on", flat=True)) == days
    run_jobs()
    assert set(DayPlan.objects.values_list("state", flat=True)) == {"ready"}
    assert DayStop.objects.exclude(place=None).count() == 13


def test_a_new_draft_takes_the_place_of_the_old_one(promised):
    days = week_of(MONDAY)
    first = actions.draft_days(by=promised.nora, owner=promised.nora, days=days)
    second = actions.draft_days(by=promised.nora, owner=promised.nora, days=days)
    assert list(PlanDraft.objects.all()) == [second]
    assert first.pk != second.pk
    actions.discard_draft(by=promised.nora, plan=second)
    assert not PlanDraft.objects.exists()


def test_tomorrow_alone_is_drafted_from_today(as_, promised):
    client = as_("nora")
    answer = client.post(reverse("visits:draft-make"), {"day": str(MONDAY)})
    plan = PlanDraft.objects.get()
    assert (plan.starts_on, plan.ends_on) == (MONDAY, MONDAY)
    assert answer.url == reverse("visits:draft", args=[plan.pk])
    assert "A draft of Monday 30 November" in client.get(answer.url).content.decode()
    client.post(reverse("visits:draft-accept", args=[plan.pk]), {"stop": [stop.pk for stop in plan.stops.all()]})
    page = client.get(answer.url).content.decode()
    assert "planned from a draft" in page
    assert "Undo" in page


def test_equals_are_drawn_once_and_recorded(promised):
    plan = actions.draft_days(by=promised.nora, owner=promised.nora, days=week_of(dt.date(2026, 12, 7)), is_drawn=True)
    draw = Draw.objects.get()
    assert plan.draw == draw
    assert {drawn.practice for drawn in draw.drawn.all()} == set(promised.often), "the largest group of one tier"
    places = dict(draw.drawn.values_list("practice", "place"))
    stops = [(timezone.localdate(stop.planned_at), places[stop.practice_id]) for stop in plan.stops.all() if stop.practice_id in places]
    days = sorted({day for day, _ in stops})
    by_day = [sorted(place for on, place in stops if on == day) for day in days]
    assert [place for day in by_day for place in day] == list(range(1, len(stops) + 1)), "in the drawn order, none left out"
    actions.discard_draft(by=promised.nora, plan=plan)
    assert Draw.objects.count() == 1
    with pytest.raises(PolicyViolation, match="nothing else has decided"):
        actions.draft_days(by=promised.sol, owner=promised.sol, days=week_of(MONDAY), is_drawn=True)


def test_refusals(promised):
    world = promised
    with pytest.raises(PolicyViolation, match="Only a manager"):
        actions.draft_days(by=world.sol, owner=world.nora, days=week_of(MONDAY))
    with pytest.raises(PolicyViolation, match="make visits"):
        actions.draft_days(by=world.ivan, owner=world.ivan, days=week_of(MONDAY))
    with pytest.raises(PolicyViolation, match="lies ahead"):
        actions.draft_days(by=world.nora, owner=world.nora, days=week_of(MONDAY - dt.timedelta(days=7)))
    with pytest.raises(PolicyViolation, match="Nothing is due"):
        actions.draft_days(by=world.sol, owner=world.sol, days=week_of(MONDAY))
    plan = actions.draft_days(by=world.dana, owner=world.nora, days=week_of(MONDAY))
    with pytest.raises(PolicyViolation, match="Tick at least one"):
        actions.accept_draft(by=world.dana, plan=plan, stops=[])
    assert actions.accept_draft(by=world.dana, plan=plan, stops=[stop.pk for stop in plan.stops.all()]) == 13
    assert set(Visit.objects.filter(state="planned").values_list("owner", flat=True)) == {world.nora.pk}


def test_a_practice_that_went_to_others_is_not_planned(promised):
    plan = actions.draft_days(by=promised.nora, owner=promised.nora, days=week_of(MONDAY))
    gone = plan.stops.first().practice
    gone.territory = promised.south
    gone.save()
    assert actions.accept_draft(by=promised.nora, plan=plan, stops=[stop.pk for stop in plan.stops.all()]) == 12


# ---- the page, the files, the API


@pytest.mark.parametrize(("who", "status"), [("nora", 200), ("sol", 404), ("past", 404), ("dana", 200), ("ada", 200), (None, 302)])
def test_whose_draft(as_, promised, who, status):
    plan = actions.draft_days(by=promised.nora, owner=promised.nora, days=week_of(MONDAY))
    assert as_(who).get(reverse("visits:draft", args=[plan.pk])).status_code == status


def test_the_page_by_person(as_, promised):
    page = as_("nora").get(reverse("visits:plan-week"))
    assert "Promised " in page.content.decode()
    assert page.context["page"].paginator.count == 13
    assert as_("sol").get(reverse("visits:plan-week")).content.decode().count("Nothing is promised here") == 1
    of_nora = as_("dana").get(reverse("visits:plan-week"), {"who": promised.nora.pk, "show": "all"})
    assert of_nora.context["page"].paginator.count == 15
    assert as_("dana").get(reverse("visits:plan-week")).context["owner"] == promised.nora, "a team's promises are not one person's hours"
    assert as_("sol").get(reverse("visits:plan-week"), {"who": promised.nora.pk}).context["owner"] == promised.sol


def test_who_is_due_as_files_and_by_api(as_, promised):
    client = as_("dana")
    address = reverse("visits:due-file", args=["csv"])
    lines = b"".join(client.get(address, {"who": promised.nora.pk}).streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("practice,territory,tier")
    assert len(lines) == 16
    assert client.get(reverse("visits:due-file", args=["xlsx"])).status_code == 200
    assert client.get(reverse("visits:due-file", args=["pdf"])).status_code == 404
    assert as_("nora").get(address).status_code == 403
    answer = as_("nora").get("/api/v1/field/due/").json()
    assert answer["count"] == 15
    unknown = dict.fromkeys(("last_visit_on", "due_on", "days_over", "planned_at"))
    assert answer["results"][0] | {"practice": 0, "name": ""} == {"practice": 0, "name": "", "tier": "A", "every_days": 14, **unknown}


def test_queries_are_flat(as_, promised, assert_flat_queries):
    as_("nora")
    number = iter(range(1000))

    def add(count):
        PlanDraft.objects.all().delete()
        for _ in range(count):
            factories.make_practice(f"More {next(number)}", territory=promised.north, tier="B", zip="44101")
        actions.draft_days(by=promised.nora, owner=promised.nora, days=week_of(MONDAY))

    assert_flat_queries(f"{reverse('visits:plan-week')}?week={MONDAY}", add)
