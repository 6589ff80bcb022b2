"""A finished Monday review as a document of one page."""

import datetime as dt
from typing import Any

from accounts.models import User
from referrals.models import CountingRules
from reports.cells import Cell
from reports.exports.document import Block, Column, Document, Heading, TableBlock, Text, Unit, counts, shares
from reports.exports.frame import document_of, meaning
from reports.exports.guard import hidden
from reports.measures import leakage_ordered
from reports.models import ReportRun

_DAYS = Column("Days", Unit.COUNT)


def document(run: ReportRun, reader: User) -> Document:
    """Findings as headings, each with its rows."""
    found = run.result
    if not found:
        return document_of(run, "Monday review", "", [Text("No referral data yet.")])
    day = dt.date.fromisoformat(found["on"])
    return document_of(run, "Monday review", f"{day.day} {day:%b %Y}", _blocks(found))


def _blocks(found: dict[str, Any]) -> list[Block]:
    smallest = CountingRules.current().small_cell
    return [
        Heading(found["feeds_finding"]),
        TableBlock(
            "Feeds", [Column("Feed"), Column("Through", Unit.DATE), _DAYS], [[name, _day(on), days] for name, on, days in found["feeds"]]
        ),
        Heading(found["falls_finding"]),
        TableBlock(
            f"Falling sources, {found['recent']} against each one's own twelve months before",
            [
                Column("Practice"),
                Column("Short by", Unit.COUNT, parts=("Came", "Expected")),
                *counts("Came", "Expected"),
                Column("Looked after by"),
                Column("Last visit", Unit.DATE),
                Column("Open concerns", Unit.COUNT),
            ],
            [[*row[:5], _day(row[5]), row[6]] for row in found["falls"]],
            is_main=True,
            empty="No practice is clearly below its own baseline.",
        ),
        Heading(found["new_finding"]),
        TableBlock(
            f"New and returning sources of {found['new_in']}",
            [Column("Provider"), Column("Practice"), *counts("Referrals"), Column("Kind")],
            found["new"],
            empty="Nobody.",
        ),
        Heading(found["coverage_finding"]),
        TableBlock(
            "Visits promised and made by tier, the last 90 days",
            [
                Column("Tier"),
                Column("Every (days)", Unit.COUNT),
                Column("Practices", Unit.COUNT),
                Column("Promised", Unit.DECIMAL, parts=("Practices",)),
                Column("Made", Unit.COUNT),
                *shares("Kept", parts=("Practices",)),
                Column("Waiting", Unit.COUNT),
            ],
            found["coverage"],
            empty="No tier has a cadence yet.",
        ),
        Heading(found["concerns_finding"]),
        TableBlock(
            "Concerns past their deadline by department",
            [Column("Department"), Column("Late", Unit.COUNT), Column("Open", Unit.COUNT), Column("Oldest, days late", Unit.COUNT)],
            found["concerns"],
            note=f"{found['to_tell']} solved, and the practice does not know yet." if found["to_tell"] else "",
            empty="None.",
        ),
        Heading(f"Leakage by service line, {found['months']}"),
        TableBlock(
            "Our own referrals",
            [Column("Service line"), *counts("Kept", "Left", "No destination"), *shares("Leakage", "Known share")],
            [[name, kept, left, unknown, *_ratio(kept, left, unknown)] for name, kept, left, unknown in found["leaks"]],
            empty="None of our own referrals.",
        ),
        Heading(found["goals_finding"]),
        TableBlock(
            "Goals and where their period is likely to end",
            [Column(label) for label in ("For", "What", "Period")]
            + [Column("Target"), Column("So far"), Column("Likely from"), Column("to"), Column("Standing")],
            [_goal(row, smallest) for row in found["goals"]],
            empty="No goal is running.",
        ),
        meaning("received", "leakage_ordered"),
    ]


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _ratio(kept: int, left: int, unknown: int) -> list[float | None]:
    ratio = leakage_ordered([Cell(internal=kept, outbound=left, undetermined=unknown)])
    return [ratio.value, ratio.known_share]


def _goal(row: list[Any], smallest: int) -> list[Any]:
    """A small count of referrals is not told where this may go, nor what would give it away."""
    subject, measure, period, target, so_far, low, high, standing, is_share = row
    if not is_share and "eferrals" in measure and isinstance(hidden(so_far or 0, smallest), str):
        return [subject, measure, period, _figure(target, is_share=False), f"<{smallest}", "", "", standing]
    return [subject, measure, period, *(_figure(value, is_share=is_share) for value in (target, so_far, low, high)), standing]


def _figure(value: float | None, *, is_share: bool) -> str:
    if value is None:
        return ""
    return f"{value:.1%}" if is_share else f"{value:,.0f}"
