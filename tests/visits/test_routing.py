"""The day's route: against an exact oracle, against published instances, and through an independent checker."""

import math
import random
import re
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.samples import sample, samples
from tests.visits import oracle
from visits.feasibility import problems
from visits.routing import DayRoute, Lunch, Stop, drive_minutes, plan_day, timed
from visits.routing.shapes import Problem
from visits.routing.solving import search
from visits.routing.timing import Timetable, timetable, travel_of

START, END = 480, 1020


@st.composite
def days(draw, most=6):
    """A day of some stops: roads that differ by direction, windows, lunch, must-sees, values."""
    count = draw(st.integers(0, most))
    minutes = st.integers(0, 90)
    travel = [[0 if i == j else draw(minutes) for j in range(count + 1)] for i in range(count + 1)]
    if draw(st.booleans()):
        travel = [[travel[min(i, j)][max(i, j)] for j in range(count + 1)] for i in range(count + 1)]
    span = st.tuples(st.integers(420, 1000), st.integers(5, 240)).map(lambda pair: (pair[0], pair[0] + pair[1]))
    stops = [
        Stop(
            f"stop {n}",
            0,
            0,
            draw(st.none() | st.lists(span, max_size=2)),
            draw(st.integers(0, 60)),
            draw(st.sampled_from((0.5, 1, 2, 5))),
            draw(st.booleans()),
        )
        for n in range(count)
    ]
    lunch = draw(st.none() | st.builds(Lunch, st.integers(600, 720), st.integers(720, 840), st.integers(15, 60)))
    return stops, travel, draw(st.integers(START + 60, END)), lunch


def _objective(stops, route):
    got = [stop for stop in stops if stop.key in route.order]
    return sum(stop.must_see for stop in got), sum(stop.value for stop in got), route.travel


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(days())
def test_any_day_is_feasible_and_best(day):
    """The checker finds nothing, and neither must-sees, value nor road can be better."""
    stops, travel, ends, lunch = day
    route = plan_day(stops, travel=travel, day_start=START, day_end=ends, lunch=lunch)
    if oracle.best(stops, travel, START, ends, lunch) is None:
        assert not route.order
        return
    assert problems(stops, route, travel=travel, day_start=START, day_end=ends, lunch=lunch) == []
    assert _objective(stops, route) == pytest.approx(oracle.best(stops, travel, START, ends, lunch))


@settings(max_examples=60, deadline=None)
@given(days(most=4))
def test_the_oracle_agrees_with_trying_every_order(day):
    """Brute force over orders and places of lunch, in whole minutes: the oracle is no better and no worse."""
    stops, travel, ends, lunch = day
    found = []
    for count in range(len(stops) + 1):
        for order in permutations(range(1, len(stops) + 1), count):
            for lunch_leg in range(-1, count + 2) if lunch else [None]:
                if _drivable(order, lunch_leg, stops, travel, ends, lunch):
                    got = [stops[place - 1] for place in order]
                    road = sum(travel[a][b] for a, b in zip((0, *order), (*order, 0), strict=True)) if order else 0
                    found.append((sum(s.must_see for s in got), sum(s.value for s in got), -road))
    want = oracle.best(stops, travel, START, ends, lunch)
    assert (want is None) == (not found)
    if found:
        assert want == pytest.approx((max(found)[0], max(found)[1], -max(found)[2]))


def _drivable(order, lunch_leg, stops, travel, ends, lunch):
    """Minute by minute in words: drive, eat on leg `lunch_leg` (-1 is before leaving, the last is after being back), wait, visit."""
    at, here = START, 0
    for leg, there in enumerate((*order, 0)):
        road = travel[here][there] if order else 0
        if lunch and leg == 0 and lunch_leg == -1:
            at = max(at, lunch.earliest + lunch.minutes)
        elif lunch and leg == lunch_leg:
            begins = max(at, lunch.earliest)
            if begins > lunch.latest:
                return False
            at = max(at + road, begins) + lunch.minutes - road
        at += road
        if there:
            spans = stops[there - 1].windows
            fits = [max(at, a) for a, b in spans if max(at, a) + stops[there - 1].service <= b] if spans is not None else [at]
            if not fits:
                return False
            at = min(fits) + stops[there - 1].service
        here = there
    if lunch and lunch_leg == len(order) + 1 and at > lunch.latest:
        return False
    return at <= ends


def _random_day(seed, count):
    """A plausible day of whole minutes: offices in an hour's square, some with hours, some must-see."""
    dice = random.Random(seed)
    spots = [(dice.randrange(60), dice.randrange(60)) for _ in range(count + 1)]
    travel = [[math.ceil(math.dist(a, b)) + (dice.randrange(4) if seed % 3 == 0 and a != b else 0) for b in spots] for a in spots]
    stops = []
    for n in range(count):
        windows = None
        if dice.random() < 0.6:
            opens = dice.randrange(480, 900, 15)
            windows = [(opens, opens + dice.choice((45, 90, 180)))]
            if dice.random() < 0.4:
                windows.append((windows[0][1] + 60, windows[0][1] + 150))
        stops.append(Stop(n, 0, 0, windows, dice.choice((15, 25, 30)), dice.choice((1, 1, 1, 2, 5)), dice.random() < 0.2))
    return stops, travel, dice.choice((780, 1020)), Lunch(690, 810, 30) if dice.random() < 0.7 else None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_days_of_twelve_stops_equal_the_dynamic_program(seed):
    stops, travel, ends, lunch = _random_day(seed, 12)
    route = plan_day(stops, travel=travel, day_start=START, day_end=ends, lunch=lunch)
    assert problems(stops, route, travel=travel, day_start=START, day_end=ends, lunch=lunch) == []
    assert _objective(stops, route) == pytest.approx(oracle.best(stops, travel, START, ends, lunch))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_the_search_of_larger_days_comes_close_on_small_ones(seed):
    """OR-Tools alone on twelve stops: never beyond the optimum, every order drivable, at least nine tenths of the value."""
    stops, travel, ends, lunch = _random_day(seed, 12)
    problem = Problem(stops, travel, START, ends, lunch)
    order = search(problem, seconds=1)
    assert isinstance(timetable(order, problem), Timetable)
    must, value, _ = oracle.best(stops, travel, START, ends, lunch)
    assert sum(stops[place - 1].must_see for place in order) == must
    assert 0.9 * value <= sum(stops[place - 1].value for place in order) <= value


@pytest.mark.parametrize(("seed", "count"), [(1, 13), (3, 20), (5, 40)])
def test_larger_days_pass_the_checker(seed, count):
    stops, travel, ends, lunch = _random_day(seed, count)
    route = plan_day(stops, travel=travel, day_start=START, day_end=ends, lunch=lunch, time_limit_s=0.5)
    assert problems(stops, route, travel=travel, day_start=START, day_end=ends, lunch=lunch) == []
    assert len(route.order) >= 6


@pytest.mark.parametrize("seed", [2, 4])
def test_a_larger_day_keeps_every_must_see_that_fits(seed):
    """Twenty optional stops of high value cannot push out three must-sees without hours."""
    stops, travel, _, lunch = _random_day(seed, 20)
    stops = [Stop(stop.key, 0, 0, stop.windows if n > 2 else None, stop.service, 50, n < 3) for n, stop in enumerate(stops)]
    route = plan_day(stops, travel=travel, day_start=START, day_end=END, lunch=lunch, time_limit_s=0.5)
    assert {0, 1, 2} <= set(route.order)


# --- published instances


def _tsplib(text):
    lines = iter(text.splitlines())
    for line in lines:
        if line.strip() == "NODE_COORD_SECTION":
            break
    spots = []
    for line in lines:
        if line.strip() == "EOF":
            break
        _, x, y = line.split()
        spots.append((float(x), float(y)))
    return [[int(math.dist(a, b) + 0.5) for b in spots] for a in spots]


@pytest.mark.slow
@pytest.mark.parametrize("file", samples("tsplib/*.tsp"), ids=lambda file: file.stem)
def test_tours_of_tsplib_are_within_one_percent(file):
    """In five seconds of a processor, of instances up to 105 places; the optimum stands in solutions.txt."""
    optimum = int(re.search(rf"^{file.stem} : (\d+)", sample("tsplib/solutions.txt").decode(), re.M)[1])
    travel = _tsplib(file.read_text())
    stops = [Stop(place, 0, 0) for place in range(1, len(travel))]
    route = plan_day(stops, travel=travel, time_limit_s=5)
    assert problems(stops, route, travel=travel, day_start=0, day_end=math.inf) == []
    assert len(route.order) == len(stops)
    assert optimum <= route.travel <= 1.01 * optimum


def test_the_tour_of_a_grid_of_105_places_is_within_one_percent():
    """A grid of 7 by 15 steps of ten minutes has a round trip over 104 of its 105 edges and one diagonal: known without any file."""
    spots = [(10 * x, 10 * y) for x in range(15) for y in range(7)]
    travel = [[math.dist(a, b) for b in spots] for a in spots]
    route = plan_day([Stop(place, 0, 0) for place in range(1, 105)], travel=travel, time_limit_s=3)
    optimum = 104 * 10 + 10 * math.sqrt(2)
    assert optimum - 1e-6 <= route.travel <= 1.01 * optimum


@pytest.mark.slow
@pytest.mark.parametrize("file", samples("tsptw/n20*.txt"), ids=lambda file: file.stem)
def test_windows_of_dumas_are_kept_at_the_best_known_cost(file):
    rows = [line.split() for line in file.read_text().splitlines() if line.strip()]
    size = int(rows[0][0])
    travel = [[float(cell) for cell in row] for row in rows[1 : size + 1]]
    windows = [(float(row[0]), float(row[1])) for row in rows[size + 1 : 2 * size + 1]]
    known = dict(line.split()[:2] for line in sample("tsptw/best_known.txt").decode().splitlines() if line.strip())
    stops = [Stop(place, 0, 0, [windows[place]], must_see=True) for place in range(1, size)]
    route = plan_day(stops, travel=travel, day_start=windows[0][0], day_end=windows[0][1], time_limit_s=2)
    assert problems(stops, route, travel=travel, day_start=windows[0][0], day_end=windows[0][1]) == []
    assert route.dropped == []
    assert route.travel == float(known[file.name])


# --- reasons, lunch, edges


def _line(*minutes, back=0):
    """Travel along a line: place n is so many minutes from the start."""
    at = [0, *minutes]
    return [[abs(a - b) for b in at] for a in at]


@pytest.mark.parametrize(
    ("stop", "minutes", "told"),
    [
        (Stop("a", 0, 0, []), 10, "sees no visitors on this day"),
        (Stop("a", 0, 0, [(600, 615)], service=25), 10, "a visit of 25 minutes is longer than its hours (15 minutes)"),
        (Stop("a", 0, 0, [(480, 500)], service=15), 30, "no time before it closes at 08:20, even as the first stop"),
        (Stop("a", 0, 0, None, service=30), 300, "further than the day allows: 630 minutes there, in and back"),
        (Stop("a", 0, 0, [(1000, 1100)], service=10), 30, "opens at 16:40, too late to be back by 17:00"),
        (Stop("a", 0, 0), math.inf, "no road leads there"),
    ],
)
def test_why_a_stop_cannot_be_reached_at_all(stop, minutes, told):
    route = plan_day([stop], travel=_line(minutes), day_start=START, day_end=END)
    assert route == DayRoute([], [], 0, [("a", told)], leaves=START, back=START)


def test_why_a_stop_has_no_room_beside_others():
    stops = [
        Stop("must", 0, 0, [(480, 700)], service=120, must_see=True),
        Stop("shut", 0, 0, [(480, 700)], service=120),
        Stop("long", 0, 0, service=400),
    ]
    route = plan_day(stops, travel=_line(30, 30, 60), day_start=START, day_end=END)
    assert route.order == ["must"]
    assert dict(route.dropped) == {
        "shut": "no time left before it closes at 11:40",
        "long": "no time left in the day: it would end 100 minutes too late",
    }


def test_a_stop_that_would_make_another_late_says_whom():
    stops = [Stop(1, 0, 0, [(480, 530)], service=20, must_see=True, label="Elm Street"), Stop(2, 0, 0, [(480, 525)], service=20)]
    route = plan_day(stops, travel=_line(20, 22), day_start=START, day_end=END)
    assert route.dropped == [(2, "Elm Street closes at 08:50 and would be missed")]


def test_value_decides_what_is_left_out():
    stops = [Stop("small", 0, 0, service=300, value=1), Stop("great", 0, 0, service=300, value=2)]
    route = plan_day(stops, travel=_line(10, 200), day_start=START, day_end=1200)
    assert route.order == ["great"]


def test_lunch_lies_between_visits_when_it_may():
    stops = [Stop("a", 0, 0, service=180), Stop("b", 0, 0, service=180)]
    lunch = Lunch(690, 720, 45)
    route = plan_day(stops, travel=_line(20, 20), day_start=START, day_end=END, lunch=lunch)
    assert route.order in (["a", "b"], ["b", "a"])
    assert route.arrivals == [500, 690 + 45]
    assert route.lunch_at == 690
    assert route.back == 735 + 180 + 20


def test_lunch_that_cannot_be_had_leaves_a_stop_out():
    stops = [Stop("a", 0, 0, [(660, 840)], service=175)]
    route = plan_day(stops, travel=_line(10), day_start=START, day_end=END, lunch=Lunch(690, 720, 45))
    assert route.order == []
    assert "too late" in route.dropped[0][1]


def test_a_day_after_lunch_needs_none():
    route = plan_day([Stop("a", 0, 0, service=30)], travel=_line(10), day_start=800, day_end=END, lunch=Lunch(690, 750, 30))
    assert route.arrivals == [810]


def test_one_leaves_late_enough_not_to_wait():
    route = plan_day([Stop("a", 0, 0, [(600, 700)], service=30)], travel=_line(20), day_start=START, day_end=END)
    assert (route.leaves, route.arrivals, route.back) == (580, [600], 650)


def test_an_empty_day_is_an_empty_route():
    assert plan_day([], day_start=START, day_end=END).order == []


def test_without_travel_drives_are_estimated_from_coordinates():
    """One degree of latitude is 69.09 miles; x 1.3 at 30 mph that is 179.6 minutes."""
    assert drive_minutes((41, -81), (42, -81), circuity=1.3, speed_mph=30) == pytest.approx(179.64, abs=0.01)
    route = plan_day([Stop("a", 41, -81), Stop("b", 42, -81)])
    assert route.travel == pytest.approx(179.64, abs=0.01)


@pytest.mark.parametrize(
    "wrong",
    [
        {"stops": [Stop("a", 0, 0), Stop("a", 1, 1)]},
        {"stops": [Stop("a", 0, 0)], "travel": [[0]]},
        {"stops": [], "day_start": 10, "day_end": 5},
        {"stops": [Stop("a", 0, 0, value=-1)]},
    ],
)
def test_what_is_no_day_is_refused(wrong):
    with pytest.raises(ValueError, match=r"."):
        plan_day(**wrong)


def test_an_order_by_hand_is_timed_or_refused():
    stops, travel = [Stop("a", 0, 0, [(480, 540)], service=20), Stop("b", 0, 0, service=20)], _line(10, 100)
    assert timed(stops, [1, 2], travel=travel, day_start=START, day_end=END, lunch=None).arrivals == [490, 600]
    assert timed(stops, [2, 1], travel=travel, day_start=START, day_end=END, lunch=None) is None
    assert timed(stops, [2], travel=travel, day_start=START, day_end=END, lunch=None).dropped == [("a", "taken off the route")]


def test_the_road_of_an_order():
    assert travel_of([2, 1], _line(10, 30)) == 60


# --- the checker itself


@pytest.fixture
def good():
    stops = [Stop("a", 0, 0, [(480, 600)], service=20), Stop("b", 0, 0, service=20)]
    travel, lunch = _line(10, 40), Lunch(690, 750, 30)
    return stops, travel, lunch, plan_day(stops, travel=travel, day_start=START, day_end=END, lunch=lunch)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, None),
        ({"order": ["a"]}, "Not every stop"),
        ({"arrivals": [490]}, "Not every stop on the route has a time"),
        ({"travel": 79}, "The road takes"),
        ({"arrivals": [590, 650]}, "a is visited outside its hours"),
        ({"arrivals": [490, 515]}, "minutes for leg"),
        ({"leaves": 470}, "starts too early"),
        ({"back": 2000}, "ends too late"),
        ({"lunch_at": None}, "There is no lunch"),
        ({"lunch_at": 500}, "Lunch is at the wrong time"),
    ],
)
def test_the_checker_finds_what_is_wrong(good, change, told):
    stops, travel, lunch, route = good
    changed = DayRoute(**{**vars(route), **change})
    found = problems(stops, changed, travel=travel, day_start=START, day_end=END, lunch=lunch)
    assert any(told in sentence for sentence in found) if told else found == []


def test_the_checker_sees_a_visit_during_lunch(good):
    stops, travel, lunch, route = good
    changed = DayRoute(**{**vars(route), "arrivals": [490, 700], "lunch_at": 705, "back": 800})
    assert "A visit falls into lunch." in problems(stops, changed, travel=travel, day_start=START, day_end=END, lunch=lunch)
