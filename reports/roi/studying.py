"""The effect month by month around the first visit, for the chart: before it nothing should show, after it the effect."""

import math
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from reports.roi import did, trajectory
from reports.roi.estimating import RoiEstimate, with_history
from reports.roi.practices import Practices

SHOWN = 12  # months on either side


@dataclass(frozen=True)
class Point:
    """A month, or a few, counted from the visit (below zero before it), with the effect and its 95% interval.

    As a ratio no effect is 1; in levels, referrals per practice and month, it is 0.
    """

    first: int
    last: int
    effect: float
    low: float
    high: float


@dataclass(frozen=True)
class Study:
    """The points on one scale, and what must be known to read them."""

    scale: str
    points: tuple[Point, ...]
    note: str


def event_study(panel: pd.DataFrame, found: RoiEstimate) -> Study | None:
    """By the design of the estimate; None where there is no effect to follow, or nothing to compare with month by month."""
    if not found.is_estimable or found.design not in ("past", "none"):
        return None
    practices = Practices.of(panel)
    if found.design == "past":
        return _by_past(with_history(practices)[0], found)
    points = [
        Point(when, when, effect, effect - 1.96 * error, effect + 1.96 * error)
        for when, effect, error in did.event_study(practices, found.control)
        if -SHOWN <= when <= SHOWN
    ]
    return Study("levels", tuple(points), "Each month against the one before the visit.")


def _by_past(practices: Practices, found: RoiEstimate) -> Study:
    trials = trajectory.stack(practices, found.control)
    points = []
    if (before := trajectory.leads(trials)) is not None:
        wide = float(stats.t.ppf(0.975, before.freedom))
        for place, (nearest, farthest) in enumerate(before.months):
            error = math.sqrt(before.covariance[place, place])
            points.append(_point(-farthest, -nearest, float(before.effects[place]), error * wide))
    wide = float(stats.t.ppf(0.975, found.freedom))
    points += [_point(month, month, ratio.value, ratio.error * wide) for month, ratio in trajectory.lags(trials)]
    note = (
        "Practices with the same past are compared, so most months before the visit are equal by design. "
        "Those shown are what the comparison leaves free. The month of the visit itself is left out."
    )
    return Study("ratio", tuple(sorted(points, key=lambda point: point.first)), note)


def _point(first: int, last: int, value: float, reach: float) -> Point:
    return Point(first, last, math.exp(value), math.exp(value - reach), math.exp(value + reach))
