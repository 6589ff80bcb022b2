"""How long until seen, while some still wait: Kaplan and Meier 1958 (J. Am. Stat. Assoc. 53:457). Pure: counts by day in, a curve out.

The event is "seen", time runs from the anchor date. Open cases are censored at the data's last day. Cancelled and rejected ones are
censored on the day they ended: the question is how long somebody waits who still wants to come, and the share that never comes is
conversion's, which stands beside it. As a competing event they would stretch P90 to "never" in any line where a tenth cancel, and the
wait of those who came would not be told. The price: if people cancel because the wait is long, the true wait is a little longer than shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from reports.intervals import LEVEL


@dataclass(frozen=True)
class Quantile:
    """Days by which that share was seen. None: not reached in what was observed (say "more than {last} days")."""

    days: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Curve:
    """The share still waiting after each day on which somebody was seen, with its log-log interval."""

    days: np.ndarray
    waiting: np.ndarray
    low: np.ndarray
    high: np.ndarray
    cases: int
    seen: int
    last: float  # the longest time anybody was followed

    def quantile(self, share: float) -> Quantile:
        """First day by which `share` was seen; bounds by Brookmeyer and Crowley 1982 (Biometrics 38:29), log-log."""
        return Quantile(*(self._first(line, share) for line in (self.waiting, self.low, self.high)))

    @property
    def median(self) -> Quantile:
        return self.quantile(0.5)

    @property
    def p90(self) -> Quantile:
        return self.quantile(0.9)

    def _first(self, line: np.ndarray, share: float) -> float | None:
        reached = np.flatnonzero(line <= 1 - share + 1e-12)
        return float(self.days[reached[0]]) if len(reached) else None


def kaplan_meier(days: Sequence[float], seen: Sequence[bool], n: Sequence[int] | None = None, *, level: float = LEVEL) -> Curve:
    """Cases by the days they were followed and whether that ended in being seen; `n` says how many cases a line stands for.

    Who is censored on a day still waits on it: being seen comes first. Greenwood's variance on the log-log scale (Kalbfleisch and
    Prentice 1980), so that the bounds stay between 0 and 1.
    """
    time, event = np.asarray(days, float), np.asarray(seen, bool)
    weight = np.ones(len(time)) if n is None else np.asarray(n, float)
    if len(time) and time.min() < 0:
        raise ValueError("Somebody was seen before the referral was made: mend the dates, or leave the case out.")
    when, line = np.unique(time, return_inverse=True)
    events, ended = np.bincount(line, weight * event, len(when)), np.bincount(line, weight, len(when))
    at_risk = ended.sum() - np.concatenate([[0.0], ended.cumsum()])[: len(when)]
    happened = events > 0
    when, events, at_risk = when[happened], events[happened], at_risk[happened]
    left = at_risk - events
    waiting = np.cumprod(left / at_risk)
    low, high = waiting.copy(), waiting.copy()
    inner = left > 0  # at the end, when nobody is left, the variance is undefined
    error = np.sqrt(np.cumsum(events[inner] / (at_risk[inner] * left[inner]))) / -np.log(waiting[inner])
    reach = np.exp(float(ndtri((1 + level) / 2)) * error)
    low[inner], high[inner] = waiting[inner] ** reach, waiting[inner] ** (1 / reach)
    if len(inner) and not inner[-1]:
        high[-1] = high[-2] if len(high) > 1 else 1.0
    return Curve(when, waiting, low, high, int(weight.sum()), int(events.sum()), float(time.max()) if len(time) else 0.0)
