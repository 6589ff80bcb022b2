"""XmR charts and funnels: published rules, worked by hand, and against slow twins."""

from fractions import Fraction
from itertools import pairwise
from math import comb, exp, lgamma, log, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.spc import LEVELS, Flag, funnel, xmr


def test_limits_by_hand():
    # ranges 2 4 2 6 2: mean 3.2; mean 12 -> 12 ± 8.512
    chart = xmr([10, 12, 16, 14, 8, 10])
    assert (chart.mean, chart.mean_range) == (pytest.approx(70 / 6), pytest.approx(3.2))
    assert (chart.lower, chart.upper) == (pytest.approx(70 / 6 - 8.512), pytest.approx(70 / 6 + 8.512))
    assert chart.is_trial
    assert not chart.is_sparse
    assert not xmr([10, 12] * 6).is_trial
    assert chart.flags == ()


def test_the_lower_limit_stops_at_zero():
    chart = xmr([1, 6, 0, 5])
    assert chart.lower == 0
    assert chart.is_sparse


def test_screening_leaves_the_ranges_of_an_outlier_out_and_keeps_the_mean():
    """As NHS "Making Data Count" does it: ranges above 3.27 times their mean go, once; the mean keeps every point."""
    values = [10, 11, 9, 12, 10, 60, 11, 10, 12, 9, 10, 11]
    plain, screened = xmr(values, screen=False), xmr(values)
    ranges = [abs(b - a) for a, b in pairwise(values)]
    assert plain.mean_range == pytest.approx(sum(ranges) / 11)
    assert screened.mean_range == pytest.approx(sum(r for r in ranges if r < 49) / 9)
    assert screened.mean == plain.mean == pytest.approx(175 / 12)
    assert Flag(5, "outside") in screened.flags


@pytest.mark.parametrize(
    ("values", "rule", "where"),
    [
        ([9, 11, 10, 9, 11, 10, 30, 10, 9, 11, 10, 9], "outside", [6]),
        ([14, 9] * 4 + [12, 13, 12, 13, 12, 13, 12], "one side", range(8, 15)),
        ([10, 11, 12, 13, 14, 15, 16, 9, 8], "trend", range(7)),
        ([16, 15, 14, 13, 12, 11, 10, 20], "trend", range(7)),
        ([10, 12] * 5 + [18, 11, 18] + [10, 12] * 3, "two of three", [10, 12]),
    ],
)
def test_each_rule_marks_its_points(values, rule, where):
    assert [flag.at for flag in xmr(values).flags if flag.rule == rule] == list(where)


def test_six_are_no_run_and_a_tie_ends_a_trend():
    assert not [flag for flag in xmr([14, 9] * 4 + [12, 13, 12, 13, 12, 13, 9]).flags if flag.rule == "one side"]
    assert not [flag for flag in xmr([10, 11, 12, 13, 13, 14, 15, 16]).flags if flag.rule == "trend"]


def test_blanks_are_gaps():
    chart = xmr([10, None, 20, 22, nan, 4])
    assert (chart.mean, chart.mean_range, chart.points) == (14, 2, 4)  # the one pair of neighbors
    assert not [flag for flag in xmr([1, 2, 3, 4, None, 5, 6, 7, 8]).flags if flag.rule == "trend"]
    assert xmr([]) is xmr([3]) is xmr([3, None, 4]) is None


def test_a_level_series_has_no_flags():
    assert xmr([0.1] * 20).flags == xmr([0] * 20).flags == ()


@given(st.lists(st.one_of(st.none(), st.integers(0, 40)), min_size=2, max_size=30))
def test_limits_and_flags_equal_a_recount(values):
    chart = xmr(values, screen=False)
    pairs = [(a, b) for a, b in pairwise(values) if a is not None and b is not None]
    if not pairs:
        assert chart is None
        return
    known = [v for v in values if v is not None]
    mean, mr = Fraction(sum(known), len(known)), Fraction(sum(abs(a - b) for a, b in pairs), len(pairs))
    reach = Fraction(266, 100) * mr
    assert chart.upper == pytest.approx(float(mean + reach))
    assert chart.lower == pytest.approx(float(max(0, mean - reach)))
    if all(v is None or abs(abs(v - mean) - reach) > 1e-9 for v in values):
        assert {f.at for f in chart.flags if f.rule == "outside"} == {
            i for i, v in enumerate(values) if v is not None and abs(v - mean) > reach
        }
    runs = set()
    for start in range(len(values) - 6):
        seven = values[start : start + 7]
        if None not in seven and (all(v > mean for v in seven) or all(v < mean for v in seven)):
            runs |= set(range(start, start + 7))
    assert {f.at for f in chart.flags if f.rule == "one side"} == runs


def _quantile(p: float, chances: list[float]) -> float:
    """Spiegelhalter 2005, appendix A.1.1, step by step."""
    below = 0.0
    for r, chance in enumerate(chances):
        if below + chance >= p:
            return r - (below + chance - p) / chance
        below += chance
    raise AssertionError


@pytest.mark.parametrize("kind", ["share", "ratio"])
@pytest.mark.parametrize("center", [0.03, 0.3, 0.9])
def test_limits_equal_the_slow_twin(kind, center):
    totals = [1, 2, 7, 30, 111, 400]
    cases = [center * total for total in totals]  # all on the center, so that it is what we say
    found = funnel(cases, totals, kind=kind)
    for limits, level in zip(found.limits, LEVELS, strict=True):
        for at, n in enumerate(totals):
            if kind == "share":
                chances = [comb(n, k) * center**k * (1 - center) ** (n - k) for k in range(n + 1)]
            else:
                chances = [exp(k * log(center * n) - center * n - lgamma(k + 1)) for k in range(int(center * n) + 150)]
            low, high = (_quantile(p, chances) / n for p in ((1 - level) / 2, (1 + level) / 2))
            assert limits.lower[at] == pytest.approx(max(0, low), abs=1e-7)
            assert limits.upper[at] == pytest.approx(min(1, high) if kind == "share" else high, abs=1e-7)


def test_units_that_are_alike_stay_inside():
    rng = np.random.default_rng(4)
    outside = {0.95: 0, 0.998: 0}
    for _ in range(40):
        totals = rng.integers(20, 400, 200)
        found = funnel(rng.binomial(totals, 0.3), totals)
        for flag in found.flags:
            outside[0.95] += 1
            outside[0.998] += flag.level == 0.998
    assert 0.04 < outside[0.95] / 8000 < 0.06
    assert outside[0.998] / 8000 < 0.005


def test_a_unit_far_away_is_flagged_and_named():
    found = funnel([30] * 20 + [75, 5], [100] * 22)
    assert [(flag.at, flag.side, flag.level) for flag in found.flags] == [(20, "above", 0.998), (21, "below", 0.998)]
    assert not found.is_overdispersed  # two of 22 are winsorised away: they do not widen the limits that show them


def test_overdispersion_widens_the_limits():
    rng = np.random.default_rng(4)
    totals = rng.integers(100, 600, 120)
    found = funnel(rng.binomial(totals, rng.beta(20, 45, 120)), totals)
    alike = funnel(rng.binomial(totals, 0.3), totals)
    assert found.is_overdispersed
    assert alike.phi == 1
    z = sorted((found.values - found.center) / np.sqrt(found.center * (1 - found.center) / totals))
    winsorised = [min(max(value, z[12]), z[-13]) for value in z]
    assert found.phi == pytest.approx(sum(value**2 for value in winsorised) / 120)
    assert len(found.flags) < 0.12 * 120


def test_blank_units_and_nothing_at_all():
    found = funnel([3, 0, 4], [10, 0, 12], points=5)
    assert np.isnan(found.values[1])
    assert len(found.curve_totals) == 3  # 10, 11, 12: no half referrals
    assert found.curve[0].upper.shape == (3,)
    assert funnel([], []).flags == funnel([0, 0], [5, 9]).flags == funnel([5, 9], [5, 9]).flags == ()


def test_ratios_against_expected_counts():
    found = funnel([10, 12, 9, 40, 11], [10.5, 11, 10, 12.2, 9.5], kind="ratio")
    assert [(flag.at, flag.side) for flag in found.flags] == [(3, "above")]
