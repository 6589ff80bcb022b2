"""Every write of concerns: keyword-only, atomic, audited. The history names steps and fields, never what was written."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from common.guarded import check_no_patient
from concerns import policies
from concerns.models import Category, Comment, CommentKind, Concern, ConcernState, Department, Severity
from contacts.models import Practice, Provider
from notices.actions import notify, withdraw
from notices.models import NoticeKind


@transaction.atomic
def open_concern(
    *,
    practice: Practice,
    category: Category,
    text: str,
    severity: str = Severity.NORMAL,
    by: User,
    provider: Provider | None = None,
    owner: User | None = None,
    department: Department | None = None,
    raised_at: dt.datetime | None = None,
    is_none: bool = False,
) -> Concern:
    """Write down what a practice said. Its category gives the department and the day by which it is to be resolved.

    A text that looks like a patient's identifier is refused (`common.guarded.LooksLikePatient`) until `is_none` says that it is none.
    """
    policies.check_can_open(by=by, practice=practice, provider=provider, category=category)
    policies.check_text(text, what="what the practice said", is_none=is_none)
    policies.check_owner(owner)
    now = timezone.now()
    raised_at = min(raised_at or now, now)
    started = timezone.localdate(raised_at)
    concern = Concern.objects.create(
        practice=practice,
        provider=provider,
        category=category,
        severity=severity,
        text=text.strip(),
        raised_by=by,
        raised_at=raised_at,
        department=department or category.department,
        owner=owner,
        clock_started_on=started,
        due_on=_due(category, started),
    )
    record("concern.opened", by=by, target=concern, practice=practice.pk, category=category, severity=severity, due_on=concern.due_on)
    _tell_owner(concern, by=by)
    return concern


@transaction.atomic
def comment_on_concern(*, concern: Concern, text: str, by: User, is_none: bool = False) -> Comment:
    """Add what is known now."""
    concern = _locked(concern, by=by)
    policies.check_text(text, what="something", is_none=is_none)
    comment = _comment(concern, CommentKind.COMMENT, text, by)
    record("concern.commented", by=by, target=concern)
    return comment


@transaction.atomic
def change_concern(
    *,
    concern: Concern,
    category: Category,
    severity: str,
    department: Department,
    owner: User | None,
    due_on: dt.date | None = None,
    by: User,
) -> Concern:
    """Sort a concern anew: another category moves the deadline with it, unless a day is named."""
    concern = _locked(concern, by=by)
    policies.check_is(concern, ConcernState.OPEN, ConcernState.RESOLVED)
    policies.check_owner(owner)
    if department.pk != concern.department_id:
        policies.check_department(department)
    if due_on is None or (due_on == concern.due_on and category.pk != concern.category_id):
        due_on = _due(category, concern.clock_started_on)
    wanted: dict[str, Any] = {"category": category, "severity": severity, "department": department, "owner": owner, "due_on": due_on}
    changes = {
        name: [str(getattr(concern, name) or ""), str(value or "")] for name, value in wanted.items() if getattr(concern, name) != value
    }
    if changes:
        for name, value in wanted.items():
            setattr(concern, name, value)
        concern.save(update_fields=list(wanted))
        record("concern.changed", by=by, target=concern, changes=changes)
        if "owner" in changes:
            _tell_owner(concern, by=by)
    return concern


@transaction.atomic
def resolve_concern(*, concern: Concern, resolution: str, by: User, is_none: bool = False) -> Concern:
    """Something was done about it. The practice is yet to be told."""
    concern = _locked(concern, by=by)
    policies.check_is(concern, ConcernState.OPEN)
    policies.check_text(resolution, what="what was done", is_none=is_none)
    concern.state, concern.resolution, concern.resolved_at, concern.resolved_by = (
        ConcernState.RESOLVED,
        resolution.strip(),
        timezone.now(),
        by,
    )
    concern.save(update_fields=["state", "resolution", "resolved_at", "resolved_by"])
    _comment(concern, CommentKind.RESOLVED, resolution, by)
    record("concern.resolved", by=by, target=concern, late=timezone.localdate() > concern.due_on)
    _tell(concern, "resolved", [concern.raised_by, concern.owner], f"Resolved, not told yet: {concern}", by=by)
    return concern


@transaction.atomic
def tell_practice(
    *, concern: Concern, told_on: dt.date, told_how: str, told_by: User | None = None, text: str = "", by: User, is_none: bool = False
) -> Concern:
    """The practice knows what was done: only now the concern is closed. `told_by` is who told them, else who says so."""
    concern = _locked(concern, by=by)
    policies.check_is(concern, ConcernState.RESOLVED)
    policies.check_told_on(concern, told_on)
    check_no_patient(text, is_none=is_none)
    concern.state, concern.told_on, concern.told_how, concern.told_by = ConcernState.CLOSED, told_on, told_how, told_by or by
    concern.save(update_fields=["state", "told_on", "told_how", "told_by"])
    _comment(concern, CommentKind.TOLD, text, by)
    record("concern.closed", by=by, target=concern, told_on=told_on, told_how=told_how, told_by=concern.told_by)
    return concern


@transaction.atomic
def reopen_concern(*, concern: Concern, text: str = "", by: User, is_none: bool = False) -> Concern:
    """It was not solved, or came back: its category's days count from today. What was said to be done stays among the comments."""
    concern = _locked(concern, by=by)
    policies.check_is(concern, ConcernState.RESOLVED, ConcernState.CLOSED)
    check_no_patient(text, is_none=is_none)
    today = timezone.localdate()
    concern.state, concern.clock_started_on, concern.due_on = ConcernState.OPEN, today, _due(concern.category, today)
    concern.resolution, concern.resolved_at, concern.resolved_by = "", None, None
    concern.told_on, concern.told_by, concern.told_how = None, None, ""
    concern.escalated_at, concern.escalated_to = None, None
    concern.save()
    _comment(concern, CommentKind.REOPENED, text, by)
    record("concern.reopened", by=by, target=concern, due_on=concern.due_on)
    return concern


@transaction.atomic
def escalate_concern(*, concern: Concern, to: User | None, text: str = "", by: User | None, is_none: bool = False) -> Concern:
    """Take it to somebody above: by default the lead of its department. `by` is None when the deadline did it."""
    concern = _locked(concern, by=by)
    policies.check_is(concern, ConcernState.OPEN)
    check_no_patient(text, is_none=is_none)
    to = to or concern.department.lead
    if to is None:
        raise PolicyViolation(f"{concern.department} has no lead. Name the person to whom this goes.")
    policies.check_owner(to)
    concern.escalated_at, concern.escalated_to = timezone.now(), to
    concern.save(update_fields=["escalated_at", "escalated_to"])
    _comment(concern, CommentKind.ESCALATED, text, by)
    record("concern.escalated", by=by, target=concern, to=to)
    _tell(concern, "escalated", [to], f"Escalated to you: {concern}, due {concern.due_on:%b %-d}", by=by)
    _tell(concern, "escalated", [concern.owner] if concern.owner != to else [], f"Escalated to {to}: {concern}", by=by)
    return concern


@transaction.atomic
def take_back_escalation(*, concern: Concern, escalated_at: dt.datetime | None, escalated_to: User | None, by: User) -> Concern:
    """Undo an escalation: whoever had it before has it again (nobody, for the first). Whoever was told reads that it was taken back."""
    concern = _locked(concern, by=by)
    policies.check_is(concern, ConcernState.OPEN)
    told = concern.escalated_to
    concern.escalated_at, concern.escalated_to = escalated_at, escalated_to
    concern.save(update_fields=["escalated_at", "escalated_to"])
    _comment(concern, CommentKind.COMMENT, f"The escalation to {told} was taken back.", by)
    withdraw(key=_key(concern, "escalated"), to_others_than=escalated_to.pk if escalated_to else 0, by=by)
    record("concern.escalation_taken_back", by=by, target=concern, to=told)
    return concern


def _key(concern: Concern, what: str) -> str:
    return f"concern {concern.pk} {what}"


def _tell_owner(concern: Concern, *, by: User) -> None:
    _tell(concern, "assigned", [concern.owner], f"Yours to answer: {concern}, due {concern.due_on:%b %-d}", by=by)


def _tell(concern: Concern, what: str, people: list[User | None], text: str, *, by: User | None) -> None:
    """The sentence names category and practice, never what was written."""
    notify(to=people, kind=NoticeKind.CONCERN, text=text, url=concern.get_absolute_url(), by=by, key=_key(concern, what))


def escalate_late_concerns() -> int:
    """Every open concern that is past its deadline by its category's days goes to the department's lead, once; returns how many."""
    late = Concern.objects.past_deadline().filter(
        escalated_at=None,
        category__escalate_days__isnull=False,
        department__lead__is_active=True,
    )
    ripe = [concern for concern in late.select_related("category") if concern.days_late >= (concern.category.escalate_days or 0)]
    for concern in ripe:
        escalate_concern(concern=concern, to=None, by=None)
    return len(ripe)


@transaction.atomic
def save_department(
    *, name: str, lead: User | None = None, is_active: bool = True, department: Department | None = None, by: User
) -> Department:
    """Add a department, rename it, name its lead, or take it off the list; concerns keep theirs."""
    policies.check_may_set_up(by)
    policies.check_owner(lead)
    event = "department.edited" if department else "department.added"
    department = department or Department()
    department.name, department.lead, department.is_active = name.strip(), lead, is_active
    department.save()
    record(event, by=by, target=department, lead=lead, is_active=is_active)
    return department


@transaction.atomic
def save_category(
    *,
    name: str,
    department: Department,
    deadline_days: int,
    escalate_days: int | None = None,
    is_active: bool = True,
    category: Category | None = None,
    by: User,
) -> Category:
    """Add a category or change it. Deadlines that run already stay as they were promised."""
    policies.check_may_set_up(by)
    policies.check_department(department)
    event = "category.edited" if category else "category.added"
    category = category or Category()
    category.name, category.department, category.deadline_days = name.strip(), department, deadline_days
    category.escalate_days, category.is_active = escalate_days, is_active
    category.save()
    record(
        event,
        by=by,
        target=category,
        department=department,
        deadline_days=deadline_days,
        escalate_days=escalate_days,
        is_active=is_active,
    )
    return category


@transaction.atomic
def give_concerns(*, ids: Iterable[int], giver: User, taker: User, by: User) -> list[int]:
    """Concerns that one person answers for and that are not over become another's, together. Returns which did; no notice for each."""
    policies.check_owner(taker)
    live = [ConcernState.OPEN, ConcernState.RESOLVED]
    rows = Concern.objects.select_for_update(of=("self",)).filter(pk__in=list(ids), owner=giver, state__in=live).order_by("pk")
    given = []
    for concern in rows:
        concern.owner = taker
        concern.save(update_fields=["owner"])
        record("concern.changed", by=by, target=concern, changes={"owner": [str(giver), str(taker)]})
        given.append(concern.pk)
    return given


def _due(category: Category, started: dt.date) -> dt.date:
    return started + dt.timedelta(days=category.deadline_days)


def _locked(concern: Concern, *, by: User | None) -> Concern:
    """The row as it is now, held until the end of the transaction, for somebody who may change it."""
    concern = Concern.objects.for_list().select_related("department__lead").select_for_update(of=("self",)).get(pk=concern.pk)
    if by is not None:
        policies.check_can_work_on(by, concern)
    return concern


def _comment(concern: Concern, kind: str, text: str, by: User | None) -> Comment:
    return Comment.objects.create(concern=concern, kind=kind, text=text.strip(), written_by=by)
