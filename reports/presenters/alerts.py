"""Alerts → what their pages show. No queries of its own.

Somebody who sees a part of a provider's practices is told the figures of that part: nothing of them can be subtracted (ADR 10).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from common.charts import Chart
from common.templatetags.prm import month as month_word
from common.templatetags.prm import number, signed
from reports.charts.control import Series, control
from reports.charts.control import chart as control_chart
from reports.intervals import rate_ratio
from reports.models import Alert, AlertChange, AlertRun, AlertState
from reports.periods import add_months
from reports.queries.alerts import Part
from reports.queries.field import Contact

REASONS = {
    "not seen": ("Feed silent or still filling up", "Their months were not told whole: a silent month is no fall."),
    "short history": ("Too short a history", "Fewer than three whole months before the last three: nothing to compare with."),
    "off lists": ("Off lists", "Emergency, hospital medicine, residents, locums, and whoever was taken off by hand."),
    "changed sides": ("Changed sides", "Became one of ours, or left: their referrals changed their name, not their number."),
}
STEPS = {
    "found": ("Found", "alert-triangle", "warn"),
    "again": ("Found again", "alert-triangle", "warn"),
    "merged": ("Moved to the provider merged into", "git-merge", "neutral"),
    "seen": ("Seen", "eye", "neutral"),
    "snoozed": ("Snoozed", "clock", "neutral"),
    "assigned": ("Assigned", "user", "neutral"),
    "visit": ("Visit planned", "calendar-plus", "good"),
    "concern": ("Concern raised", "message-report", "good"),
    "closed": ("Closed", "circle-check", "neutral"),
    "reopened": ("Reopened", "refresh", "neutral"),
}
TONES = {
    AlertState.NEW: "warn", AlertState.SEEN: "neutral", AlertState.SNOOZED: "neutral", AlertState.ASSIGNED: "info",
    AlertState.VISIT: "good", AlertState.CONCERN: "good", AlertState.CLOSED: "neutral",
}  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """What one person is told of an alert. `is_part`: of their own practices, or of their line there, only; q always speaks of the whole
    provider."""

    observed: int
    expected: float
    low: float
    high: float | None
    sentence: str
    is_part: bool = False

    @property
    def difference(self) -> float:
        return self.observed - self.expected


def figures(alert: Alert, part: Part | None = None) -> Figures:
    if part is None:
        return Figures(alert.observed, alert.expected, alert.low, alert.high, alert.sentence)
    run_words = alert.last_run.recent_words
    share = alert.expected / alert.before if alert.before else 0.0
    expected = part.before * share
    if not (part.before + part.observed and share):
        return Figures(
            part.observed, expected, 0.0, None, f"{_referrals(part.observed)} {_whence(part)} in {run_words}. {_others(part)}", True
        )
    ratio = rate_ratio(part.observed, share, part.before, 1.0)
    high = ratio.high if ratio.high != float("inf") else None
    sentence = (
        f"{_referrals(part.observed)} {_whence(part)} in {run_words}, {expected:,.1f} expected: {ratio.value:.2f} times that "
        f"(95% interval {ratio.low:.2f} to {ratio.high:.2f}; q = {max(alert.q, 0.0001):.2g} over all offices). {_others(part)}"
    )
    return Figures(part.observed, expected, ratio.low, high, sentence, True)


def _whence(part: Part) -> str:
    return "for your service line" if part.of_line else "from your practices"


def _others(part: Part) -> str:
    if part.of_line:
        return "This provider refers for other lines, or from other offices, as well; the alert speaks of all, these figures of yours."
    return "This provider refers from other offices as well; the alert speaks of all of them, these figures of yours."


def _referrals(count: int) -> str:
    return f"{count:,} referral{'' if count == 1 else 's'}"


@dataclass(frozen=True)
class Row:
    """One alert in a list: its figures, a spark of its months with what was expected, who looks after it, what was done last."""

    alert: Alert
    figures: Figures
    points: Sequence[float | None]
    expected: Sequence[float | None]
    contact: Contact | None
    pill: str
    tone: str
    undo: str = ""

    @property
    def difference(self) -> str:
        """In referrals, with its sign."""
        return signed(self.figures.difference)

    @property
    def spark_words(self) -> str:
        known = [point for point in self.points if point is not None]
        return f"{len(known)} months, {known[0]:.0f} at first and {known[-1]:.0f} at last" if known else ""


def row(
    alert: Alert,
    *,
    part: Part | None,
    months: Mapping[dt.date, int],
    contact: Contact | None,
    last: AlertChange | None,
) -> Row:
    expected = expected_months(alert, part)
    shown = _span(alert)
    return Row(
        alert,
        figures(alert, part),
        [months.get(month, 0) if month in expected else None for month in shown],
        [expected.get(month) for month in shown],
        contact,
        state_words(alert),
        TONES[AlertState(alert.state)],
        STEPS[last.what][0].lower() if last is not None and last.changed_by_id and last.what in STEPS else "",
    )


def state_words(alert: Alert) -> str:
    """The state with whose it is or until when."""
    words = str(AlertState(alert.state).label)
    if alert.state == AlertState.SNOOZED and alert.snoozed_until_on:
        return f"Back from snooze of {_day(alert.snoozed_until_on)}" if alert.is_open else f"Snoozed until {_day(alert.snoozed_until_on)}"
    if alert.state == AlertState.ASSIGNED and alert.assigned_to:
        return f"Assigned to {alert.assigned_to}"
    return words


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%b}"


def expected_months(alert: Alert, part: Part | None) -> dict[dt.date, float]:
    """What the baseline leads to expect of each month that was compared; of a part, its share of the baseline."""
    share = 1.0 if part is None else part.before / alert.before if alert.before else 0.0
    return {dt.date.fromisoformat(month): expected * share for month, expected in alert.months}


def _span(alert: Alert) -> list[dt.date]:
    """Every month from the first that was compared to the last."""
    if not alert.months:
        return []
    month, last = (dt.date.fromisoformat(alert.months[at][0]) for at in (0, -1))
    found = [month]
    while found[-1] < last:
        found.append(add_months(found[-1], 1))
    return found


def chart(alert: Alert, part: Part | None, counts: Mapping[dt.date, int], *, start: dt.date, data_through: dt.date | None) -> Chart:
    """The provider's months as an XmR chart, with what the baseline leads to expect of those that were compared."""
    expected = expected_months(alert, part)
    through = max(expected)
    months = [start]
    while months[-1] < max([*counts, through]):
        months.append(add_months(months[-1], 1))
    late = add_months(through, 1)
    series = Series(
        "Inbound referrals",
        months,
        [counts.get(month, 0) for month in months],
        immature_from=late if months[-1] >= late else None,
        silent=[month for month in months if min(expected) <= month <= through and month not in expected],
    )
    drawn = control_chart(
        control(series),
        id="alert-months",
        title=_finding(alert, figures(alert, part)),
        sub="Inbound referrals by month" + (f", {_whence(part)}" if part else ""),
        data_through=data_through,
    )
    line = [round(expected[month], 1) if month in expected else None for month in months]
    table = drawn.table
    return replace(
        drawn,
        spec=drawn.spec | {"expected": line},
        table=table
        | {
            "columns": [*table["columns"][:2], {"label": "Expected", "num": True}, *table["columns"][2:]],
            "rows": [[*row[:2], number(value, 1), *row[2:]] for row, value in zip(table["rows"], line, strict=True)],
        },
        note=" ".join(filter(None, [drawn.note, "Limits annotate; the alert comes from the count test against the dashed line."])),
    )


def _finding(alert: Alert, told: Figures) -> str:
    """The title: what came against what was expected, in referrals."""
    word = "short of" if told.difference < 0 else "above"
    return f"{number(abs(told.difference))} referrals {word} the {number(told.expected)} expected in {alert.last_run.recent_words}"


@dataclass(frozen=True)
class Step:
    """An entry of an alert's history, for components/timeline_entry.html."""

    icon: str
    tone: str
    title: str
    when: dt.datetime
    by: str
    text: str


def history(changes: Sequence[AlertChange], part: Part | None) -> list[Step]:
    """What a run found is told in figures of the whole provider, so somebody who sees a part is told only that it was found."""
    steps = []
    for change in changes:
        title, icon, tone = STEPS.get(change.what, (change.what.capitalize(), "note", "neutral"))
        by = (
            str(change.changed_by)
            if change.changed_by
            else "Found by the nightly run"
            if change.what in {"found", "again"}
            else "By itself"
        )
        words = "" if part and change.what in {"found", "again"} else change.words
        steps.append(Step(icon, tone, f"{title} (taken back)" if change.undone_at else title, change.changed_at, by, words))
    return steps


def untested_words(run: AlertRun) -> list[tuple[str, str, str, int]]:
    """(key, name, why, how many), the most frequent first."""
    rows = [(key, *REASONS.get(key, (key.capitalize(), "")), count) for key, count in run.not_tested.items()]
    return sorted(rows, key=lambda entry: -entry[3])


def feed_words(run: AlertRun) -> list[tuple[str, str]]:
    """What each feed let the run compare: (feed, sentence)."""
    found = []
    for feed in run.feeds:
        through = feed["through"] and dt.date.fromisoformat(feed["through"])
        silent = [dt.date.fromisoformat(month) for month in feed["silent"]]
        said = f"Whole through {month_word(through)}." if through else "No month is whole yet."
        if silent:
            said += f" Silent: {', '.join(month_word(month) for month in silent)}."
        for start, end, is_filled in feed["gaps"]:
            first, last = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
            filled = "what it held back has come" if is_filled else "what it held back has not come"
            said += f" Nothing arrived from {_day(first)} {first:%Y} to {_day(last)} {last:%Y}; {filled}."
        found.append((feed["name"], said))
    return found


def q_words(run: AlertRun) -> str:
    """What q means, in a sentence."""
    return (
        f"q is the false-discovery rate: of all alerts listed together, at most {run.q:.0%} are expected to be chance. "
        "An alert's own q is the smallest rate at which it would still be listed."
    )
