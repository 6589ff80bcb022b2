"""When a feed has told us a month, and when it fell silent. Pure: counts by (anchor date, arrival date) in, months out.

A volume month is mature when at least 95 % of its rows have normally arrived (METHODS section 2), by the feed's own lags. Recent rows show
only their short lags, so the lags are estimated as right-truncated: product-limit in reversed time, Lagakos, Barraj and De Gruttola 1988
(Biometrika 75:515). Time ends with the last arrival, not with today: a feed that has stopped tells nothing by getting older.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from reports.periods import add_months, first_of

MATURE_AT = 0.95
LEAST_ROWS = 100  # with fewer no lag is known
UNKNOWN_LAG = 14  # days past a month's end that are given to a feed without a known lag
LEAST_GAP = 10  # days: a week with its weekends, and the holidays at the end of a year
LEAST_ARRIVALS = 5  # days with arrivals, before which nothing is usual
USUAL_DAYS = 84  # before a gap: what the feed usually brings
FILLED_AT = 0.8  # of the usual: then what the gap held back has come


@dataclass(frozen=True)
class Gap:
    """Days without an arrival where the feed normally has some: `start` is the first, `end` the day it came back, or the day we looked."""

    start: dt.date
    end: dt.date
    is_filled: bool


@dataclass(frozen=True)
class Maturity:
    """What of a feed may be compared: months up to `through` (the first of the last mature month), less the `silent` ones."""

    through: dt.date | None
    silent: tuple[dt.date, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class Arrivals:
    """Rows of one feed as day numbers: when it happened, when it came, how many."""

    anchored: np.ndarray
    arrived: np.ndarray
    n: np.ndarray

    @classmethod
    def of(cls, rows: Iterable[tuple[dt.date, dt.date, int]]) -> "Arrivals":
        found = [(anchor.toordinal(), arrival.toordinal(), n) for anchor, arrival, n in rows]
        return cls(*np.array(found, dtype=np.int64).reshape(-1, 3).T)


def maturity(rows: Iterable[tuple[dt.date, dt.date, int]], *, as_of: dt.date, share: float = MATURE_AT) -> Maturity:
    """Of one feed, from its rows by anchor and arrival date, looked at on `as_of`."""
    feed = Arrivals.of(rows)
    if not len(feed.n):
        return Maturity(None, (), ())
    arrived = arrived_within(feed)
    found = _gaps(feed, arrived, as_of)
    silent = {month for gap in found if not gap.is_filled for month in _months(gap.start - dt.timedelta(days=_reach(arrived)), gap.end)}
    return Maturity(_mature_through(feed, arrived, share), tuple(sorted(silent)), tuple(found))


def arrived_within(feed: Arrivals) -> np.ndarray | None:
    """Share of rows that arrive within 0, 1, 2 … days of their anchor date. None while too few rows tell.

    Rows from before the first arrival are the past that a first load brings along: they have no lag. Lags are followed as far as half
    of the rows have had the time to show them, and shares are of what arrives by then.
    """
    recent = feed.anchored >= feed.arrived.min()
    anchored, n = feed.anchored[recent], feed.n[recent]
    lag, could = (feed.arrived[recent] - anchored).clip(0), (feed.arrived.max() - anchored).clip(0)
    if n.sum() < LEAST_ROWS:
        return None
    had_time = n.sum() - np.concatenate([[0], np.bincount(could, n).cumsum()])  # by lag: rows that could have shown it
    horizon = int(np.flatnonzero(had_time >= n.sum() / 2)[-1])
    kept = lag <= horizon
    came = np.bincount(lag[kept], n[kept], horizon + 1)
    out_of_time = np.bincount((could[kept] + 1).clip(max=horizon + 1), n[kept], horizon + 2).cumsum()[: horizon + 1]
    at_risk = came.cumsum() - out_of_time
    stays = np.divide(at_risk - came, at_risk, out=np.ones(horizon + 1), where=at_risk > 0)
    return np.concatenate([np.cumprod(stays[:0:-1])[::-1], [1.0]])


def _mature_through(feed: Arrivals, arrived: np.ndarray | None, share: float) -> dt.date | None:
    last = int(feed.arrived.max())
    first = first_of(dt.date.fromordinal(int(feed.anchored.min())))
    month = min(first_of(dt.date.fromordinal(last)), _reached(feed))
    while month >= first:
        days = np.arange(month.toordinal(), add_months(month, 1).toordinal())
        if arrived is None:
            is_mature = last - days[-1] >= UNKNOWN_LAG
        else:
            waited = last - days
            is_mature = np.where(waited < 0, 0.0, arrived[waited.clip(0, len(arrived) - 1)]).mean() >= share
        if is_mature:
            return month
        month = add_months(month, -1)
    return None


def _reached(feed: Arrivals) -> dt.date:
    """The last month that the feed's rows tell of to its end: a file of the first half of a month tells nothing of the second, however old
    it is. What is left may be a weekend, or as many weekdays as the feed usually has between two rows."""
    days = np.unique(feed.anchored)
    dates = np.array([dt.date.fromordinal(int(day)) for day in days], "M8[D]")
    usual = max(1.0, float(np.quantile(np.busday_count(dates[:-1], dates[1:]), 0.9))) if len(days) > 1 else 1.0
    last = dt.date.fromordinal(int(days[-1]))
    left = np.busday_count(last + dt.timedelta(days=1), add_months(last, 1))
    return first_of(last) if left < usual else add_months(last, -1)


def _gaps(feed: Arrivals, arrived: np.ndarray | None, as_of: dt.date) -> list[Gap]:
    days = np.unique(feed.arrived)
    if len(days) < LEAST_ARRIVALS:
        return []
    between = np.diff(days)
    longest = max(LEAST_GAP, 2 * float(np.quantile(between, 0.9)))
    ends = np.append(days[1:], max(as_of.toordinal(), int(days[-1])))
    return [
        Gap(
            dt.date.fromordinal(int(start) + 1), dt.date.fromordinal(int(end)), _is_filled(feed, int(start) + 1 - _reach(arrived), int(end))
        )
        for start, end in zip(days, ends, strict=True)
        if end - start > longest
    ]


def _is_filled(feed: Arrivals, start: int, end: int) -> bool:
    """Whether as many rows are dated into these days as the weeks before them lead to expect."""
    inside = feed.n[(feed.anchored >= start) & (feed.anchored < end)].sum() / (end - start)
    before = feed.n[(feed.anchored >= start - USUAL_DAYS) & (feed.anchored < start)].sum() / USUAL_DAYS
    return bool(inside >= FILLED_AT * before)


def _reach(arrived: np.ndarray | None) -> int:
    """How many days before a gap rows were anchored that it held back: the lag of nearly all."""
    return 0 if arrived is None else int(np.flatnonzero(arrived >= MATURE_AT)[0])


def _months(start: dt.date, end: dt.date) -> list[dt.date]:
    """Every month from the one to the other, both in: the day a feed comes back may carry what it held."""
    found, month = [], first_of(start)
    while month <= end:
        found.append(month)
        month = add_months(month, 1)
    return found
