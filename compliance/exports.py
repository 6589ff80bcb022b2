"""The ledger as a file: a line for each person's part, so that sums by physician can be made; amounts are numbers."""

from collections.abc import Container, Iterator
from typing import Any

from compliance.presenters import share_name
from compliance.querysets import SpendEntryQuerySet, SpendTaskQuerySet

HEADER = ("entry", "day", "kind", "state", "practice", "territory", "who", "role", "counts under", "people", "part, $", "counted, $",
          "entry in all, $", "paid by", "vendor", "business purpose", "receipts", "written down by", "override reason")  # fmt: skip
TASK_HEADER = ("due", "kind", "cause", "physician", "practice", "amount, $", "year", "excess of", "state", "done", "by", "note", "why")

BELONGS = {
    "what": ("day", "kind", "practice", "territory", "vendor", "business purpose"),
    "for-whom": ("who", "role", "counts under", "people"),
    "amount": ("part, $", "counted, $", "entry in all, $"),
}


def rows(entries: SpendEntryQuerySet, seen: Container[int]) -> Iterator[tuple[Any, ...]]:
    """Part by part, in the order of the entries."""
    for entry in entries.for_list().iterator(chunk_size=500):
        for share in entry.shares.all():
            yield (
                entry.pk, entry.spent_on, entry.get_kind_display(), entry.get_state_display(), str(entry.practice or ""),
                str((entry.practice and entry.practice.territory) or ""), share_name(share, seen), share.get_role_display(),
                share.get_rule_display(), share.people, share.amount, share.counted, entry.amount, str(entry.payer or ""), entry.vendor,
                entry.purpose, len(vars(entry)["kept_receipts"]), str(entry.recorded_by), entry.override_reason,
            )  # fmt: skip


def task_rows(tasks: SpendTaskQuerySet) -> Iterator[tuple[Any, ...]]:
    for task in tasks.for_list().iterator(chunk_size=500):
        yield (
            task.due_on, task.get_kind_display(), task.get_cause_display(), str(task.provider or ""), str(task.entry.practice or ""),
            task.amount, task.year, task.received_on, task.get_state_display(), task.done_on, str(task.done_by or ""), task.note, task.why,
        )  # fmt: skip
