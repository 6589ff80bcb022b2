"""What is given to physicians and their offices: the ledger, the limits it is held against, and what an excess asks for."""

from compliance.models.ledger import Receipt, Role, Rule, SpendEntry, SpendKind, SpendShare, SpendState
from compliance.models.limits import SpendLimit, SpendPolicy
from compliance.models.tasks import Cause, SpendTask, TaskKind, TaskState

__all__ = [
    "Cause",
    "Receipt",
    "Role",
    "Rule",
    "SpendEntry",
    "SpendKind",
    "SpendLimit",
    "SpendPolicy",
    "SpendShare",
    "SpendState",
    "SpendTask",
    "TaskKind",
    "TaskState",
]
