"""What visits are worth: the effect of a first visit on a practice's referrals, with the grade of the evidence (METHODS section 4).

Pure: a panel in, an estimate out. The unit is a practice and month, the outcome referrals seen in network, the event the first visit after
six quiet months (`reports.roi.panel` makes such a panel). Two designs, and `adjust` decides:

- "none": differences from the month before the visit (`reports.roi.did`); agrees with R's `did`. Right when who is visited has
  nothing to do with how it went before, wrong when liaisons visit those that fall.
- "past": against practices with the same past (`reports.roi.trajectory`).
- "auto", the default: "past" where the outcome is a count and a year or more is known, else "none".

On the ratio's scale no effect is 1; on levels, referrals per practice and month, it is 0.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd
from scipy import stats

from reports.roi import did, trajectory
from reports.roi import series as control_series
from reports.roi.practices import Practices
from reports.roi.trajectory import LogRatio

Scale = Literal["levels", "ratio"]
Control = Literal["never_treated", "not_yet_treated"]
Adjust = Literal["auto", "past", "none"]
Grade = Literal["A", "B", "C", "D"]
Interval = tuple[float, float]

FEWEST_TREATED = 20
FEWEST_EVENTS = 100
FEWEST_CONTROLS = 20  # below it a few practices' luck is the whole comparison: grade C
YEAR = 12
ALL_VISITED = "Every practice was visited in the end: compared with those not visited yet."
FLAT = 0.05  # a pre-trend with a smaller p is not flat


@dataclass(frozen=True)
class RoiEstimate:
    """An effect with its interval, what speaks for it, and how good the evidence is. All of it is empty where `why_not` says why.

    `log_ratio` with its `freedom` is what money is drawn from; `observed` and `months` are what visited practices sent in how many
    practice-months after their visits. `unadjusted_*` is the plain difference-in-differences in levels, for comparison.
    """

    scale: Scale
    control: Control
    design: str
    n_treated: int
    n_control: int
    baseline_events: float
    simple_att: float | None = None
    simple_se: float | None = None
    simple_ci: Interval | None = None
    dynamic_att: float | None = None
    dynamic_se: float | None = None
    group_att: float | None = None
    group_se: float | None = None
    pretrend_p: float | None = None
    grade: Grade | None = None
    why_not: str = ""
    remarks: tuple[str, ...] = ()
    log_ratio: LogRatio | None = None
    freedom: float = math.inf
    observed: float = 0.0
    months: int = 0
    unadjusted_att: float | None = None
    unadjusted_se: float | None = None

    @property
    def is_estimable(self) -> bool:
        return self.simple_att is not None

    @property
    def has_flat_pretrend(self) -> bool:
        return self.pretrend_p is not None and self.pretrend_p >= FLAT


def estimate(
    panel: pd.DataFrame,
    *,
    scale: Scale = "levels",
    control: Control = "never_treated",
    randomised: bool = False,
    adjust: Adjust = "auto",
) -> RoiEstimate:
    """The effect of first visits in a panel of `unit, period, outcome, first_treated` (0 = never).

    `randomised` says that the planner drew the order of visits; nothing here can find that out.
    """
    if scale not in ("levels", "ratio") or control not in ("never_treated", "not_yet_treated") or adjust not in ("auto", "past", "none"):
        raise ValueError(f"No such scale, control or adjustment: {scale}, {control}, {adjust}.")
    practices = Practices.of(panel)
    remarks = list(practices.remarks)
    by_past = adjust == "past" or (adjust == "auto" and practices.are_counts and practices.months >= YEAR)
    if by_past and not practices.are_counts:
        raise ValueError("Only counts can be compared by their past.")
    if scale == "ratio" and (practices.counts < 0).any():
        raise ValueError("A ratio needs outcomes that are not negative.")
    if by_past:
        practices, said = with_history(practices)
        remarks += said
    never, later = practices.controls("never_treated"), practices.controls("not_yet_treated")
    if control == "never_treated" and later > never and never < (FEWEST_CONTROLS if by_past else 1):
        control = "not_yet_treated"
        remarks.append(f"Only {never} practices were never visited: compared with those not visited yet." if never else ALL_VISITED)
    found = RoiEstimate(
        scale=scale,
        control=control,
        design="past" if by_past else "none",
        n_treated=int((practices.first > 0).sum()),
        n_control=practices.controls(control),
        baseline_events=practices.baseline_events(),
        remarks=tuple(remarks),
    )
    if why_not := _why_not(found, practices):
        return replace(found, why_not=why_not)
    if not found.n_control or (by_past and found.n_control < FEWEST_CONTROLS):
        return _by_series(found, practices)
    if by_past:
        return _by_past(found, practices, randomised)
    return _plain(found, practices, randomised)


def with_history(practices: Practices) -> tuple[Practices, list[str]]:
    """Without those visited too early to know their past; those visited in the last month count as not visited yet."""
    early = (practices.first > 0) & (practices.first <= trajectory.QUIET)
    last = practices.first == practices.months
    remarks = []
    if early.any():
        remarks.append(f"{int(early.sum())} left out: visited in the first {trajectory.QUIET} months, so their past is not known.")
    if last.any():
        late = int(last.sum())
        count = "counts" if late == 1 else "count"
        remarks.append(f"{late} visited in the last month {count} as not visited yet: nothing after it is known.")
    first = practices.first.copy()
    first[last] = 0
    return replace(practices, counts=practices.counts[~early], first=first[~early]), remarks


def _why_not(found: RoiEstimate, practices: Practices) -> str:
    if found.n_treated < FEWEST_TREATED:
        return f"Not estimable: {found.n_treated} practices with a first visit and enough months around it, {FEWEST_TREATED} are needed."
    if practices.are_counts and found.baseline_events < FEWEST_EVENTS:
        return f"Not estimable: {found.baseline_events:.0f} referrals in the year before the visits, {FEWEST_EVENTS} are needed."
    return ""


def _by_past(found: RoiEstimate, practices: Practices, randomised: bool) -> RoiEstimate:
    trials = trajectory.stack(practices, found.control)
    if not trials.are_told:
        return _by_series(found, practices)
    units = trials.rows.groupby("visited")["unit"].nunique()
    treated = trials.treated
    unadjusted = did.aggregates(practices, found.control).simple
    found = replace(
        found,
        n_treated=int(units[1.0]),
        n_control=int(units[0.0]),
        freedom=max(1.0, min(units[0.0], trajectory.effective(trials)) - 1),
        observed=float(treated["outcome"].sum()),
        months=len(treated),
        pretrend_p=trajectory.pretrend(trials),
        unadjusted_att=unadjusted[0],
        unadjusted_se=unadjusted[1],
    )
    found = _told(found, trajectory.simple(trials), trajectory.dynamic(trials), trajectory.group(trials))
    return replace(found, grade="A" if randomised else "B" if found.has_flat_pretrend else "C")


def _told(found: RoiEstimate, simple: LogRatio, dynamic: LogRatio | None, group: LogRatio | None) -> RoiEstimate:
    """Log ratios on the scale that was asked for. In levels: what was sent less what it would have been, per practice and month."""
    mean = found.observed / found.months
    wide = float(stats.t.ppf(0.975, found.freedom))

    def point(value: float) -> float:
        return math.exp(value) if found.scale == "ratio" else mean * (1 - math.exp(-value))

    def error(ratio: LogRatio) -> float:
        return ratio.error * (math.exp(ratio.value) if found.scale == "ratio" else mean * math.exp(-ratio.value))

    return replace(
        found,
        log_ratio=simple,
        simple_att=point(simple.value),
        simple_se=error(simple),
        simple_ci=(point(simple.value - wide * simple.error), point(simple.value + wide * simple.error)),
        dynamic_att=point(dynamic.value) if dynamic else None,
        dynamic_se=error(dynamic) if dynamic else None,
        group_att=point(group.value) if group else None,
        group_se=error(group) if group else None,
    )


def _plain(found: RoiEstimate, practices: Practices, randomised: bool) -> RoiEstimate:
    """Group-time effects, not adjusted; as a ratio, the same trials with an effect for each practice."""
    within = control_series.within(practices, found.control) if found.scale == "ratio" else None
    if found.scale == "ratio" and within is None:
        return _by_series(found, practices)
    plain = did.aggregates(practices, found.control)
    found = replace(found, pretrend_p=plain.pretrend_p, unadjusted_att=plain.simple[0], unadjusted_se=plain.simple[1])
    holds = found.has_flat_pretrend and found.n_control >= FEWEST_CONTROLS
    found = replace(found, grade="A" if randomised else "B" if holds else "C")
    if within is not None:
        found = replace(found, freedom=min(found.n_treated, found.n_control) - 1, observed=within.observed, months=within.months)
        return _told(found, within.simple, within.dynamic, within.group)
    att, error = plain.simple
    wide = float(stats.norm.ppf(0.975))
    return replace(
        found,
        simple_att=att,
        simple_se=error,
        simple_ci=(att - wide * error, att + wide * error),
        dynamic_att=plain.dynamic[0],
        dynamic_se=plain.dynamic[1],
        group_att=plain.group[0],
        group_se=plain.group[1],
    )


def _by_series(found: RoiEstimate, practices: Practices) -> RoiEstimate:
    """Too few to compare with one by one: their sum as control series (C), or before and after alone (D)."""
    series = control_series.interrupted(practices)
    if series is None:
        return replace(found, why_not="Not estimable: too few months or referrals after the visits to compare.")
    found = replace(
        found,
        design="series" if series.has_control else "before and after",
        n_control=found.n_control if series.has_control else 0,
        freedom=series.freedom,
        observed=series.observed,
        months=series.months,
        grade="C" if series.has_control else "D",
    )
    return _told(found, series.simple, None, None)
