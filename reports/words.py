"""Findings as sentences: every title of a chart or list is computed, none is fixed text."""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from common.templatetags.prm import number, percent, signed_percent, signed_points
from referrals.models import CountingRules
from reports.cells import Cell
from reports.intervals import TOO_FEW
from reports.measures import Ratio, leakage_ordered
from reports.numbers import MOVERS, Mover

if TYPE_CHECKING:
    from reports.one_practice import Expectation
    from reports.questions import Question


def leaders(sizes: Sequence[tuple[str, float]]) -> list[str]:
    """Who has most, in the order given: several where they are level, nobody where all have nothing."""
    most = max((size for _, size in sizes), default=0)
    return [name for name, size in sizes if size == most] if most else []


def together(names: Sequence[str]) -> str:
    """A · A and B · A, B and C · A, B and 3 more: names in a sentence."""
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} more"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def most(sizes: Sequence[tuple[str, int]], one: str, several: str) -> str:
    """Cardiology brings most: 40 of 90 · Cardiology and Urology bring most: 2 each of 5. `one` and `several` are the verb."""
    lead = leaders(sizes)
    size, everything = max(size for _, size in sizes), sum(size for _, size in sizes)
    told = f"{together(lead)} {one if len(lead) == 1 else several} most: {number(size)}{'' if len(lead) == 1 else ' each'}"
    return f"{told} of {number(everything)}"


def share(ratio: Ratio, rules: CountingRules) -> str:
    """The rate, its range where too much is undetermined to name one, or "3 of 7": of so few no rate is told."""
    if 0 < ratio.denominator < TOO_FEW:
        return f"{number(ratio.numerator)} of {number(ratio.denominator)}"
    if ratio.bounds is not None and ratio.range_leads(rules.range_leads_above):
        return spread(ratio)
    return percent(ratio.value)


def spread(ratio: Ratio) -> str:
    """12-41%: the bounds."""
    return bounds(*(ratio.bounds or (None, None)))


def bounds(low: float | None, high: float | None) -> str:
    """12-41%: from where to where a share may lie."""
    return percent(None) if low is None or high is None else f"{low * 100:.0f}\N{EN DASH}{high:.0%}"


def known(ratio: Ratio) -> str:
    """What stands beside every leakage: how much is known, and what the rest could make of it."""
    if ratio.bounds is None:
        return "none of our own referrals yet"
    return f"known share {percent(ratio.known_share, 0)}, bounds {spread(ratio)}"


def growth(now: int, before: int | None, question: "Question") -> str:
    if before is None:
        return f"{count(now, 'inbound referral')}, {question.window.words}"
    if now == before:
        return f"Inbound referrals are level with the {question.before_words}: {number(now)}"
    way = "up" if now > before else "down"
    change = f" ({signed_percent((now - before) / before)})" if before >= TOO_FEW else ""
    return f"Inbound referrals are {way} {number(abs(now - before))}{change} on the {question.before_words}"


def line_growth(lines: Sequence[tuple[str, int, int]], has_before: bool, question: "Question") -> str:
    """The service line that moved most, by referrals; lines are (name, now, before)."""
    if not lines:
        return "No inbound referral in this selection"
    if not has_before:
        found = f"{most([(name, now) for name, now, _ in lines], 'brings', 'bring')} inbound referrals"
        return f"{found}, too few to say more" if sum(now for _, now, _ in lines) < TOO_FEW else found
    moved = leaders([(name, abs(now - before)) for name, now, before in lines])
    if not moved:
        return f"Every service line is level with the {question.before_words}"
    if len(moved) > 1:
        apart = max(abs(now - before) for _, now, before in lines)
        return f"{together(moved)} changed most: {number(apart)} each, on the {question.before_words}"
    now, before = next((now, before) for name, now, before in lines if name == moved[0])
    verb, than = ("grew", "more") if now > before else ("fell", "fewer")
    chance = ", as chance can explain" if is_chance(now, before) else ""
    return f"{moved[0]} {verb} most: {number(abs(now - before))} {than} than in the {question.before_words}{chance}"


def leakage(now: Ratio, before: Ratio | None, question: "Question") -> str:
    above = question.rules.range_leads_above
    if now.bounds is None:
        return f"No referrals by our own providers, {question.window.words}"
    if now.range_leads(above):
        return f"{spread(now)} of our referrals leave: {percent(1 - (now.known_share or 0), 0)} name no destination"
    if now.denominator < TOO_FEW:
        known = f"{number(now.numerator)} of {count(now.denominator, 'referral')} with a known destination"
        return f"{known} left our network, too few to say more"
    if before is None or before.value is None or now.value is None or before.range_leads(above) or before.denominator < TOO_FEW:
        return f"{percent(now.value)} of our referrals with a known destination leave our network"
    points = now.value - before.value
    if abs(points) < 0.0005:
        return f"Leakage is unchanged at {percent(now.value)}"
    way = "more" if points > 0 else "less"
    return f"Leakage is {percent(now.value)}, {signed_points(abs(points)).lstrip('+')} {way} than in the {question.before_words}"


def worst_line(lines: Sequence[Cell], ranked: bool, question: "Question") -> str:
    if not lines:
        return "None of our own referrals in this selection"
    if not ranked:
        return f"Too few destinations are known to rank {len(lines)} service lines"
    lead = leaders([(cell.labels[0], cell.outbound) for cell in lines])
    if not lead:
        return "No service line lost a referral that we know of"
    worst = lines[0]
    if len(lead) > 1:
        return f"{together(lead)} lose most: {count(worst.outbound, 'referral')} each"
    ratio = leakage_ordered([worst])
    if ratio.denominator < TOO_FEW:
        return (
            f"{lead[0]} loses most: {number(worst.outbound)} of {number(ratio.denominator)} with a known destination, too few to say more"
        )
    return f"{lead[0]} loses most: {count(worst.outbound, 'referral')}, {share(ratio, question.rules)} of its own"


def flow(sums: Cell) -> str:
    ours = sums.internal + sums.outbound + sums.undetermined
    if not ours:
        return "No referrals by our own providers in this selection"
    went = f"{number(sums.internal)} stayed, {number(sums.outbound)} left, {number(sums.undetermined)} name no destination"
    return f"Of {number(ours)} referrals by our providers, {went}"


def top_destination(outside: Sequence[Cell], everything: int) -> str:
    if not outside:
        return "No referral is known to have left our network"
    sizes = [(cell.labels[0], cell.outbound) for cell in outside if cell.outbound]
    if len(sizes) == 1:
        return f"All that leaves goes to {sizes[0][0]}: {count(everything, 'referral')}"
    found = f"Of what leaves, {most(sizes, 'receives', 'receive')}"
    return f"{found}, too few to say more" if everything < TOO_FEW else found


def falls(found: Sequence[Mover]) -> str:
    if not found:
        return "No practice is clearly below its own baseline"
    missing = round(-sum(mover.difference for mover in found))
    if len(found) >= MOVERS:
        return f"The {MOVERS} largest shortfalls come to {number(missing)} referrals"
    return f"{practices(len(found))} sent {number(missing)} fewer referrals than {whose(len(found))} own baseline"


def gains(found: Sequence[Mover]) -> str:
    if not found:
        return "No practice is clearly above its own baseline"
    more = round(sum(mover.difference for mover in found))
    if len(found) >= MOVERS:
        return f"The {MOVERS} largest gains come to {number(more)} referrals"
    return f"{practices(len(found))} sent {number(more)} more referrals than {whose(len(found))} own baseline"


def baseline(observed: int, expected: float | None) -> str:
    """14 in the last 3 months, 22 expected from the 12 before."""
    if expected is None:
        return f"{number(observed)} in the last 3 full months; too little history to compare with."
    said = f"{number(observed)} in the last 3 full months, {number(round(expected))} expected from the 12 before"
    return f"{said}: too few to say." if max(observed, expected) < TOO_FEW else f"{said}."


def practices(n: int) -> str:
    return "One practice" if n == 1 else f"{n} practices"


def whose(n: int) -> str:
    return "its" if n == 1 else "their"


def is_chance(now: int, before: int) -> bool:
    """Whether a change of a count is no more than two of its standard errors: then it is said, but not called good or bad."""
    return (now - before) ** 2 <= 4 * (now + before)


def count(n: int, what: str) -> str:
    return f"{number(n)} {what}{'' if n == 1 else 's'}"


def day(value: dt.date | None) -> str:
    return f"{value.day} {value:%b %Y}" if value else "never"


def against_baseline(found: "Expectation | None") -> str:
    """12 fewer than expected in the last three months: 31 against 43."""
    if found is None:
        return "Too little history for an expectation of its own"
    observed, expected = found.observed, round(found.expected)
    if max(observed, expected) < TOO_FEW:
        return f"Too few to say: {number(observed)} in the last three months, {number(expected)} expected"
    if observed == expected:
        return f"As many as expected in the last three months: {number(observed)}"
    way = "fewer" if observed < expected else "more"
    return f"{number(abs(observed - expected))} {way} than expected in the last three months: {number(observed)} against {number(expected)}"


def usual_range(found: "Expectation | None") -> str:
    """Where chance alone would put it, and whether it is there."""
    if found is None:
        return "It takes six full months: three, and three before them."
    span = f"{number(found.usual.low)} and {number(found.usual.high)}"
    verdict = "so chance alone could explain it" if found.is_usual else "so chance alone hardly explains it"
    compared = f"{found.baseline.recent.words} against the {found.baseline.before.months} months before."
    return f"{compared} With no change, 95 of 100 such practices lie between {span}, {verdict}."
