"""How many are still to come: against the negative binomial of scipy.stats, by simulation, and at the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from reports.predicting import SHAPE, chance_of_at_most, forecast


@given(st.integers(0, 400), st.floats(0.5, 400), st.floats(0.5, 400), st.integers(0, 800))
def test_chances_are_those_of_the_negative_binomial(seen: int, exposure: float, further: float, most: int) -> None:
    wanted = nbinom.cdf(most, seen + SHAPE, exposure / (exposure + further))
    assert chance_of_at_most(most, seen=seen, exposure=exposure, further=further) == pytest.approx(wanted, abs=1e-9)


@given(st.integers(0, 400), st.floats(0.5, 400), st.floats(0.5, 400))
def test_ends_are_the_smallest_counts_that_reach_their_share(seen: int, exposure: float, further: float) -> None:
    how = {"seen": seen, "exposure": exposure, "further": further}
    found = forecast(**how)
    assert found.mean == pytest.approx(seen * further / exposure)
    for end, share in ((found.low, 0.025), (found.high, 0.975)):
        assert chance_of_at_most(end, **how) >= share
        assert chance_of_at_most(end - 1, **how) < share


def test_the_range_holds_as_often_as_it_says() -> None:
    """20,000 pasts and futures of the same rate, from one referral a quarter to a hundred a month."""
    dice = np.random.default_rng(7)
    for rate in (0.02, 0.1, 0.5, 2.0, 5.0):
        for exposure, further in ((62, 18), (62, 3), (20, 44)):
            past, future = dice.poisson(rate * exposure, 1500), dice.poisson(rate * further, 1500)
            ranges = {seen: forecast(seen=int(seen), exposure=exposure, further=further) for seen in set(past.tolist())}
            held = np.mean([ranges[int(seen)].low <= came <= ranges[int(seen)].high for seen, came in zip(past, future, strict=True)])
            assert held >= 0.93, (rate, exposure, further, held)


def test_nothing_further_and_nothing_watched() -> None:
    assert forecast(seen=5, exposure=10, further=0).high == 0
    assert forecast(seen=5, exposure=0, further=10) is None
    assert chance_of_at_most(-1, seen=5, exposure=10, further=10) == 0.0
    assert chance_of_at_most(0, seen=5, exposure=10, further=0) == 1.0
