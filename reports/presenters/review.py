"""The Monday review: every heading is a finding, every line leads to what it speaks of."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from common.templatetags.prm import number, percent
from concerns.queries import LateDepartment
from referrals.models import CountingRules
from reports import words
from reports.cells import Cell, merge
from reports.charts import now_and_before
from reports.measures import leakage_ordered
from reports.models import Alert
from reports.numbers import Mover, Numbers
from reports.presenters.alerts import figures
from reports.presenters.dashboard import MoverList, movers
from reports.queries.alerts import Part
from reports.queries.coverage import Coverage
from reports.queries.field import Contact
from reports.queries.review import Feed, Newcomers
from reports.questions import Question

LINES = 6


@dataclass(frozen=True)
class FallRow:
    """A falling practice: what is missing, who looks after it, what stands open there, and the next step."""

    name: str
    url: str
    missing: int
    observed: int
    expected: int
    owner: str
    last_visit_on: dt.date | None
    concerns: int
    concerns_url: str
    plan_url: str
    rows_url: str
    do_not_visit: bool


@dataclass(frozen=True)
class AlertLine:
    """An alert as the review tells it, with its page; of a part of the provider's offices only that part is told."""

    provider: str
    practice: str
    url: str
    sentence: str


def alert_lines(alerts: Sequence[Alert], parts: Mapping[int, Part]) -> list[AlertLine]:
    return [
        AlertLine(
            str(alert.provider),
            alert.practice.name if alert.practice else "",
            alert.get_absolute_url(),
            figures(alert, parts.get(alert.pk)).sentence,
        )
        for alert in alerts
    ]


def feeds_finding(feeds: Sequence[Feed]) -> str:
    late = [feed for feed in feeds if feed.is_late]
    if not feeds:
        return "No feed has sent anything yet"
    if not late:
        return "Every feed is up to date" if len(feeds) > 1 else "The feed is up to date"
    names = " and ".join(feed.name for feed in late[:2])
    return f"{names} {'is' if len(late) == 1 else 'are'} late" if len(late) < 3 else f"{len(late)} feeds are late"


def falls(found: Numbers, question: Question, contacts: Mapping[int, Contact], concerns: Mapping[int, int]) -> list[FallRow]:
    """Largest shortfall in referrals first."""
    listed = next((part for part in movers(found, question, contacts) if part.is_fall), None)
    falling = [mover for mover in found.movers if mover.practice_id in contacts and mover.difference < 0]
    return [_fall(mover, row, contacts[mover.practice_id], concerns) for mover, row in zip(falling, _rows(listed), strict=True)]


def _rows(listed: MoverList | None) -> Sequence[Any]:
    return listed.rows if listed else ()


def _fall(mover: Mover, row: Any, contact: Contact, concerns: Mapping[int, int]) -> FallRow:
    return FallRow(
        contact.name,
        reverse("reports:practice", args=[contact.pk]),
        round(mover.expected) - mover.observed,
        mover.observed,
        round(mover.expected),
        contact.owner,
        contact.last_visit_on,
        concerns.get(contact.pk, 0),
        f"{reverse('concerns:list')}?practice={contact.pk}&state=unfinished",
        row.plan_url,
        row.rows_url,
        contact.do_not_visit,
    )


def newcomers_finding(found: Newcomers) -> str:
    if found.new is None:
        return "New sources need 12 months of history"
    if not found.new and not found.returning:
        return "No new or returning source"
    new = f"{number(found.new)} new" if found.new else ""
    returning = f"{number(found.returning)} returning" if found.returning else ""
    last = found.returning or found.new
    who = " and ".join(filter(None, [new, returning]))
    return f"{who} source{'' if last == 1 else 's'} sent {words.count(found.referrals, 'inbound referral')}"


def coverage_finding(found: Coverage) -> str:
    whole = found.whole
    if not found.tiers:
        return "No tier has a cadence yet"
    if not whole.practices:
        return "No practice has a tier yet"
    if whole.overdue:
        wait = "waits longer than its" if whole.overdue == 1 else "wait longer than their"
        return f"{number(whole.overdue)} of {words.count(whole.practices, 'practice')} {wait} tier was promised"
    if whole.practices == 1:
        return "The only practice with a tier was visited within its cadence"
    return f"All {number(whole.practices)} practices were visited within their cadence"


def concerns_finding(rows: Sequence[LateDepartment], to_tell: int) -> str:
    late = sum(row.late for row in rows)
    if late:
        worst = rows[0]
        where = f", {number(worst.late)} of them at {worst.name}" if len([row for row in rows if row.late]) > 1 else f" at {worst.name}"
        return f"{words.count(late, 'concern')} {'is' if late == 1 else 'are'} past {'its' if late == 1 else 'their'} deadline{where}"
    if to_tell:
        return f"No concern is late; {number(to_tell)} {'is' if to_tell == 1 else 'are'} solved and the practice does not know"
    return "No concern is past its deadline"


@dataclass(frozen=True)
class LeakLine:
    """A service line's leakage, and the way down: practices of the line, then their referrals."""

    name: str
    share: str
    known: str
    left: int
    practices_url: str
    rows_url: str


def both(found: Numbers) -> tuple[list[Cell], list[Cell]]:
    """The window's cells, and those of the window before."""
    return now_and_before(found.grid)


def leaking(found: Numbers) -> list[Cell]:
    """Service lines with most referrals lost first; by name where too little is known to rank."""
    now, _ = both(found)
    lines = [cell for cell in merge(now, 2) if cell.internal + cell.outbound + cell.undetermined]
    ranked = not leakage_ordered(now).range_leads(CountingRules.current().range_leads_above)
    lines.sort(key=lambda cell: (-cell.outbound, cell.labels[0]) if ranked else (0, cell.labels[0]))
    return lines[:LINES]


def leak_lines(found: Numbers, question: Question) -> list[LeakLine]:
    """The lines with their ways down."""
    return [_leak_line(cell, question) for cell in leaking(found)]


def _leak_line(cell: Cell, question: Question) -> LeakLine:
    ratio, line = leakage_ordered([cell]), cell.key[0]
    by = "practice" if question.sees_sources else "territory"
    practices = question.page("leakage", by=by, service_line=line) if line is not None else question.page("leakage")
    return LeakLine(
        cell.labels[0],
        words.share(ratio, question.rules),
        percent(ratio.known_share, 0),
        cell.outbound,
        practices,
        question.rows("outbound", service_line=line) if line is not None else "",
    )
