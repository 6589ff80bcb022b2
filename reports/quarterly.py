"""The director's quarter: comparisons against own baselines, and what cannot be claimed. Pure: counts in, numbers and sentences out."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import exp, inf, log, sqrt
from typing import Any

from common.templatetags.prm import number, percent, signed
from reports.cells import Cell
from reports.intervals import rate_ratio
from reports.measures import Row

Z = 1.959964
LEAST_DAYS = 14  # since the quarter's end, below which nobody has had the time to be seen


@dataclass(frozen=True)
class Against:
    """A count of the quarter against its own baseline: expected is the baseline by business days; the ratio has an exact interval."""

    now: int
    expected: float | None
    ratio: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, now: int, before: int | None, days: float, days_before: float) -> "Against":
        if before is None or not days_before:
            return cls(now, None, None, None, None)
        if not before:
            return cls(now, 0.0, None, None, None)
        found = rate_ratio(now, days, before, days_before)
        return cls(now, before * days / days_before, found.value, found.low, found.high)

    @property
    def is_told(self) -> bool:
        return self.ratio is not None

    @property
    def difference(self) -> float | None:
        return None if self.expected is None else self.now - self.expected


def difference_in_change(one: tuple[int, int], other: tuple[int, int]) -> tuple[float, float, float] | None:
    """(ratio, low, high) of how one count changed over how the other did: the log of the four counts, with their Poisson errors."""
    if not all((*one, *other)):
        return None
    ratio = (one[0] / one[1]) / (other[0] / other[1])
    reach = Z * sqrt(sum(1 / n for n in (*one, *other)))
    return ratio, exp(log(ratio) - reach), exp(log(ratio) + reach)


@dataclass(frozen=True)
class Recovered:
    """Referrals by our own that stayed in the quarter and would have left at the baseline's rate, line by line; below zero, more left.

    `referrals` have a known destination in the quarter, in lines with a baseline; `range_leads` where too much is undetermined to say.
    """

    value: float | None
    low: float | None
    high: float | None
    referrals: int
    rate_now: float | None
    rate_before: float | None
    range_leads: bool


def leakage_recovered(lines: Sequence[tuple[Any, Cell, Cell]], range_leads_above: int) -> Recovered:
    """Sum over service lines of (leakage before - leakage now) x known referrals now, each line against its own twelve months before."""
    told = [(now, before) for _, now, before in lines if now.internal + now.outbound and before.internal + before.outbound]
    ours = [cell for _, now, before in lines for cell in (now, before)]
    undetermined, known = sum(cell.undetermined for cell in ours), sum(cell.internal + cell.outbound for cell in ours)
    value = variance = 0.0
    for now, before in told:
        n, m = now.internal + now.outbound, before.internal + before.outbound
        value += (before.outbound / m - now.outbound / n) * n
        p, q = (now.outbound + 1) / (n + 2), (before.outbound + 1) / (m + 2)  # never without variance: Agresti and Caffo 2000
        variance += n * n * (p * (1 - p) / (n + 2) + q * (1 - q) / (m + 2))
    referrals = sum(now.internal + now.outbound for now, _ in told)
    earlier = sum(before.internal + before.outbound for _, before in told)
    rate_now = sum(now.outbound for now, _ in told) / referrals if referrals else None
    rate_before = sum(before.outbound for _, before in told) / earlier if earlier else None
    leads = 100 * undetermined > range_leads_above * (undetermined + known)
    if not referrals or leads:
        return Recovered(None, None, None, referrals, None if leads else rate_now, None if leads else rate_before, leads)
    reach = Z * sqrt(variance)
    return Recovered(value, value - reach, value + reach, referrals, rate_now, rate_before, False)


@dataclass(frozen=True)
class Wait:
    """Days to access: what the measure of time to appointment says of a window. `remark`: why there is no median, or too few cases."""

    cases: int
    median: float | None
    low: float | None
    high: float | None
    p90: float | None
    remark: str = ""

    @classmethod
    def of(cls, row: Row) -> "Wait":
        return cls(row.denominator or 0, row.value, row.low, row.high, row.more.get("p90"), row.remark)


def plain(found: Any) -> Any:
    """As JSON: no infinity."""
    return {name: (None if value in (inf, -inf) else value) for name, value in asdict(found).items()}


def headline(found: dict[str, Any]) -> str:
    """The finding of the quarter, in one sentence: how the assigned practices changed beside the others."""
    compared = found["seen_compared"]
    assigned = found["seen"]["assigned"]
    if assigned is None or assigned["ratio"] is None:
        return "This quarter cannot be compared yet: there is no baseline, or patients have not had the time to be seen"
    change = _beside_baseline(assigned["ratio"])
    if compared is None:
        return f"Assigned practices sent {number(assigned['now'])} referrals that were seen, {change}"
    ratio, low, high = compared
    if low <= 1 <= high:
        return f"Assigned practices are {change}; the others changed alike, as far as can be told"
    return f"Assigned practices are {change}, {'better' if ratio > 1 else 'worse'} than the others by more than chance"


def _beside_baseline(ratio: float) -> str:
    if abs(ratio - 1) < 0.005:
        return "level with their own baseline"
    return f"{percent(abs(ratio - 1), 0)} {'above' if ratio > 1 else 'below'} their own baseline"


def against_words(found: dict[str, Any] | None) -> str:
    if found is None:
        return "not old enough to tell"
    if found["ratio"] is None:
        return "no baseline to compare with"
    high = signed_share(found["high"]) if found["high"] is not None else "no bound"
    interval = f"95% interval {signed_share(found['low'])} to {high}"
    return f"{number(found['expected'])} expected; {signed_share(found['ratio'])} ({interval})"


def signed_share(ratio: float) -> str:
    return percent(ratio - 1, 0) if ratio < 1 else f"+{percent(ratio - 1, 0)}"


def cannot_be_claimed(found: dict[str, Any]) -> list[str]:
    """Computed: each sentence stands there because of a number of this quarter."""
    said = ["Assigned practices were not chosen by chance, so a difference from the others is not by itself the liaisons' doing."]
    if not found["days_since"] or found["within"] < LEAST_DAYS:
        said.append("Referrals seen cannot be compared: the quarter ended less than 14 days before the data does.")
    elif found["within"] < found["seen_within"]:
        said.append(
            f"Only patients seen within {found['within']} days are compared, in the quarter and in its baseline: "
            "the last ones have had no longer yet."
        )
    compared = found["seen_compared"]
    if compared is not None and compared[1] <= 1 <= compared[2]:
        said.append("That assigned practices did better than the others cannot be claimed: chance explains the difference.")
    if found["baseline_months"] < 12:
        said.append(f"The baseline has {found['baseline_months']} months, so a season may look like a change.")
    if found["patients"] is None:
        said.append("New patients cannot be told: it takes two years of data to know who is new and what is usual.")
    recovered = found["recovered"]
    if recovered["range_leads"]:
        said.append("Leakage recovered cannot be told: too many referrals name no destination.")
    elif recovered["value"] is None:
        said.append("Leakage recovered cannot be told: no service line has referrals with a known destination in both periods.")
    elif recovered["low"] <= 0 <= recovered["high"]:
        said.append("That leakage was recovered, or lost, cannot be claimed: chance explains the change.")
    else:
        said.append("Leakage recovered is a change against our own past, not an effect of visits: access and payers move it too.")
    if found["cost"]["missing"]:
        said.append(f"The program's cost is not typed {', '.join(found['cost']['missing'])}: the sum is short of that.")
    if found["roi"] is None or found["roi"]["return"] is None:
        said.append(f"A return cannot be claimed. {found['roi']['why'] if found['roi'] else 'It was not computed.'}".strip())
    elif found["roi"]["grade"] != "A":
        said.append(f"The return has grade {found['roi']['grade']}: the order of visits was not drawn at random and followed.")
    if not found["concerns"]["raised"] and not found["concerns"]["resolved"]:
        said.append("Nothing can be said of concerns: none was recorded.")
    return said


def recovered_words(found: dict[str, Any]) -> str:
    if found["value"] is None:
        return "cannot be told"
    return f"95% interval {signed(found['low'])} to {signed(found['high'])}"
