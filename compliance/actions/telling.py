"""Who is told of what the ledger asks for. A notice names what, where and by when, never an amount."""

from accounts.models import User
from compliance.models import SpendEntry, SpendTask, TaskKind
from compliance.queries import approvers_of
from notices.actions import notify, withdraw
from notices.models import Notice, NoticeKind


def tell_of_task(task: SpendTask, *, by: User | None) -> None:
    """Managers decide; of a repayment hears also who wrote the entry down, and speaks with the physician. Told anew with a new day."""
    entry, by_day = task.entry, f"{task.due_on:%b %-d}"
    people = approvers_of(entry)
    where = f" at {entry.practice}" if entry.practice else ""
    if task.kind == TaskKind.REPAY:
        people = [*people, entry.recorded_by]
        text = f"To be repaid by {by_day}: {task.provider}, {entry}{where}"
    else:
        text = f"To approve by {by_day}: {task.get_cause_display().lower()}, {entry}{where}"
    notify(to=people, kind=NoticeKind.SPEND, text=text, url=task.get_absolute_url(), by=by, key=_key(task))


def task_is_over(task: SpendTask, *, by: User | None) -> None:
    """Done, or no longer needed: nobody need read of it any more."""
    withdraw(key=_key(task), to_others_than=0, by=by)


def ask_what_happened(*, by: User | None = None) -> int:
    """Who planned something for a day that is over is asked, once, whether it happened; returns how many were asked."""
    asked = 0
    for entry in SpendEntry.objects.day_is_over().select_related("practice", "recorded_by"):
        key = f"spend {entry.pk} happened"
        if entry.recorded_by.is_active and not Notice.objects.filter(to=entry.recorded_by, key=key).exists():
            where = f" at {entry.practice}" if entry.practice else ""
            text = f"Did it happen? {entry}{where}"
            asked += len(notify(to=entry.recorded_by, kind=NoticeKind.SPEND, text=text, url=entry.get_absolute_url(), by=by, key=key))
    return asked


def is_told(entry: SpendEntry, *, by: User | None) -> None:
    """Somebody said whether it happened: the question goes."""
    withdraw(key=f"spend {entry.pk} happened", to_others_than=0, by=by)


def _key(task: SpendTask) -> str:
    return f"spend task {task.pk}"
