"""A route put in order by hand: what no longer fits is found by the independent checker and said; appointments; the day as a file."""

import csv
import datetime as dt
import html
import io
import random
import re

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import contacts.actions
from common.exceptions import PolicyViolation
from common.tables import open_table
from tests import factories
from tests.visits.test_day_plans import _at, _ends, _order, _url, monday, offices  # noqa: F401 - fixtures
from tests.visits.test_routing import START, days
from visits import actions
from visits.feasibility import ENDS_LATE, LUNCH_OFF, findings
from visits.models import DayPlan
from visits.queries.days import day_stops
from visits.routes import asked_for, fixed_minute
from visits.routing import forced, timed


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days(), st.randoms(use_true_random=False))
def test_any_order_can_be_driven_and_the_checker_says_what_of_it_does_not_fit(day, chance: random.Random):
    """Nothing is found exactly where the day holds the order; what is found is never the road or a visit in the middle of lunch."""
    stops, travel, ends, lunch = day
    order = list(range(1, len(stops) + 1))
    chance.shuffle(order)
    asked = {"travel": travel, "day_start": START, "day_end": ends, "lunch": lunch}
    route = forced(stops, order, **asked)
    assert route.order == [stops[place - 1].key for place in order]
    found = findings(stops, route, **asked)
    assert (not found) == (timed(stops, order, **asked) is not None)
    assert {one.says for one in found if one.key is None} <= {ENDS_LATE, LUNCH_OFF}
    assert {one.key for one in found if one.key is not None} <= {stop.key for stop in stops}


@pytest.fixture
def planned(world, offices, monday, run_jobs):  # noqa: F811
    """The first of nora's four offices closes at ten on Mondays."""
    contacts.actions.save_visiting(practice=offices[0], opens={0: [(dt.time(8), dt.time(10))]}, by=world.nora)
    for hour, practice in zip((9, 10, 11, 13), offices, strict=True):
        factories.make_visit(practice, world.nora, state="planned", planned_at=_at(monday, hour))
    plan = actions.ask_for_route(by=world.nora, owner=world.nora, day_on=monday, ends=_ends())
    run_jobs()
    return DayPlan.objects.get(pk=plan.pk)


def _stop(plan, name):
    return next(stop for stop in day_stops(plan) if stop.practice.name == name)


def test_a_move_that_does_not_fit_is_made_and_said(as_, world, planned):
    before = _order(planned)
    early = _stop(planned, "Office 1")
    assert early.ends_minute <= 600
    client = as_("nora")
    client.post(reverse("visits:route-stop", args=[_stop(planned, before[1]).pk, "up"]))  # office 1 may still be in time as the second
    for _ in range(3):
        early.refresh_from_db()
        if early.place < 4:
            client.post(reverse("visits:route-stop", args=[early.pk, "down"]))
    planned.refresh_from_db()
    assert _order(planned)[-1] == "Office 1"
    arrives = _stop(planned, "Office 1").begin_minute
    assert arrives > 600
    words = f"arrives {arrives // 60:02}:{arrives % 60:02}, closes 10:00"
    assert planned.misfits == {"stops": {str(early.pk): words}, "day": []}
    page = text_of(client.get(_url("route", planned)))
    assert f"By hand, and it does not fit: Office 1 {words}." in page
    assert words[0].upper() + words[1:] in page
    assert client.get(f"/api/v1/day-plans/{planned.pk}/").json()["misfits"] == planned.misfits
    client.post(_url("route-change", planned, "accept"))  # somebody may have called ahead: it is theirs to decide
    planned.refresh_from_db()
    assert planned.accepted_at


def test_undo_and_a_new_route_fit_again(world, planned, run_jobs):
    first = next(stop for stop in day_stops(planned) if stop.place == 1)
    actions.set_appointment(by=world.nora, stop=first, minute=first.begin_minute)
    moved = actions.move_stop(by=world.nora, stop=first, to=4)
    said = moved.misfits["stops"][str(first.pk)]
    assert re.fullmatch(r"arrives \d\d:\d\d, the appointment is at \d\d:\d\d", said)
    assert actions.undo_route(by=world.nora, plan=planned).misfits is None
    assert actions.undo_route(by=world.nora, plan=planned).misfits == moved.misfits  # and back again
    actions.ask_for_route(by=world.nora, owner=world.nora, day_on=planned.day_on)
    run_jobs()
    planned.refresh_from_db()
    assert (planned.state, planned.misfits) == ("ready", None)


def test_a_day_that_grows_too_long_says_when_one_is_back(world, planned):
    DayPlan.objects.update(end_minute=600)
    moved = actions.move_stop(by=world.nora, stop=_stop(planned, _order(planned)[-1]), to=3)
    assert moved.back_minute > 600
    assert f"back at {moved.back_minute // 60:02}:{moved.back_minute % 60:02}, the day ends at 10:00" in moved.misfits["day"]


# Appointments


@pytest.fixture
def meeting(world, offices, monday, run_jobs):  # noqa: F811
    """Office 2 agreed to eleven to ten past twelve; the other three are planned for any time."""
    for practice in (offices[0], offices[2], offices[3]):
        factories.make_visit(practice, world.nora, state="planned", planned_at=_at(monday, 9))
    visit = actions.plan_visit(
        by=world.nora, practice=offices[1], planned_at=_at(monday, 11), is_fixed=True, ends_at=_at(monday, 12) + dt.timedelta(minutes=10)
    )
    plan = actions.ask_for_route(by=world.nora, owner=world.nora, day_on=monday, ends=_ends())
    run_jobs()
    return visit, DayPlan.objects.get(pk=plan.pk)


def change(visit, **fields):
    told = {"planned_at": visit.planned_at, "ends_at": visit.ends_at, "is_fixed": visit.is_fixed}
    return actions.change_plan(by=visit.owner, visit=visit, purpose="", providers=[], owner=visit.owner, **{**told, **fields})


def test_an_appointment_is_a_stop_at_its_minute_for_its_minutes(world, meeting):
    visit, plan = meeting
    stop = _stop(plan, "Office 2")
    assert (stop.visit, stop.fixed_minute, stop.must_see) == (visit, 660, True)
    assert (stop.begin_minute, stop.ends_minute) == (660, 730)
    (asked,) = [one for one in asked_for(plan).stops if one.key == stop.pk]
    assert (asked.windows, asked.service, asked.must_see) == ([(660, 730)], 70, True)
    actions.accept_route(by=world.nora, plan=plan)
    visit.refresh_from_db()
    assert timezone.localtime(visit.planned_at).hour == 11  # a route never moves what was agreed
    with pytest.raises(PolicyViolation, match="The office agreed to this time"):
        actions.set_appointment(by=world.nora, stop=stop, minute=540)
    assert stop.visit.is_fixed


def test_an_appointment_that_moves_makes_the_route_stale_and_takes_its_stop_along(as_, world, meeting, run_jobs):
    visit, plan = meeting
    client = as_("nora")
    assert "Something changed since" not in text_of(client.get(_url("route", plan)))
    change(visit, planned_at=visit.planned_at + dt.timedelta(hours=3), ends_at=visit.ends_at + dt.timedelta(hours=3))
    stop = _stop(plan, "Office 2")
    assert fixed_minute(stop) == 840  # as the visit says, before anybody asked again
    assert "Something changed since" in text_of(client.get(_url("route", plan)))
    actions.ask_for_route(by=world.nora, owner=world.nora, day_on=plan.day_on)
    run_jobs()
    assert _stop(plan, "Office 2").begin_minute == 840
    page = client.get(_url("route", plan)).content.decode()
    assert "Change the appointment" in page


def test_an_appointment_no_longer_lets_its_stop_go(world, meeting, run_jobs):
    visit, plan = meeting
    change(visit, is_fixed=False, ends_at=None)
    stop = _stop(plan, "Office 2")
    assert (stop.fixed_minute, stop.must_see, fixed_minute(stop)) == (None, False, None)
    (asked,) = [one for one in asked_for(plan).stops if one.key == stop.pk]
    assert (asked.windows, asked.must_see) == (None, False)


def test_a_time_set_by_hand_stays_when_the_visit_is_no_appointment_any_more(world, meeting):
    visit, plan = meeting
    plan.stops.filter(visit=visit).update(fixed_minute=540)
    change(visit, is_fixed=False, ends_at=None)
    assert _stop(plan, "Office 2").fixed_minute == 540


# The day as a file


def test_the_route_is_a_file(as_, world, planned, tmp_path):
    client = as_("nora")
    address = reverse("visits:route-file", args=[planned.day_on.isoformat(), "csv"])
    assert address in client.get(_url("route", planned)).content.decode()
    rows = list(csv.DictReader(io.StringIO(b"".join(client.get(address).streaming_content).decode("utf-8-sig"))))
    assert [row["practice"] for row in rows] == _order(planned)
    first = _stop(planned, rows[0]["practice"])
    assert rows[0]["turn"] == "1"
    assert rows[0]["begins"] == f"{first.begin_minute // 60:02}:{first.begin_minute % 60:02}"
    answer = client.get(reverse("visits:route-file", args=[planned.day_on.isoformat(), "xlsx"]))
    (tmp_path / "route.xlsx").write_bytes(b"".join(answer.streaming_content) if answer.streaming else answer.content)
    with open_table(tmp_path / "route.xlsx") as table:
        assert len(list(table)) == 4
    assert client.get(address.replace("csv", "doc")).status_code == 404
    assert as_("sol").get(f"{address}?person={world.nora.pk}").status_code == 404
    assert as_("dana").get(f"{address}?person={world.nora.pk}").status_code == 200
