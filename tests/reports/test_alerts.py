"""Alerts: a plain recount of every step, and by simulation - unchanged providers in, false alarms counted out."""

import datetime as dt
from collections import defaultdict
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from reports.alerts import CLEARLY, RISE, SHOWS, STEADY, find_alerts, two_sided
from reports.maturity import maturity
from reports.workdays import business_days, federal_holidays

LAST = pd.Period("2026-10", "M")


def month_days(months):
    return business_days([month.to_timestamp().date() for month in months])


def draw(rng, n=800):
    """Rates as they are: a few send most. About one in five sends ten a month or more."""
    return ((rng.pareto(1.3, n) + 0.3) * 4).clip(0, 300)


def world(rng, rate, *, months=24, decliners=(), from_month=-3, started=None, season=0.12):
    """Counts of providers who send at their own rate, by business days and a season that all share."""
    span = pd.period_range(end=LAST, periods=months, freq="M")
    busy = month_days(span) * (1 + season * np.sin(2 * np.pi * np.array(span.month) / 12))
    mean = np.outer(rate, busy / busy.mean())
    mean[list(decliners), from_month:] *= 0.35
    for provider, month in (started or {}).items():
        mean[provider, :month] = 0
    return frame(rng.poisson(mean), span)


def frame(counts, span):
    """Rows as a query gives them: none for a zero."""
    who, when = np.nonzero(counts)
    return pd.DataFrame({"provider": who, "month": span[when], "n": counts[who, when]})


# The test itself


@given(st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.floats(0.001, 0.999))))
def test_two_sided_is_scipys(case):
    k, n, p = case
    ours = two_sided(np.array([k]), np.array([n]), np.array([p]))[0]
    assert ours == pytest.approx(binomtest(k, n, p).pvalue if n else 1, rel=1e-6, abs=1e-12)


def recount(rows, first, last, silent=frozenset()):
    """The whole method once more, in plain Python, months as numbers: provider -> (observed, expected, adjusted p)."""
    seen = defaultdict(int)
    for provider, month, n in rows:
        seen[provider, month] += n
    window = range(max(first, last - 14), last + 1)
    before, now = list(window)[:-3], list(window)[-3:]
    days = {month: weekdays(month) for month in window}
    exposed = {}
    for provider in {provider for provider, _ in seen}:
        began = min((month for who, month in seen if who == provider and seen[who, month] and month <= last), default=last)
        exposed[provider] = [m for m in window if (m > began or began == first) and (provider, m) not in silent and (None, m) not in silent]
    index = {}
    for month in before:
        here = [p for p in exposed if month in exposed[p]]
        fitted = 0.0
        for p in here:
            own = [m for m in exposed[p] if m in before]
            fitted += days[month] * sum(seen[p, m] for m in own) / sum(days[m] for m in own)
        index[month] = (sum(seen[p, month] for p in here) + STEADY) / (fitted + STEADY)
    for month in now:
        index[month] = index[month - 12] if len(before) == 12 else 1.0
    tests = {}
    for p, months in exposed.items():
        own, recent = [m for m in months if m in before], [m for m in months if m in now]
        c1, c2 = sum(seen[p, m] for m in own), sum(seen[p, m] for m in recent)
        if len(own) >= 3 and recent and c1 + c2:
            tests[p] = c1, c2, sum(days[m] * index[m] for m in recent) / sum(days[m] * index[m] for m in own)
    ordinary = set(tests)
    for _ in range(10):
        change = (sum(tests[p][1] for p in ordinary) + STEADY) / (sum(tests[p][0] * tests[p][2] for p in ordinary) + STEADY)
        ordinary = {
            p for p, (c1, c2, r) in tests.items() if abs(c2 - change * c1 * r) <= CLEARLY * (sqrt(change * c1 * r * (1 + change * r)) + 1)
        }
    results, weights = {}, {}
    for p, (c1, c2, r) in tests.items():
        others = ordinary - {p}
        r *= (sum(tests[o][1] for o in others) + STEADY) / (sum(tests[o][0] * tests[o][2] for o in others) + STEADY)
        share = r / (1 + r)
        usual = (c1 + c2) * share
        weights[p] = usual / (usual + SHOWS)
        results[p] = c2, c1 * r, binomtest(c2, c1 + c2, share).pvalue * (RISE if c2 > usual else 1)
    mean = sum(weights.values()) / len(weights) if weights else 1
    weighted = sorted((min(1, p * mean / weights[who]), who) for who, (_, _, p) in results.items())
    adjusted, least = {}, 1.0
    for rank in range(len(weighted), 0, -1):
        least = min(least, weighted[rank - 1][0] * len(weighted) / rank)
        adjusted[weighted[rank - 1][1]] = least
    return {who: (c2, expected, adjusted[who]) for who, (c2, expected, _) in results.items()}


def weekdays(number):
    day, found = dt.date(number // 12, number % 12 + 1, 1), 0
    while day.month == number % 12 + 1:
        found += day.weekday() < 5 and day not in federal_holidays(day.year) and day not in federal_holidays(day.year + 1)
        day += dt.timedelta(days=1)
    return found


@hypothesis_settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([8, 15, 20]), st.integers(1, 40))
def test_equal_to_a_plain_recount(seed, months, providers):
    rng = np.random.default_rng(seed)
    rows = world(
        rng, rng.gamma(1, 8, providers), months=months, decliners=range(0, providers, 5), started={1: 4} if providers > 1 else None
    )
    gap = pd.DataFrame({"provider": [0, 2, 99], "month": [LAST - 5, LAST - 1, LAST]})
    number = rows["month"].map(lambda month: month.year * 12 + month.month - 1)
    silent = {(0, last_number(5)), (2, last_number(1)), (99, last_number(0))}
    expected = recount(zip(rows["provider"], number, rows["n"], strict=True), number.min(), number.max(), silent) if len(rows) else {}
    found = find_alerts(rows, left_out=gap)
    assert {alert.provider for alert in found} == {who for who, (_, _, q) in expected.items() if q <= 0.1}
    for alert in found:
        assert (alert.observed, alert.expected, alert.q) == pytest.approx(expected[alert.provider], rel=1e-6)


def last_number(back):
    month = LAST - back
    return month.year * 12 + month.month - 1


# What is read and what is said


def steady(n, months=18, providers=5):
    span = pd.period_range(end=LAST, periods=months, freq="M")
    return np.full((providers, months), n), span


def test_a_fall_is_told_in_a_sentence():
    counts, span = steady(20)
    counts[3, -3:] = 4
    [alert] = find_alerts(frame(counts, span))
    assert (alert.provider, alert.direction, alert.observed) == (3, "down", 12)
    assert 55 < alert.expected < 65
    assert alert.interval[0] < 12 / alert.expected < alert.interval[1] < 0.4
    assert alert.q < 1e-6
    assert alert.difference == 12 - alert.expected
    assert alert.sentence.startswith(f"12 referrals in Aug 2026 to Oct 2026, {alert.expected:.1f} expected from the 12 months before")
    assert f"95% interval {alert.interval[0]:.2f} to {alert.interval[1]:.2f}; q = 0.0001" in alert.sentence


def test_falls_come_first_the_largest_first():
    counts, span = steady(20, providers=60)
    counts[3, -3:], counts[4, -3:], counts[5, -3:], counts[:3, :] = 4, 60, 0, 40
    counts[1, -3:] = 2
    found = find_alerts(frame(counts, span))
    assert [(alert.provider, alert.direction) for alert in found] == [(1, "down"), (5, "down"), (3, "down"), (4, "up")]


def test_who_was_alone_with_us_is_judged_by_its_own_past():
    counts, span = steady(20, providers=1)
    assert find_alerts(frame(counts, span)) == []
    counts[0, -3:] = 5
    assert [alert.direction for alert in find_alerts(frame(counts, span))] == ["down"]


@pytest.mark.parametrize("through", [dt.date(2026, 7, 1), dt.date(2026, 7, 31), "2026-07-01", pd.Period("2026-07"), dt.date(2026, 8, 20)])
def test_months_after_the_last_mature_one_are_not_read(through):
    counts, span = steady(20, months=21)
    counts[:, -3:] = 0
    counts[0, -3:] = 90
    rows = frame(counts, span)
    assert find_alerts(rows, through=through) == []
    assert [alert.provider for alert in find_alerts(rows)][-1] == 0


@pytest.mark.parametrize("make", [str, lambda month: month.to_timestamp(), lambda month: month.to_timestamp().date(), lambda month: month])
def test_months_may_be_told_in_any_way(make):
    counts, span = steady(20)
    counts[3, -3:] = 4
    rows = frame(counts, span)
    rows["month"] = [make(month) for month in rows["month"]]
    rows["provider"] = rows["provider"].map("npi {}".format)
    assert [alert.provider for alert in find_alerts(rows.sample(frac=1, random_state=1))] == ["npi 3"]


def test_rows_without_a_provider_are_nobodys():
    counts, span = steady(20)
    counts[3, -3:] = 4
    rows = frame(counts, span).astype({"provider": object})
    nobody = pd.DataFrame({"provider": None, "month": span, "n": 500})
    [alert] = find_alerts(pd.concat([rows, nobody]))
    assert (alert.provider, type(alert.provider), alert.observed) == (3, int, 12)
    assert find_alerts(nobody) == []


def test_what_was_not_seen_is_no_fall():
    counts, span = steady(20)
    counts[3, -2:] = 0
    rows = frame(counts, span)
    gap = pd.DataFrame({"provider": [3, 3], "month": span[-2:]})
    assert find_alerts(rows, left_out=gap) == []
    assert find_alerts(rows, left_out=gap[["month"]]) == []
    assert [alert.provider for alert in find_alerts(rows)] == [3]
    assert find_alerts(rows, left_out=pd.DataFrame({"month": span[-3:]})) == []  # nothing recent is left


def test_too_little_history_is_not_tested():
    counts, span = steady(20, months=5)
    counts[3, -3:] = 0
    assert find_alerts(frame(counts, span)) == []
    assert find_alerts(pd.DataFrame({"provider": [], "month": [], "n": []})) == []
    counts, span = steady(20)
    counts[3, :-5] = 0  # began in the fifth last month: one month of baseline that is known whole
    counts[3, -3:] = 1
    assert find_alerts(frame(counts, span)) == []
    counts, span = steady(20)
    counts[3, :-7], counts[3, -3:] = 0, 1
    assert [alert.provider for alert in find_alerts(frame(counts, span))] == [3]


def test_silent_for_a_year_and_back_is_a_rise():
    counts, span = steady(20)
    counts[3, 1:] = 0
    counts[3, -3:] = 10
    [alert] = find_alerts(frame(counts, span))
    assert (alert.direction, alert.expected, alert.interval[1]) == ("up", 0, float("inf"))
    assert "0.0 expected" in alert.sentence


def test_business_days_of_a_year():
    assert list(month_days(pd.period_range("2026-01", "2026-12", freq="M"))) == [20, 19, 22, 22, 20, 21, 22, 21, 21, 21, 19, 22]
    assert federal_holidays(2021)[-1] == dt.date(2021, 12, 24)  # Christmas was a Saturday
    assert dt.date(2021, 12, 31) in federal_holidays(2022)  # and so was New Year's Day
    assert dt.date(2020, 6, 19) not in federal_holidays(2020)
    assert list(business_days([dt.date(2026, 7, 1)], holidays=[])) == [23]


# A fax backlog of three weeks


def faxes(rng, providers, monthly, *, until, held=None, lost=False):
    """Rows (provider, anchor, arrival) of one feed since January 2025, a few days under way; nothing arrives while it is held."""
    found = []
    for day in pd.bdate_range("2025-01-01", until - dt.timedelta(days=1)).date:
        for provider in rng.integers(0, providers, rng.poisson(providers * monthly / 21)):
            arrival = day + dt.timedelta(days=int(rng.poisson(2)))
            if held and held[0] <= arrival < held[1]:
                if lost:
                    continue
                arrival = held[1]
            if arrival < until:
                found.append((int(provider), day, arrival))
    return found


BACKLOGS = {
    "still waiting": {"until": dt.date(2026, 10, 26), "held": (dt.date(2026, 10, 5), dt.date(2026, 11, 9))},
    "waiting over the end of a month": {"until": dt.date(2026, 11, 6), "held": (dt.date(2026, 10, 16), dt.date(2026, 11, 9))},
    "came late, dated right": {"until": dt.date(2026, 11, 16), "held": (dt.date(2026, 10, 12), dt.date(2026, 11, 2))},
    "never came": {"until": dt.date(2026, 11, 16), "held": (dt.date(2026, 9, 14), dt.date(2026, 10, 5)), "lost": True},
    "last weeks are missing": {"until": dt.date(2026, 10, 9)},
}


@pytest.mark.parametrize("story", BACKLOGS)
def test_a_fax_backlog_of_three_weeks_raises_none(story):
    rng = np.random.default_rng(8)
    faxed = faxes(rng, 8, 200, **BACKLOGS[story])  # so many that a missing week would show
    other = faxes(rng, 300, 12, until=BACKLOGS[story]["until"])  # an electronic feed of other practices, which goes on
    as_of = BACKLOGS[story]["until"]
    fax = maturity([(anchor, arrival, 1) for _, anchor, arrival in faxed], as_of=as_of)
    electronic = maturity([(anchor, arrival, 1) for _, anchor, arrival in other], as_of=as_of)
    rows = pd.DataFrame(
        [(provider, anchor) for provider, anchor, _ in faxed] + [(100 + provider, anchor) for provider, anchor, _ in other],
        columns=["provider", "month"],
    ).assign(n=1)
    silent = pd.DataFrame([(provider, month) for month in fax.silent for provider in range(8)], columns=["provider", "month"])
    through = min(fax.through, electronic.through)
    assert find_alerts(rows, through=through, left_out=silent if len(silent) else None) == []
    if story == "never came":  # without what the feed says of itself, falls would be seen
        assert fax.silent == (dt.date(2026, 9, 1), dt.date(2026, 10, 1))
        assert {alert.direction for alert in find_alerts(rows, through=through)} == {"down"}


# By simulation


def false_alarms(runs, **kwargs):
    rng = np.random.default_rng(1)
    return [len(find_alerts(world(rng, draw(rng), **kwargs))) for _ in range(runs)]


def found_of_planted(runs, decliners, seed=2):
    """Share of decliners (to 35 %, from ten a month or more) that any of the three monthly runs after it finds, and the false alarms."""
    rng, hits, planted, false = np.random.default_rng(seed), 0, 0, 0
    for _ in range(runs):
        rate = draw(rng)
        chosen = set(rng.choice(np.flatnonzero((rate >= 10) & (rate <= 60)), decliners, replace=False).tolist())
        rows = world(rng, rate, decliners=chosen)
        listed = [{alert.provider for alert in find_alerts(rows, through=LAST - back)} for back in (2, 1, 0)]
        hits, planted, false = hits + len(chosen & set.union(*listed)), planted + decliners, false + len(listed[-1] - chosen)
    return hits / planted, false / runs


def test_no_change_no_alarm():
    assert sum(false_alarms(30)) <= 3  # one in ten runs of 800


def test_most_decliners_are_found():
    share, false = found_of_planted(6, 40)
    assert share >= 0.9
    assert false <= 4  # of about 42 listed: q = 0.10


def test_everybody_falls_is_no_news_of_anybody():
    rng = np.random.default_rng(3)
    rows = world(rng, draw(rng))
    rows.loc[rows["month"] > LAST - 3, "n"] = rng.binomial(rows.loc[rows["month"] > LAST - 3, "n"], 0.7)
    assert find_alerts(rows) == []


def test_new_starters_raise_no_alarm():
    rng, alarms = np.random.default_rng(4), 0
    for _ in range(30):
        started = {provider: int(rng.integers(1, 21)) for provider in range(400)}
        alarms += len(find_alerts(world(rng, draw(rng), started=started)))
    assert alarms <= 3


@pytest.mark.slow
@pytest.mark.parametrize("shape", [{}, {"months": 15}, {"started": {provider: provider % 22 for provider in range(400)}}, {"season": 0.4}])
def test_at_most_one_false_alarm_in_ten_runs(shape):
    """Blocks of ten runs of 800 unchanged providers: nearly all have at most one false alarm, and on average a third of one."""
    alarms = np.array(false_alarms(300, **shape)).reshape(30, 10).sum(axis=1)
    assert alarms.mean() <= 0.6
    assert (alarms <= 1).mean() >= 0.9


@pytest.mark.slow
def test_nine_of_ten_decliners_are_found_within_three_months():
    share, false = found_of_planted(40, 40)
    assert share >= 0.93
    assert false <= 4
    assert found_of_planted(40, 12)[0] >= 0.87  # the fewer there are, the stricter the false-discovery rate must be
