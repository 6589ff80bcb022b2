"""What a person may ask of reports."""

from reports.forms.closing import FhirCountForm
from reports.forms.filters import DEFAULT_PERIOD, PERIODS, ReportFilter
from reports.forms.goals import GoalForm, GoalsForm
from reports.forms.market import CapacityForm, MarketFilter, SaveTargetsForm
from reports.forms.pictures import ControlFilter, FunnelFilter, HeatFilter, PictureFilter
from reports.forms.rules import ReportRulesForm
from reports.forms.runs import MonthsForm, Offer, RunForm

__all__ = [
    "DEFAULT_PERIOD",
    "PERIODS",
    "CapacityForm",
    "ControlFilter",
    "FhirCountForm",
    "FunnelFilter",
    "GoalForm",
    "GoalsForm",
    "HeatFilter",
    "MarketFilter",
    "MonthsForm",
    "Offer",
    "PictureFilter",
    "ReportFilter",
    "ReportRulesForm",
    "RunForm",
    "SaveTargetsForm",
]
