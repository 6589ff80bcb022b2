"""A day in the field from asking for a route to accepting it: actions, the worker, the pages, the road network."""

import datetime as dt
import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

import contacts.actions
from audit.models import AuditEvent
from common.exceptions import PolicyViolation
from contacts.models import Cadence
from jobs.models import Job
from tests import factories
from visits import actions, travel
from visits.actions import Ends
from visits.models import DayPlan, FieldRules, Visit
from visits.pictures import draw
from visits.presenters import Way, map_links
from visits.queries.days import day_stops, overdue_near

START = (41.50, -81.70)
SPOTS = [(41.51, -81.72), (41.46, -81.60), (41.55, -81.65), (41.40, -81.75)]


@pytest.fixture
def monday():
    """The next Monday that is still to come."""
    today = timezone.localdate()
    return today + dt.timedelta(days=7 - today.weekday())


@pytest.fixture
def offices(world):
    """Four practices of the north with a pin each."""
    found = [factories.make_practice(f"Office {n}", territory=world.north, zip=f"4410{n}", state="OH") for n in range(1, 5)]
    for practice, spot in zip(found, SPOTS, strict=True):
        contacts.actions.drop_map_pin(practice=practice, latitude=spot[0], longitude=spot[1], by=world.nora)
    return found


def _at(day, hour):
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))


def _ends(**changes):
    fields = {"start_minute": 480, "end_minute": 1020, "lunch_minutes": 30, "start": START, "start_label": "Home"}
    return Ends(**{**fields, "end": START, "end_label": "Home", **changes})


@pytest.fixture
def planned(world, offices, monday, run_jobs):
    """Nora's Monday with a visit to each office, its route made by the worker."""
    for hour, practice in zip((9, 10, 11, 13), offices, strict=True):
        factories.make_visit(practice, world.nora, state="planned", planned_at=_at(monday, hour))
    plan = actions.ask_for_route(by=world.nora, owner=world.nora, day_on=monday, ends=_ends())
    run_jobs()
    return DayPlan.objects.get(pk=plan.pk)


def _order(plan):
    return [stop.practice.name for stop in day_stops(plan) if stop.place]


def test_a_worker_plans_the_day(planned, offices):
    assert (planned.state, planned.job.state) == ("ready", "done")
    stops = [stop for stop in day_stops(planned) if stop.place]
    assert sorted(stop.practice.name for stop in stops) == sorted(practice.name for practice in offices)
    assert [stop.place for stop in stops] == [1, 2, 3, 4]
    for one, other in itertools.pairwise(stops):
        assert other.begin_minute >= one.ends_minute + other.drive_minutes
    assert planned.leaves_minute == 480
    assert planned.back_minute <= 1020
    assert planned.drives["source"] == "estimated"
    assert AuditEvent.objects.filter(event="day.route_planned").exists()


def test_hours_lunch_and_minutes_of_a_practice_count(world, offices, monday, run_jobs):
    first, second = offices[:2]
    contacts.actions.save_visiting(
        practice=first, opens={0: [(dt.time(14), dt.time(15))]}, lunch_rule="", lunch=None, visit_minutes=40, by=world.nora
    )
    contacts.actions.save_visiting(practice=second, opens={1: [(dt.time(9), dt.time(12))]}, by=world.nora)
    for practice in (first, second):
        factories.make_visit(practice, world.nora, state="planned", planned_at=_at(monday, 9))
    plan = actions.ask_for_route(by=world.nora, owner=world.nora, day_on=monday, ends=_ends())
    run_jobs()
    stops = {stop.practice.name: stop for stop in day_stops(plan)}
    assert (stops["Office 1"].begin_minute, stops["Office 1"].visit_minutes) == (840, 40)
    assert stops["Office 2"].place is None
    assert stops["Office 2"].dropped_because == "sees no visitors on this day"


def test_what_is_not_on_the_map_is_said_and_left_out(world, monday, run_jobs):
    nowhere = factories.make_practice("Nowhere", territory=world.north, zip="")
    factories.make_visit(nowhere, world.nora, state="planned", planned_at=_at(monday, 9))
    plan = actions.ask_for_route(by=world.nora, owner=world.nora, day_on=monday, ends=_ends())
    run_jobs()
    [stop] = day_stops(plan)
    assert stop.dropped_because == "not on the map: its ZIP code is unknown, so drop a pin"


def test_a_day_without_visits_has_no_route(world, monday):
    with pytest.raises(PolicyViolation, match="Nothing is planned"):
        actions.ask_for_route(by=world.nora, owner=world.nora, day_on=monday, ends=_ends())
    assert not DayPlan.objects.exists()


@pytest.mark.parametrize(("who", "allowed"), [("nora", True), ("dana", True), ("sol", False), ("ivan", False)])
def test_who_plans_noras_day(world, offices, monday, who, allowed):
    factories.make_visit(offices[0], world.nora, state="planned", planned_at=_at(monday, 9))
    by = world.cast[who]
    if allowed:
        assert actions.ask_for_route(by=by, owner=world.nora, day_on=monday, ends=_ends()).state == "waiting"
    else:
        with pytest.raises(PolicyViolation):
            actions.ask_for_route(by=by, owner=world.nora, day_on=monday, ends=_ends())


@pytest.mark.parametrize(
    ("ends", "day", "told"),
    [({"end_minute": 480}, 0, "must end later"), ({}, -30, "This day is over")],
)
def test_a_day_that_cannot_be_is_refused(world, offices, monday, ends, day, told):
    factories.make_visit(offices[0], world.nora, state="planned", planned_at=_at(monday, 9))
    with pytest.raises(PolicyViolation, match=told):
        actions.ask_for_route(by=world.nora, owner=world.nora, day_on=monday + dt.timedelta(days=day), ends=_ends(**ends))


def test_a_stop_is_moved_by_hand_and_back(world, planned):
    before = _order(planned)
    stops = {stop.place: stop for stop in day_stops(planned)}
    actions.move_stop(by=world.nora, stop=stops[1], to=3)
    assert _order(planned) == [before[1], before[2], before[0], before[3]]
    planned.refresh_from_db()
    actions.undo_route(by=world.nora, plan=planned)
    assert _order(planned) == before


def test_a_must_see_and_an_appointment_decide_the_next_route(world, planned, run_jobs):
    last = next(stop for stop in day_stops(planned) if stop.place == 4)
    actions.set_must_see(by=world.nora, stop=last, must_see=True)
    actions.set_appointment(by=world.nora, stop=last, minute=490 + 60)
    actions.ask_for_route(by=world.nora, owner=world.nora, day_on=planned.day_on, ends=_ends(end_minute=490 + 60 + 60))
    run_jobs()
    again = next(stop for stop in day_stops(planned) if stop.pk == last.pk)
    assert again.begin_minute == 550
    assert any(stop.dropped_because for stop in day_stops(planned))


def test_accepting_moves_the_visits_and_can_be_undone(world, planned):
    times = dict(Visit.objects.values_list("pk", "planned_at"))
    actions.accept_route(by=world.nora, plan=planned)
    for stop in day_stops(planned):
        assert timezone.localtime(stop.visit.planned_at).time() == dt.time(stop.begin_minute // 60, stop.begin_minute % 60)
    with pytest.raises(PolicyViolation, match="no new route"):
        actions.accept_route(by=world.nora, plan=planned)
    actions.undo_accept(by=world.nora, plan=planned)
    assert dict(Visit.objects.values_list("pk", "planned_at")) == times
    with pytest.raises(PolicyViolation, match="not accepted"):
        actions.undo_accept(by=world.nora, plan=planned)


def test_a_suggestion_becomes_a_visit_when_accepted_and_leaves_when_undone(world, planned, run_jobs):
    near = factories.make_practice("Nearby", territory=world.north, zip="44109")
    contacts.actions.drop_map_pin(practice=near, latitude=41.505, longitude=-81.71, by=world.nora)
    stop = actions.add_stop(by=world.nora, plan=planned, practice=near, why="40 days overdue")
    actions.ask_for_route(by=world.nora, owner=world.nora, day_on=planned.day_on)
    run_jobs()
    planned.refresh_from_db()
    assert "Nearby" in _order(planned)
    actions.accept_route(by=world.nora, plan=planned)
    visit = Visit.objects.get(practice=near)
    assert (visit.state, visit.purpose, visit.owner) == ("planned", "40 days overdue", world.nora)
    actions.undo_accept(by=world.nora, plan=planned)
    visit.refresh_from_db()
    assert visit.state == "cancelled"
    stop.refresh_from_db()
    actions.remove_stop(by=world.nora, stop=stop)
    assert not planned.stops.filter(practice=near).exists()


def test_only_suggestions_are_taken_off_the_day(world, planned):
    with pytest.raises(PolicyViolation, match="planned visit"):
        actions.remove_stop(by=world.nora, stop=day_stops(planned)[0])


def test_practices_outside_or_closed_to_visits_are_not_added(world, planned):
    with pytest.raises(PolicyViolation, match="not in the field"):
        actions.add_stop(by=world.nora, plan=planned, practice=world.south_practice)
    world.north_practice.do_not_visit = True
    world.north_practice.save()
    with pytest.raises(PolicyViolation, match="no visits"):
        actions.add_stop(by=world.nora, plan=planned, practice=world.north_practice)


def test_planning_on_from_the_last_stop(world, planned, run_jobs):
    """What was visited stays as it was; the rest is planned from there and from now on."""
    first, *rest = [stop for stop in day_stops(planned) if stop.place]
    Visit.objects.filter(pk=first.visit_id).update(state="done", visited_at=_at(planned.day_on, 9))
    actions.plan_from_here(by=world.nora, plan=planned, minute=600)
    run_jobs()
    planned.refresh_from_db()
    assert (planned.start_label, planned.start_minute) == (first.practice.name, 600)
    assert sorted(_order(planned)) == sorted(stop.practice.name for stop in rest)
    assert all(stop.begin_minute >= 600 for stop in day_stops(planned) if stop.place)


def test_planning_on_from_where_the_phone_is(world, planned, run_jobs):
    actions.plan_from_here(by=world.nora, plan=planned, minute=900, place=(41.45, -81.65))
    run_jobs()
    planned.refresh_from_db()
    assert (planned.start_latitude, planned.start_longitude, planned.start_label) == (41.45, -81.65, "Where you were")
    assert planned.lunch_minutes == 0 or planned.lunch_latest >= 810
    with pytest.raises(PolicyViolation, match="The day ends at 17:00"):
        actions.plan_from_here(by=world.nora, plan=planned, minute=1020)


def test_a_moved_visit_leaves_the_day(world, planned, run_jobs):
    visit = day_stops(planned)[0].visit
    Visit.objects.filter(pk=visit.pk).update(planned_at=_at(planned.day_on + dt.timedelta(days=1), 9))
    assert visit.practice not in [stop.practice for stop in day_stops(planned)]
    actions.ask_for_route(by=world.nora, owner=world.nora, day_on=planned.day_on)
    run_jobs()
    assert planned.stops.count() == 3


def test_a_route_that_fails_its_check_is_not_shown(world, planned, monkeypatch, run_jobs):
    """The checker's word goes before the solver's."""
    monkeypatch.setattr("visits.tasks.problems", lambda *args, **kwargs: ["Lunch is at the wrong time."])
    before = _order(planned)
    actions.ask_for_route(by=world.nora, owner=world.nora, day_on=planned.day_on)
    run_jobs()
    planned.refresh_from_db()
    assert planned.state == "failed"
    assert planned.problem == "The route did not pass its check: Lunch is at the wrong time."
    assert _order(planned) == before


def test_overdue_practices_near_the_way_are_offered(world, planned):
    Cadence.objects.create(tier="A", every_days=30)
    now = timezone.localtime()  # days of the calendar: a clock changed in between moves no visit to another day
    for name, spot, last in (("Late", SPOTS[0], 50), ("Recent", SPOTS[0], 10), ("Far", (40.0, -81.7), 90), ("Never", SPOTS[1], None)):
        practice = factories.make_practice(name, territory=world.north, zip="", tier="A")
        contacts.actions.drop_map_pin(practice=practice, latitude=spot[0], longitude=spot[1], by=world.nora)
        if last is not None:
            factories.make_visit(practice, world.nora, visited_at=now - dt.timedelta(days=last))
    offers = {offer.practice.name: offer.why for offer in overdue_near(planned, SPOTS, miles=5)}
    assert offers == {"Late": "20 days overdue, 0.0 miles off the way", "Never": "never visited, 0.0 miles off the way"}


# --- roads


class _Osrm(BaseHTTPRequestHandler):
    """Speaks OSRM's table service: a minute and a half between places that follow each other, no road to the last."""

    def do_GET(self):
        split = urlsplit(self.path)
        spots = split.path.removeprefix("/table/v1/driving/").split(";")
        assert parse_qs(split.query) == {"annotations": ["duration"]}
        last = len(spots) - 1
        rows = [[None if j == last and i != j else 90.0 * abs(i - j) for j in range(last + 1)] for i in range(last + 1)]
        body = json.dumps({"code": self.server.code, "durations": rows}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)
        self.server.asked.append(spots)

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def osrm():
    server = HTTPServer(("127.0.0.1", 0), _Osrm)
    server.code, server.asked = "Ok", []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_road_network_is_asked_when_there_is_one(osrm):
    places = [(41.5, -81.7), (41.6, -81.8), (41.7, -81.9)]
    drives = travel.drives_between(places, rules=FieldRules(), osrm_url=f"http://127.0.0.1:{osrm.server_port}/")
    assert osrm.asked == [["-81.700000,41.500000", "-81.800000,41.600000", "-81.900000,41.700000"]]
    assert drives.source == "road network"
    assert drives.minutes == [[0, 2, 6000], [2, 0, 6000], [3, 2, 0]]


@pytest.mark.parametrize("broken", ["no answer", "no table", "other scheme"])
def test_without_an_answer_drives_are_estimated_and_said_so(osrm, broken):
    url = {"no answer": "http://127.0.0.1:9", "other scheme": "file:///etc"}.get(broken, f"http://127.0.0.1:{osrm.server_port}")
    osrm.code = "InvalidQuery"
    drives = travel.drives_between([(41, -81), (42, -81)], rules=FieldRules(), osrm_url=url)
    assert (drives.source, drives.minutes) == ("estimated", [[0, 180], [180, 0]])


def test_speed_and_detour_are_settings(world):
    actions.save_field_rules(by=world.ada, speed_mph=60, circuity=1.0)
    assert travel.estimated([(41, -81), (42, -81)], FieldRules.current()) == [[0, 70], [70, 0]]
    with pytest.raises(PolicyViolation, match="Only an admin"):
        actions.save_field_rules(by=world.nora, speed_mph=10)


def test_the_worker_asks_the_road_network(world, offices, monday, run_jobs, osrm, settings):
    settings.OSRM_URL = f"http://127.0.0.1:{osrm.server_port}"
    for practice in offices[:2]:
        factories.make_visit(practice, world.nora, state="planned", planned_at=_at(monday, 9))
    plan = actions.ask_for_route(by=world.nora, owner=world.nora, day_on=monday, ends=_ends(end=(41.6, -81.6)))
    run_jobs()
    plan.refresh_from_db()
    assert plan.drives["source"] == "road network"
    assert len(osrm.asked[0]) == 4
    assert all("further than the day allows" in stop.dropped_because for stop in day_stops(plan))  # no road leads to the end


# --- pages


def _url(name, plan_or_day, *args):
    day = getattr(plan_or_day, "day_on", plan_or_day)
    return reverse(f"visits:{name}", args=[day.isoformat(), *args])


@pytest.mark.parametrize(("who", "status"), [("nora", 200), ("dana", 200), ("ivan", 200), ("elle", 403), (None, 302)])
def test_who_opens_a_day(as_, monday, who, status):
    assert as_(who).get(_url("route", monday)).status_code == status


@pytest.mark.parametrize(("who", "status"), [("dana", 200), ("sol", 404), ("ivan", 404)])
def test_whose_day_is_shown(as_, world, planned, who, status):
    answer = as_(who).get(_url("route", planned), {"person": world.nora.pk})
    assert answer.status_code == status
    if status == 200:
        assert "Office 1" in answer.content.decode()


def test_another_persons_day_is_not_ones_own(as_, planned):
    assert "Office 1" not in as_("sol").get(_url("route", planned)).content.decode()


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01"])
def test_what_is_no_day_is_not_found(as_, day):
    assert as_("nora").get(f"/visits/route/{day}/").status_code == 404


def test_an_empty_day_offers_to_plan_a_visit(as_, monday):
    page = as_("nora").get(_url("route", monday)).content.decode()
    assert "Nothing is planned for this day" in page
    assert reverse("visits:plan") in page


def test_from_the_form_to_the_route(as_, world, offices, monday, run_jobs):
    client = as_("nora")
    for practice in offices:
        factories.make_visit(practice, world.nora, state="planned", planned_at=_at(monday, 9))
    page = client.get(_url("route", monday)).content.decode()
    assert "4 visits planned" in page
    wrong = client.post(
        _url("route-plan", monday), {"starts": "17:00", "ends": "08:00", "lunch_minutes": "30", "start": "the office", "end": ""}
    )
    assert wrong.status_code == 422
    told = wrong.content.decode()
    assert "The day must end later than it starts." in told
    assert 'value="the office"' in told
    sent = {"starts": "08:00", "ends": "17:00", "lunch_minutes": "30", "start": "44101", "end": ""}
    assert client.post(_url("route-plan", monday), sent)["Location"] == _url("route", monday)
    waiting = client.get(_url("route", monday)).content.decode()
    assert _url("route-progress", monday) in waiting
    assert client.get(_url("route-progress", monday), headers={"HX-Request": "true"}).status_code == 200
    run_jobs()
    assert client.get(_url("route-progress", monday), headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = client.get(_url("route", monday)).content.decode()
    assert "4 stops, " in page
    assert "Drives are estimated" in page
    assert "Something changed since" not in page
    assert "https://www.google.com/maps/dir/?api=1" in page
    assert 'class="route-picture"' in page
    assert "leaflet" in page.partition("data-leaflet=")[2].partition(">")[0]
    assert "leaflet" not in page.partition("</head>")[0], "the map's script waits until somebody scrolls to the map"
    assert "geo:41.5" in page


def test_work_that_was_stopped_can_be_asked_for_again(as_, world, planned):
    Job.objects.filter(pk=planned.job_id).update(state="cancelled")
    DayPlan.objects.update(state="waiting")
    page = as_("nora").get(_url("route", planned)).content.decode()
    assert "The work was stopped. Ask again." in page
    assert "Plan the route" in page


def test_the_buttons_of_the_page(as_, world, planned):
    client = as_("nora")
    first = next(stop for stop in day_stops(planned) if stop.place == 1)
    assert client.post(reverse("visits:route-stop", args=[first.pk, "down"]))["Location"] == f"{_url('route', planned)}#stop-{first.pk}"
    first.refresh_from_db()
    assert first.place == 2
    client.post(reverse("visits:route-stop", args=[first.pk, "must-see"]))
    assert "Something changed since" in client.get(_url("route", planned)).content.decode()
    client.post(reverse("visits:route-stop", args=[first.pk, "may-drop"]))
    client.post(reverse("visits:route-stop", args=[first.pk, "appointment"]), {"at": "10:30"})
    first.refresh_from_db()
    assert (first.must_see, first.fixed_minute) == (False, 630)
    client.post(_url("route-change", planned, "undo"))
    client.post(_url("route-change", planned, "accept"))
    assert "Accepted" in client.get(_url("route", planned)).content.decode()
    client.post(_url("route-change", planned, "undo-accept"))
    planned.refresh_from_db()
    assert planned.accepted_at is None
    assert client.post(_url("route-change", planned, "explode")).status_code == 404
    assert client.post(reverse("visits:route-stop", args=[first.pk, "explode"])).status_code == 404


def test_others_cannot_change_a_stop(as_, planned):
    stop = day_stops(planned)[0]
    assert as_("sol").post(reverse("visits:route-stop", args=[stop.pk, "must-see"])).status_code == 404
    assert as_("ivan").post(reverse("visits:route-stop", args=[stop.pk, "must-see"])).status_code == 403


def test_plan_again_and_from_here_by_the_page(as_, world, planned, run_jobs):
    client = as_("nora")
    assert client.post(_url("route-plan", planned)).status_code == 302
    run_jobs()
    assert client.post(_url("route-here", planned), {"latitude": "41.45", "longitude": "-81.65"}).status_code == 302
    planned.refresh_from_db()
    assert planned.start_label == "Where you were"
    assert client.post(_url("route-here", planned.day_on + dt.timedelta(days=1))).status_code == 404


def test_an_overdue_practice_is_added_from_the_page(as_, world, planned, run_jobs):
    Cadence.objects.create(tier="A", every_days=30)
    near = factories.make_practice("Nearby", territory=world.north, zip="", tier="A")
    contacts.actions.drop_map_pin(practice=near, latitude=41.505, longitude=-81.71, by=world.nora)
    client = as_("nora")
    assert "Overdue nearby" in client.get(_url("route", planned)).content.decode()
    client.post(_url("route-add", planned), {"practice": near.pk, "why": "never visited"})
    run_jobs()
    assert "Nearby" in _order(planned)
    assert client.post(_url("route-add", planned), {"practice": world.south_practice.pk}).status_code == 404


def test_the_rules_of_routes_are_a_settings_page(as_, world):
    client, url = as_("ada"), reverse("visits:field-rules")
    assert client.get(url).status_code == 200
    sent = {"speed_mph": "40", "circuity": "1.2", "nearby_miles": "8", "earliest": "13:00", "latest": "12:00"}
    assert client.post(url, sent).status_code == 422
    assert client.post(url, {**sent, "latest": "14:00"}).status_code == 302
    assert (FieldRules.current().speed_mph, FieldRules.current().lunch_latest) == (40, 840)


def test_the_page_asks_as_often_for_many_stops_as_for_few(as_, world, planned, run_jobs, django_assert_max_num_queries):
    client = as_("nora")
    client.get(_url("route", planned))
    with django_assert_max_num_queries(40):
        client.get(_url("route", planned))


# --- picture and links


def test_the_picture_holds_every_place():
    picture = draw(START, SPOTS, (41.3, -81.9), ["OH"])
    assert [mark.text for mark in picture.marks] == ["A", "B", "1", "2", "3", "4"]
    assert all(0 < mark.x < picture.width and 0 < mark.y < picture.height for mark in picture.marks)
    west = {mark.text: mark.x for mark in picture.marks}
    assert west["B"] < west["4"] < west["A"] < west["2"]
    assert picture.borders
    assert draw(START, [START], START).borders == ()


def test_a_long_route_is_cut_for_google(planned):
    way = Way.of(planned, [stop for stop in day_stops(planned) if stop.place])
    [(label, address), (apple, apple_address)] = map_links(way)
    assert (label, apple) == ("Google Maps", "Apple Maps")
    assert parse_qs(urlsplit(address).query)["waypoints"][0].count("|") == 3
    assert apple_address.count("to%3A") == 4
    many = Way(planned, way.stops * 5, 0)
    labels = [label for label, _ in map_links(many)]
    assert labels == ["Google Maps, part 1", "Google Maps, part 2", "Google Maps, part 3", "Apple Maps"]
    parts = [parse_qs(urlsplit(address).query) for _, address in map_links(many)[:3]]
    assert [part["origin"] for part in parts[1:]] == [part["destination"] for part in parts[:2]]
    assert all(part["waypoints"][0].count("|") <= 8 for part in parts if "waypoints" in part)


# --- API


@pytest.mark.parametrize(("who", "count"), [("nora", 1), ("dana", 1), ("sol", 0)])
def test_the_api_shows_ones_own_days_and_managers_their_peoples(as_, planned, who, count):
    answer = as_(who).get("/api/v1/day-plans/", {"day_on": planned.day_on.isoformat()}).json()
    assert answer["count"] == count
    if count:
        [day] = answer["results"]
        assert day["drives"] == "estimated"
        assert [stop["place"] for stop in day["stops"]] == [1, 2, 3, 4]
        assert day["stops"][0]["begin_minute"] >= 480


def test_the_api_plans_again_and_accepts(as_, world, planned, run_jobs):
    client = as_("nora")
    assert client.post(f"/api/v1/day-plans/{planned.pk}/plan/").status_code == 202
    run_jobs()
    assert client.post(f"/api/v1/day-plans/{planned.pk}/accept/").json()["accepted_at"]
    assert as_("sol").post(f"/api/v1/day-plans/{planned.pk}/plan/").status_code == 404
    assert as_("ivan").post(f"/api/v1/day-plans/{planned.pk}/plan/").status_code == 403
