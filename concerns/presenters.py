"""Concerns as templates show them: words, tones and icons. No database here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from audit.models import AuditEvent
from concerns.models import Comment, CommentKind, Concern, ConcernState, FieldNote, FieldNoteKind, Severity

SEVERITY_TONES = {Severity.HIGH: "bad", Severity.NORMAL: "neutral", Severity.LOW: "neutral"}
_ICONS = {
    CommentKind.COMMENT: ("message-circle", "neutral"),
    CommentKind.RESOLVED: ("check", "info"),
    CommentKind.TOLD: ("circle-check", "good"),
    CommentKind.REOPENED: ("refresh", "warn"),
    CommentKind.ESCALATED: ("urgent", "warn"),
}
_EVENTS = {
    "concern.opened": "Written down",
    "concern.commented": "Comment added",
    "concern.changed": "Changed",
    "concern.resolved": "Resolved",
    "concern.closed": "Practice told, closed",
    "concern.reopened": "Reopened",
    "concern.escalated": "Escalated",
    "concern.linked": "Linked to a quality project",
    "concern.unlinked": "Taken off a quality project",
}


@dataclass(frozen=True)
class Row:
    """A concern in a list: its one pill, and what is due when."""

    concern: Concern
    pill: str
    tone: str
    when: str


def row(concern: Concern) -> Row:
    pill, tone = pill_of(concern)
    return Row(concern, pill, tone, when_of(concern))


def rows(concerns: Iterable[Concern]) -> list[Row]:
    return [row(concern) for concern in concerns]


def pill_of(concern: Concern) -> tuple[str, str]:
    if concern.is_late:
        return f"{days(concern.days_late)} late", "bad"
    return {
        ConcernState.OPEN: ("Open", "info"),
        ConcernState.RESOLVED: ("Tell the practice", "warn"),
        ConcernState.CLOSED: ("Closed", "good"),
    }[ConcernState(concern.state)]


def when_of(concern: Concern) -> str:
    """Due 4 Dec 2026 · told 3 Dec 2026, by phone."""
    if concern.state == ConcernState.CLOSED and concern.told_on:
        return f"Told {_day(concern.told_on)}, {concern.get_told_how_display().lower()}"
    if concern.state == ConcernState.RESOLVED:
        return f"Resolved {_day(concern.resolved_at)}"
    return f"Due {_day(concern.due_on)}"


def days(count: int) -> str:
    return "1 day" if count == 1 else f"{count:,} days"


def _day(value: Any) -> str:
    return f"{value.day} {value:%b %Y}"


def comment_entry(comment: Comment) -> dict[str, Any]:
    """What components/timeline_entry.html shows."""
    icon, tone = _ICONS[CommentKind(comment.kind)]
    by = str(comment.written_by) if comment.written_by else "by itself, past the deadline"
    return {"icon": icon, "tone": tone, "title": comment.get_kind_display(), "text": comment.text, "by": by, "when": comment.written_at}


def history_line(event: AuditEvent) -> dict[str, Any]:
    """One step in words, without quoting what was written."""
    changed = [name.removesuffix("_on").replace("_", " ") for name in event.details.get("changes", ())]
    what = _EVENTS.get(event.event, event.event)
    return {"what": f"{what}: {', '.join(changed)}" if changed else what, "by": event.by_label, "at": event.happened_at}


_NOTE_TONES = {FieldNoteKind.FEEDBACK: "good", FieldNoteKind.GAP: "warn", FieldNoteKind.COMPETITOR: "info"}


def note_row(note: FieldNote) -> dict[str, Any]:
    """A field note in a list."""
    return {"note": note, "pill": str(FieldNoteKind(note.kind).label), "tone": _NOTE_TONES[FieldNoteKind(note.kind)]}
