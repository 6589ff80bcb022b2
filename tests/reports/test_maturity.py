"""When a month is told whole, and when a feed fell silent: known lags, a slow twin, and the stories of feeds."""

import datetime as dt
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import geom, poisson

from reports.maturity import LEAST_ROWS, Arrivals, Gap, Maturity, arrived_within, maturity

DAY = dt.timedelta(days=1)
END = dt.date(2026, 11, 2)


def feed(*, start=dt.date(2025, 1, 1), end=END, lag=lambda rng: rng.poisson(3), every=1, held=None, lost=False, per_day=12):
    """What had arrived before `end`: weekdays, so many a day, files on every so-manieth day."""
    rng, rows, day = np.random.default_rng(1), [], start
    while day < end:
        for _ in range(rng.poisson(per_day) if day.weekday() < 5 else 0):
            arrival = day.toordinal() + int(lag(rng))
            arrival = dt.date.fromordinal(-(-arrival // every) * every)
            if held and held[0] <= arrival < held[1]:
                if lost:
                    continue
                arrival = held[1]
            if arrival < end:
                rows.append((day, arrival, 1))
        day += DAY
    return rows


def test_lags_are_found_again():
    assert arrived_within(Arrivals.of(feed()))[:12] == pytest.approx(poisson.cdf(range(12), 3), abs=0.015)


def test_a_young_feed_does_not_look_quick():
    """Two months old, lags of ten days: what arrived so far has a mean lag far below ten."""
    rows = feed(start=dt.date(2026, 9, 1), lag=lambda rng: rng.geometric(1 / 10) - 1, per_day=40)
    found = arrived_within(Arrivals.of(rows))
    true = geom.cdf(range(1, len(found) + 1), 1 / 10)
    assert found == pytest.approx(true / true[-1], abs=0.05)
    naive = np.mean([(arrival - anchor).days <= 10 for anchor, arrival, _ in rows])
    assert found[10] < naive


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=60))
def test_equal_to_the_slow_twin(rows):
    base = dt.date(2026, 1, 1)
    told = [(base + anchor * DAY, base + (anchor + lag) * DAY, n) for anchor, lag, n in rows] + [(base, base, LEAST_ROWS)]
    last = max(arrival for _, arrival, _ in told)
    each = [((arrival - anchor).days, (last - anchor).days, n) for anchor, arrival, n in told]
    total = sum(n for *_, n in each)
    horizon = max(u for u in range(60) if 2 * sum(n for _, could, n in each if could >= u) >= total)
    each = [row for row in each if row[0] <= horizon]
    expected, share = [Fraction(1)], Fraction(1)
    for u in range(horizon, 0, -1):
        came = sum(n for lag, _, n in each if lag == u)
        at_risk = sum(n for lag, could, n in each if lag <= u <= could)
        share *= 1 - Fraction(came, at_risk) if at_risk else 1
        expected.insert(0, share)
    assert arrived_within(Arrivals.of(told)) == pytest.approx([float(value) for value in expected])


def test_the_past_that_a_first_load_brings_has_no_lag():
    first = [(dt.date(2024, 1, 1) + k * DAY, dt.date(2026, 1, 5), 10) for k in range(700)]
    quick = [(dt.date(2026, 1, 5) + k * DAY, dt.date(2026, 1, 6) + k * DAY, 10) for k in range(300)]
    assert arrived_within(Arrivals.of(first)) is None
    assert arrived_within(Arrivals.of(first + quick))[:2] == pytest.approx([0, 1])


@pytest.mark.parametrize(
    ("end", "lag", "through"),
    [
        (dt.date(2026, 11, 2), 0, dt.date(2026, 10, 1)),
        (dt.date(2026, 11, 2), 3, dt.date(2026, 9, 1)),
        (dt.date(2026, 11, 7), 3, dt.date(2026, 10, 1)),
        (dt.date(2026, 11, 7), 20, dt.date(2026, 9, 1)),
        (dt.date(2026, 10, 30), 20, dt.date(2026, 9, 1)),
        (dt.date(2026, 10, 20), 20, dt.date(2026, 8, 1)),
    ],
)
def test_a_month_is_mature_when_nearly_all_of_it_normally_came(end, lag, through):
    found = maturity(feed(end=end, lag=lambda rng: rng.poisson(lag)), as_of=end)
    assert found == Maturity(through, (), ())


def test_the_share_is_a_setting():
    rows = feed(end=dt.date(2026, 11, 2))
    assert maturity(rows, as_of=END, share=0.8).through == dt.date(2026, 10, 1)


@pytest.mark.parametrize(("every", "through"), [(7, dt.date(2026, 9, 1)), (14, dt.date(2026, 9, 1)), (30, dt.date(2026, 9, 1))])
def test_weekly_and_monthly_files_are_no_gaps(every, through):
    found = maturity(feed(every=every), as_of=END)
    assert (found.gaps, found.through) == ((), through)


def test_holidays_are_no_gap():
    rows = [row for row in feed() if not dt.date(2025, 12, 24) <= row[1] < dt.date(2026, 1, 2)]
    assert maturity(rows, as_of=END).gaps == ()


def test_a_backlog_that_still_waits():
    """Three weeks after the last arrival: time has passed, but nothing more is known."""
    found = maturity(feed(held=(dt.date(2026, 10, 12), END)), as_of=END)
    assert found.gaps == (Gap(dt.date(2026, 10, 12), END, is_filled=False),)
    assert found.through == dt.date(2026, 9, 1)
    assert found.silent == (dt.date(2026, 10, 1), dt.date(2026, 11, 1))


def test_a_backlog_that_came_late_is_whole_again():
    found = maturity(feed(held=(dt.date(2026, 9, 21), dt.date(2026, 10, 12))), as_of=END)
    assert found.gaps == (Gap(dt.date(2026, 9, 21), dt.date(2026, 10, 12), is_filled=True),)
    assert (found.through, found.silent) == (dt.date(2026, 9, 1), ())


def test_what_never_came_stays_silent():
    found = maturity(feed(held=(dt.date(2026, 5, 11), dt.date(2026, 6, 1)), lost=True), as_of=END)
    assert [gap.is_filled for gap in found.gaps] == [False]
    assert found.silent == (dt.date(2026, 5, 1), dt.date(2026, 6, 1))
    assert found.through == dt.date(2026, 9, 1)


def test_a_burst_dated_by_its_arrival_spoils_both_months():
    held = dt.date(2026, 6, 15), dt.date(2026, 7, 6)
    rows = [(arrival, arrival, n) for _, arrival, n in feed(held=held)]
    found = maturity(rows, as_of=END)
    assert [gap.is_filled for gap in found.gaps] == [False]
    assert found.silent == (dt.date(2026, 6, 1), dt.date(2026, 7, 1))


def test_a_feed_without_a_past():
    assert maturity([], as_of=END) == Maturity(None, (), ())
    once = [(dt.date(2026, 1, 1) + k * DAY, dt.date(2026, 11, 21), 5) for k in range(304)]
    assert maturity(once, as_of=dt.date(2026, 11, 21)).through == dt.date(2026, 10, 1)  # three weeks are enough
    early = [(anchor, END, n) for anchor, _, n in once]
    assert maturity(early, as_of=END).through == dt.date(2026, 9, 1)
    assert maturity([(END, END, 3)], as_of=END).through is None


@pytest.mark.parametrize(
    ("last", "through"),
    [
        (dt.date(2026, 10, 12), dt.date(2026, 9, 1)),  # half a month, however long ago
        (dt.date(2026, 10, 29), dt.date(2026, 9, 1)),  # a Thursday: the Friday is missing
        (dt.date(2026, 10, 30), dt.date(2026, 10, 1)),  # only a weekend is left
        (dt.date(2026, 10, 31), dt.date(2026, 10, 1)),
    ],
)
def test_a_file_tells_nothing_of_the_days_after_its_last(last, through):
    """A first load of all the past, made in December."""
    days = [dt.date(2026, 1, 1) + k * DAY for k in range((last - dt.date(2026, 1, 1)).days + 1)]
    rows = [(day, dt.date(2026, 12, 15), 5) for day in days if day.weekday() < 5 or day == last]
    assert maturity(rows, as_of=dt.date(2026, 12, 20)).through == through


def test_a_feed_of_few_rows_need_not_reach_the_last_day():
    rows = [(dt.date(2026, 1, 7) + 7 * k * DAY, dt.date(2026, 12, 15), 5) for k in range(43)]
    assert rows[-1][0] == dt.date(2026, 10, 28)
    assert maturity(rows, as_of=dt.date(2026, 12, 20)).through == dt.date(2026, 10, 1)
