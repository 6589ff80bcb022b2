"""Intervals against published examples; classes on their bounds."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, poisson_means_test

from reports import intervals


@pytest.mark.parametrize(
    ("successes", "among", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_newcombe_published_it(successes, among, low, high):
    """Newcombe 1998, Statistics in Medicine 17:857, table I, method 3."""
    assert intervals.wilson(successes, among) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_shares_equal_scipy(pair):
    test = binomtest(*pair)
    assert intervals.wilson(*pair) == pytest.approx(tuple(test.proportion_ci(method="wilson")), abs=1e-9)
    assert intervals.clopper_pearson(*pair) == pytest.approx(tuple(test.proportion_ci(method="exact")), abs=1e-9)


@pytest.mark.parametrize(("count", "low", "high"), [(0, 0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390), (100, 81.364, 121.627)])
def test_poisson_as_garwood_published_it(count, low, high):
    assert intervals.poisson(count) == pytest.approx((low, high), abs=6e-4)


def test_ratio_as_r_prints_it():
    """poisson.test(c(11, 6+8+7), c(800, 1083+1050+878)), the example of R's own manual."""
    found = intervals.rate_ratio(11, 800, 21, 3011)
    assert (found.value, found.low, found.high) == pytest.approx((1.971488, 0.8584264, 4.2772659), abs=1e-6)
    assert poisson_means_test(11, 800, 21, 3011).pvalue > 0.05  # and the interval holds 1


def test_ratios_at_the_edge():
    assert intervals.rate_ratio(0, 3, 0, 12) == intervals.Estimate(1, 0, inf)
    assert intervals.rate_ratio(5, 3, 0, 12).high == inf
    assert intervals.rate_ratio(0, 3, 5, 12).value == intervals.rate_ratio(0, 3, 5, 12).low == 0
    assert intervals.wilson(0, 0) == (0, 1)


@pytest.mark.parametrize(
    ("to_us", "total", "said"),
    [
        (9, 9, "too few to say"),
        (10, 10, "loyal"),  # 72 to 100 %
        (18, 20, "splitter"),  # 90 %, but from 69.9 %
        (80, 100, "loyal"),
        (75, 100, "splitter"),  # 65 to 83 %: loyal is not shown
        (50, 100, "splitter"),
        (20, 100, "opportunity"),  # 13 to 29 %
        (25, 100, "splitter"),  # 17 to 34 %: an opportunity is not shown
        (0, 10, "opportunity"),  # 0 to 28 %
        (1, 10, "splitter"),
        (0, 0, "too few to say"),
    ],
)
def test_classes_are_decided_on_the_bound(to_us, total, said):
    assert intervals.standing(to_us, total) == said


def test_thresholds_are_settings():
    assert intervals.standing(18, 20, loyal=0.6) == "loyal"
    assert intervals.standing(25, 100, splitter=0.4) == "opportunity"
    with pytest.raises(ValueError, match="larger than the whole"):
        intervals.standing(5, 4)
