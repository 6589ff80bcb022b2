"""A physician's yearly statement on paper: neutral texts, the same for page and PDF."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from common.paper import pdf
from compliance.models import Rule, SpendShare, SpendState, TaskKind, TaskState
from compliance.presenters import day, money
from compliance.queries import Statement

TEMPLATE = Path(__file__).with_name("statement.typ")
NOT_ADVICE = "This statement helps to keep the rules on gifts and meals (42 CFR 411.357). It is not legal advice."


@dataclass(frozen=True)
class Part:
    """What one of our entities gave: lines of texts (day, what, where, had, counts), and what they come to."""

    title: str
    lines: Sequence[Sequence[str]]
    sums: Sequence[Sequence[str]]
    notes: Sequence[str]


@dataclass(frozen=True)
class Paper:
    title: str
    name: str
    about: Sequence[str]
    parts: Sequence[Part]
    foot: str


def as_paper(statement: Statement) -> Paper:
    """The statement in words. What is only planned is no part of it."""
    parts = []
    for section in statement.sections:
        happened = [share for share in section.shares if share.entry.state == SpendState.HAPPENED]
        limit = money(section.limit) if section.limit is not None else "not set"
        sums = [("Counts against the yearly limit", money(section.counted)), (f"Limit of {statement.year}", limit)]
        if section.limit is not None:
            rest = section.limit - section.counted
            sums.append(("Over the limit", money(-rest)) if rest < 0 else ("Left", money(rest)))
        if section.repaid:
            sums.append(("Repaid", money(section.repaid)))
        if section.apart:
            sums.append(("Apart from the limit", money(section.apart)))
        open_tasks = [task for task in section.tasks if task.state == TaskState.OPEN]
        notes = [
            f"{money(task.amount)} to be repaid by {day(task.due_on)}."
            if task.kind == TaskKind.REPAY
            else f"{money(task.amount)} under review."
            for task in open_tasks
        ]
        title = str(section.payer) if section.payer else "The health system"
        parts.append(Part(title, [_line(share) for share in happened], sums, notes))
    npi = f"NPI {statement.provider.npi}" if statement.provider.npi else "No NPI on record"
    return Paper(
        title=f"Statement of {statement.year}",
        name=str(statement.provider),
        about=[npi, f"January 1 to December 31, {statement.year}: meals, gifts and other benefits that were not money"],
        parts=parts,
        foot=NOT_ADVICE,
    )


def _line(share: SpendShare) -> Sequence[str]:
    entry = share.entry
    what = entry.get_kind_display() + (" (family)" if share.role == "family" else "")
    return (day(entry.spent_on), what, str(entry.practice or entry.vendor or ""), money(share.amount), _counts(share))


def _counts(share: SpendShare) -> str:
    return money(share.counted) if share.rule == Rule.LIMIT and share.counted else "apart"


def pdf_bytes(paper: Paper, *, logo: bytes = b"") -> bytes:
    """Letter size, tagged for screen readers, with the organization's logo (a PNG) at the top."""
    return pdf(TEMPLATE, "statement", {**asdict(paper), "logo": list(logo), "organization": "Logo of the health system"})
