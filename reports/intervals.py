"""Exact and near-exact intervals for small counts, and the classes that are decided on them. Pure: numbers in, numbers out.

Only scipy.special is used here, so that a page that needs one interval does not load all of scipy.stats.
"""

from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

from scipy.special import betaincinv, gammaincinv, ndtri

LEVEL = 0.95
TOO_FEW = 10  # METHODS section 2: "too few to say" below

Interval = tuple[float, float]
Standing = Literal["loyal", "splitter", "opportunity", "too few to say"]


@dataclass(frozen=True)
class Estimate:
    """A figure and where the truth may lie."""

    value: float
    low: float
    high: float


def wilson(successes: int, among: int, level: float = LEVEL) -> Interval:
    """Score interval of a share without continuity correction: Wilson 1927; method 3 of Newcombe 1998, Statistics in Medicine 17:857."""
    if not among:
        return 0.0, 1.0
    z = float(ndtri((1 + level) / 2))
    center = 2 * successes + z * z
    spread = z * sqrt(z * z + 4 * successes * (1 - successes / among))
    low, high = ((center + side * spread) / (2 * (among + z * z)) for side in (-1, 1))
    return (0.0 if successes == 0 else low), (1.0 if successes == among else high)  # not a rounding error away from them


def clopper_pearson(successes: int, among: int, level: float = LEVEL) -> Interval:
    """Exact interval of a share: Clopper and Pearson 1934, Biometrika 26:404."""
    tail = (1 - level) / 2
    low = float(betaincinv(successes, among - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, among - successes, 1 - tail)) if successes < among else 1.0
    return low, high


def poisson(count: int, level: float = LEVEL) -> Interval:
    """Exact interval of the mean behind one Poisson count: Garwood 1936, Biometrika 28:437."""
    tail = (1 - level) / 2
    return (float(gammaincinv(count, tail)) if count else 0.0), float(gammaincinv(count + 1, 1 - tail))


def rate_ratio(count: int, exposure: float, other: int, other_exposure: float, level: float = LEVEL) -> Estimate:
    """One rate over another, with the exact conditional interval (Przyborowski and Wilenski 1940, Biometrika 31:313).

    Given the sum of two Poisson counts the first is binomial, so Clopper and Pearson's bounds of its share p are bounds of the
    ratio, p ÷ (1 - p) times other exposure ÷ exposure.
    """
    if count == other == 0:
        return Estimate(1.0, 0.0, inf)
    low, high = (share / (1 - share) if share < 1 else inf for share in clopper_pearson(count, count + other, level))
    scale = other_exposure / exposure
    return Estimate(scale * count / other if other else inf, scale * low, scale * high)


def standing(to_us: int, total: int, *, loyal: float = 0.70, splitter: float = 0.30, level: float = LEVEL) -> Standing:
    """Loyal, splitter or opportunity (METHODS section 2), from a source that sees all destinations.

    Loyal when the whole Wilson interval of the share sent to us is at or above `loyal`, an opportunity when all of it is below
    `splitter`. Everybody else splits, or may: neither bound shows otherwise. Below 10 referrals it is too few to say.
    """
    if not 0 <= to_us <= total:
        raise ValueError(f"{to_us} of {total} referrals to us: the part is larger than the whole.")
    if total < TOO_FEW:
        return "too few to say"
    low, high = wilson(to_us, total, level)
    if low >= loyal:
        return "loyal"
    return "opportunity" if high < splitter else "splitter"
