"""Every write of reports."""

from reports.actions.files import ask_for_file, forget_old_files, keep_file
from reports.actions.money import MONEY_FIELDS, delete_money, end_money, import_money, save_money
from reports.actions.rules import save_report_rules
from reports.actions.runs import (
    KEPT_VERSIONS,
    ask_for_run,
    ask_for_standard_runs,
    compute_run,
    forget_old_runs,
    retry_run,
    scopes,
    withdraw_run,
)

__all__ = [
    "KEPT_VERSIONS",
    "MONEY_FIELDS",
    "ask_for_file",
    "ask_for_run",
    "ask_for_standard_runs",
    "compute_run",
    "delete_money",
    "end_money",
    "forget_old_files",
    "forget_old_runs",
    "import_money",
    "keep_file",
    "retry_run",
    "save_money",
    "save_report_rules",
    "scopes",
    "withdraw_run",
]
