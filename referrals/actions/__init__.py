"""Every write of referrals that a person asks for: files on their way in, feeds, corrections, and the rules by which we count."""

from referrals.actions.batches import (
    create_batch,
    discard_batch,
    earlier_loads,
    forget_uploads,
    open_upload,
    set_batch_mapping,
    start_dry_run,
    start_load,
    start_undo,
)
from referrals.actions.facts import DERIVING_RULES, EDITABLE, delete_referral, edit_referral, save_counting_rules, undo_correction
from referrals.actions.feeds import edit_source, restore_mapping, save_mapping, source_named
from referrals.actions.market import market_path, read_market_file, start_market_file, take_market_file, tell_capacity, undo_market_file
from referrals.actions.totals import save_control_totals
from referrals.actions.words import decide, rename_payer, save_payer, start_payer_merge, start_payer_parting

__all__ = [
    "DERIVING_RULES",
    "EDITABLE",
    "create_batch",
    "decide",
    "delete_referral",
    "discard_batch",
    "earlier_loads",
    "edit_referral",
    "edit_source",
    "forget_uploads",
    "market_path",
    "open_upload",
    "read_market_file",
    "rename_payer",
    "restore_mapping",
    "save_control_totals",
    "save_counting_rules",
    "save_mapping",
    "save_payer",
    "set_batch_mapping",
    "source_named",
    "start_dry_run",
    "start_load",
    "start_market_file",
    "start_payer_merge",
    "start_payer_parting",
    "start_undo",
    "take_market_file",
    "tell_capacity",
    "undo_correction",
    "undo_market_file",
]
