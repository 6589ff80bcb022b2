"""Group-time effects of first visits without conditioning: Callaway and Sant'Anna (2021) as `diff-diff` computes them, R's `did` alike.

The library gives every ATT(g,t), its simple average and the event study with its covariance. The average over cohorts and the joint
test of all cells before a visit need the covariance across cohorts, which it keeps to itself: they are made here from the
influence functions of the same cells (the paper's theorem 2, and its corollary 2 for estimated cohort shares).
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from diff_diff import CallawaySantAnna  # type: ignore[import-untyped]  # it has no types
from scipy import stats

from reports.roi.practices import Practices

Matrix = np.ndarray
MOST_CELLS = 5  # practices per cell of the joint test: with fewer its covariance is noise, and single event times are tested instead


@dataclass(frozen=True)
class Aggregates:
    """Simple, dynamic and group averages of ATT(g,t), as `did::aggte` names them, and the test of what went before."""

    simple: tuple[float, float]
    dynamic: tuple[float, float]
    group: tuple[float, float]
    pretrend_p: float | None


def aggregates(practices: Practices, control: str) -> Aggregates:
    """The unadjusted estimate in levels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # small cohorts and missing cells: the page says n and the interval
        result = CallawaySantAnna(control_group=control, base_period="universal").fit(
            _long(practices), outcome="outcome", unit="unit", time="period", first_treat="first_treated"
        )
        study = result.aggregate("event_study")
    after = [place for place, when in enumerate(study.vcov_index) if when >= 0]
    weight = np.zeros(len(study.vcov_index))
    weight[after] = 1 / len(after)
    effects = dict(zip((int(when) for when in study.event_time), study.att, strict=True))
    dynamic = float(np.mean([effects[int(study.vcov_index[place])] for place in after]))
    cells = {(int(g), int(t)): float(cell["effect"]) for (g, t), cell in result.group_time_effects.items()}
    cells = {key: effect for key, effect in cells.items() if np.isfinite(effect)}
    return Aggregates(
        simple=(float(result.overall_att), float(result.overall_se)),
        dynamic=(dynamic, float(np.sqrt(weight @ study.vcov @ weight))),
        group=_group(practices, cells, control),
        pretrend_p=_pretrend(practices, cells, control),
    )


def event_study(practices: Practices, control: str) -> list[tuple[int, float, float]]:
    """(months since the visit, effect, standard error) of the plain difference-in-differences; the month before the visit is the zero."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        result = CallawaySantAnna(control_group=control, base_period="universal").fit(
            _long(practices), outcome="outcome", unit="unit", time="period", first_treat="first_treated"
        )
        study = result.aggregate("event_study")
    errors = dict(zip((int(when) for when in study.vcov_index), np.sqrt(np.diag(study.vcov)), strict=True))
    effects = {int(when): float(effect) for when, effect in zip(study.event_time, study.att, strict=True)}
    return [(when, effects[when], float(error)) for when, error in sorted(errors.items()) if np.isfinite(error)]


def _long(practices: Practices) -> pd.DataFrame:
    units, months = practices.counts.shape
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(units), months),
            "period": np.tile(np.arange(1, months + 1), units),
            "outcome": practices.counts.ravel(),
            "first_treated": np.repeat(practices.first, months),
        }
    )


def _influence(practices: Practices, g: int, t: int, control: str) -> Matrix:
    """What each practice moves ATT(g,t) by, times the number of practices."""
    first, counts = practices.first, practices.counts
    change = counts[:, t - 1] - counts[:, g - 2]
    treated = first == g
    free = (first == 0) | ((first > max(t, g - 1)) & (first != g) if control == "not_yet_treated" else False)
    moved = np.zeros(len(first))
    moved[treated] = (change[treated] - change[treated].mean()) / treated.mean()
    moved[free] -= (change[free] - change[free].mean()) / free.mean()
    return moved


def _group(practices: Practices, cells: dict[tuple[int, int], float], control: str) -> tuple[float, float]:
    """The average over cohorts of each cohort's average, weighted by the cohorts' sizes."""
    cohorts = sorted({g for g, t in cells if t >= g})
    of = {g: [t for (cohort, t) in cells if cohort == g and t >= g] for g in cohorts}
    effect = np.array([np.mean([cells[g, t] for t in of[g]]) for g in cohorts])
    moved = np.column_stack([np.mean([_influence(practices, g, t, control) for t in of[g]], axis=0) for g in cohorts])
    member = np.column_stack([practices.first == g for g in cohorts]).astype(float)
    share = member.mean(axis=0)
    average = float(effect @ share / share.sum())
    total = moved @ (share / share.sum()) + (member - share) @ (effect - average) / share.sum()  # the shares are estimated too
    return average, float(np.sqrt((total**2).sum()) / len(total))


def _pretrend(practices: Practices, cells: dict[tuple[int, int], float], control: str) -> float | None:
    """Whether all cells before a visit are zero: Wald's joint test, as `did::att_gt` reports it."""
    before = [(g, t) for g, t in cells if t < g - 1]
    if not before:
        return None
    effect = np.array([cells[key] for key in before])
    moved = np.column_stack([_influence(practices, g, t, control) for g, t in before])
    if len(before) * MOST_CELLS > len(practices.first):
        since = np.array([t - g for g, t in before])
        size = np.array([(practices.first == g).sum() for g, _ in before], dtype=float)
        leads = [lead for lead in sorted(set(since), reverse=True)[:11] if (since == lead).any()]
        pick = np.column_stack([np.where(since == lead, size, 0) / size[since == lead].sum() for lead in leads])
        effect, moved = pick.T @ effect, moved @ pick
    covariance = moved.T @ moved / len(moved) ** 2
    if np.linalg.matrix_rank(covariance) < len(effect):
        return None
    return float(stats.chi2.sf(effect @ np.linalg.solve(covariance, effect), len(effect)))
