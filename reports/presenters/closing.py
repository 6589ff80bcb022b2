"""CMS50's counts in words."""

from dataclasses import dataclass

from common.templatetags.prm import number, percent
from reports.cms50 import Counts, Period
from reports.intervals import TOO_FEW, wilson


@dataclass(frozen=True)
class Told:
    """The finding, its populations as rows (what, how many, why), and the remark where they are few."""

    finding: str
    rows: list[tuple[str, str, str]]
    remark: str


def told(counts: Counts, period: Period) -> Told:
    if not counts.denominator:
        finding = f"No patient of this file is in the measure for {period.year}"
    else:
        finding = (
            f"{percent(counts.numerator / counts.denominator)} of first referrals in {period.year} have the report back: "
            f"{number(counts.numerator)} of {number(counts.denominator)}"
        )
    remark = ""
    if 0 < counts.denominator < TOO_FEW:
        remark = f"Fewer than {TOO_FEW} patients: too few to say anything of the rate."
    elif counts.denominator:
        low, high = wilson(counts.numerator, counts.denominator)
        remark = f"95% interval {percent(low)} to {percent(high)} (Wilson)."
    rows = [
        (
            "Initial population, denominator",
            number(counts.denominator),
            "a qualifying encounter or intervention in the year, and a first referral from 1 January to 31 October",
        ),
        ("Numerator", number(counts.numerator), "the consultant's report on that first referral, completed within the year"),
    ]
    return Told(finding, rows, remark)
