"""How complete and fresh a feed is, as charts whose titles say what was found."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from common.charts import Chart, table
from common.heat import HeatCell, HeatRow
from common.heat import spec as heat_spec
from common.templatetags.prm import number, percent
from referrals.models import State
from referrals.presenters.charts import month_name, share
from referrals.queries.quality import COLUMNS, MonthQuality, Quality

FULL = 0.95  # a column that is filled so often is complete enough
# A feed tells these only of some referrals; blanks are no fault of it.
_SOMETIMES = frozenset({"Appointment", "Seen on"})


@dataclass(frozen=True)
class StateLine:
    """A state of the feed's referrals, in words."""

    label: str
    referrals: str
    share: str
    newest: dt.date


def charts(found: Quality) -> list[Chart]:
    """Every chart that there is something for."""
    drawn = [_completeness(found.months), _matching(found.months)] if found.months else []
    if any(month.lag_median is not None for month in found.months):
        drawn.append(_lag(found.months))
    if found.imports:
        drawn.append(_imports(found))
    return drawn


def _completeness(months: Sequence[MonthQuality]) -> Chart:
    labels = [month_name(month.month) for month in months]
    values = [[month.filled[name] / month.referrals for month in months] for name in COLUMNS]
    lines = [HeatRow(name, [HeatCell(value, percent(value, 0)) for value in line]) for name, line in zip(COLUMNS, values, strict=True)]
    spec = heat_spec(lines, [(label, "") for label in labels], corner="Column", unit="percent", tone="internal", scale=("0%", "100%"))
    rows = [[name, *(percent(value) for value in line)] for name, line in zip(COLUMNS, values, strict=True)]
    whole = sum(month.referrals for month in months)
    overall = {name: sum(month.filled[name] for month in months) / whole for name in COLUMNS if name not in _SOMETIMES}
    worst = min(overall, key=lambda name: overall[name])
    if overall[worst] >= FULL:
        title = f"Every column is filled in {percent(FULL, 0)} of referrals or more"
    elif not overall[worst]:
        blank = [name for name in overall if not overall[name]]
        title = f"{blank[0]} is never told" if len(blank) == 1 else f"{len(blank)} columns are never told, {_inside(blank[0])} among them"
    else:
        title = f"{worst} is blank in {percent(1 - overall[worst], 0)} of referrals, more often than any other column"
    return Chart(
        "completeness",
        title,
        spec,
        table("Share of referrals with a value, by month", ["Column", *labels], rows),
        sub="Share of referrals with a value, by month",
        size="tall",
    )


def _inside(name: str) -> str:
    """A column's name within a sentence: ZIP and NPI stay as they are."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def _matching(months: Sequence[MonthQuality]) -> Chart:
    labels = [month_name(month.month) for month in months]
    unmatched = [month.unmatched / month.referrals for month in months]
    assumed = [month.assumed / month.referrals for month in months]
    series = [
        {"name": "Provider not known", "values": unmatched, "tone": "bad"},
        {"name": "Practice assumed", "values": assumed, "tone": "warn"},
    ]
    whole, lost = sum(month.referrals for month in months), sum(month.unmatched for month in months)
    title = f"{share(lost, whole)} of referrals name a provider we do not know" if lost else "Every named provider is known"
    rows = [[label, percent(a), percent(b)] for label, a, b in zip(labels, unmatched, assumed, strict=True)]
    return Chart(
        "matching",
        title,
        {"kind": "line", "labels": labels, "unit": "percent", "series": series},
        table("Share of referrals by month", ["Month", "Provider not known", "Practice assumed"], rows),
        sub="Practice assumed: the source named none that we know, so the provider's own is taken",
    )


def _lag(months: Sequence[MonthQuality]) -> Chart:
    told = [month for month in months if month.lag_median is not None]
    labels = [month_name(month.month) for month in told]
    series = [
        {"name": "Half came within", "values": [month.lag_median for month in told], "tone": "accent"},
        {"name": "Nine in ten came within", "values": [month.lag_p90 for month in told], "tone": "neutral"},
    ]
    last = told[-1]
    rows = [[month_name(month.month), _days(month.lag_median), _days(month.lag_p90)] for month in told]
    return Chart(
        "lag",
        f"Half of {month_name(last.month)} arrived within {_days(last.lag_median)}, nine in ten within {_days(last.lag_p90)}",
        {"kind": "bar", "labels": labels, "unit": "count", "series": series},
        table("Days from the referral's date to its arrival", ["Month", "Half within", "Nine in ten within"], rows),
        sub="Days from the referral's date to the import that brought it first, for months since the feed began",
    )


def _days(days: float | None) -> str:
    whole = round(days or 0)
    return f"{whole} day{'' if whole == 1 else 's'}"


def _imports(found: Quality) -> Chart:
    labels = [f"{batch.loaded_at:%d %b %Y}".lstrip("0") if batch.loaded_at else batch.file_name for batch in found.imports]
    refused = [batch.rejected_total / batch.rows for batch in found.imports]
    odd = [min(1.0, sum(batch.findings.values()) / batch.rows) for batch in found.imports]
    series = [{"name": "Rejected", "values": refused, "tone": "bad"}, {"name": "Findings", "values": odd, "tone": "warn"}]
    last = found.imports[-1]
    title = (
        f"The last import had {share(last.rejected_total, last.rows)} of its rows rejected"
        if last.rejected_total
        else ("No row of the last import was rejected")
    )
    rows = [
        [label, number(batch.rows), number(batch.rejected_total), number(sum(batch.findings.values()))]
        for label, batch in zip(labels, found.imports, strict=True)
    ]
    return Chart(
        "imports",
        title,
        {"kind": "line" if len(labels) > 1 else "bar", "labels": labels, "unit": "percent", "series": series},
        table("Rows of each import", ["Loaded", "Rows", "Rejected", "Findings"], rows[::-1]),
        sub="Share of each import's rows that was rejected, or loaded with a finding",
    )


def states(found: Quality) -> list[StateLine]:
    """The states of the feed's referrals, most frequent first."""
    whole = sum(state.referrals for state in found.states)
    return [StateLine(State(s.state).label, number(s.referrals), share(s.referrals, whole), s.newest) for s in found.states]


def missing(found: Quality) -> str:
    """A sentence about months without a referral; blank when there is none."""
    names = [month_name(month) for month in found.missing()]
    if not names:
        return ""
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f"No referral of {shown} has arrived. Ask the sender for the file of {'that month' if len(names) == 1 else 'those months'}."
