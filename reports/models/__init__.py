"""Reports and what surrounds them. No facts: those are in referrals and visits."""

from reports.models.alerts import Alert, AlertChange, AlertPart, AlertRun, AlertState, CloseReason, Direction, Untested
from reports.models.files import ReportFile
from reports.models.goals import Goal, GoalBatch, GoalMeasure, GoalPeriod
from reports.models.holidays import ClosingDay
from reports.models.meetings import Agreement, OneToOne
from reports.models.money import AttributionWeight, ContributionMargin, ProgramCost
from reports.models.rules import ReportRules
from reports.models.runs import ReportRun, RunState
from reports.models.schedules import FileKind, ReportSchedule, Rhythm, ScheduleDelivery, ScheduleTurn

__all__ = [
    "Agreement",
    "Alert",
    "AlertChange",
    "AlertPart",
    "AlertRun",
    "AlertState",
    "AttributionWeight",
    "CloseReason",
    "ClosingDay",
    "ContributionMargin",
    "Direction",
    "FileKind",
    "Goal",
    "GoalBatch",
    "GoalMeasure",
    "GoalPeriod",
    "OneToOne",
    "ProgramCost",
    "ReportFile",
    "ReportRules",
    "ReportRun",
    "ReportSchedule",
    "Rhythm",
    "RunState",
    "ScheduleDelivery",
    "ScheduleTurn",
    "Untested",
]
