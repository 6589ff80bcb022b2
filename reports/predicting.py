"""How many are still to come: what a Poisson count over some exposure says of the count over further exposure. Pure.

The rate is not known but for the count itself. With Jeffreys' prior the rate is a gamma with shape n + 1/2, and the count to come is
negative binomial; its central interval covers about as often as it says also where counts are small (Krishnamoorthy and Peng 2011,
Communications in Statistics - Theory and Methods 40:2601). Exposure is business days: a month with two holidays brings less.

Only scipy.special is used here, so that a page that needs one interval does not load all of scipy.stats.
"""

from dataclasses import dataclass

from scipy.special import betainc

LEVEL = 0.95
SHAPE = 0.5  # Jeffreys' prior for a Poisson rate


@dataclass(frozen=True)
class Forecast:
    """A count to come: its mean, and from where to where it lies with probability `LEVEL`."""

    mean: float
    low: int
    high: int


def chance_of_at_most(most: int, *, seen: int, exposure: float, further: float) -> float:
    """The probability that at most so many come over `further` exposure, after `seen` came over `exposure`."""
    if most < 0:
        return 0.0
    if further <= 0:
        return 1.0
    return float(betainc(seen + SHAPE, most + 1, exposure / (exposure + further)))


def forecast(*, seen: int, exposure: float, further: float, level: float = LEVEL) -> Forecast | None:
    """The count over `further` exposure; None where nothing was watched, so that nothing can be said."""
    if further <= 0:
        return Forecast(0.0, 0, 0)
    if exposure <= 0:
        return None
    tail = (1 - level) / 2
    how = {"seen": seen, "exposure": exposure, "further": further}
    return Forecast(seen * further / exposure, _quantile(tail, **how), _quantile(1 - tail, **how))


def _quantile(share: float, **how: float) -> int:
    """The smallest count whose probability of at most so many reaches the share."""
    high = 1
    while chance_of_at_most(high, **how) < share:  # type: ignore[arg-type]  # keywords from a dict of numbers
        high *= 2
    low = -1
    while high - low > 1:
        middle = (low + high) // 2
        if chance_of_at_most(middle, **how) < share:  # type: ignore[arg-type]  # keywords from a dict of numbers
            low = middle
        else:
            high = middle
    return high
