"""The measures in words: what holds for all of them, and docs/metrics.md."""

from collections.abc import Mapping

from reports.measures.definition import Measure

NOTES = (
    "A referral counts in the month of its anchor date: ordered, else received, else entered. Windows are half-open: the start is in, "
    "the end is not. Duplicates, own follow-ups and kinds that are not counted (a setting) are in no measure. Cancelled and rejected "
    "referrals count. Each figure names its data-through date: the earliest of the feeds' last anchor dates.",
    "A change is called good or bad only where chance does not explain it: beyond two standard errors of the difference. Within them the "
    "change is shown without color, as about level.",
    "New referrers are providers with an inbound referral in the period and none in the 12 months before it. A shortfall or gain is what a "
    "practice sent us in the last 3 full months against what its own 12 months before lead to expect; lists are ordered by referrals, "
    "never by percent. Visits made are visits that took place, counted in their month.",
)


def describe(measures: Mapping[str, Measure]) -> str:
    """docs/metrics.md, from the measures' docstrings."""
    parts = [
        "# What each number means",
        "Written by `bin/manage write_metrics` from `reports/measures/`; change it there.",
        *NOTES,
    ]
    for measure in measures.values():
        parts += [f"## `{measure.name}`", f"**{measure.formula}.**", *measure.paragraphs]
    return "\n\n".join(parts) + "\n"
