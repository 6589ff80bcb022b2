"""Every write of events: keyword-only, atomic, audited. The history names steps and fields, never what was written."""

from events.actions.door import add_walk_in, match_guest, new_code, sign_in, sign_in_by_code, undo_match, undo_sign_in
from events.actions.events import (
    ask_owners_how_it_went,
    cancel_event,
    change_event,
    hold_event,
    plan_event,
    restore_event,
)
from events.actions.guests import Outside, answer_invitation, invite, withdraw_invitation
from events.actions.mails import send_invitations
from events.actions.reminders import ask_for_reminders, send_reminders, set_reminder
from events.actions.spending import Cost, cancel_cost, save_cost

__all__ = [
    "Cost",
    "Outside",
    "add_walk_in",
    "answer_invitation",
    "ask_for_reminders",
    "ask_owners_how_it_went",
    "cancel_cost",
    "cancel_event",
    "change_event",
    "hold_event",
    "invite",
    "match_guest",
    "new_code",
    "plan_event",
    "restore_event",
    "save_cost",
    "send_invitations",
    "send_reminders",
    "set_reminder",
    "sign_in",
    "sign_in_by_code",
    "undo_match",
    "undo_sign_in",
    "withdraw_invitation",
]
