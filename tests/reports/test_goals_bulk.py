"""Goals from last year: what is proposed equals a recount, all is saved at once and taken back at once; credit follows the day."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

import territories.actions
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from referrals.models import Referral
from reports import actions
from reports.models import Goal, GoalBatch
from reports.pacing import paces
from reports.queries.freshness import freshness
from reports.queries.names import names
from tests import factories
from tests.factories.reports import add_referrals, new_referral
from tests.reports.conftest import END

ADDRESS = "/reports/goals/bulk/"
ASKED = {"measure": "received", "whose": "territory", "period": "quarter", "start_on": "2026-10-01", "uplift": "10"}


@pytest.fixture
def october(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 10, 16, 12, tzinfo=ZoneInfo("America/New_York")))


def received(world, territory) -> int:
    """Of the same quarter a year ago, counted one by one."""
    rows = Referral.objects.filter(territory=territory, anchor_on__gte=dt.date(2025, 10, 1), anchor_on__lt=dt.date(2026, 1, 1))
    return sum(row.is_counted and row.flow in {"inbound", "internal"} for row in rows)


def test_the_table_proposes_last_year_with_the_uplift(as_, history, october):
    page = as_("dana").get(ADDRESS, ASKED)
    rows = {row.name: row for row in page.context["rows"]}
    assert set(rows) == {"North", "South"}, "the region is a team, not a territory of its own here"
    for territory in (history.north, history.south):
        ago = received(history, territory)
        assert ago > 20
        assert rows[territory.name].last_year == str(ago)
        assert rows[territory.name].target == str(round(ago * 1.1))
        assert rows[territory.name].is_chosen
    assert not Goal.objects.exists(), "a look saves nothing"


def test_a_team_is_a_region_with_all_below_it(as_, history, october):
    [row] = as_("dana").get(ADDRESS, {**ASKED, "whose": "team"}).context["rows"]
    assert (row.name, row.last_year) == ("Region", str(received(history, history.north) + received(history, history.south)))


def test_what_the_data_does_not_hold_is_not_proposed(as_, history, october):
    rows = as_("dana").get(ADDRESS, {**ASKED, "period": "year"}).context["rows"]
    assert all(row.last_year for row in rows), "2025 is whole"
    rows = as_("dana").get(ADDRESS, {**ASKED, "measure": "new_referrers", "period": "year"}).context["rows"]
    assert not any(row.last_year or row.target or row.is_chosen for row in rows), "2024 is not, and new ones need it"


def test_leakage_goes_down_by_the_uplift(as_, history, october):
    rows = {row.name: row for row in as_("dana").get(ADDRESS, {**ASKED, "measure": "leakage"}).context["rows"]}
    share = float(rows["North"].last_year.removesuffix("%"))
    assert float(rows["North"].target) == pytest.approx(share * 0.9, abs=0.1)
    assert rows["South"].target == "", "nothing of our own there"


def test_saved_at_once_and_taken_back_at_once(as_, history, october):
    world, client = history, as_("dana")
    stands = actions.save_goal(measure="received", period="quarter", start_on=END, target=7, territory=world.south, by=world.dana)
    keys = {f"target-territory-{world.north.pk}": "44", f"target-territory-{world.south.pk}": "55"}
    ticks = {f"use-territory-{pk}": "on" for pk in (world.north.pk, world.south.pk)}
    answer = client.post(ADDRESS, {**ASKED, **keys, **ticks})
    batch = GoalBatch.objects.get()
    assert answer.headers["Location"] == f"/reports/goals/?state=running&set={batch.pk}"
    assert {goal.territory.name: goal.target for goal in Goal.objects.all()} == {"North": 44, "South": 55}
    assert "2 goals set." in client.get(answer.headers["Location"]).content.decode()
    assert AuditEvent.objects.filter(event="goals.set").count() == 1
    assert as_("nora").post(f"/reports/goals/bulk/{batch.pk}/undo/").status_code == 403
    assert as_("ada").post(f"/reports/goals/bulk/{batch.pk}/undo/").status_code == 404, "who set them takes them back"
    as_("dana").post(f"/reports/goals/bulk/{batch.pk}/undo/")
    assert {goal.pk: goal.target for goal in Goal.objects.all()} == {stands.pk: 7}
    assert actions.undo_goals(batch=batch, by=world.dana) == 0


def test_a_goal_changed_since_stays(history, october):
    world = history
    batch = actions.set_goals(
        measure="visits", period="month", start_on=END, rows=[({"liaison": world.nora}, 5), ({"liaison": world.sol}, 6)], by=world.dana
    )
    goal = Goal.objects.get(liaison=world.nora)
    actions.save_goal(goal=goal, measure="visits", period="month", start_on=END, target=9, liaison=world.nora, by=world.dana)
    assert actions.undo_goals(batch=batch, by=world.dana) == 1
    assert list(Goal.objects.values_list("liaison", "target")) == [(world.nora.pk, 9)]


def test_all_or_nothing(history, october):
    world = history
    rows = [({"territory": world.north}, 5), ({"territory": world.root}, 6)]
    with pytest.raises(PolicyViolation, match="You can set goals for"):
        actions.set_goals(measure="received", period="month", start_on=END, rows=rows, by=world.dana)
    assert not Goal.objects.exists()
    with pytest.raises(PolicyViolation, match="Nothing to save"):
        actions.set_goals(measure="received", period="month", start_on=END, rows=[], by=world.dana)


def test_what_was_typed_stays_with_the_error_at_its_place(as_, history, october):
    key = f"territory-{history.north.pk}"
    page = as_("dana").post(ADDRESS, {**ASKED, f"target-{key}": "many", f"use-{key}": "on"})
    assert page.status_code == 422
    text = page.content.decode()
    assert 'value="many"' in text
    assert "Type a number" in text
    assert "Error:" in text
    page = as_("dana").get(ADDRESS, {**ASKED, "measure": "visits", "whose": "service_line"})
    assert not page.context["rows"], "a manager of a region sets none for service lines"
    assert as_("ada").get(ADDRESS, {**ASKED, "whose": "service_line"}).context["rows"]


def test_reassigning_a_territory_moves_none_of_the_past(history, october, run_jobs):
    """The north was Nora's in September and is Sol's from October: a real change of assignments, derived anew by its jobs."""
    world = history
    add_referrals(
        *[
            new_referral(on=dt.date(2026, 9, 4), practice=world.north_practice, provider=world.north_provider, credited_to=world.nora)
            for _ in range(3)
        ]
    )
    goals = [
        actions.save_goal(measure="inbound", period="month", start_on=dt.date(2026, 9, 1), target=3, liaison=person, by=world.ada)
        for person in (world.nora, world.sol)
    ]

    def figures() -> list[float | None]:
        return [pace.so_far for pace in paces(goals, fresh=freshness(), parents=names().parents)]

    before = figures()
    assert before == [3, 0]
    held = world.north.assignments.get(user=world.nora)
    territories.actions.end_assignment(assignment=held, ended_on=dt.date(2026, 10, 1), by=world.ada)
    factories.assign(world.sol, world.north, started_on=dt.date(2026, 10, 1))
    run_jobs()
    territories.actions.set_rules(territory=world.north, zips=["44101", "44102", "44103"], counties=[], by=world.ada)
    run_jobs()
    assert figures() == before
    september = Referral.objects.filter(anchor_on=dt.date(2026, 9, 4), territory=world.north)
    assert set(september.values_list("credited_to", flat=True)) == {world.nora.pk}
