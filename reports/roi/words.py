"""The sentences that stand with a return on visits: what was found, how sure that is, and what cannot be claimed."""

import math

from common.templatetags.prm import number, percent, signed
from reports.roi import FLAT, RoiEstimate
from reports.roi.money import RoiMoney

GRADES = {
    "A": "Grade A: the order of visits was drawn at random, so chance alone decided who was visited first.",
    "B": "Grade B: compared with practices not visited, and the months before the visits show no difference that would explain it.",
    "C": "Grade C: compared with others, but the comparison is weak; read the direction, not the size.",
    "D": "Grade D: before and after only. This is descriptive, not an effect.",
}


def headline(estimate: RoiEstimate) -> str:
    """The finding, as the title of the page."""
    if not estimate.is_estimable or estimate.simple_ci is None or estimate.simple_att is None:
        return estimate.why_not
    low, high = estimate.simple_ci
    none = 1 if estimate.scale == "ratio" else 0
    if estimate.grade == "D":
        return f"After their first visit practices sent {_change(estimate, estimate.simple_att)}: descriptive, not an effect"
    if low <= none <= high:
        return "No effect of first visits can be told from chance"
    return f"Visited practices sent {_change(estimate, estimate.simple_att)} than without a visit"


def sentences(estimate: RoiEstimate, money: RoiMoney | None = None) -> list[str]:
    """Effect, interval, pre-trend, how many, grade, and what cannot be claimed; then the money."""
    if not estimate.is_estimable:
        return [estimate.why_not, *estimate.remarks]
    said = [_effect(estimate), _counts(estimate)]
    if estimate.design == "past":
        said.append("Only practices with the same referrals in the months before are compared. The month of the visit itself is left out.")
    said.append(_pretrend(estimate))
    if estimate.grade:
        said.append(GRADES[estimate.grade])
    said += _limits(estimate)
    if money is not None:
        said += _money(money)
    return [*said, *estimate.remarks]


def _change(estimate: RoiEstimate, value: float) -> str:
    if estimate.scale == "ratio":
        return f"{percent(abs(value - 1), 0)} {'more' if value >= 1 else 'fewer'} referrals"
    return f"{abs(value):.2f} {'more' if value >= 0 else 'fewer'} referrals a month"


def _effect(estimate: RoiEstimate) -> str:
    att, (low, high) = estimate.simple_att or 0.0, estimate.simple_ci or (0.0, 0.0)
    if estimate.scale == "ratio":
        return f"Referrals seen after a first visit are {att:.2f} times what they would have been (95% interval {low:.2f} to {high:.2f})."
    return (
        f"A first visit goes with {signed(att, 2)} referrals per practice and month (95% interval {signed(low, 2)} to {signed(high, 2)})."
    )


def _counts(estimate: RoiEstimate) -> str:
    against = "practices never visited" if estimate.control == "never_treated" else "practices not visited yet"
    if not estimate.n_control:
        return f"{number(estimate.n_treated)} visited practices, none to compare with."
    return f"{number(estimate.n_treated)} visited practices, compared with {number(estimate.n_control)} {against}."


def _pretrend(estimate: RoiEstimate) -> str:
    if estimate.pretrend_p is None:
        return "The months before the visits could not be tested."
    p = "less than 0.001" if estimate.pretrend_p < 0.001 else f"{estimate.pretrend_p:.3f}"
    if estimate.pretrend_p >= FLAT:
        return f"Pre-trend: flat (p {p}). That does not prove that the groups would have gone on alike."
    return f"Pre-trend: not flat (p {p}). The groups differed before any visit, so part of the difference may be older than the visits."


def _limits(estimate: RoiEstimate) -> list[str]:
    said = []
    if estimate.grade in ("B", "C"):
        said.append(
            "It assumes that visits were decided on referrals up to the month before, or on things that do not bear on referrals. "
            "If liaisons knew more (a new partner, a closing office), the figure holds that as well."
        )
    if estimate.grade in ("C", "D"):
        said.append("Practices that fall by chance come back by themselves, and liaisons visit practices that fall.")
    said.append("It is an average over all visited practices. It says nothing about one practice, one doctor or one liaison.")
    return said


def _money(money: RoiMoney) -> list[str]:
    if money.roi is None or money.extra is None or money.extra_ci is None or money.roi_ci is None or money.p_positive is None:
        return [money.why_not]
    credit = "" if math.isclose(money.weight, 1) else f", of which {percent(money.weight, 0)} is credited to visits"
    (few, many), (low, high) = money.extra_ci, money.roi_ci
    return [
        f"Extra referrals: {number(money.extra)} (95% interval {number(few)} to {number(many)}){credit}.",
        f"Return on ${number(money.cost)}: {percent(money.roi, 0)} (95% interval {percent(low, 0)} to {percent(high, 0)}). "
        f"Chance that it is above zero: {_chance(money.p_positive)}.",
    ]


def _chance(p: float) -> str:
    """Never 0% or 100%: draws do not prove either."""
    if p > 0.99:
        return "over 99%"
    return "under 1%" if p < 0.01 else percent(p, 0)
