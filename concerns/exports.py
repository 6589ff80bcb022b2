"""Lists of concerns as files."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from concerns.models import Concern
from concerns.querysets import ConcernQuerySet, FieldNoteQuerySet

HEADER = ("raised", "practice", "territory", "provider", "category", "severity", "concern", "raised by", "department", "owner", "due",
          "state", "days late", "resolved", "what we did", "told", "how", "told by", "escalated to")  # fmt: skip

BELONGS = {
    "practice": ("practice", "territory", "provider", "category", "severity"),
    "what-they-said": ("concern",),
    "state": ("state", "due", "days late", "resolved", "what we did", "told", "how", "told by", "escalated to"),
    "answered-by": ("department", "owner"),
}


def rows(concerns: ConcernQuerySet) -> Iterator[tuple[Any, ...]]:
    """Line by line."""
    for concern in concerns.for_list().select_related("escalated_to").iterator(chunk_size=500):
        yield _row(concern)


def _row(concern: Concern) -> tuple[Any, ...]:
    return (
        timezone.localdate(concern.raised_at),
        concern.practice.name,
        str(concern.practice.territory or ""),
        str(concern.provider or ""),
        concern.category.name,
        concern.get_severity_display(),
        concern.text,
        str(concern.raised_by),
        concern.department.name,
        str(concern.owner or ""),
        concern.due_on,
        concern.get_state_display(),
        concern.days_late,
        timezone.localdate(concern.resolved_at) if concern.resolved_at else None,
        concern.resolution,
        concern.told_on,
        concern.get_told_how_display() if concern.told_how else "",
        str(concern.told_by or ""),
        str(concern.escalated_to or ""),
    )


NOTE_HEADER = ("heard", "kind", "practice", "territory", "from", "note", "tags", "noted by")


def note_rows(notes: FieldNoteQuerySet) -> Iterator[tuple[Any, ...]]:
    """Line by line."""
    for note in notes.for_list().iterator(chunk_size=500):
        yield (
            note.heard_on, note.get_kind_display(), note.practice.name, str(note.practice.territory or ""), str(note.provider or ""),
            note.text, ", ".join(note.tags), str(note.noted_by),
        )  # fmt: skip
