"""Every write of the ledger: keyword-only, atomic, audited. The history names entries and sums, never a purpose."""

from compliance.actions.ledger import cancel_spend, change_spend, record_spend
from compliance.actions.limits import remove_limit, save_limit, save_policy
from compliance.actions.receipts import add_receipt, remove_receipt
from compliance.actions.tasks import finish_task, settle_provider, settle_year
from compliance.actions.telling import ask_what_happened

__all__ = [
    "add_receipt",
    "ask_what_happened",
    "cancel_spend",
    "change_spend",
    "finish_task",
    "record_spend",
    "remove_limit",
    "remove_receipt",
    "save_limit",
    "save_policy",
    "settle_provider",
    "settle_year",
]
