"""Goals: who may set and see them, and that each figure equals a plain recount of the facts."""

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from referrals.models import Referral
from reports import actions
from reports.models import Goal, GoalMeasure
from reports.models.goals import period_start
from reports.pacing import paces
from reports.periods import add_months
from reports.presenters import goals as presenter
from reports.queries.freshness import freshness
from reports.queries.names import names
from reports.workdays import business_days_between, federal_holidays
from territories.models import Territory
from tests import factories
from tests.factories.reports import add_referrals, new_referral
from tests.reports.conftest import END
from visits.models import Visit

SEPT = dt.date(2026, 9, 1)
THROUGH = dt.date(2026, 10, 15)  # the last day of the history


@pytest.fixture
def october(monkeypatch):
    """Today is the 16th of October 2026."""
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 10, 16, 12, tzinfo=ZoneInfo("America/New_York")))


def pace_of(goal: Goal):
    return paces([goal], fresh=freshness(), parents=names().parents)[0]


def make(world, **fields):
    return actions.save_goal(**{"measure": "received", "period": "month", "start_on": SEPT, "target": 10, "by": world.ada, **fields})


def test_any_day_names_its_period_and_each_goal_stands_once(world):
    goal = make(world, period="quarter", start_on=dt.date(2026, 8, 17))
    assert (goal.start_on, goal.words, goal.window.end) == (dt.date(2026, 7, 1), "Q3 2026", dt.date(2026, 10, 1))
    assert str(goal) == "Referrals received, Whole organization, Q3 2026"
    with pytest.raises(PolicyViolation, match="There is a goal already"):
        make(world, period="quarter", start_on=dt.date(2026, 9, 3))
    assert make(world, period="year").words == "2026"
    assert make(world).words == "Sep 2026"
    make(world, goal=goal, period="quarter", target=20)
    goal.refresh_from_db()
    actions.remove_goal(goal=goal, by=world.ada)
    told = AuditEvent.objects.filter(event__startswith="goal.").order_by("pk").values_list("event", flat=True)
    assert list(told) == ["goal.set", "goal.set", "goal.set", "goal.changed", "goal.removed"]


def test_every_month_lies_in_its_period():
    for month in (dt.date(2026, n, 9) for n in range(1, 13)):
        assert period_start("month", month) == month.replace(day=1)
        assert period_start("quarter", month) <= month < add_months(period_start("quarter", month), 3)
        assert period_start("year", month) == dt.date(2026, 1, 1)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"target": 0.5}, "whole number"),
        ({"target": 2.5}, "whole number"),
        ({"measure": "leakage", "target": 25}, "between 0 and 100"),
        ({"measure": "visits", "service_line": "line"}, "belong to no service line"),
        ({"territory": "north", "liaison": "nora"}, "one person, one territory or one service line"),
    ],
)
def test_goals_that_make_no_sense(world, fields, said):
    with pytest.raises(PolicyViolation, match=said):
        make(
            world,
            **{name: getattr(world, value) if isinstance(value, str) and name != "measure" else value for name, value in fields.items()},
        )


def test_the_database_holds_it_too(world):
    goal = make(world)
    for wrong in ({"liaison": world.nora, "territory": world.north}, {"target": 0}, {"measure": "leakage", "target": 2}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Goal.objects.filter(pk=goal.pk).update(**wrong)


def test_who_may_set_what(world):
    east = factories.make_territory("East")
    both = factories.make_user("both")
    factories.assign(both, world.north, primary=False)
    factories.assign(both, east)
    for fields in ({"territory": world.north}, {"liaison": world.nora}):
        assert make(world, **fields, by=world.dana)
    for fields in ({}, {"territory": east}, {"liaison": both}, {"service_line": world.line}, {"liaison": world.past}):
        with pytest.raises(PolicyViolation, match="below yours"):
            make(world, **fields, by=world.dana, start_on=END)
        assert make(world, **fields, by=world.ada, start_on=END)
    for who in ("nora", "ivan", "elle"):
        with pytest.raises(PolicyViolation, match="does not set goals"):
            make(world, territory=world.north, by=world.cast[who], start_on=END)
    seen = {name: {goal.subject for goal in Goal.objects.visible_to(person)} for name, person in world.cast.items()}
    assert seen["nora"] == {"North", "Nora"}
    assert seen["sol"] == seen["over"] == set()
    assert seen["dana"] == {"North", "Nora"}, "not of whoever looks after something else as well"
    assert seen["ada"] == seen["elle"] == {"North", "Nora", "East", "Both", "Cardiology", "Past", "Whole organization"}


def recount(goal: Goal, start: dt.date, end: dt.date) -> int | float | None:
    """The figure in plain Python: one loop over all facts."""
    branch = {goal.territory_id} if goal.territory_id else set()
    for _ in range(5):
        branch |= {row.pk for row in names_of_territories() if row.parent_id in branch}

    def is_own(row) -> bool:
        return (
            (not goal.liaison_id or row.credited_to_id == goal.liaison_id)
            and (not goal.territory_id or row.territory_id in branch)
            and (not goal.service_line_id or row.service_line_id == goal.service_line_id)
        )

    rows = [row for row in Referral.objects.all() if row.is_counted and is_own(row)]
    inside = [row for row in rows if start <= row.anchor_on < end]
    if goal.measure == GoalMeasure.LEAKAGE:
        left, kept = (sum(row.flow == flow for row in inside) for flow in ("outbound", "internal"))
        return left / (left + kept) if left + kept else None
    if goal.measure == GoalMeasure.NEW_REFERRERS:
        since = start.replace(year=start.year - 1)
        inbound = [row for row in rows if row.flow == "inbound" and row.provider_id]
        now = {row.provider_id for row in inbound if start <= row.anchor_on < end}
        return len(now - {row.provider_id for row in inbound if since <= row.anchor_on < start})
    flows = {"inbound": ("inbound",), "received": ("inbound", "internal")}[goal.measure]
    return sum(row.flow in flows for row in inside)


def names_of_territories() -> Iterable:
    return Territory.objects.all()


SUBJECTS = ({}, {"territory": "region"}, {"territory": "north"}, {"liaison": "nora"}, {"liaison": "sol"}, {"service_line": "line"})


@pytest.mark.parametrize("measure", ["received", "inbound", "new_referrers", "leakage"])
@pytest.mark.parametrize("period", ["month", "quarter", "year"])
def test_each_figure_equals_a_plain_recount(history, october, measure, period):
    world = history
    newcomer = factories.make_provider("New", at=world.south_practice)
    rows = [
        new_referral(
            on=dt.date(2026, 10, day), practice=world.south_practice, provider=newcomer, credited_to=world.sol, service_line=world.line
        )
        for day in (2, 5, 15)
    ]
    rows += [new_referral(on=dt.date(2026, 9, 4), flow="internal", practice=world.north_practice, credited_to=world.nora) for _ in range(4)]
    rows += [new_referral(on=dt.date(2026, 8, 4), flow="outbound", practice=world.north_practice, credited_to=world.nora)]
    rows += [new_referral(on=dt.date(2026, 10, 1), practice=world.north_practice, credited_to=world.nora, is_counted=False)]
    add_referrals(*rows)
    fresh = freshness()
    assert fresh.data_through == THROUGH
    goals = []
    for subject in SUBJECTS:
        owner = {name: getattr(world, value) for name, value in subject.items()}
        target = 0.25 if measure == "leakage" else 40
        goals.append(actions.save_goal(measure=measure, period=period, start_on=THROUGH, target=target, by=world.ada, **owner))
    for pace in paces(goals, fresh=fresh, parents=names().parents):
        window = pace.goal.window
        assert pace.until == THROUGH + dt.timedelta(days=1)
        wanted = recount(pace.goal, window.start, pace.until)
        assert pace.so_far == (pytest.approx(wanted) if isinstance(wanted, float) else wanted), str(pace.goal)
        if measure != "leakage":
            begin = min(window.start, dt.date(2026, 7, 16))
            seen, open_days = recount(pace.goal, begin, pace.until), weekdays(pace.until, window.end)
            expected = pace.so_far + seen * open_days / weekdays(begin, pace.until)
            if measure != "new_referrers" or begin.day == 1:  # its twelve months before are whole months
                assert pace.expected == pytest.approx(expected)
            assert pace.low <= pace.high
            assert pace.share == pytest.approx(weekdays(window.start, pace.until) / weekdays(window.start, window.end))


def weekdays(start: dt.date, end: dt.date) -> int:
    """Monday to Friday without federal holidays, one day after the other."""
    off = {day for year in range(start.year, end.year + 2) for day in federal_holidays(year)}
    days = (start + dt.timedelta(days=n) for n in range((end - start).days))
    return sum(day.weekday() < 5 and day not in off for day in days)


def test_business_days_between_equal_counting_them():
    for start, end in (
        ("2025-12-20", "2026-01-05"),
        ("2026-07-01", "2026-07-31"),
        ("2026-10-16", "2026-10-16"),
        ("2026-10-17", "2026-10-01"),
    ):
        first, last = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
        assert business_days_between(first, last) == weekdays(first, last)


def test_closing_days_are_no_business_days(history, october):
    """As alerts have it: own closing days are out, a federal holiday on which offices work is in; both before and ahead."""
    goal = make(history, period="quarter", start_on=END, target=100)
    before = pace_of(goal)
    closed = [dt.date(2026, 8, 3), dt.date(2026, 8, 4), dt.date(2026, 8, 8), dt.date(2026, 11, 2), dt.date(2026, 12, 24)]
    for day in closed:  # the 8th of August is a Saturday
        actions.close_days(first=day, last=day, name="Storm", by=history.ada)
    actions.open_on_holiday(day=dt.date(2026, 11, 11), by=history.ada)  # Veterans Day
    pace = pace_of(goal)
    off = [day for year in (2026, 2027) for day in federal_holidays(year) if day != dt.date(2026, 11, 11)] + closed
    open_days = {
        name: sum(day.weekday() < 5 and day not in off for day in each_day(start, end))
        for name, start, end in (
            ("watched", dt.date(2026, 7, 16), pace.until),
            ("passed", END, pace.until),
            ("whole", END, dt.date(2027, 1, 1)),
        )
    }
    seen = recount(goal, dt.date(2026, 7, 16), pace.until)
    further = open_days["whole"] - open_days["passed"]
    assert pace.expected == pytest.approx(pace.so_far + seen * further / open_days["watched"])
    assert pace.expected != before.expected
    assert pace.share == pytest.approx(open_days["passed"] / open_days["whole"])


def each_day(start: dt.date, end: dt.date) -> list[dt.date]:
    return [start + dt.timedelta(days=n) for n in range((end - start).days)]


def test_the_api_tells_what_the_page_tells(as_, history, october):
    world = history
    goals = [
        make(world, territory=world.north, period="quarter", start_on=END, target=200),
        make(world, liaison=world.nora, measure="visits", period="month", start_on=END, target=4),
        make(world, measure="leakage", target=0.3, period="year", start_on=END),
        make(world, territory=world.south, period="month", start_on=SEPT),
        make(world, territory=world.south, period="month", start_on=add_months(END, 2)),
    ]
    found = {pace.goal.pk: pace for pace in paces(goals, fresh=freshness(), parents=names().parents)}
    client = as_("ada")
    for state, wanted in {"": goals[:3], "running": goals[:3], "over": goals[3:4], "coming": goals[4:], "all": goals}.items():
        page = client.get("/reports/goals/", {"state": state})
        answer = client.get("/api/v1/goals/", {"state": state}).json()
        assert {row["id"] for row in answer["results"]} == {goal.pk for goal in wanted}, state
        if state != "all":
            assert {row.goal.pk for row in page.context["rows"]} == {goal.pk for goal in wanted}, state
        for row in answer["results"]:
            pace, told = found[row["id"]], row["pace"]
            for name in ("so_far", "expected", "low", "high", "chance", "standing"):
                assert told[name] == getattr(pace, name), (state, name)
            assert told["share_over"] == pace.share
            assert told["through_on"] == (None if pace.standing == "not begun" else pace.last_day.isoformat())
    first = client.get(f"/api/v1/goals/{goals[3].pk}/").json()
    assert (first["subject"], first["start_on"], first["ends_on"], first["target"]) == (str(world.south), "2026-09-01", "2026-09-30", 10)
    assert {row["id"] for row in client.get("/api/v1/goals/", {"state": "all", "measure": "visits"}).json()["results"]} == {goals[1].pk}
    assert client.get("/api/v1/goals/", {"state": "soon"}).status_code == 400
    assert len(client.get("/reports/goals/", {"state": "soon"}).context["rows"]) == 3, "a page shows something all the same"


def test_the_api_shows_the_goals_of_the_page(as_, history, october):
    world = history
    goals = {name: make(world, start_on=END, **fields) for name, fields in (
        ("north", {"territory": world.north}), ("south", {"territory": world.south}), ("nora", {"liaison": world.nora}), ("whole", {}),
    )}  # fmt: skip
    for who in ("nora", "sol", "past", "dana", "ada", "ivan", "elle"):
        seen = {row["id"] for row in as_(who).get("/api/v1/goals/").json()["results"]}
        assert seen == {goal.pk for goal in Goal.objects.visible_to(getattr(world, who))}, who
        for goal in goals.values():
            assert as_(who).get(f"/api/v1/goals/{goal.pk}/").status_code == (200 if goal.pk in seen else 404), who
    assert as_("nora").post("/api/v1/goals/", {}).status_code in {403, 405}
    assert as_(None).get("/api/v1/goals/").status_code in {401, 403}


def test_goals_are_set_changed_and_removed_by_the_api(as_, history, october):
    world = history
    address, day = "/api/v1/goals/", END.isoformat()
    asked = {"measure": "visits", "period": "quarter", "start_on": day, "target": 12, "liaison": world.nora.pk}
    made = as_("dana").post(address, asked, content_type="application/json")
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["subject"], told["target"], told["period"], told["pace"]["standing"] != "") == (str(world.nora), 12, "quarter", True)
    goal = Goal.objects.get(pk=told["id"])
    assert (goal.set_by, AuditEvent.objects.filter(event="goal.set", target_id=goal.pk).count()) == (world.dana, 1)
    again = as_("dana").post(address, asked, content_type="application/json")
    assert (again.status_code, "There is a goal already" in again.json()["detail"]) == (400, True)
    one = f"{address}{goal.pk}/"
    changed = as_("dana").patch(one, {"target": 15}, content_type="application/json")
    assert (changed.status_code, changed.json()["target"], changed.json()["liaison"], changed.json()["period"]) == (
        200, 15, world.nora.pk, "quarter",
    )  # fmt: skip
    for wrong, word in (
        ({"target": 0}, "whole number"),
        ({"target": 1.5}, "whole number"),
        ({"territory": world.north.pk}, "one person"),
        ({"measure": "leakage", "target": 20}, "share"),
    ):
        refused = as_("dana").patch(one, wrong, content_type="application/json")
        assert (refused.status_code, word in refused.json()["detail"]) == (400, True), wrong
    goal.refresh_from_db()
    assert (goal.target, goal.territory, goal.measure) == (15, None, "visits"), "what was refused changed nothing"
    for who in ("nora", "sol", "past", "ivan", "elle"):
        for send in (as_(who).post(address, asked, content_type="application/json"), as_(who).delete(one)):
            assert send.status_code == 403, who
    assert as_("dana").delete(one).status_code == 204
    assert not Goal.objects.filter(pk=goal.pk).exists()
    assert as_("dana").delete(one).status_code == 404


def test_the_api_sets_no_goals_above_ones_own_territory(as_, history, october):
    """Dana sees the region only: the whole and what she does not see are not hers to promise."""
    world, day = history, END.isoformat()
    asked = {"measure": "received", "start_on": day, "target": 12}
    whole = as_("dana").post("/api/v1/goals/", asked, content_type="application/json")
    assert (whole.status_code, "below yours" in whole.json()["detail"]) == (400, True)
    above = as_("dana").post("/api/v1/goals/", {**asked, "territory": world.root.pk}, content_type="application/json")
    assert (above.status_code, "territory" in above.json()) == (400, True)
    assert not Goal.objects.exists()
    assert as_("ada").post("/api/v1/goals/", asked, content_type="application/json").status_code == 201


def test_credit_follows_the_day_and_no_reassignment(history, october):
    """What was credited to nora on its day stays hers, though the territory is somebody else's now."""
    world = history
    add_referrals(*[new_referral(on=dt.date(2026, 9, 4), practice=world.south_practice, credited_to=world.nora) for _ in range(3)])
    goal = make(world, measure="inbound", liaison=world.nora)
    assert pace_of(goal).so_far == 3
    assert pace_of(goal).standing == "missed"


def test_visits_count_by_who_went_or_where(world, october):
    now = timezone.now()
    for days, practice, owner in (
        (1, world.north_practice, world.nora),
        (2, world.south_practice, world.nora),
        (40, world.north_practice, world.nora),
    ):
        factories.make_visit(practice, owner, visited_at=now - dt.timedelta(days=days))
    factories.make_visit(world.north_practice, world.dana, visited_at=now - dt.timedelta(days=3))
    factories.make_visit(world.north_practice, world.nora, visited_at=now - dt.timedelta(days=3), deleted_at=now)
    factories.make_visit(world.north_practice, world.nora, state="planned")
    assert Visit.objects.count() == 6
    common = {"measure": "visits", "period": "month", "start_on": dt.date(2026, 10, 1)}
    assert pace_of(make(world, **common, liaison=world.nora)).so_far == 2
    assert pace_of(make(world, **common, territory=world.north)).so_far == 2
    assert pace_of(make(world, **common, territory=world.region)).so_far == 3
    assert pace_of(make(world, **common)).so_far == 3


def test_standings(history, october):
    world = history
    assert pace_of(make(world, measure="received", period="quarter", start_on=END, target=1)).standing == "reached"
    ahead = pace_of(make(world, measure="received", period="quarter", start_on=END, territory=world.north, target=2))
    behind = pace_of(make(world, measure="received", period="quarter", start_on=END, territory=world.south, target=500))
    assert (ahead.standing, behind.standing) == ("ahead", "behind")
    assert ahead.chance > 0.99
    assert behind.chance < 0.01
    assert pace_of(make(world, start_on=dt.date(2026, 12, 1))).standing == "not begun"
    assert pace_of(make(world, start_on=SEPT, target=1)).standing == "reached"
    leak = {"measure": "leakage", "territory": world.north, "period": "year"}
    assert pace_of(make(world, **leak, target=0.9)).standing == "ahead"
    assert pace_of(make(world, **leak, target=0.01, start_on=dt.date(2025, 3, 1))).standing == "missed"
    assert pace_of(make(world, measure="leakage", territory=world.south, target=0.5)).standing == "open", "no referral of our own there"


def test_the_number_of_queries_follows_the_kinds_of_goals(history, october, django_assert_num_queries):
    world = history
    territories = [world.north, world.south, world.region]
    goals = [make(world, territory=territory, period="quarter", start_on=END) for territory in territories]
    fresh, parents = freshness(), names().parents
    with CaptureQueriesContext(connection) as one:
        paces(goals[:1], fresh=fresh, parents=parents)
    with django_assert_num_queries(len(one)):
        paces(goals, fresh=fresh, parents=parents)


def test_words(history, october):
    world = history
    row = presenter.row(pace_of(make(world, territory=world.north, period="quarter", start_on=END, target=2)), may_edit=True)
    assert row.pill == "On pace"
    assert "7 to 29 likely by 31 Dec 2026; more than 99% to reach the target" in row.outlook
    assert row.until == "through 15 Oct 2026"
    assert presenter.finding([]) == "No goal is running"
    behind = pace_of(make(world, territory=world.south, period="quarter", start_on=END, target=500))
    assert presenter.finding([behind]) == "1 goal of 1 behind pace"
    assert "less than 1% to reach" in presenter.outlook(behind)


def test_pages(as_, history, october):
    world, client = history, as_("dana")
    assert "No goals here" in client.get("/reports/goals/").content.decode()
    sent = {"measure": "visits", "subject": f"liaison-{world.nora.pk}", "period": "month", "start_on": "2026-10-01", "target": "12"}
    assert client.post("/reports/goals/new/", sent).status_code == 302
    again = client.post("/reports/goals/new/", sent)
    assert again.status_code == 422
    assert "There is a goal already" in again.content.decode()
    goal = Goal.objects.get()
    assert (goal.target, goal.liaison) == (12, world.nora)
    page = client.get("/reports/goals/").content.decode()
    assert "Visits made" in page
    assert client.get(f"/reports/goals/{goal.pk}/").status_code == 200
    assert client.post(f"/reports/goals/{goal.pk}/", {**sent, "measure": "leakage", "target": "25"}).status_code == 302
    goal.refresh_from_db()
    assert (goal.measure, goal.target) == ("leakage", 0.25)
    assert "25.0" in client.get(f"/reports/goals/{goal.pk}/").content.decode()
    other = {**sent, "subject": "whole"}
    assert client.post("/reports/goals/new/", other).status_code == 422, "the whole is not hers to offer"
    assert "Visits made" not in as_("sol").get("/reports/goals/").content.decode()
    assert as_("nora").get("/reports/goals/").status_code == 200
    assert as_("nora").get(f"/reports/goals/{goal.pk}/").status_code == 403
    client = as_("dana")
    for kind in ("csv", "xlsx"):
        assert client.get(f"/reports/goals/files/goals.{kind}").status_code == 200
    assert client.get("/reports/goals/files/goals.pdf").status_code == 404
    for state in ("coming", "over", "nonsense"):
        assert client.get(f"/reports/goals/?state={state}").status_code == 200
    assert client.post(f"/reports/goals/{goal.pk}/remove/").status_code == 302
    assert not Goal.objects.exists()


def test_a_small_count_does_not_leave(history, october):
    world = history
    add_referrals(*[new_referral(on=dt.date(2026, 9, 4), practice=world.south_practice, credited_to=world.sol) for _ in range(3)])
    small = pace_of(make(world, measure="inbound", liaison=world.sol))
    assert next(iter(presenter.file_rows([small], 11)))[4:10] == ["<11", dt.date(2026, 9, 30), None, None, None, None]
    assert next(iter(presenter.file_rows([small], 1)))[4] == 3
