"""Ratios without conditioning on the past: within practices over time, against others (`within`) or against a series (`interrupted`)."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reports.roi.practices import BASELINE, Practices
from reports.roi.trajectory import BLOCK, FOLLOWED, LogRatio, averaged, log_ratio, poisson

SEASON = 12


@dataclass(frozen=True)
class Within:
    """Ratios of staggered trials with an effect for every practice, and what visited practices sent after their visits."""

    simple: LogRatio
    dynamic: LogRatio
    group: LogRatio
    observed: float
    months: int


@dataclass(frozen=True)
class Series:
    """A ratio of after to before, and whether a control series stands beside it."""

    simple: LogRatio
    has_control: bool
    freedom: float
    observed: float
    months: int


def within(practices: Practices, control: str) -> Within | None:
    """Poisson difference-in-differences: a level for every practice in its trial, one for every trial and month; never-visited or not-yet
    visited practices as controls, until their own visit (Wooldridge 2023, stacked by month of first visit)."""
    parts = []
    for g in practices.cohorts:
        others = practices.first == 0
        if control == "not_yet_treated":
            others |= practices.first > g
        for month in range(max(1, g - BASELINE), min(g + FOLLOWED - 1, practices.months) + 1):
            who = np.flatnonzero((practices.first == g) | (others & ((practices.first == 0) | (practices.first > month))))
            visited = (practices.first[who] == g) & (month >= g)
            parts.append(np.column_stack([who, np.full(len(who), g), np.full(len(who), month), visited, practices.counts[who, month - 1]]))
    rows = pd.DataFrame(np.vstack(parts), columns=["unit", "trial", "month", "visited", "outcome"])
    rows["cell"] = rows["trial"] * (practices.months + 1) + rows["month"]
    rows["practice"] = rows["trial"] * len(practices.first) + rows["unit"]
    effects = "cell + practice"
    after, theirs = rows[rows["visited"] == 1], rows[practices.first[rows["unit"].astype(int)] != rows["trial"]]
    if not after["outcome"].sum() or not theirs["outcome"].sum():
        return None  # no ratio of nothing, and none to it
    return Within(
        simple=log_ratio(f"outcome ~ visited | {effects}", rows),
        dynamic=averaged(rows, (rows["month"] - rows["trial"]) // BLOCK, f"| {effects}", by_size=False),
        group=averaged(rows, rows["trial"], f"| {effects}", by_size=True),
        observed=float(after["outcome"].sum()),
        months=len(after),
    )


def interrupted(practices: Practices) -> Series | None:
    """Visited practices before and after, beside the sum of the few others where there are any.

    With others there is a trend too, and a season from two years on.
    """
    treated = np.flatnonzero(practices.first > 1)
    others = practices.counts[practices.first == 0].sum(axis=0)
    has_control = bool(others.sum() > 0)
    unit, month = (side.ravel() for side in np.meshgrid(treated, np.arange(1, practices.months + 1), indexing="ij"))
    first = practices.first[unit]
    rows = pd.DataFrame(
        {"unit": unit, "month": month, "outcome": practices.counts[unit, month - 1], "visited": (month > first).astype(float)}
    )
    rows = rows[month != first]
    after = rows[rows["visited"] == 1]
    if after.empty or not after["outcome"].sum():
        return None
    terms, effects = "visited", "unit"
    if has_control:
        rows["control"] = np.log(others + 0.5)[rows["month"] - 1]
        terms = "visited + control + month"
        if practices.months >= 2 * SEASON:
            rows["season"] = rows["month"] % SEASON
            effects = "unit + season"
    ratio = _clustered(f"outcome ~ {terms} | {effects}", rows, "unit + month")
    if not math.isfinite(ratio.error):
        ratio = _clustered(f"outcome ~ {terms} | {effects}", rows, "unit")
    if not math.isfinite(ratio.error):
        return None
    return Series(
        simple=ratio,
        has_control=has_control,
        freedom=float(min(len(treated), practices.months) - 1),
        observed=float(after["outcome"].sum()),
        months=len(after),
    )


def _clustered(formula: str, rows: pd.DataFrame, by: str) -> LogRatio:
    """By practice and month, since all share the months; the error is not a number where two ways leave no variance above zero."""
    model = poisson(formula, rows, vcov={"CRV1": by})
    with np.errstate(invalid="ignore"):
        return LogRatio(float(model.coef().get("visited", np.nan)), float(model.se().get("visited", np.nan)))
