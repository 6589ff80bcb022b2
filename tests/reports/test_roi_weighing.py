"""Around the estimate: months in which a feed was silent, the months around the visit, and the answer as plain data."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from reports.roi import estimate
from reports.roi.panel import panel_from_months
from reports.roi.studying import event_study
from reports.roi.weighing import Drawn, Facts, Purse, weigh
from tests.reports.test_roi import programme

START, END = dt.date(2024, 1, 1), dt.date(2026, 3, 1)


def month(place):
    return dt.date(2024 + (place - 1) // 12, (place - 1) % 12 + 1, 1)


def months_of(panel):
    return [(int(row.unit), month(int(row.period)), int(row.outcome)) for row in panel.itertuples() if row.outcome]


def visits_of(panel, owners=(1, 2)):
    first = panel.groupby("unit")["first_treated"].first()
    return [(int(unit), month(int(place)).replace(day=9), owners[int(unit) % len(owners)]) for unit, place in first.items() if place > 0]


def purse(margins=(("Cardiology", "Medicare", 400.0, 300.0, 500.0, 100),), cost=50_000.0, missing=(), weight=1.0):
    return lambda first, start, end: Purse(margins, cost, missing, weight, start, end)


def test_silent_months_are_left_out_and_the_rest_stays_where_it_was():
    months = pd.DataFrame({"practice": [1] * 12 + [2] * 12, "month": [month(place) for place in range(1, 13)] * 2, "seen": range(24)})
    visits = pd.DataFrame({"practice": [1], "on": [dt.date(2024, 8, 5)]})
    panel = panel_from_months(months, visits, silent=[pd.Period("2024-08", "M"), pd.Period("2024-03", "M")])
    assert [str(period) for period in panel.months] == [f"2024-{place:02d}" for place in (1, 2, 4, 5, 6, 7, 9, 10, 11, 12)]
    one = panel.rows[panel.rows["unit"] == 1]
    assert list(one["outcome"]) == [0, 1, 3, 4, 5, 6, 8, 9, 10, 11]
    assert set(one["first_treated"]) == {7}, "visited in a silent August: counts from September, the seventh month that is told"
    assert "2 months left out: a feed told nothing, or not all." in panel.remarks
    assert set(panel.rows[panel.rows["unit"] == 2]["first_treated"]) == {0}
    late = panel_from_months(months, visits, silent=[pd.Period(f"2024-{place:02d}", "M") for place in range(8, 13)])
    assert set(late.rows["first_treated"]) == {0}, "nothing after the visit is told"
    with pytest.raises(ValueError, match="No month is left"):
        panel_from_months(months, visits, silent=[pd.Period(f"2024-{place:02d}", "M") for place in range(1, 13)])


def test_quiet_months_are_counted_through_silent_ones():
    months = pd.DataFrame({"practice": [1] * 12, "month": [month(place) for place in range(1, 13)], "seen": [5] * 12})
    visits = pd.DataFrame({"practice": [1, 1], "on": [dt.date(2024, 3, 5), dt.date(2024, 9, 5)]})
    panel = panel_from_months(months, visits, silent=[pd.Period("2024-03", "M")])
    assert panel.rows.empty, "five quiet months between March and September: never six"


def test_the_study_shows_the_effect_after_and_none_before():
    panel = programme(3, effect=1.4, practices=160, each=5)
    found = estimate(panel, scale="ratio", control="not_yet_treated")
    study = event_study(panel, found)
    assert study is not None
    assert study.scale == "ratio"
    before, after = ([point for point in study.points if (point.first < 0) == early] for early in (True, False))
    assert [(point.first, point.last) for point in before] == [(-9, -7), (-4, -4), (-2, -2)]
    assert [point.first for point in after] == list(range(1, 13))
    assert all(point.low <= point.effect <= point.high for point in study.points)
    assert sum(point.low <= 1 <= point.high for point in before) >= 2
    assert np.mean([point.effect for point in after]) == pytest.approx(1.4, abs=0.15)


def test_the_study_of_a_short_history_is_in_levels_and_that_of_a_series_is_none():
    panel = programme(4, months=11, start=5, end=8, each=8)
    found = estimate(panel, scale="ratio")
    study = event_study(panel, found)
    assert study is not None
    assert study.scale == "levels"
    assert all(point.first != -1 for point in study.points), "the month before the visit is the zero"
    few = estimate(programme(4, practices=46, each=3), scale="ratio", control="never_treated")
    assert few.design in ("series", "before and after", "past")
    assert (event_study(programme(4, practices=46, each=3), few) is None) == (few.design in ("series", "before and after"))


def test_the_answer_is_json_and_money_follows_the_weight():
    panel = programme(5, effect=1.3, practices=120, each=4)
    facts = Facts(months_of(panel), visits_of(panel), START, END)
    whole, half = (weigh(facts, purse(weight=weight), control="not_yet_treated") for weight in (1.0, 0.5))
    text = json.dumps(whole, allow_nan=False)
    assert json.dumps(json.loads(text)) == text
    assert half["money"]["contribution"] == pytest.approx(whole["money"]["contribution"] / 2)
    assert whole["effect"]["grade"] in ("B", "C")
    assert sum(row[1] for row in whole["dose"]) == len(visits_of(panel))


@pytest.mark.parametrize(
    ("pay", "words"),
    [
        (purse(missing=("from 1 Jan 2025 until 1 Jul 2025",)), "cost is not typed from 1 Jan 2025 until 1 Jul 2025"),
        (purse(cost=0.0), "cost is zero"),
        (
            purse(margins=(("Cardiology", "Medicare", None, None, None, 60), ("X", "Y", 1.0, None, None, 40))),
            "60% of the visited practices'",
        ),
        (purse(margins=()), "all of the visited practices'"),
    ],
)
def test_no_return_is_guessed(pay, words):
    panel = programme(6, effect=1.3, practices=120, each=4)
    found = weigh(Facts(months_of(panel), visits_of(panel), START, END), pay, control="not_yet_treated")
    assert found["money"] is None
    assert words in found["no_money"]
    assert found["effect"]["simple_att"] is not None


def test_a_few_referrals_without_a_margin_add_nothing():
    panel = programme(6, effect=1.3, practices=120, each=4)
    facts = Facts(months_of(panel), visits_of(panel), START, END)
    full = purse(margins=(("Cardiology", "Medicare", 400.0, None, None, 100),))
    part = purse(margins=(("Cardiology", "Medicare", 400.0, None, None, 75), ("X", "Y", None, None, None, 25)))
    one, other = (weigh(facts, pay, control="not_yet_treated") for pay in (full, part))
    assert other["money"]["contribution"] == pytest.approx(0.75 * one["money"]["contribution"])
    assert "25% of the visited practices' referrals have no margin and add nothing to the return." in other["sentences"]


def test_one_liaison_is_refused_and_nothing_is_told():
    panel = programme(7, effect=1.3, practices=120, each=4)
    found = weigh(Facts(months_of(panel), visits_of(panel, owners=(1,)), START, END), purse(), control="not_yet_treated")
    assert found["effect"] is None
    assert "those of one liaison" in found["headline"]
    assert weigh(Facts([], [], START, END), purse(), control="not_yet_treated")["why_not"].startswith("Not estimable")
    silent = [month(place) for place in range(1, 27)]
    told = weigh(Facts(months_of(panel), visits_of(panel), START, END, silent), purse(), control="not_yet_treated")
    assert "silent" in told["why_not"]


def test_drawn_practices_go_before_all_where_visits_followed():
    panel = programme(8, effect=1.3, practices=130, each=4)
    visits = visits_of(panel)
    drawn = frozenset(unit for unit, _, _ in visits)
    for is_random in (True, False):
        order = Drawn("Spring", START, drawn, 0.9 if is_random else 0.5, is_random)
        found = weigh(Facts(months_of(panel), visits, START, END, (), [order]), purse(), control="never_treated")
        assert found["is_drawn"] is is_random
        assert (found["effect"]["grade"] == "A") is is_random
        assert (found["other"] is not None) is is_random
        if is_random:
            assert found["effect"]["control"] == "not_yet_treated"
            assert found["other"]["control"] == "never_treated"
