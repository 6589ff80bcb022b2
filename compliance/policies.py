"""What may be given and who may write it down. `check_*` raises the sentence, `can_*` answers yes or no."""

import datetime as dt
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from accounts.roles import Role as PersonRole
from common.exceptions import PolicyViolation
from common.patient_marks import warning
from compliance.drafts import SpendDraft
from compliance.models import SpendEntry, SpendKind, SpendState, SpendTask, TaskKind, TaskState
from compliance.rules import CASH_LIKE
from contacts.models import Affiliation, Practice, Provider

MOST = Decimal(1_000_000)
MOST_PEOPLE = 1000
_LEADS = frozenset({PersonRole.MANAGER, PersonRole.ADMIN})


class LooksLikePatient(PolicyViolation):
    """The text holds what may tell who a patient is, and nobody has said that it does not."""


class OverLimit(PolicyViolation):
    """Planned spend that would go over a limit: a manager may override it with a reason."""


def leads(user: User) -> bool:
    """Managers and admins override, approve and correct what others wrote down."""
    return user.role in _LEADS


def check_can_record(by: User, draft: SpendDraft) -> None:
    """For practices and physicians that the person sees, or meets at a practice they see."""
    if not by.can(Permission.SPEND_EDIT):
        raise PolicyViolation("Your role does not write down spend.")
    practice = draft.practice
    if practice is not None and not Practice.objects.visible_to(by).filter(pk=practice.pk).exists():
        raise PolicyViolation(
            "You can write down spend for practices in your territories only. Ask your manager if this one should be yours."
        )
    wanted = {provider.pk for provider in (*draft.providers, *draft.family)}
    seen = set(Provider.objects.visible_to(by).filter(pk__in=wanted).values_list("pk", flat=True))
    if practice is not None:
        seen |= set(Affiliation.objects.open().filter(practice=practice, provider__in=wanted).values_list("provider", flat=True))
    if wanted - seen:
        raise PolicyViolation("Somebody named here is not in your territories. Choose people from the list.")


def check_draft(draft: SpendDraft) -> None:
    """Whether this can stand in the ledger at all, whoever writes it."""
    if not draft.amount.is_finite() or draft.amount <= 0 or draft.amount >= MOST:
        raise PolicyViolation("Enter an amount above zero.")
    if draft.amount != round(draft.amount, 2):
        raise PolicyViolation("Enter the amount in dollars and whole cents.")
    if not draft.purpose.strip():
        raise PolicyViolation("Say what it was for: the business purpose.")
    if not draft.is_none and (said := warning(draft.purpose, today=timezone.localdate())):
        raise LooksLikePatient(said)
    if draft.quantity < 1:
        raise PolicyViolation("Say how many items it was.")
    people = len(draft.providers) + len(draft.family) + len(draft.staff) + draft.staff_count
    if people == 0:
        raise PolicyViolation("Say who had part of it: physicians, their family, or the office's staff.")
    if draft.staff_count < 0 or draft.ours < 0 or people + draft.ours > MOST_PEOPLE:
        raise PolicyViolation(f"Check the number of people: at most {MOST_PEOPLE:,}.")
    for chosen in (draft.providers, draft.staff):
        if len({person.pk for person in chosen}) < len(chosen):
            raise PolicyViolation("Somebody is named twice.")
    _check_never(draft)
    _check_day(draft)


def _check_never(draft: SpendDraft) -> None:
    """What is never given; what was given nevertheless is written down as a report to compliance."""
    reported = draft.is_reported and draft.state == SpendState.HAPPENED
    way_out = "" if draft.state == SpendState.PLANNED else " If it was given already, say so: it is written down and goes to compliance."
    if draft.kind in CASH_LIKE and not reported:
        raise PolicyViolation(CASH_LIKE[SpendKind(draft.kind)] + way_out)
    if draft.is_solicited and not reported:
        raise PolicyViolation("What a physician or an office asks for cannot be given." + way_out)


def _check_day(draft: SpendDraft) -> None:
    today, day = timezone.localdate(), draft.spent_on or timezone.localdate()
    if draft.state == SpendState.HAPPENED and day > today + dt.timedelta(days=1):  # a phone's clock may be off
        raise PolicyViolation("This day lies ahead. Write it down as planned, or choose the day on which it happened.")
    if draft.state == SpendState.PLANNED and day < today:
        raise PolicyViolation("This day is over. Choose today or later, or write down that it happened.")
    if day.year < 2000 or day.year > today.year + 2:
        raise PolicyViolation("Check the year.")


def can_change(user: User, entry: SpendEntry) -> bool:
    """Who wrote it down, and managers (`visible_to` decided before which they see)."""
    return user.can(Permission.SPEND_EDIT) and entry.state != SpendState.CANCELLED and (entry.recorded_by_id == user.pk or leads(user))


def check_can_change(user: User, entry: SpendEntry) -> None:
    if entry.state == SpendState.CANCELLED:
        raise PolicyViolation("This entry is cancelled already.")
    if not can_change(user, entry):
        raise PolicyViolation(f"Only {entry.recorded_by} or a manager can change this entry.")


def check_reason(reason: str) -> None:
    if not reason.strip():
        raise PolicyViolation("Say why.")


def check_can_override(user: User) -> None:
    if not user.can(Permission.SPEND_APPROVE):
        raise PolicyViolation("Only a manager can plan spend over a limit, with a reason.")


def can_finish(user: User, task: SpendTask) -> bool:
    """Managers; nobody approves what they wrote down themselves."""
    own = task.kind == TaskKind.APPROVE and task.entry.recorded_by_id == user.pk
    return user.can(Permission.SPEND_APPROVE) and task.state == TaskState.OPEN and not own


def check_can_finish(user: User, task: SpendTask) -> None:
    if not user.can(Permission.SPEND_APPROVE):
        raise PolicyViolation("Only a manager approves spend or notes a repayment.")
    if task.state != TaskState.OPEN:
        raise PolicyViolation(f"This task is {TaskState(task.state).label.lower()} already.")
    if not can_finish(user, task):
        raise PolicyViolation("You wrote this down yourself: somebody else has to approve it.")


def check_may_set_up(by: User) -> None:
    if not by.can(Permission.SETTINGS_EDIT):
        raise PolicyViolation("Only an admin can change limits and policies.")


def can_attach(user: User, entry: SpendEntry) -> bool:
    """Receipts may still come when an entry is cancelled: who wrote it down, and managers."""
    return user.can(Permission.SPEND_EDIT) and (entry.recorded_by_id == user.pk or leads(user))


def check_can_attach(user: User, entry: SpendEntry) -> None:
    if not can_attach(user, entry):
        raise PolicyViolation(f"Only {entry.recorded_by} or a manager keeps the receipts of this entry.")


def check_receipt(*, size: int, largest: int, kind: str) -> None:
    if size == 0:
        raise PolicyViolation("This file is empty.")
    if size > largest:
        raise PolicyViolation(f"This file is too large: at most {largest // 1024 // 1024} MB.")
    if not kind:
        raise PolicyViolation("A receipt is a PDF or a picture: JPEG, PNG, WebP or HEIC.")


def check_done(task: SpendTask, *, note: str, done_on: dt.date | None) -> None:
    if done_on and (done_on > timezone.localdate() or done_on < task.received_on):
        raise PolicyViolation("Choose a day between the day of the excess and today.")
    if task.kind == TaskKind.APPROVE and not note.strip():
        raise PolicyViolation("Say why it is approved, or what was decided.")
