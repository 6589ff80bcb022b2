"""Waits: published worked examples, scipy's own estimate, and a slow twin."""

from fractions import Fraction
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf

from reports.survival import Quantile, kaplan_meier

# Freireich et al. 1963, Blood 21:699: remission in weeks under 6-MP, 1 = relapse; the estimate is printed in most textbooks
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSE = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_the_textbook_example():
    """Kalbfleisch and Prentice; Kleinbaum and Klein, chapter 2: 0.857 … 0.448, median 23."""
    curve = kaplan_meier(WEEKS, RELAPSE)
    assert list(curve.days) == [6, 7, 10, 13, 16, 22, 23]
    assert curve.waiting == pytest.approx([0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482], abs=5e-5)
    assert curve.median == Quantile(23, 13, None)  # as PROC LIFETEST with CONFTYPE=LOGLOG
    assert curve.p90 == Quantile(None, None, None)
    assert (curve.cases, curve.seen, curve.last) == (21, 9, 35)


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.integers(1, 3)), min_size=1, max_size=40))
def test_equal_to_the_slow_twin(cases):
    curve = kaplan_meier(*zip(*cases, strict=True))
    waiting, variance = Fraction(1), Fraction(0)
    expected = []
    for day in sorted({day for day, seen, _ in cases if seen}):
        at_risk = sum(n for when, _, n in cases if when >= day)
        events = sum(n for when, seen, n in cases if seen and when == day)
        waiting *= 1 - Fraction(events, at_risk)
        if events < at_risk:
            variance += Fraction(events, at_risk * (at_risk - events))
            reach = exp(1.959963984540054 * sqrt(variance) / -log(waiting))
            expected.append((day, float(waiting), float(waiting) ** reach, float(waiting) ** (1 / reach)))
        else:
            expected.append((day, 0.0, 0.0, expected[-1][3] if expected else 1.0))
    assert [tuple(row) for row in zip(curve.days, curve.waiting, curve.low, curve.high, strict=True)] == [
        pytest.approx(row) for row in expected
    ]
    for share, found in ((0.5, curve.median), (0.9, curve.p90)):
        first = [day for day, left, *_ in expected if left <= 1 - share + 1e-12]
        assert found.days == (first[0] if first else None)
        if found.days is not None and found.high is not None:
            assert found.low <= found.days <= found.high


def test_equal_to_scipy():
    rng = np.random.default_rng(1)
    time, seen = rng.integers(0, 120, 500), rng.random(500) < 0.7
    time[0], seen[0] = 200, False
    curve = kaplan_meier(time, seen)
    theirs = ecdf(CensoredData.right_censored(time, ~seen)).sf
    interval = theirs.confidence_interval(method="log-log")
    at = np.searchsorted(theirs.quantiles, curve.days)
    assert curve.waiting == pytest.approx(theirs.probabilities[at])
    assert curve.low == pytest.approx(interval.low.probabilities[at])
    assert curve.high == pytest.approx(interval.high.probabilities[at])


def test_open_cases_lengthen_the_wait():
    """The mean of completed ones alone, or their median, would say ten days while half still wait."""
    curve = kaplan_meier([10] * 50 + [30] * 50, [True] * 50 + [False] * 50)
    assert curve.median.days == 10
    assert curve.p90.days is None
    assert kaplan_meier([10] * 49 + [30] * 51, [True] * 49 + [False] * 51).median.days is None


def test_the_interval_covers():
    rng = np.random.default_rng(2)
    covered = 0
    for _ in range(200):
        wait, end = rng.exponential(20, 150), rng.uniform(5, 90, 150)
        found = kaplan_meier(np.minimum(wait, end), wait <= end).median
        covered += found.low <= 20 * log(2) <= (found.high or 1e9)
    assert covered >= 182  # of 200: 95 % less three standard errors


def test_nobody_and_mistakes():
    empty = kaplan_meier([], [])
    assert (empty.cases, empty.seen, empty.median) == (0, 0, Quantile(None, None, None))
    assert kaplan_meier([5, 7], [False, False]).median == Quantile(None, None, None)
    with pytest.raises(ValueError, match="before the referral was made"):
        kaplan_meier([-1], [True])
