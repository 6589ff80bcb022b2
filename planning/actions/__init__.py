"""Every write of territory planning."""

from planning.actions.changing import change_field, undo_field_change
from planning.actions.handing import (
    approve_handover,
    decline_handover,
    propose_handover,
    take_due_handovers,
    undo_handover,
    withdraw_handover,
)
from planning.actions.leaving import reassign_work, undo_reassignment
from planning.actions.outlines import load_outlines, redo_outlines, undo_outlines
from planning.actions.splitting import accept_split, ask_for_split, store_split

__all__ = [
    "accept_split",
    "approve_handover",
    "ask_for_split",
    "change_field",
    "decline_handover",
    "load_outlines",
    "propose_handover",
    "reassign_work",
    "redo_outlines",
    "store_split",
    "take_due_handovers",
    "undo_field_change",
    "undo_handover",
    "undo_outlines",
    "undo_reassignment",
    "withdraw_handover",
]
