"""Numbers → what the pages' templates show. No queries of its own."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.permissions import Permission
from common.templatetags.prm import direction, number, percent, signed, signed_percent, signed_points
from reports import words
from reports.cells import Cell
from reports.charts import now_and_before
from reports.measures import leakage_ordered, received
from reports.numbers import Baseline, Mover, Numbers
from reports.queries.field import Contact, Outreach
from reports.questions import Question


@dataclass(frozen=True)
class Kpi:
    """What components/kpi_card.html takes."""

    label: str
    value: str
    url: str = ""
    change: str = ""
    direction: str = "flat"
    tone: str = "neutral"
    word: str = ""
    period: str = ""
    points: Sequence[float | None] = ()
    note: str = ""


def kpis(found: Numbers, question: Question, visits: Outreach, overdue: int | None) -> list[Kpi]:
    """Received, new referrers, leakage, visits and, for those who have them, overdue follow-ups."""
    through = f"Data through {words.day(question.data_through)}"
    cards = [_received(found, question, through), _new_referrers(found, question, through), leakage_card(found, question, through)]
    sees_visits = question.user.can(Permission.VISIT_VIEW)
    cards.append(
        Kpi(
            "Visits made",
            number(visits.made),
            _visits_made(question) if sees_visits else "",
            points=visits.by_month,
            note=question.window.words,
            **_count_change(visits.made, visits.made_before, question),
        )
    )
    if overdue is not None:
        cards.append(Kpi("Overdue follow-ups", number(overdue), _overdue(question), note="As of today"))
    return cards


def _visits_made(question: Question) -> str:
    """The list of exactly these visits; its last day is counted in."""
    days = {"start": question.window.start.isoformat(), "end": question.window.last_day.isoformat()}
    territory = {"territory": question.chosen["territory"]} if "territory" in question.chosen else {}
    return f"{reverse('visits:list')}?{urlencode({'state': 'done', **days, **territory})}"


def _overdue(question: Question) -> str:
    """Everybody's, as the figure counts them; one territory's cannot be asked for there."""
    return "" if "territory" in question.chosen else f"{reverse('visits:follow-ups')}?whose=all&state=overdue"


def _received(found: Numbers, question: Question, through: str) -> Kpi:
    now, before = map(received, now_and_before(found.grid))
    return Kpi(
        "Referrals received",
        number(now),
        question.rows("inbound", "internal") or question.page("growth"),
        points=[received([cell]) for cell in _full(found.months, question)],
        note=through,
        **_count_change(now, before, question, as_share=True, by_chance=True),
    )


def _new_referrers(found: Numbers, question: Question, through: str) -> Kpi:
    label, url = "New referrers", question.page("growth", by="provider", only="new") if question.sees_sources else question.page("growth")
    now, before = found.new_referrers, found.new_referrers_before
    if now is None:
        return Kpi(label, number(None), url, note="Needs 12 months of history before the period")
    if before is None:
        return Kpi(label, number(now), url, period="first referral to us in 12 months or more", note=through)
    return Kpi(label, number(now), url, note=through, **_count_change(now, before, question, by_chance=True))


def leakage_card(found: Numbers, question: Question, through: str) -> Kpi:
    """The rate with its known share and bounds; above the setting the range is the headline, without trend or change."""
    now, before = map(leakage_ordered, now_and_before(found.grid))
    url, above = question.page("leakage"), question.rules.range_leads_above
    note = f"{words.known(now).capitalize()}. {through}"
    if now.range_leads(above):
        return Kpi("Leakage", words.spread(now), url, period="range: too many destinations are unknown", note=note)
    if now.value is not None and now.denominator < words.TOO_FEW:
        return Kpi("Leakage", f"{number(now.numerator)} of {number(now.denominator)}", url, period="too few to say", note=note)
    points = [ratio.value for ratio in (leakage_ordered([cell]) for cell in _full(found.months, question))]
    if (
        not question.has_history
        or now.value is None
        or before.value is None
        or before.range_leads(above)
        or before.denominator < words.TOO_FEW
    ):
        return Kpi("Leakage", percent(now.value), url, points=points, note=note)
    change, settled = now.value - before.value, now.is_level_with(before)
    return Kpi(
        "Leakage",
        percent(now.value),
        url,
        signed_points(change),
        direction(change),
        "neutral" if settled else "bad" if change > 0 else "good",
        "" if settled else "worse" if change > 0 else "better",
        f"{'about level with' if settled else 'vs'} {question.before_words}",
        points,
        note,
    )


def _count_change(now: int, before: int, question: Question, *, as_share: bool = False, by_chance: bool = False) -> dict[str, Any]:
    """Against the window before; in percent only where the base is not small.

    What comes by itself moves by chance too (`by_chance`); what our people do, such as visits, does not.
    """
    if not question.has_history:
        return {"period": question.window.words}
    change, settled = now - before, by_chance and words.is_chance(now, before)
    text = signed_percent(change / before) if as_share and before >= words.TOO_FEW else signed(change)
    return {
        "change": text,
        "direction": direction(change),
        "tone": "neutral" if settled or not change else "good" if change > 0 else "bad",
        "period": f"{'about level with' if settled else 'vs'} {question.before_words}",
    }


def _full(months: Sequence[Cell], question: Question) -> list[Cell]:
    return [cell for cell in months if cell.key[0] < question.full_until]


@dataclass(frozen=True)
class MoverRow:
    """A practice of the shortfall or gain list, with what to do about it."""

    name: str
    url: str
    observed: int
    expected: str
    difference: str
    owner: str
    last_visit_on: dt.date | None
    plan_url: str
    rows_url: str
    do_not_visit: bool


@dataclass(frozen=True)
class MoverList:
    id: str
    title: str
    rows: list[MoverRow]
    is_fall: bool
    csv_url: str
    data_through: dt.date | None


def movers(found: Numbers, question: Question, contacts: Mapping[int, Contact]) -> list[MoverList]:
    """Shortfalls, then gains, of the practices that the person sees."""
    seen = [mover for mover in found.movers if mover.practice_id in contacts]
    parts = {"falls": [mover for mover in seen if mover.difference < 0], "gains": [mover for mover in seen if mover.difference > 0]}
    titles = {"falls": words.falls, "gains": words.gains}
    return [
        MoverList(
            part,
            titles[part](members),
            [_mover_row(mover, contacts[mover.practice_id], question) for mover in members],
            part == "falls",
            question.file("shortfalls"),
            question.data_through,
        )
        for part, members in parts.items()
    ]


def _mover_row(mover: Mover, contact: Contact, question: Question) -> MoverRow:
    baseline = Baseline.of(question.window.end, question.fresh.first_month)
    recent = {"start": baseline.recent.start.isoformat(), "end": baseline.recent.end.isoformat()} if baseline else {}
    may_plan = question.user.can(Permission.VISIT_LOG) and not contact.do_not_visit
    return MoverRow(
        contact.name,
        reverse("contacts:practice", args=[contact.pk]),
        mover.observed,
        number(round(mover.expected)),
        signed(mover.observed - round(mover.expected)),  # as the two figures beside it let one reckon
        contact.owner,
        contact.last_visit_on,
        f"{reverse('visits:plan')}?practice={contact.pk}" if may_plan else "",
        question.rows("inbound", "internal", practice=contact.pk, **recent),
        contact.do_not_visit,
    )


@dataclass(frozen=True)
class Bar:
    """A month of a small server-drawn chart, in the units of its viewBox."""

    x: float
    width: float
    to_us_y: float
    to_us_height: float
    away_y: float
    away_height: float
    title: str


@dataclass(frozen=True)
class Trend:
    """A practice's or provider's last 24 months: bars, the sentence of the baseline, the table."""

    bars: list[Bar]
    sentence: str
    months: str
    rows: list[tuple[str, int, int]]
    has_away: bool
    elsewhere: int | None
    data_through: dt.date | None

    @property
    def width(self) -> int:
        return BAR_STEP * len(self.bars)


BAR_HEIGHT, BAR_STEP = 64, 10


def trend(months: Sequence[Cell], sentence: str, elsewhere: int | None, data_through: dt.date | None) -> Trend:
    """Bars of what came to us, and above it what went elsewhere or nobody knows where."""
    pairs = [(cell.key[0], cell.inbound + cell.internal, cell.outbound + cell.undetermined) for cell in months]
    top = max((to_us + away for _, to_us, away in pairs), default=0) or 1
    bars = []
    for place, (month, to_us, away) in enumerate(pairs):
        low, high = BAR_HEIGHT * to_us / top, BAR_HEIGHT * away / top
        said = f"{month:%b %Y}: {to_us} to us" + (f", {away} elsewhere or unknown" if away else "")
        bars.append(
            Bar(
                place * BAR_STEP + 1,
                BAR_STEP - 2,
                round(BAR_HEIGHT - low, 1),
                round(low, 1),
                round(BAR_HEIGHT - low - high, 1),
                round(high, 1),
                said,
            )
        )
    return Trend(
        bars,
        sentence,
        f"{pairs[0][0]:%b %Y} to {pairs[-1][0]:%b %Y}" if pairs else "",
        [(f"{month:%b %Y}", to_us, away) for month, to_us, away in reversed(pairs)],
        any(away for _, _, away in pairs),
        elsewhere,
        data_through,
    )
