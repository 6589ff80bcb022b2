"""What the extra referrals are worth against what the programme costs. Never for one practice or one doctor: the effect is an average.

The programme's cost is a typed figure; nothing here knows the spend ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.roi import Interval, RoiEstimate

DRAWS = 20_000


@dataclass(frozen=True)
class Margin:
    """Contribution of one seen referral of a service line and payer, and how many of the visited practices' referrals are such.

    `low` and `high` are what it lies between in 19 of 20 cases, where that is known.
    """

    service_line: str
    payer: str
    amount: float
    referrals: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class RoiMoney:
    """Extra seen referrals, what they contribute, and the return, each with a 95% interval. Empty where `why_not` says why."""

    weight: float
    cost: float
    mean_margin: float | None = None
    extra: float | None = None
    extra_ci: Interval | None = None
    contribution: float | None = None
    contribution_ci: Interval | None = None
    roi: float | None = None
    roi_ci: Interval | None = None
    p_positive: float | None = None
    draws: int = 0
    seed: int = 0
    why_not: str = ""


def value(
    estimate: RoiEstimate, margins: Sequence[Margin], cost: float, weight: float = 1.0, draws: int = DRAWS, seed: int = 0
) -> RoiMoney:
    """The return: (extra referrals x mean margin x weight - cost) / cost.

    Extra referrals are what visited practices sent in the months after their visits (twelve at most, the visit's own month not among
    them) less what they would have sent without; `cost` is that of the same months. Their interval is the effect's own; the return's
    comes from draws of the effect (Student's t on the logarithm), of the mix (Dirichlet over the referrals seen) and of the margins
    (normal, where a range is given). `weight` is the share of the effect that is credited to visits.
    """
    if cost <= 0:
        raise ValueError("The programme's cost must be above zero.")
    if not 0 <= weight <= 1:
        raise ValueError("The attribution weight lies between 0 and 1.")
    if draws < 1:
        raise ValueError("At least one draw is needed.")
    if estimate.log_ratio is None:
        return RoiMoney(weight=weight, cost=cost, why_not=estimate.why_not or "Not estimable: no ratio of referrals was estimated.")
    if estimate.grade == "D":
        return RoiMoney(weight=weight, cost=cost, why_not="No return is shown: before and after alone is not an effect.")
    mix = np.array([margin.referrals for margin in margins], dtype=float)
    if (mix < 0).any():
        raise ValueError("A service line and payer has fewer than no referrals.")
    if not mix.sum():
        return RoiMoney(
            weight=weight, cost=cost, why_not="Not estimable: no contribution margin matches the referrals of visited practices."
        )
    rng = np.random.default_rng(seed)
    logs = estimate.log_ratio.value + estimate.log_ratio.error * rng.standard_t(estimate.freedom, draws)
    with np.errstate(over="ignore"):
        extras = estimate.observed * (1 - np.exp(-logs))
    amounts = np.array([margin.amount for margin in margins])
    spread = np.array([_spread(margin) for margin in margins])
    drawn = amounts + spread * rng.standard_normal((draws, len(amounts)))
    contributions = extras * (rng.dirichlet(np.maximum(mix, 1e-9), draws) * drawn).sum(axis=1) * weight
    returns = (contributions - cost) / cost
    extra = estimate.observed * (1 - float(np.exp(-estimate.log_ratio.value)))
    mean_margin = float(mix @ amounts / mix.sum())
    contribution = extra * mean_margin * weight
    return RoiMoney(
        weight=weight,
        cost=cost,
        mean_margin=mean_margin,
        extra=extra,
        extra_ci=_interval(extras),
        contribution=contribution,
        contribution_ci=_interval(contributions),
        roi=(contribution - cost) / cost,
        roi_ci=_interval(returns),
        p_positive=float((returns > 0).mean()),
        draws=draws,
        seed=seed,
    )


def _spread(margin: Margin) -> float:
    """The standard deviation that the given range speaks of."""
    if margin.low is None or margin.high is None:
        return 0.0
    if not margin.low <= margin.amount <= margin.high:
        raise ValueError(f"The margin of {margin.service_line}, {margin.payer} lies outside its own range.")
    return (margin.high - margin.low) / 3.92


def _interval(drawn: np.ndarray) -> Interval:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
