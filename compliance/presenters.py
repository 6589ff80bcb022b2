"""Spend as templates show it: words, tones, meters. No database here."""

import datetime as dt
from collections.abc import Container, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from audit.models import AuditEvent
from compliance.models import Role, Rule, SpendEntry, SpendKind, SpendShare, SpendState, SpendTask, TaskKind, TaskState
from compliance.queries import PhysicianYear
from compliance.rules import Allowance, divide

KIND_ICONS = {
    SpendKind.MEAL: "tools-kitchen-2",
    SpendKind.GIFT: "gift",
    SpendKind.STAFF_EVENT: "calendar-event",
    SpendKind.EDUCATION: "presentation",
}
_STATE_TONES = {SpendState.PLANNED: "info", SpendState.HAPPENED: "neutral", SpendState.CANCELLED: "warn"}
_EVENTS = {
    "spend.recorded": "Written down",
    "spend.changed": "Changed",
    "spend.cancelled": "Cancelled",
    "spend.overridden": "Planned over a limit, with a reason",
    "spend.receipt_added": "Receipt added",
    "spend.receipt_removed": "Receipt removed",
    "spend.task_opened": "Task opened",
    "spend.task_changed": "Task changed",
    "spend.task_withdrawn": "Task no longer needed",
    "spend.repaid": "Repaid",
    "spend.approved": "Approved",
    "spend.exported": "Downloaded",
}
_FIELDS = {"spent_on": "day", "payer_id": "who pays", "practice_id": "practice", "is_solicited": "asked for", "is_reported": "reported"}
SOMEBODY = "Somebody outside your territories"
MOST_NAMES = 4  # of one entry in the list; its page names all


def money(value: Decimal | None) -> str:
    """$1,234.50; nothing known as a dash."""
    return "–" if value is None else f"−${-value:,.2f}" if value < 0 else f"${value:,.2f}"  # noqa: RUF001 - real signs


def day(value: dt.date) -> str:
    return f"{value.day} {value:%b %Y}"


@dataclass(frozen=True)
class Meter:
    """How far a year is used, for the eye and in words. `at` is capped at the limit; the words are not."""

    at: str
    most: str
    percent: str
    tone: str
    words: str
    sub: str


def meter(allowance: Allowance, *, rule: str = Rule.LIMIT, year: int) -> Meter:
    used, limit = allowance.used, allowance.limit
    planned = f", {money(allowance.planned)} of it planned" if allowance.planned else ""
    if rule == Rule.STAFF:
        return Meter("0", "0", "", "neutral", "Not a physician", "Counts under the policy for office staff.")
    if limit is None:
        sub = f"No limit is set for {year}." if rule == Rule.LIMIT else "Employed: written down, without a limit."
        return Meter("0", "0", "", "warn" if rule == Rule.LIMIT else "neutral", f"{money(used)} used{planned}", sub)
    sub = f"{money(used)} of {money(limit)} used in {year}{planned}"
    if rule == Rule.EMPLOYED:
        sub += ", by the policy for employed physicians"
    tone = "bad" if allowance.is_over else "warn" if allowance.is_near else "good"
    rest = limit - used
    words = f"{money(-rest)} over" if rest < 0 else f"{money(rest)} left"
    return Meter(str(min(used, limit)), str(limit), f"{allowance.percent}%", tone, words, sub)


def year_row(one: PhysicianYear, *, year: int, more: Decimal | None = None) -> dict[str, Any]:
    """A physician with the meter of their year; with `more` also what it would be."""
    after = None
    if more is not None and one.rule != Rule.STAFF:
        after = meter(one.allowance.with_planned(more), rule=one.rule, year=year)
    return {
        "provider": one.provider,
        "rule": one.rule,
        "meter": meter(one.allowance, rule=one.rule, year=year),
        "share": more,
        "after": after,
    }


def part_of_each(amount: Decimal, people: int, *, kind: str, whole_gift: bool) -> Decimal:
    """What would count for a physician: the whole of a gift, else the largest of the equal parts."""
    return amount if kind == SpendKind.GIFT and whole_gift else divide(amount, max(people, 1))[0]


@dataclass(frozen=True)
class Row:
    """An entry in the list."""

    entry: SpendEntry
    people: str
    pill: str
    tone: str
    icon: str
    each: str
    has_receipt: bool


def row(entry: SpendEntry, seen: Container[int]) -> Row:
    shares = list(entry.shares.all())
    most = max((share.counted for share in shares if share.rule == Rule.LIMIT), default=None)
    each = f"{money(most)} a physician" if most else ""
    return Row(
        entry,
        people_words(shares, seen),
        "Did it happen?" if entry.is_day_over else entry.get_state_display(),
        "warn" if entry.is_day_over else _STATE_TONES[SpendState(entry.state)],
        KIND_ICONS.get(SpendKind(entry.kind), "package"),
        each,
        bool(vars(entry)["kept_receipts"]),
    )


def people_words(shares: Iterable[SpendShare], seen: Container[int]) -> str:
    """Dr. Lind, Dr. Park, 4 of the office: the first few by name, those whom one does not see as a number."""
    shares = list(shares)
    physicians = [share for share in shares if share.provider_id]
    names = [share_name(share, seen) for share in physicians if share.pk in seen]
    hidden = len(physicians) - len(names)
    office = sum(share.people for share in shares if share.role == Role.STAFF and not share.provider_id)
    told = names[:MOST_NAMES] if len(names) > MOST_NAMES + 1 else names  # "and one more" is no shorter than the name
    if len(told) < len(names):
        told = [*told, f"{len(names) - len(told)} others"]
    if hidden:
        told = [*told, SOMEBODY if hidden == 1 else f"{hidden} outside your territories"]
    return ", ".join([*told, *([f"{office} of the office"] if office else [])])


def share_name(share: SpendShare, seen: Container[int]) -> str:
    if share.provider_id and share.pk not in seen:
        return SOMEBODY
    if share.people > 1:
        return f"{share.people} people, {share.get_role_display().lower()}"
    return str(share) if share.provider_id or share.staff_id else share.get_role_display()


def share_row(share: SpendShare, entry: SpendEntry, seen: Container[int]) -> dict[str, Any]:
    """A line of an entry's page: who, their part, and why it counts as it does."""
    if share.rule == Rule.NONE:
        why = "Counts for nothing"
    elif share.rule == Rule.STAFF:
        why = "Policy for office staff"
    elif not share.counted:
        exempt = {SpendKind.STAFF_EVENT: "Exempt: the yearly medical-staff event", SpendKind.INCIDENTAL: "Apart: incidental items"}
        why = exempt.get(SpendKind(entry.kind), "Counted with the physician")
    elif share.counted > share.amount:
        why = "Counts whole: it cannot be divided"
    else:
        why = "Yearly limit" if share.rule == Rule.LIMIT else "Policy for employed physicians"
    return {
        "name": share_name(share, seen),
        "role": share.get_role_display(),
        "provider": share.provider_id if share.pk in seen else None,
        "amount": money(share.amount),
        "counted": money(share.counted) if share.rule in (Rule.LIMIT, Rule.EMPLOYED) else "–",  # noqa: RUF001
        "why": why,
    }


def history_line(event: AuditEvent) -> dict[str, Any]:
    """One change of the record in words, without quoting what was written."""
    changed = [_FIELDS.get(name, name) for name in event.details.get("changed", ())]
    what = _EVENTS.get(event.event, event.words)
    if event.event.startswith("spend.task_") and (due := event.details.get("due_on")):
        what = f"{what}, due {day(dt.date.fromisoformat(due))}"
    return {"what": f"{what}: {', '.join(changed)}" if changed else what, "by": event.by_label, "at": event.happened_at}


def task_row(task: SpendTask, *, may_finish: bool = False) -> dict[str, Any]:
    """A task in a list: what is to be done by when, and its one pill."""
    if task.state == TaskState.OPEN:
        pill, tone = ("Overdue", "bad") if task.is_late else ("Open", "warn")
    else:
        pill, tone = (task.get_state_display(), "good" if task.state == TaskState.DONE else "neutral")
        if task.was_late:
            pill, tone = "Done late", "warn"
    who = str(task.provider) if task.provider else str(task.entry.practice or "")
    what = f"{who} repays {money(task.amount)}" if task.kind == TaskKind.REPAY else f"{money(task.amount)} to approve: {who}"
    return {"task": task, "what": what, "pill": pill, "tone": tone, "may_finish": may_finish, "amount": money(task.amount)}
