"""Control charts (XmR) and funnel plots: they annotate, they do not alert (METHODS section 3). Pure: numbers in, limits and flags out.

Sources: Wheeler, Understanding Variation, 2nd ed., 2000 (2.66, 3.27, and the screening of ranges as NHS "Making Data Count" does it);
Spiegelhalter, Funnel plots for comparing institutional performance, Statistics in Medicine 2005, 24:1185 (exact limits, over-dispersion).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from math import isnan
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import bdtr, bdtrik, pdtr, pdtrik

LIMIT = 2.66  # 3 ÷ d2(2), of the mean moving range
RANGE_LIMIT = 3.27  # D4(2), of the mean moving range
RUN = 7
ENOUGH_MONTHS = 12
ENOUGH_A_MONTH = 5

Rule = Literal["outside", "one side", "trend", "two of three"]


class Flag(NamedTuple):
    """A point that a rule marks, by its place. Every point of a run or trend is marked."""

    at: int
    rule: Rule


@dataclass(frozen=True)
class XmR:
    """Mean and natural process limits of one series, in the units of the series."""

    mean: float
    lower: float
    upper: float
    flags: tuple[Flag, ...]
    mean_range: float = 0.0
    points: int = 0

    @property
    def is_trial(self) -> bool:
        """Fewer than twelve points: draw the limits as "trial limits"."""
        return self.points < ENOUGH_MONTHS

    @property
    def is_sparse(self) -> bool:
        """Under five a month: the limits say little, because counts so small are not symmetric."""
        return self.mean < ENOUGH_A_MONTH


def xmr(values: Sequence[float | None], *, screen: bool = True) -> XmR | None:
    """Mean ± 2.66 times mean moving range, the lower limit floored at 0. None when no two neighbors have a value.

    Blanks (None or NaN) are gaps: no moving range, no run and no trend reaches across one. With `screen`, moving ranges above
    3.27 times their mean are left out of the mean moving range, once; the mean itself keeps every point.
    """
    series = [None if value is None or isnan(value) else float(value) for value in values]
    present = [value for value in series if value is not None]
    ranges = [abs(after - before) for before, after in pairwise(series) if before is not None and after is not None]
    if not ranges:
        return None
    mean_range = sum(ranges) / len(ranges)
    if screen:
        kept = [found for found in ranges if found <= RANGE_LIMIT * mean_range]
        mean_range = sum(kept) / len(kept)
    mean, reach = sum(present) / len(present), LIMIT * mean_range
    return XmR(mean, max(0.0, mean - reach), mean + reach, _flags(series, mean, reach), mean_range, len(present))


def _flags(series: Sequence[float | None], mean: float, reach: float) -> tuple[Flag, ...]:
    away = [None if value is None or abs(value - mean) <= 1e-9 * abs(mean) else value - mean for value in series]  # None: on the mean
    side = [None if by is None else 1 if by > 0 else -1 for by in away]
    steps = [None if before is None or after is None else (after > before) - (after < before) for before, after in pairwise(series)]
    found = {Flag(at, "outside") for at, by in enumerate(away) if by is not None and abs(by) > reach}
    for start, length in _stretches(side):
        if length >= RUN:
            found |= {Flag(at, "one side") for at in range(start, start + length)}
    for start, length in _stretches(steps):
        if length >= RUN - 1:  # seven points make six steps
            found |= {Flag(at, "trend") for at in range(start, start + length + 1)}
    for at in range(len(series) - 2):
        if None in series[at : at + 3]:
            continue
        for sign in (1, -1):
            beyond = [k for k in range(at, at + 3) if sign * (away[k] or 0) > 2 / 3 * reach]
            if len(beyond) >= 2:
                found |= {Flag(k, "two of three") for k in beyond}
    return tuple(sorted(found))


def _stretches(signs: Sequence[int | None]) -> list[tuple[int, int]]:
    """Start and length of each stretch of one sign; blanks and zeros belong to none."""
    found, start = [], 0
    for sign, members in groupby(signs):
        length = sum(1 for _ in members)
        if sign:
            found.append((start, length))
        start += length
    return found


LEVELS = (0.95, 0.998)
WINSORISED = 10  # one unit in so many, at each end


@dataclass(frozen=True)
class Limits:
    """Where a share of `level` of the units would lie if all were alike, at each of the totals."""

    level: float
    lower: np.ndarray
    upper: np.ndarray


class Beyond(NamedTuple):
    """A unit outside limits; `level` is the widest that it is outside of."""

    at: int
    side: Literal["above", "below"]
    level: float


@dataclass(frozen=True)
class Funnel:
    """Units of different size around their common center. `phi` is 1 unless they differ more than chance lets them."""

    center: float
    values: np.ndarray
    limits: tuple[Limits, ...]
    phi: float
    flags: tuple[Beyond, ...]
    curve: tuple[Limits, ...] = field(default=())
    curve_totals: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def is_overdispersed(self) -> bool:
        return self.phi > 1


def funnel(cases: Sequence[float], totals: Sequence[float], *, kind: Literal["share", "ratio"] = "share", points: int = 0) -> Funnel:
    """Exact 95 and 99.8 % limits around the pooled value, after a check for over-dispersion.

    `kind="share"`: cases out of totals, binomial (leakage, no-show). `kind="ratio"`: cases against an expected count or an exposure,
    Poisson. Units without a total are blank (NaN) and never flagged. With `points`, limits along a grid of totals are added as a
    curve to draw. A center different from the units' own is no concern here: compare with one's peers, not with a target.
    """
    count, total = np.asarray(cases, float), np.asarray(totals, float)
    real = total > 0
    center = float(count[real].sum() / total[real].sum()) if real.any() else 0.0
    values = np.divide(count, total, out=np.full(len(count), np.nan), where=real)
    phi = _overdispersion(values[real], total[real], center, kind)
    limits = tuple(_limits(total, center, level, phi, kind) for level in LEVELS)
    flags = []
    for at in np.flatnonzero(real):
        outside = [(limit.level, values[at] > limit.upper[at]) for limit in limits if not limit.lower[at] <= values[at] <= limit.upper[at]]
        if outside:
            level, above = outside[-1]
            flags.append(Beyond(int(at), "above" if above else "below", level))
    # Even in proportion: the limits bend most where totals are small.
    grid = np.geomspace(total[real].min(), total[real].max(), points) if points and real.any() else np.empty(0)
    if kind == "share":
        grid = np.unique(np.round(grid))
    curve = tuple(_limits(grid, center, level, phi, kind) for level in LEVELS)
    return Funnel(center, values, limits, phi, tuple(flags), curve, grid)


def _overdispersion(values: np.ndarray, total: np.ndarray, center: float, kind: str) -> float:
    """Spiegelhalter 2005, section 4: mean square of the z-scores winsorised at 10 and 90 %, used when above 1 + 2 √(2 ÷ I).

    Under ten units nothing can be winsorised, and one unit far away would hide itself.
    """
    variance = center * (1 - center) if kind == "share" else center
    if len(values) < WINSORISED or variance <= 0:
        return 1.0
    z = (values - center) / np.sqrt(variance / total)
    ordered, cut = np.sort(z), len(z) // WINSORISED
    z = z.clip(ordered[cut], ordered[-1 - cut])
    phi = float((z**2).mean())
    return phi if phi > 1 + 2 * np.sqrt(2 / len(z)) else 1.0


def _limits(total: np.ndarray, center: float, level: float, phi: float, kind: str) -> Limits:
    """Exact limits, their distance from the center widened by √phi (the multiplicative model)."""
    bounds = []
    for p in ((1 - level) / 2, (1 + level) / 2):
        exact = np.divide(_quantile(p, total, center, kind), total, out=np.full(len(total), np.nan), where=total > 0)
        widened = center + (exact - center) * np.sqrt(phi)
        bounds.append(widened.clip(0, 1 if kind == "share" else None))
    return Limits(level, *bounds)


def _quantile(p: float, total: np.ndarray, center: float, kind: str) -> np.ndarray:
    """Interpolated quantile of the count (Spiegelhalter 2005, appendix A.1.1).

    r - (P(R ≤ r) - p) ÷ P(R = r), where r is the least count with P(R ≤ r) ≥ p.
    """
    if not 0 < center < (1 if kind == "share" else np.inf):
        return total * center  # all alike: no spread to draw
    if kind == "share":
        whole = np.round(total).astype(int)
        first = np.ceil(bdtrik(p, whole, center))

        def upto(r: np.ndarray) -> np.ndarray:
            return np.where(r < 0, 0.0, bdtr(r.clip(0), whole, center))
    else:
        first = np.ceil(pdtrik(p, center * total))

        def upto(r: np.ndarray) -> np.ndarray:
            return np.where(r < 0, 0.0, pdtr(r.clip(0), center * total))

    r = np.nan_to_num(first).clip(0)
    r = np.where(upto(r - 1) >= p, r - 1, r)  # the continuous inverse may land one too high, or one too low
    r = np.where(upto(r) < p, r + 1, r)
    return r - (upto(r) - p) / (upto(r) - upto(r - 1))
