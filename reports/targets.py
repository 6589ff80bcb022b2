"""Whom to visit and what it is worth: target value and its parts (METHODS section 5).

    value a year = (expected referrals from peers - now to us) x margin x reachable capacity x P(move)

* expected: the provider's own referrals in the line, wherever they go, times the share that peers send us;
* margin: dollars that one referral contributes, of the payers who can be taken, in the mix of the provider's territory;
* reachable capacity: the share of those payers that a site of ours takes, near enough and soon enough, by what sites told last;
* P(move): an assumption by class, a setting that everybody sees.

Nobody is a target whose share could differ from that of peers by chance: the upper end of Wilson's interval must lie below it. A part that
is not known leaves the value unknown, and says so. Pure: what is asked of the database is in reports.queries.targets. What physicians are
given is not, and must never be, a part of this (METHODS section 7).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from common.places import has_center, miles_between
from common.templatetags.prm import number, percent
from reports.intervals import Standing, standing, wilson
from reports.queries.avoidable import Span
from reports.queries.targets import Candidate, Mix

MONTHS_A_YEAR = 12


class MovingRules(Protocol):
    """What of ReportRules counts here."""

    loyal_at: int
    splitter_at: int
    avoidable_miles: int
    move_loyal: int
    move_splitter: int
    move_opportunity: int


@dataclass(frozen=True)
class Reach:
    """What of a practice's referrals in a line we could take today.

    `share`: of its payers; None when nobody can say, and `why_not` says why. `site`, `miles`, `wait` are of the nearest that could.
    """

    share: float | None
    payers: frozenset[int] = frozenset()
    site: str = ""
    miles: float | None = None
    wait: int | None = None
    why_not: str = ""


@dataclass(frozen=True)
class Target:
    """A provider in a line who could send more. Counts and dollars are of a year; `margin`, `reach` and `value` are None where unknown."""

    candidate: Candidate
    standing: Standing
    share: float
    low: float
    high: float
    peers_share: float
    expected: float
    now: float
    gain_low: float
    gain_high: float
    margin: float | None
    reach: Reach
    move: float
    missing: tuple[str, ...]

    @property
    def gain(self) -> float:
        """Referrals a year that could come if they sent what peers send."""
        return self.expected - self.now

    @property
    def value(self) -> float | None:
        if self.margin is None or self.reach.share is None:
            return None
        return self.gain * self.margin * self.reach.share * self.move


def chance_of_moving(kind: Standing, rules: MovingRules) -> float:
    """P(move) by class: the settings, as shares. Below ten referrals nothing is assumed."""
    percent_of = {"loyal": rules.move_loyal, "splitter": rules.move_splitter, "opportunity": rules.move_opportunity, "too few to say": 0}
    return percent_of[kind] / 100


def reach(zip_: str, line_id: int, mix: Mix, *, spans: Sequence[Span], names: Mapping[int, str], miles: int, told: bool) -> Reach:
    """What sites of the line that are near could take. `spans` hold today; `told`: whether anybody ever told of the line's capacity."""
    if not told:
        return Reach(None, why_not="no capacity is known for this line")
    if not has_center(zip_):
        return Reach(None, why_not="the practice has no ZIP code")
    could: list[tuple[float, Span]] = []
    might: list[Span] = []
    for span in spans:
        far = miles_between(zip_, span.zip)
        if span.line_id != line_id or (far is not None and far > miles):
            continue
        if far is not None and span.is_sure and span.payers is not None:
            could.append((far, span))
        else:
            might.append(span)
    if not could:
        if might:
            return Reach(None, why_not=f"the capacity of {names[might[0].organization_id]} is not known, or too old")
        return Reach(0.0)
    payers = frozenset(payer for _, span in could for payer in span.payers or ())
    if not mix:
        return Reach(None, payers, why_not="who pays for these referrals is not known")
    far, nearest = min(could, key=lambda pair: (pair[0], pair[1].wait or 0, pair[1].organization_id))
    return Reach(sum(share for payer, share in mix.items() if payer in payers), payers, names[nearest.organization_id], far, nearest.wait)


def margin_of(mix: Mix, payers: frozenset[int], margins: Mapping[int, float | None]) -> float | None:
    """Dollars that one referral contributes, over the payers who can be taken; None when one of them has no margin."""
    taken = {payer: share for payer, share in mix.items() if payer in payers}
    total = sum(taken.values())
    if not total:
        return None
    amount = 0.0
    for payer, share in taken.items():
        dollars = margins.get(payer)
        if dollars is None:
            return None
        amount += dollars * share / total
    return amount


def target(candidate: Candidate, *, months: int, rules: MovingRules, reached: Reach, margin: float | None) -> Target | None:
    """The candidate as a target; None when chance explains the distance to the peers, or there is too little to say."""
    low, high = wilson(candidate.to_us, candidate.total)
    peers_share = candidate.peers_to_us / candidate.peers_total
    kind = standing(candidate.to_us, candidate.total, loyal=rules.loyal_at / 100, splitter=rules.splitter_at / 100)
    if high >= peers_share or kind == "too few to say":
        return None
    yearly = candidate.total * MONTHS_A_YEAR / months
    missing = []
    if reached.share is None:
        missing.append(f"Capacity: {reached.why_not}.")
    if margin is None and reached.share != 0:
        missing.append("Margin: none is entered for this line and its payers.")
    return Target(
        candidate=candidate,
        standing=kind,
        share=candidate.to_us / candidate.total,
        low=low,
        high=high,
        peers_share=peers_share,
        expected=yearly * peers_share,
        now=candidate.to_us * MONTHS_A_YEAR / months,
        gain_low=yearly * (peers_share - high),
        gain_high=yearly * (peers_share - low),
        margin=0.0 if reached.share == 0 and margin is None else margin,
        reach=reached,
        move=chance_of_moving(kind, rules),
        missing=tuple(missing),
    )


def ranked(targets: Iterable[Target]) -> list[Target]:
    """By value; then those of unknown value by the referrals that could come; then who cannot be taken. Ties in a fixed order."""

    def place(one: Target) -> tuple[int, float, float, int, int]:
        rank = 1 if one.value is None else 0 if one.value > 0 else 2
        return rank, -(one.value or 0.0), -one.gain, one.candidate.provider_id, one.candidate.service_line_id

    return sorted(targets, key=place)


def why(one: Target, *, name: str, line: str, peers: str) -> str:
    """Why this doctor is on the list, in one sentence."""
    found = one.candidate
    sentence = (
        f"{name} sends us {number(found.to_us)} of {number(found.total)} {line.lower()} referrals ({percent(one.share, 0)}), while "
        f"{number(found.peers)} peers ({peers}) send {percent(one.peers_share, 0)}: about {number(one.gain)} more a year could come"
    )
    if one.reach.site:
        miles = (
            "under a mile" if (one.reach.miles or 0) < 1 else f"{one.reach.miles:.0f} mile{'s' if round(one.reach.miles or 0) != 1 else ''}"
        )
        days = one.reach.wait or 0
        soon = "today" if days == 0 else f"within {days} day{'s' if days != 1 else ''}"
        return f"{sentence}, and {one.reach.site}, {miles} away, has an appointment {soon}."
    if one.reach.share is None:
        return f"{sentence}; whether we could take them is not known."
    return f"{sentence}, but no site of ours within reach could take them now."
