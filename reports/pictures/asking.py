"""What every picture asks: a measure, over months, as the person sees it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from referrals.behind import Part
from reports.measures import Ask, Measure, Row
from reports.measuring import WrongQuestion, check
from reports.periods import Window, add_months
from reports.queries.silence import feeds_seen
from reports.questions import Question

UNFINISHED = 3  # months after the last full one that some feeds may already have reached
BY_DESTINATION = {"leakage_ordered", "keepage_ordered"}  # what is unknown of these is where a referral went, of others how it ended


@dataclass(frozen=True)
class Words:
    """How a picture names a measure: in titles, what is counted, out of what, and its color."""

    title: str
    cases: str
    sizes: str
    tone: str


# measure: what its numerator and its denominator are called on a chart, and its tone
_WORDS: Mapping[str, tuple[str, str, str]] = {
    "leakage_ordered": ("Left", "Referrals with a known destination", "outbound"),
    "keepage_ordered": ("Kept", "Referrals with a known destination", "internal"),
    "leakage_realised": ("Seen elsewhere", "Referrals seen", "outbound"),
    "leakage_broad": ("Left or never completed", "Referrals of our own", "outbound"),
    "conversion_scheduled": ("Scheduled", "Referrals", "c4"),
    "conversion_scheduled_seen": ("Seen", "Referrals scheduled", "c4"),
    "conversion_seen": ("Seen", "Referrals", "c4"),
    "closed_loop": ("Report received", "Referrals", "c6"),
    "no_show": ("No-shows", "Appointments kept or missed", "c5"),
    "volume": ("Referrals", "", "c1"),
    "received": ("Referrals", "", "c1"),
    "inbound": ("Referrals", "", "inbound"),
    "internal": ("Referrals", "", "internal"),
    "outbound": ("Referrals", "", "outbound"),
    "undetermined": ("Referrals", "", "undetermined"),
}


def words_of(measure: Measure) -> Words:
    cases, sizes, tone = _WORDS.get(measure.name, ("Cases", "Referrals counted", "c4"))
    return Words(measure.title, cases, sizes, tone)


def refusal(measure: Measure, question: Question, *by: str) -> str:
    """Why this measure cannot be cut so, or what data it lacks, as a sentence; blank when it can be drawn."""
    try:
        check(measure.name, by, question.where)
    except WrongQuestion as wrong:
        return str(wrong)
    if lacks := measure.lacks(_ask(question, question.window, by)):
        return f"{measure.title}: {lacks}. Without that data there is no figure to draw."
    return ""


def out_of_range(measure: Measure) -> str:
    """Why a share may not be told: too much of it is undetermined."""
    return f"Too many {'destinations' if measure.name in BY_DESTINATION else 'outcomes'} unknown"


def evaluate(measure: Measure, question: Question, window: Window, *by: str) -> list[Row]:
    """The measure's rows by these dimensions, over the days of the window."""
    return measure.evaluate(_ask(question, window, by))


def _ask(question: Question, window: Window, by: tuple[str, ...] = ()) -> Ask:
    return Ask(window.start, window.end, by, dict(question.where), question.scope, fresh=question.fresh, counting=question.rules)


def known(row: Row, question: Question) -> float | None:
    """The figure, where it may be compared: None where nothing was counted, or where too much is undetermined."""
    return None if row.range_leads(question.rules.range_leads_above) else row.value


def late_from(measure: Measure, question: Question) -> dt.date:
    """The first month that is not complete: its rows have not all come, or their outcome is still waited for."""
    until = min(question.full_until, seen_until(measure, question) or question.full_until)
    through = question.data_through
    if measure.waits and through is not None:
        days = dt.timedelta(days=_ask(question, question.window).days(measure.waits))
        while until - dt.timedelta(days=1) + days > through:
            until = add_months(until, -1)
    return until


def speaks_of_inbound(measure: Measure) -> bool:
    return "inbound" in measure.flows


def seen_until(measure: Measure, question: Question) -> dt.date | None:
    """Before which month the feeds of inbound referrals have told nearly all; None where nobody has looked, or it does not matter."""
    through = feeds_seen(question.fresh.version).through if speaks_of_inbound(measure) else None
    return add_months(through, 1) if through else None


def silent_months(measure: Measure, question: Question) -> frozenset[dt.date]:
    """Months in which a feed of inbound referrals fell silent, and what it held back has not come."""
    return feeds_seen(question.fresh.version).silent if speaks_of_inbound(measure) else frozenset()


def stretch(question: Question, start: dt.date) -> Window:
    """From `start` (or where the data begins) to the window's end, and on into months not complete where it reaches the last full one."""
    end = question.window.end
    if end >= question.full_until:
        end = add_months(question.full_until, UNFINISHED)
        if question.data_through is not None:
            end = min(end, add_months(question.data_through.replace(day=1), 1))
    first = question.fresh.first_month
    start = start.replace(day=1)
    return Window(min(max(start, first) if first else start, end), end)


def behind(measure: Measure, question: Question, **extra: Any) -> str:
    """The referrals behind a figure, for those who may see single ones: of a share those of its numerator. Blank for a measure that counts
    no referrals of ours.
    """
    if measure.unit == "share" and measure.parts:
        return question.rows(**{"measure": measure.name, **extra})
    return question.rows(*measure.flows, **extra) if measure.flows else ""


def among(measure: Measure, question: Question, **extra: Any) -> str:
    """The referrals of which a figure is a share."""
    if Part.DENOMINATOR in measure.parts:
        return question.rows(**{"measure": measure.name, "part": Part.DENOMINATOR.value, **extra})
    return question.rows(*measure.flows, **extra) if measure.flows else ""
