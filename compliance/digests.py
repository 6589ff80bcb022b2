"""What the ledger has to say in the daily mail: what is to be repaid or approved, and plans whose day is over. Never an amount."""

import datetime as dt

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from compliance import policies
from compliance.models import SpendTask, TaskKind
from compliance.queries import to_confirm
from notices.digests import Line, Section, digest_section
from notices.models import Digest

LINES = 15
SOON = dt.timedelta(days=7)


@digest_section(Digest.DAILY, order=50)
def spend_tasks_due(user: User, on: dt.date) -> Section | None:
    """Those that a manager decides on, and repayments of one's own entries, when they are late or due within a week."""
    mine = Q(entry__recorded_by=user, kind=TaskKind.REPAY)
    if user.can(Permission.SPEND_APPROVE) and policies.leads(user):
        mine |= Q(kind=TaskKind.REPAY) | ~Q(entry__recorded_by=user)
    due = SpendTask.objects.visible_to(user).open().filter(mine, due_on__lte=on + SOON)
    if not (count := due.count()):
        return None
    lines = [
        Line(f"{task.get_kind_display()}: {task.provider or task.entry.practice}", task.get_absolute_url(), _when(task.due_on, on))
        for task in due.for_list()[:LINES]
    ]
    return Section(f"{count} spend {'task' if count == 1 else 'tasks'} due", lines, reverse("compliance:tasks"), count - len(lines))


@digest_section(Digest.DAILY, order=60)
def plans_over(user: User, on: dt.date) -> Section | None:
    """What the person planned for a day that is over."""
    over = to_confirm(user)
    if not (count := over.count()):
        return None
    lines = [
        Line(f"{entry.get_kind_display()}, {entry.practice or 'no practice'}", entry.get_absolute_url(), f"{entry.spent_on:%b %-d}")
        for entry in over.select_related("practice")[:LINES]
    ]
    return Section(f"{count} planned spend to confirm", lines, reverse("compliance:tasks"), count - len(lines))


def _when(due_on: dt.date, on: dt.date) -> str:
    late = (on - due_on).days
    return f"due {due_on:%b %-d}" if late <= 0 else f"{late} day{'' if late == 1 else 's'} late"
