"""Who sends fewer, or more, than their own past leads to expect: honest with small counts (METHODS section 3). Pure.

Each provider's last three mature months are set against its twelve before. Exposure is business days times a seasonal index of the pool.
Given the sum of two Poisson counts the recent one is binomial (Przyborowski and Wilenski 1940, Biometrika 31:313), so one exact two-sided
test per provider and run, then Benjamini and Hochberg 1995 (J. R. Statist. Soc. B 57:289) over all tests of the run. The tests have
weights that average one (Genovese, Roeder and Wasserman 2006, Biometrika 93:509): more for those with enough referrals to show a fall. The
weight depends on the sum of both counts alone, which the test takes as given. A rise has a tenth of a fall's: falls are to be acted on.

What one expects moves with everybody else: when referrers as a whole send a tenth less (a hard winter, a feed that lost a week), a tenth
less is no news of one of them. That change is the pool's, without those who clearly moved on their own and without the provider itself.
"""

import datetime as dt
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binom, false_discovery_control

from reports.intervals import Interval, rate_ratio
from reports.numbers import BASELINE_MONTHS, RECENT_MONTHS
from reports.periods import add_months
from reports.workdays import business_days

WINDOW = BASELINE_MONTHS + RECENT_MONTHS
LEAST_BASELINE = 3  # months; with fewer there is nothing to compare with
STEADY = 200  # referrals without season or common change that stand beside the pool's: a pool of five providers has no season to speak of
SHOWS = 20  # referrals expected in the recent months at which a test has half of the largest weight
RISE = 10  # how many times smaller the p-value of a rise must be
CLEARLY = 2.58  # standard errors from the common change beyond which a provider has no say in it


@dataclass(frozen=True)
class Alert:
    """One provider whose recent count chance does not explain. `interval` is the exact 95 % one of observed ÷ expected.

    `q` is the provider's own: the least false-discovery rate at which it would still be listed. `before` are the referrals of the baseline.
    `months` are the firsts of all months that were compared, each with what the baseline leads to expect of it: those of the baseline
    add up to `before`, the recent ones to `expected`.
    """

    provider: Hashable
    direction: Literal["down", "up"]
    expected: float
    observed: int
    interval: Interval
    q: float
    sentence: str
    before: int
    months: tuple[tuple[dt.date, float], ...]

    @property
    def difference(self) -> float:
        return self.observed - self.expected


Reason = Literal["short history", "not seen", "nothing came"]


@dataclass(frozen=True)
class Findings:
    """All that one run has to say: the alerts, whom it tested, and whom it did not and why.

    "short history": less than three months of baseline. "not seen": the months that are missing are those left out. "nothing came": not one
    referral in the months compared. `last` is the last month that was read, None where nobody could be tested.
    """

    alerts: list[Alert] = field(default_factory=list)
    tested: list[Hashable] = field(default_factory=list)
    untested: dict[Hashable, Reason] = field(default_factory=dict)
    last: dt.date | None = None


class Tests(NamedTuple):
    """What is compared, one row a provider: counts and exposures before and now, and the weight of each of the months that were seen."""

    providers: list[Hashable]
    before: np.ndarray
    now: np.ndarray
    exposure_before: np.ndarray
    exposure_now: np.ndarray
    weight: np.ndarray
    months: list[dt.date]


def find_alerts(
    counts: pd.DataFrame,
    *,
    q: float = 0.10,
    through: dt.date | str | pd.Period | None = None,
    left_out: pd.DataFrame | None = None,
    holidays: Iterable[dt.date] | None = None,
) -> list[Alert]:
    """Alerts of one run, the largest shortfalls first, then the largest gains.

    `counts` has columns provider, month (any day of it) and n; a month without a row is a zero from the frame's first month to its last.
    Rows without a provider are nobody's.
    `through` is the last mature month, by its first or last day; a day inside a month leaves that month out. `left_out` (columns month
    and, where it is not for everybody, provider) names what was not seen: immature months and gaps of a feed are no exposure, and
    their counts are not read. Holidays are the US federal ones unless given.

    A provider who is first seen after the frame's first month is exposed from the month after that: what follows a first referral is
    independent of it, the month that holds it is not. Providers with less than three months of baseline are not tested.
    """
    return run_tests(counts, q=q, through=through, left_out=left_out, holidays=holidays).alerts


def run_tests(
    counts: pd.DataFrame,
    *,
    q: float = 0.10,
    through: dt.date | str | pd.Period | None = None,
    left_out: pd.DataFrame | None = None,
    holidays: Iterable[dt.date] | None = None,
) -> Findings:
    """`find_alerts`, and whom it tested, and whom it did not and why."""
    tests, untested = _prepare(counts, through, left_out, holidays)
    if tests is None or not len(tests.providers):
        return Findings(untested=untested)
    adjusted = false_discovery_control(_weighted(tests))
    alerts = [_alert(tests, int(at), float(adjusted[at])) for at in np.flatnonzero(adjusted <= q)]
    alerts.sort(key=lambda alert: (alert.direction == "up", -abs(alert.difference), str(alert.provider)))
    return Findings(alerts, tests.providers, untested, tests.months[-1])


def _weighted(tests: Tests) -> np.ndarray:
    """The p-value of each provider, divided by its weight."""
    among, share = tests.before + tests.now, tests.exposure_now / (tests.exposure_before + tests.exposure_now)
    usual = among * share
    weight = usual / (usual + SHOWS)
    p = two_sided(tests.now, among, share) * np.where(tests.now > usual, RISE, 1)
    return np.minimum(1.0, p * weight.mean() / weight)


def two_sided(successes: np.ndarray, among: np.ndarray, share: np.ndarray) -> np.ndarray:
    """`scipy.stats.binomtest(k, n, p).pvalue` for arrays: the chance of all outcomes no likelier than the one seen."""
    flip = successes > among * share  # so that what was seen is in the lower tail
    k, p = np.where(flip, among - successes, successes), np.where(flip, 1 - share, share)
    bar = binom.pmf(k, among, p) * (1 + 1e-7)
    low, high = np.ceil(among * p), among + 1.0  # beyond the mean the chance only falls: halve the way to where it is no larger
    while (low < high).any():
        middle = np.floor((low + high) / 2)
        rare = binom.pmf(middle, among, p) <= bar
        low, high = np.where(~rare & (low < high), middle + 1, low), np.where(rare & (low < high), middle, high)
    return np.where(k == among * p, 1.0, np.minimum(1.0, binom.cdf(k, among, p) + binom.sf(high - 1, among, p)))


def _prepare(
    counts: pd.DataFrame, through: dt.date | str | pd.Period | None, left_out: pd.DataFrame | None, holidays: Iterable[dt.date] | None
) -> tuple[Tests | None, dict[Hashable, Reason]]:
    counts = counts[counts["provider"].notna()]
    if counts.empty:
        return None, {}
    numbers = _month_numbers(counts["month"])
    first, last = int(numbers.min()), int(numbers.max())
    if through is not None:
        last = min(last, _last_month(through))
    codes, providers = pd.factorize(counts["provider"])
    names = np.asarray(providers)
    if last - first + 1 < RECENT_MONTHS + LEAST_BASELINE:
        return None, dict.fromkeys(names.tolist(), "short history")
    span = numbers <= last
    seen = np.zeros((len(providers), last - first + 1))
    np.add.at(seen, (codes[span], numbers[span] - first), counts["n"].to_numpy(float)[span])

    began = np.where(seen.any(axis=1), (seen > 0).argmax(axis=1), seen.shape[1])
    there = (np.arange(seen.shape[1]) > began[:, None]) | (began == 0)[:, None]
    exposed = there & ~_silent(left_out, providers, first, seen.shape) if left_out is not None else there
    anything = seen[:, -WINDOW:].any(axis=1)
    seen, exposed, there = np.where(exposed, seen, 0)[:, -WINDOW:], exposed[:, -WINDOW:], there[:, -WINDOW:]
    months = [add_months(dt.date(1, 1, 1), number - 12) for number in range(last - exposed.shape[1] + 1, last + 1)]
    before, now = slice(None, -RECENT_MONTHS), slice(-RECENT_MONTHS, None)
    days = business_days(months, holidays) * exposed
    weight = days * _season(seen[:, before], days[:, before])

    total, recent = seen[:, before].sum(axis=1), seen[:, now].sum(axis=1)
    tested = _comparable(exposed) & (total + recent > 0)
    reasons = np.where(~_comparable(there), "short history", np.where(anything, "not seen", "nothing came"))
    total, recent, weight = total[tested], recent[tested], weight[tested]
    exposure_before, exposure_now = weight[:, before].sum(axis=1), weight[:, now].sum(axis=1)
    common = _common_change(total, recent, exposure_now / exposure_before)
    weight[:, now] *= common[:, None]
    tests = Tests(names[tested].tolist(), total, recent, exposure_before, exposure_now * common, weight, months)
    return tests, dict(zip(names[~tested].tolist(), reasons[~tested].tolist(), strict=True))


def _comparable(exposed: np.ndarray) -> np.ndarray:
    """Who has a baseline, and a recent month to set against it."""
    return (exposed[:, :-RECENT_MONTHS].sum(axis=1) >= LEAST_BASELINE) & exposed[:, -RECENT_MONTHS:].any(axis=1)


def _season(seen: np.ndarray, days: np.ndarray) -> np.ndarray:
    """How busy each month is for the pool, a business day: of the baseline's months, and of the recent ones a year before."""
    exposure = days.sum(axis=1)
    rate = np.divide(seen.sum(axis=1), exposure, out=np.zeros(len(seen)), where=exposure > 0)
    index = (seen.sum(axis=0) + STEADY) / (rate @ days + STEADY)
    a_year_before = index[:RECENT_MONTHS] if len(index) == BASELINE_MONTHS else np.ones(RECENT_MONTHS)
    return np.concatenate([index, a_year_before])


def _common_change(before: np.ndarray, now: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Observed ÷ expected of everybody else, for each provider."""
    expected = before * share
    change, ordinary = 1.0, np.ones(len(now), bool)
    for _ in range(10):
        change = (now[ordinary].sum() + STEADY) / (expected[ordinary].sum() + STEADY)
        error = np.sqrt(change * expected * (1 + change * share)) + 1  # of a count less its plug-in expectation; 1 for those near none
        ordinary = np.abs(now - change * expected) <= CLEARLY * error
    others_now, others_expected = now[ordinary].sum() - now * ordinary, expected[ordinary].sum() - expected * ordinary
    return (others_now + STEADY) / (others_expected + STEADY)


def _silent(left_out: pd.DataFrame, providers: pd.Index, first: int, shape: tuple[int, int]) -> np.ndarray:
    """Which provider-months were not seen."""
    at = _month_numbers(left_out["month"]) - first
    inside = (at >= 0) & (at < shape[1])
    silent = np.zeros(shape, bool)
    if "provider" in left_out:
        who = pd.Index(providers).get_indexer(left_out["provider"])
        inside &= who >= 0
        silent[who[inside], at[inside]] = True
    else:
        silent[:, at[inside]] = True
    return silent


def _month_numbers(months: pd.Series) -> np.ndarray:
    """Months since year 0, from dates, timestamps, periods or "2026-07"."""
    dates = months.dt if isinstance(months.dtype, pd.PeriodDtype) else pd.to_datetime(months).dt
    return (dates.year * 12 + dates.month - 1).to_numpy()


def _last_month(through: dt.date | str | pd.Period) -> int:
    if isinstance(through, pd.Period):
        return through.year * 12 + through.month - 1
    day = pd.Timestamp(through)
    whole = day.day == 1 or day.is_month_end
    return day.year * 12 + day.month - 1 - (not whole)


def _alert(tests: Tests, at: int, q: float) -> Alert:
    before, now = int(tests.before[at]), int(tests.now[at])
    exposure_before, exposure_now = float(tests.exposure_before[at]), float(tests.exposure_now[at])
    expected = before * exposure_now / exposure_before
    ratio = rate_ratio(now, exposure_now, before, exposure_before)
    by_month = before / exposure_before * tests.weight[at]
    months = tuple((tests.months[k], float(by_month[k])) for k in np.flatnonzero(tests.weight[at]))
    start = add_months(tests.months[-1], 1 - RECENT_MONTHS)
    recent = [month for month, _ in months if month >= start]
    sentence = (
        f"{now:,} referral{'' if now == 1 else 's'} in {_words(recent)}, {expected:,.1f} expected from the "
        f"{len(months) - len(recent)} months before, season and business days counted: {ratio.value:.2f} times that "
        f"(95% interval {ratio.low:.2f} to {ratio.high:.2f}; q = {max(q, 0.0001):.2g})."
    )
    direction: Literal["down", "up"] = "down" if now < expected else "up"
    return Alert(tests.providers[at], direction, expected, now, (ratio.low, ratio.high), q, sentence, before, months)


def _words(months: list[dt.date]) -> str:
    """Aug 2026 to Oct 2026; where one in between was not seen, each by its name."""
    if len(months) == RECENT_MONTHS:
        return f"{months[0]:%b %Y} to {months[-1]:%b %Y}"
    return " and ".join(f"{month:%b %Y}" for month in months)
