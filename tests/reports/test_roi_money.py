"""From months and visits to a panel, from an effect to money, from both to sentences."""

import math

import numpy as np
import pandas as pd
import pytest

from reports.roi import RoiEstimate
from reports.roi import words as roi_words
from reports.roi.money import Margin, value
from reports.roi.panel import panel_from_months
from reports.roi.trajectory import LogRatio

MARGINS = [Margin("Cardiology", "Medicare", 300, 300), Margin("Cardiology", "Commercial", 700, 100)]


def effect(ratio: float = 1.2, error: float = 0.05, **given: object) -> RoiEstimate:
    stands = {
        "scale": "ratio",
        "control": "not_yet_treated",
        "design": "past",
        "n_treated": 60,
        "n_control": 140,
        "baseline_events": 4000.0,
        "simple_att": ratio,
        "simple_se": ratio * error,
        "simple_ci": (ratio * math.exp(-2 * error), ratio * math.exp(2 * error)),
        "pretrend_p": 0.4,
        "grade": "B",
        "log_ratio": LogRatio(math.log(ratio), error),
        "freedom": 59.0,
        "observed": 6000.0,
        "months": 600,
    }
    return RoiEstimate(**{**stands, **given})


def test_money_by_hand():
    """6,000 sent at a ratio of 1.2 are 1,000 extra; the mean margin is 400; half credited; the programme cost 150,000."""
    found = value(effect(), MARGINS, 150_000, weight=0.5)
    assert found.extra == pytest.approx(1000)
    assert found.mean_margin == pytest.approx(400)
    assert found.contribution == pytest.approx(200_000)
    assert found.roi == pytest.approx(1 / 3)
    assert found.roi_ci[0] < found.roi < found.roi_ci[1]
    assert found.extra_ci == pytest.approx([6000 * (1 - math.exp(-(math.log(1.2) + way * 2.001 * 0.05))) for way in (-1, 1)], rel=0.03)


def test_draws_are_those_of_the_seed():
    assert value(effect(), MARGINS, 1000, seed=3) == value(effect(), MARGINS, 1000, seed=3)
    assert value(effect(), MARGINS, 1000, seed=3).roi_ci != value(effect(), MARGINS, 1000, seed=4).roi_ci


def test_without_effect_the_chance_of_a_return_is_small_and_the_loss_is_the_cost():
    found = value(effect(1.0), MARGINS, 150_000)
    assert found.extra == pytest.approx(0)
    assert found.roi == pytest.approx(-1)
    assert found.p_positive < 0.25


def test_uncertain_margins_widen_the_interval():
    wide = [Margin("Cardiology", "Medicare", 300, 300, low=0, high=600), MARGINS[1]]
    narrow, broad = (value(effect(error=0.01), margins, 150_000).roi_ci for margins in (MARGINS, wide))
    assert broad[1] - broad[0] > 2 * (narrow[1] - narrow[0])


@pytest.mark.parametrize(
    ("margins", "cost", "given", "words"),
    [
        (MARGINS, 0, {}, "above zero"),
        (MARGINS, 1, {"weight": 1.5}, "between 0 and 1"),
        (MARGINS, 1, {"draws": 0}, "one draw"),
        ([Margin("A", "B", 1, -1)], 1, {}, "fewer than no"),
        ([Margin("A", "B", 1, 1, low=2, high=3)], 1, {}, "outside its own range"),
    ],
)
def test_impossible_money_is_refused(margins, cost, given, words):
    with pytest.raises(ValueError, match=words):
        value(effect(), margins, cost, **given)


def test_no_money_without_a_ratio_an_effect_or_margins():
    assert "no ratio" in value(effect(log_ratio=None), MARGINS, 1).why_not
    assert value(effect(log_ratio=None, why_not="Not estimable: few."), MARGINS, 1).why_not == "Not estimable: few."
    assert "not an effect" in value(effect(grade="D"), MARGINS, 1).why_not
    assert "no contribution margin" in value(effect(), [], 1).why_not


# The panel


def make_panel(visited: dict[str, list[str]], months: int = 24):
    span = pd.period_range("2024-01", periods=months, freq="M")
    rows = [(name, month.start_time, 5) for name in (*visited, "never") for month in span if month.month != 8]
    visits = pd.DataFrame([(name, day) for name, days in visited.items() for day in days], columns=["practice", "on"])
    return panel_from_months(pd.DataFrame(rows, columns=["practice", "month", "seen"]), visits)


def firsts(panel) -> dict[str, int]:
    return panel.rows.groupby("unit")["first_treated"].first().to_dict()


def test_the_event_is_the_first_visit_after_six_quiet_months():
    panel = make_panel(
        {
            "plain": ["2024-09-10", "2024-11-02"],
            "just": ["2024-07-01"],
            "early": ["2024-06-30", "2024-11-05"],
            "again": ["2024-02-03", "2024-09-01", "2025-01-01"],
            "busy": ["2024-02-03", "2024-08-20", "2025-01-10"],
            "last": ["2025-12-24"],
        }
    )
    assert firsts(panel) == {"plain": 9, "just": 7, "again": 9, "last": 24, "never": 0}
    said = " ".join(panel.remarks)
    assert "2 left out: visited, but never after 6 quiet months." in said
    assert "1 had been visited before" in said
    assert "1 first visited in the last month" in said


def test_silent_months_are_zero_and_later_visits_are_dose():
    rows = make_panel({"plain": ["2024-09-10", "2024-09-12", "2024-11-02"]}).rows
    plain = rows[rows["unit"] == "plain"].set_index("period")
    assert list(plain["outcome"]) == [0 if month % 12 == 8 else 5 for month in range(1, 25)]
    assert plain.loc[[9, 10, 11], "dose"].tolist() == [2, 0, 1]
    assert len(rows) == 48


def test_a_panel_without_visits_and_one_of_strangers():
    assert firsts(make_panel({})) == {"never": 0}
    months = pd.DataFrame({"practice": [1, 1], "month": pd.PeriodIndex(["2025-01", "2025-12"], freq="M"), "seen": [3, 4]})
    visits = pd.DataFrame({"practice": [7, 1], "on": ["2025-10-01", "2030-01-01"]})
    panel = panel_from_months(months, visits, end=pd.Period("2025-10", "M"))
    assert panel.rows["outcome"].tolist() == [3, *[0] * 9]
    assert panel.remarks == ("1 visits to practices that sent nothing in these months.",)


def test_no_months_or_negative_ones_are_refused():
    visits = pd.DataFrame({"practice": [], "on": []})
    with pytest.raises(ValueError, match="No month"):
        panel_from_months(pd.DataFrame({"practice": [], "month": [], "seen": []}), visits)
    with pytest.raises(ValueError, match="fewer than no"):
        panel_from_months(pd.DataFrame({"practice": [1], "month": ["2025-01-01"], "seen": [-1]}), visits)


# The sentences


def test_sentences_of_an_effect():
    found = effect(remarks=("2 left out.",))
    said = roi_words.sentences(found, value(found, MARGINS, 150_000, weight=0.5))
    text = " ".join(said)
    assert roi_words.headline(found) == "Visited practices sent 20% more referrals than without a visit"
    for words in (
        "1.20 times what they would have been (95% interval 1.09 to 1.33)",
        "60 visited practices, compared with 140 practices not visited yet",
        "Pre-trend: flat (p 0.400)",
        "Grade B",
        "It assumes",
        "nothing about one practice, one doctor or one liaison",
        "Extra referrals: 1,000",
        "50% is credited to visits",
        "Return on $150,000: 33%",
        "2 left out.",
    ):
        assert words in text


def test_chance_is_not_called_an_effect():
    assert roi_words.headline(effect(1.05)) == "No effect of first visits can be told from chance"
    levels = effect(scale="levels", simple_att=-0.5, simple_ci=(-0.9, -0.1), control="never_treated")
    assert roi_words.headline(levels) == "Visited practices sent 0.50 fewer referrals a month than without a visit"
    assert "\N{MINUS SIGN}0.50 referrals per practice and month" in roi_words.sentences(levels)[0]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"grade": "A"}, "drawn at random"),
        ({"grade": "C", "pretrend_p": 0.0001}, "not flat (p less than 0.001)"),
        ({"grade": "C"}, "come back by themselves"),
        ({"grade": "D", "n_control": 0, "pretrend_p": None}, "none to compare with"),
        ({"pretrend_p": None}, "could not be tested"),
    ],
)
def test_the_grade_says_what_it_is_worth(given, words):
    assert words in " ".join(roi_words.sentences(effect(**given)))


def test_no_certainty_is_claimed():
    sure = effect(1.5, 0.01)
    assert "over 99%" in " ".join(roi_words.sentences(sure, value(sure, MARGINS, 1000)))
    hopeless = effect(0.8, 0.01)
    text = " ".join(roi_words.sentences(hopeless, value(hopeless, MARGINS, 1000)))
    assert "under 1%" in text
    assert np.isfinite(value(hopeless, MARGINS, 1000).roi)
    assert "not an effect" in " ".join(roi_words.sentences(sure, value(effect(grade="D"), MARGINS, 1000)))
