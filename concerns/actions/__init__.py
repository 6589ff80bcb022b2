"""Every write of concerns, field notes and quality projects."""

from concerns.actions.concerns import (
    change_concern,
    comment_on_concern,
    escalate_concern,
    escalate_late_concerns,
    give_concerns,
    open_concern,
    reopen_concern,
    resolve_concern,
    save_category,
    save_department,
    take_back_escalation,
    tell_practice,
)
from concerns.actions.notes import add_field_note, change_field_note, restore_field_note, withdraw_field_note
from concerns.actions.projects import link_concern, save_project, unlink_concern

__all__ = [
    "add_field_note",
    "change_concern",
    "change_field_note",
    "comment_on_concern",
    "escalate_concern",
    "escalate_late_concerns",
    "give_concerns",
    "link_concern",
    "open_concern",
    "reopen_concern",
    "resolve_concern",
    "restore_field_note",
    "save_category",
    "save_department",
    "save_project",
    "take_back_escalation",
    "tell_practice",
    "unlink_concern",
    "withdraw_field_note",
]
