"""The effect of visits: against R's `did`, against plain Python, and by programmes whose truth is known."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from reports.roi import RoiEstimate, estimate
from reports.roi import words as roi_words
from reports.roi.did import aggregates
from reports.roi.money import Margin, value
from reports.roi.practices import Practices
from reports.roi.trajectory import past, pretrend, simple, stack


def programme(
    seed: int,
    *,
    selection: float = 0.0,
    effect: float = 1.0,
    practices: int = 110,
    months: int = 26,
    start: int = 9,
    end: int = 23,
    each: int = 3,
    mean: float = 8.0,
    same: float = 0.8,
) -> pd.DataFrame:
    """A programme of first visits, `each` a month from `start` to `end`.

    Referrals are negative binomial about the practice's own mean, with a season, common shocks and a state that wanders off and comes
    back (autocorrelation `same`). `selection` is how strongly liaisons prefer practices whose last three months lie below their own
    last twelve; 0 draws at random, infinity takes the worst.
    """
    rng = np.random.default_rng(seed)
    own = mean * rng.lognormal(-0.125, 0.5, practices)
    everybody = (1 + 0.15 * np.sin(2 * np.pi * (np.arange(months) + rng.uniform(0, 12)) / 12)) * rng.lognormal(0, 0.05, months)
    state = rng.normal(0, 0.25, practices)
    first = np.zeros(practices, dtype=int)
    sent = np.zeros((practices, months))
    for month in range(1, months + 1):
        if start <= month <= end:
            recent, year = sent[:, max(0, month - 4) : month - 1].mean(1), sent[:, max(0, month - 13) : month - 1].mean(1)
            free = np.flatnonzero(first == 0)
            fall = np.log((recent + 0.3) / (year + 0.3))[free]
            if math.isinf(selection):
                chosen = free[np.argsort(fall)[:each]]
            else:
                wish = np.exp(-4 * selection * fall)
                chosen = rng.choice(free, each, replace=False, p=wish / wish.sum())
            first[chosen] = month
        state = same * state + rng.normal(0, 0.25 * math.sqrt(1 - same**2), practices)
        expected = own * np.exp(state) * everybody[month - 1] * np.where((first > 0) & (first <= month), effect, 1)
        sent[:, month - 1] = rng.poisson(expected * rng.gamma(8, 1 / 8, practices))
    return as_panel(sent, first)


def as_panel(sent: np.ndarray, first: np.ndarray) -> pd.DataFrame:
    units, months = sent.shape
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), months),
            "period": np.tile(np.arange(1, months + 1), units),
            "outcome": sent.astype(int).ravel(),
            "first_treated": np.repeat(first, months),
        }
    )


def covered(estimates: list[RoiEstimate], truth: float) -> float:
    return float(np.mean([found.simple_ci[0] <= truth <= found.simple_ci[1] for found in estimates]))


# Against plain Python, and what R's did reports


def twin(panel: pd.DataFrame, control: str) -> dict[str, tuple[float, float]]:
    """ATT(g,t) and its averages with errors, by loops over dictionaries (Callaway and Sant'Anna 2021)."""
    sent = {(row.unit, row.period): row.outcome for row in panel.itertuples()}
    first = {row.unit: row.first_treated for row in panel.itertuples()}
    units, months = sorted(first), sorted({month for _, month in sent})
    effect, influence = {}, {}
    for g in sorted({g for g in first.values() if g}):
        for t in months:
            later = [u for u in units if first[u] > max(t, g - 1) and first[u] != g] if control == "not_yet_treated" else []
            change = {u: sent[u, t] - sent[u, g - 1] for u in units}
            ours, theirs = [u for u in units if first[u] == g], [u for u in units if first[u] == 0] + later
            up, level = sum(change[u] for u in ours) / len(ours), sum(change[u] for u in theirs) / len(theirs)
            effect[g, t] = up - level
            influence[g, t] = {u: 0.0 for u in units}
            for u in ours:
                influence[g, t][u] += (change[u] - up) * len(units) / len(ours)
            for u in theirs:
                influence[g, t][u] -= (change[u] - level) * len(units) / len(theirs)
    share = {g: sum(first[u] == g for u in units) / len(units) for g in first.values() if g}

    def average(parts: list[tuple[int, float, dict[int, float]]]) -> tuple[float, float]:
        total = sum(share[g] for g, _, _ in parts)
        mean = sum(share[g] * att for g, att, _ in parts) / total
        moved = {u: sum(share[g] * way[u] + ((first[u] == g) - share[g]) * (att - mean) for g, att, way in parts) / total for u in units}
        return mean, math.sqrt(sum(m * m for m in moved.values())) / len(units)

    after = [key for key in effect if key[1] >= key[0]]
    by_group = []
    for g in sorted(share):
        own = [key for key in after if key[0] == g]
        mean = sum(effect[key] for key in own) / len(own)
        by_group.append((g, mean, {u: sum(influence[key][u] for key in own) / len(own) for u in units}))
    by_time = [average([(g, effect[g, t], influence[g, t]) for g, t in after if t - g == e])[0] for e in sorted({t - g for g, t in after})]
    return {
        "simple": average([(g, effect[g, t], influence[g, t]) for g, t in after]),
        "dynamic": (sum(by_time) / len(by_time), math.nan),
        "group": average(by_group),
    }


@pytest.mark.parametrize("control", ["never_treated", "not_yet_treated"])
@pytest.mark.parametrize("seed", [1, 2])
def test_levels_are_those_of_callaway_and_santanna(seed, control):
    rng = np.random.default_rng(seed)
    panel = as_panel(rng.poisson(rng.gamma(4, 4, 60)[:, None] * np.ones(7)), rng.choice([0, 3, 4, 6], 60))
    found, slow = estimate(panel, scale="levels", control=control), twin(panel, control)
    assert found.design == "none"
    assert (found.simple_att, found.simple_se) == pytest.approx(slow["simple"], abs=1e-10)
    assert (found.group_att, found.group_se) == pytest.approx(slow["group"], abs=1e-10)
    assert found.dynamic_att == pytest.approx(slow["dynamic"][0], abs=1e-10)
    assert found.dynamic_se > 0


def test_by_hand():
    """Two rise from 10 to 16 when visited in the third month; two others from 10 to 12: the visit brings 4. Too few for `estimate`."""
    panel = as_panel(np.array([[10, 10, 16, 16], [10, 10, 16, 16], [10, 10, 12, 12], [10, 10, 12, 12]]), np.array([3, 3, 0, 0]))
    found = aggregates(Practices.of(panel), "never_treated")
    assert found.simple == found.dynamic == found.group == (4.0, 0.0)


def test_pretrend_of_levels_sees_a_trend_and_not_noise():
    rng = np.random.default_rng(3)
    first = rng.choice([0, 6, 8], 200)
    flat = rng.poisson(20, (200, 10))
    rising = rng.poisson(20 + np.where(first[:, None] > 0, 1.5, 0) * np.arange(10))
    assert estimate(as_panel(flat, first)).grade == "B"
    steep = estimate(as_panel(rising, first))
    assert steep.pretrend_p < 0.001
    assert steep.grade == "C"


def test_the_order_of_rows_and_the_names_of_months_do_not_matter():
    panel = programme(4, effect=1.2)
    other = panel.sample(frac=1, random_state=1).assign(
        period=lambda rows: rows["period"] + 2000,
        first_treated=lambda rows: rows["first_treated"] + np.where(rows["first_treated"] > 0, 2000, 0),
    )
    one, two = (estimate(each, scale="ratio", control="not_yet_treated") for each in (panel, other))
    assert one.simple_ci == pytest.approx(two.simple_ci)


# Programmes whose truth is known


def test_liaisons_who_visit_decliners_fool_the_plain_difference_but_not_the_comparison_with_the_same_past():
    plain, ours = [], []
    for seed in range(3):
        panel = programme(seed, selection=1)
        plain.append(estimate(panel, control="not_yet_treated", adjust="none"))
        ours.append(estimate(panel, control="not_yet_treated"))
    assert covered(plain, 0) == 0  # what comes back by itself looks like an effect, with a tight interval
    assert min(found.simple_att for found in plain) > 1
    assert covered(ours, 0) >= 2 / 3
    assert all(found.unadjusted_att == pytest.approx(other.simple_att) for found, other in zip(ours, plain, strict=True))


@pytest.mark.parametrize("control", ["never_treated", "not_yet_treated"])
def test_a_real_effect_is_found(control):
    found = estimate(programme(11, effect=1.5), scale="ratio", control=control, randomised=True)
    assert found.simple_ci[0] > 1.15
    assert found.simple_ci[0] < 1.5 < found.simple_ci[1]
    assert found.dynamic_att == pytest.approx(found.simple_att, rel=0.1)
    assert found.group_att == pytest.approx(found.simple_att, rel=0.1)
    assert found.grade == "A"


def test_levels_are_the_extra_referrals_of_the_ratio():
    panel = programme(12, effect=1.3)
    ratio, levels = (estimate(panel, scale=scale, control="not_yet_treated") for scale in ("ratio", "levels"))
    assert levels.simple_att == pytest.approx(levels.observed / levels.months * (1 - 1 / ratio.simple_att))
    assert levels.simple_ci[0] > 0


SEEDS = range(7_000, 7_200)
WHOLE = {"practices": 200, "months": 30, "each": 4, "start": 10, "end": 26}  # of the size that a programme has


@pytest.mark.slow
def test_without_effect_the_interval_covers_zero_in_93_percent_of_200_programmes():
    """Selection from weak to strong, one after the other: 0.5, 1, 2, and always the worst."""
    strengths = (0.5, 1.0, 2.0, math.inf)
    found = [estimate(programme(seed, selection=strengths[seed % 4], **WHOLE), control="not_yet_treated") for seed in SEEDS]
    assert covered(found, 0) >= 0.93


@pytest.mark.slow
def test_an_effect_of_15_percent_is_covered_as_often_under_random_order():
    found = [estimate(programme(seed, effect=1.15, **WHOLE), scale="ratio", control="not_yet_treated", randomised=True) for seed in SEEDS]
    assert covered(found, 1.15) >= 0.93
    assert np.mean([each.simple_att for each in found]) == pytest.approx(1.15, abs=0.02)


@pytest.mark.slow
def test_errors_are_those_of_making_everything_anew_without_each_practice():
    """The past, the weights and the regression: what the one-step jackknife takes as known moves the error by a few percent at most."""
    practices = Practices.of(programme(7_001, selection=1, **WHOLE))
    count = len(practices.first)
    without = [Practices(np.delete(practices.counts, unit, axis=0), np.delete(practices.first, unit)) for unit in range(count)]
    anew = np.array([simple(stack(rest, "not_yet_treated")).value for rest in without])
    error = math.sqrt((count - 1) / count * ((anew - anew.mean()) ** 2).sum())
    assert simple(stack(practices, "not_yet_treated")).error == pytest.approx(error, rel=0.04)


# What a trial is made of


def test_nothing_after_the_visit_is_in_the_past():
    panel = programme(13, selection=1)
    practices = Practices.of(panel)
    changed = Practices(practices.counts.copy(), practices.first)
    changed.counts[0, 14:] += 500
    others = np.arange(1, len(practices.first))
    assert past(changed, 15)[others] == pytest.approx(past(practices, 15)[others])


def test_a_visited_practice_is_never_a_control_and_the_month_of_the_visit_is_left_out():
    panel = programme(14, selection=1)
    trials = stack(Practices.of(panel), "not_yet_treated")
    first = panel.groupby("unit")["first_treated"].first()
    controls = trials.rows[trials.rows["visited"] == 0]
    own = first.loc[controls["unit"]].to_numpy()
    assert ((own == 0) | (own > controls["month"])).all()
    assert (trials.treated["month"] > trials.treated["trial"]).all()
    never = stack(Practices.of(panel), "never_treated").rows
    assert (first.loc[never.loc[never["visited"] == 0, "unit"]] == 0).all()


def test_who_stayed_against_the_odds_counts_for_more():
    """Controls that fall are visited and leave: those that fell and stayed stand for them."""
    trials = stack(Practices.of(programme(15, selection=2)), "not_yet_treated")
    late = trials.rows[(trials.rows["visited"] == 0) & (trials.rows["month"] == trials.rows["trial"] + 8)]
    assert late["weight"].std() > 0.05
    assert late.groupby("cell")["weight"].mean().to_numpy() == pytest.approx(1)
    assert (trials.treated["weight"] == 1).all()


def test_pretrend_of_the_past_sees_what_is_not_held_constant():
    panel = programme(16)
    wide = panel.pivot(index="unit", columns="period", values="outcome").to_numpy(copy=True)
    first = panel.groupby("unit")["first_treated"].first().to_numpy()
    for unit, g in enumerate(first):
        if g:
            wide[unit, g - 3] += 12  # the second month before only
            wide[unit, g - 4] = max(wide[unit, g - 4] - 12, 0)
    assert estimate(panel, scale="ratio", control="not_yet_treated").pretrend_p > 0.01
    assert estimate(as_panel(wide, first), scale="ratio", control="not_yet_treated").grade == "C"


def test_pretrend_needs_months_that_are_free():
    practices = Practices.of(programme(17))
    trials = stack(practices, "not_yet_treated")
    assert 0 <= pretrend(trials) <= 1
    assert math.isfinite(simple(trials).error)


# The ladder


def test_too_few_visited_is_not_estimable():
    found = estimate(programme(20, each=1, end=19), scale="ratio")
    assert not found.is_estimable
    assert found.grade is None
    assert found.why_not.startswith("Not estimable: 11 practices")
    assert roi_words.sentences(found)[0] == roi_words.headline(found) == found.why_not


def test_too_few_referrals_is_not_estimable():
    found = estimate(programme(21, mean=0.05))
    assert found.baseline_events < 100
    assert "referrals in the year before the visits" in found.why_not


def test_few_controls_are_a_series_and_none_is_before_and_after():
    panel = programme(22, practices=60, each=48, start=14, end=14, effect=1.3)
    few = estimate(panel, scale="ratio")
    assert (few.design, few.grade, few.n_control) == ("series", "C", 12)
    assert few.simple_ci[0] < 1.3 < few.simple_ci[1]
    alone = estimate(panel[panel["first_treated"] > 0], scale="ratio")
    assert (alone.design, alone.grade, alone.n_control) == ("before and after", "D", 0)
    assert "descriptive, not an effect" in roi_words.headline(alone)
    assert "same referrals in the months before" not in " ".join(roi_words.sentences(few))
    assert roi_words.sentences(alone)[1] == "48 visited practices, none to compare with."
    assert value(alone, [Margin("Cardiology", "Medicare", 400, 10)], 1000).roi is None


def test_a_short_series_has_a_trend_and_no_season():
    rng = np.random.default_rng(6)
    first = np.repeat([0, 9], [8, 52])
    sent = rng.poisson(10 * np.where((first[:, None] > 0) & (np.arange(1, 15) > 9), 1.4, 1))
    found = estimate(as_panel(sent, first), scale="ratio")
    assert (found.design, found.grade) == ("series", "C")
    assert found.simple_ci[0] > 1  # the direction: the trend of so few months takes some of the size, or adds to it


@pytest.mark.parametrize(("first", "months"), [(5, 8), (10, 20)], ids=["unadjusted", "by its past"])
def test_there_is_no_ratio_of_nothing_and_none_to_it(first, months):
    """Visited practices that stop for good are not estimable; others that never sent anything are nothing to compare with."""
    visits = np.repeat([0, first], 45)
    sent = np.random.default_rng(1).poisson(10, (90, months))
    stopped, silent = sent.copy(), sent.copy()
    stopped[visits > 0, first - 1 :] = 0
    silent[visits == 0] = 0
    gone, alone = (estimate(as_panel(each, visits), scale="ratio") for each in (stopped, silent))
    assert gone.grade is None
    assert gone.why_not == "Not estimable: too few months or referrals after the visits to compare."
    assert (alone.design, alone.grade, alone.n_control) == ("before and after", "D", 0)


def test_visits_in_the_last_month_are_not_estimable():
    panel = as_panel(np.random.default_rng(1).poisson(10, (30, 8)), np.full(30, 8))
    assert not estimate(panel, scale="ratio").is_estimable


def test_two_months_have_no_pretrend():
    found = estimate(as_panel(np.random.default_rng(1).poisson(10, (80, 2)), np.repeat([0, 2], 40)))
    assert (found.pretrend_p, found.grade) == (None, "C")
    assert "The months before the visits could not be tested." in roi_words.sentences(found)


def test_not_yet_visited_are_controls_of_the_ratio_within_practices():
    rng = np.random.default_rng(7)
    first = np.repeat([4, 6], 40)
    sent = rng.poisson(20 * np.where(np.arange(1, 9) >= first[:, None], 1.3, 1))
    found = estimate(as_panel(sent, first), scale="ratio", control="not_yet_treated")
    assert (found.design, found.n_control) == ("none", 40)
    assert found.simple_ci[0] < 1.3 < found.simple_ci[1]


def test_all_visited_in_the_end_are_compared_with_those_not_yet():
    panel = programme(23, practices=45)
    assert (panel["first_treated"] > 0).all()
    found = estimate(panel, scale="ratio")
    assert found.control == "not_yet_treated"
    assert found.is_estimable
    assert "Every practice was visited in the end: compared with those not visited yet." in found.remarks


def test_what_is_left_out_is_said():
    panel = programme(24)
    units = panel["unit"].unique()
    panel.loc[panel["unit"] == units[0], "first_treated"] = 1
    panel.loc[panel["unit"] == units[1], "first_treated"] = 4
    panel.loc[panel["unit"] == units[2], "first_treated"] = 26
    panel.loc[panel["unit"] == units[3], "first_treated"] = 99
    panel = panel[(panel["unit"] != units[4]) | (panel["period"] != 7)]
    said = " ".join(estimate(panel, scale="ratio").remarks)
    for words in ("months are missing", "from the first month on", "first 6 months", "in the last month"):
        assert words in said


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda panel: panel.drop(columns="outcome"), "lacks outcome"),
        (lambda panel: pd.concat([panel, panel.head(1)]), "two rows"),
        (lambda panel: panel.assign(first_treated=panel["period"]), "two different first visits"),
    ],
)
def test_a_panel_that_is_none_is_refused(spoil: Callable[[pd.DataFrame], pd.DataFrame], words):
    with pytest.raises(ValueError, match=words):
        estimate(spoil(programme(25)))


def test_impossible_questions_are_refused():
    panel = programme(26)
    with pytest.raises(ValueError, match="No such"):
        estimate(panel, scale="odds")
    with pytest.raises(ValueError, match="not negative"):
        estimate(panel.assign(outcome=-1.5), scale="ratio")
    with pytest.raises(ValueError, match="Only counts"):
        estimate(panel.assign(outcome=0.5), adjust="past")


def test_a_ratio_without_conditioning_is_poisson_within_practices():
    """One cohort, one level before and one after: the ratio of ratios of sums, by hand."""
    rng = np.random.default_rng(5)
    first = np.repeat([0, 5], [30, 30])
    sent = rng.poisson(10, (60, 8)) + np.where(first[:, None] == 5, np.arange(8) >= 4, False) * 3
    found = estimate(as_panel(sent, first), scale="ratio", control="never_treated")
    after, before = sent[:, 4:].sum(1), sent[:, :4].sum(1)
    by_hand = after[first > 0].sum() / before[first > 0].sum() / (after[first == 0].sum() / before[first == 0].sum())
    assert found.simple_att == pytest.approx(by_hand, rel=1e-6)
    assert found.dynamic_att == pytest.approx(found.simple_att, rel=0.1)
    assert found.design == "none"
