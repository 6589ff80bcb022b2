"""Every write of reports."""

from reports.actions.alert_runs import ask_for_alerts, ask_for_alerts_now, look_for_alerts
from reports.actions.alerts import (
    assign_alerts,
    close_alert,
    mark_alerts_seen,
    plan_visit_for_alert,
    raise_concern_for_alert,
    reopen_alert,
    snooze_alert,
    undo_alert_step,
    undoable,
)
from reports.actions.files import ask_for_file, forget_old_files, keep_file
from reports.actions.goals import remove_goal, save_goal, set_goals, undo_goals
from reports.actions.holidays import close_days, forget_closing_day, open_on_holiday
from reports.actions.meetings import hold_one_to_one, settle_agreement
from reports.actions.money import MONEY_FIELDS, delete_money, end_money, import_money, save_money
from reports.actions.network import ask_for_network
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
from reports.actions.schedules import (
    TURN,
    ask_for_turns,
    end_schedule,
    leave_schedule,
    pause_schedule,
    restore_schedule,
    save_schedule,
    take_turn,
    tell_finished,
)
from reports.actions.targets import save_targets
from reports.actions.trends import write_trends

__all__ = [
    "KEPT_VERSIONS",
    "MONEY_FIELDS",
    "TURN",
    "ask_for_alerts",
    "ask_for_alerts_now",
    "ask_for_file",
    "ask_for_network",
    "ask_for_run",
    "ask_for_standard_runs",
    "ask_for_turns",
    "assign_alerts",
    "close_alert",
    "close_days",
    "compute_run",
    "delete_money",
    "end_money",
    "end_schedule",
    "forget_closing_day",
    "forget_old_files",
    "forget_old_runs",
    "hold_one_to_one",
    "import_money",
    "keep_file",
    "leave_schedule",
    "look_for_alerts",
    "mark_alerts_seen",
    "open_on_holiday",
    "pause_schedule",
    "plan_visit_for_alert",
    "raise_concern_for_alert",
    "remove_goal",
    "reopen_alert",
    "restore_schedule",
    "retry_run",
    "save_goal",
    "save_money",
    "save_report_rules",
    "save_schedule",
    "save_targets",
    "scopes",
    "set_goals",
    "settle_agreement",
    "snooze_alert",
    "take_turn",
    "tell_finished",
    "undo_alert_step",
    "undo_goals",
    "undoable",
    "withdraw_run",
    "write_trends",
]
