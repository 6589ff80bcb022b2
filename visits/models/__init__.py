"""Outreach: visits, who was met, what was promised, lists of whom to visit, drawn orders, working hours, drafts and days in the field."""

from visits.models.calendars import CalendarFeed, Invitation
from visits.models.days import DayPlan, DayStop, FieldRules, PlanState, at_minute
from visits.models.drafts import PlanDraft, PlanDraftStop
from visits.models.draws import Draw, DrawnPractice
from visits.models.follow_ups import FollowUp, FollowUpStep, StepKind
from visits.models.hours import WEEKDAYS, WorkingHours
from visits.models.materials import Material, MaterialKind, MoveKind, StockMove, VisitMaterial
from visits.models.mileage import MileageDay, MileageRate
from visits.models.spending import VisitSpend
from visits.models.targets import TargetEntry, TargetHandover, TargetList
from visits.models.trends import PracticeTrend, TrendWay
from visits.models.types import MOST_MINUTES, VisitMode, VisitType, VisitTypeMerge, mode_names, modes_to_choose
from visits.models.versions import VisitVersion
from visits.models.visits import Attendee, AttendeeKind, Mode, Outcome, Topic, Visit, VisitState

__all__ = [
    "MOST_MINUTES",
    "WEEKDAYS",
    "Attendee",
    "AttendeeKind",
    "CalendarFeed",
    "DayPlan",
    "DayStop",
    "Draw",
    "DrawnPractice",
    "FieldRules",
    "FollowUp",
    "FollowUpStep",
    "Invitation",
    "Material",
    "MaterialKind",
    "MileageDay",
    "MileageRate",
    "Mode",
    "MoveKind",
    "Outcome",
    "PlanDraft",
    "PlanDraftStop",
    "PlanState",
    "PracticeTrend",
    "StepKind",
    "StockMove",
    "TargetEntry",
    "TargetHandover",
    "TargetList",
    "Topic",
    "TrendWay",
    "Visit",
    "VisitMaterial",
    "VisitMode",
    "VisitSpend",
    "VisitState",
    "VisitType",
    "VisitTypeMerge",
    "VisitVersion",
    "WorkingHours",
    "at_minute",
    "mode_names",
    "modes_to_choose",
]
