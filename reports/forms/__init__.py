"""What a person may ask of reports."""

from reports.forms.closing import FhirCountForm
from reports.forms.filters import DEFAULT_PERIOD, PERIODS, ReportFilter
from reports.forms.goals import GoalForm
from reports.forms.pictures import ControlFilter, FunnelFilter, HeatFilter, PictureFilter
from reports.forms.rules import ReportRulesForm
from reports.forms.runs import MonthsForm, Offer, RunForm

__all__ = [
    "DEFAULT_PERIOD",
    "PERIODS",
    "ControlFilter",
    "FhirCountForm",
    "FunnelFilter",
    "GoalForm",
    "HeatFilter",
    "MonthsForm",
    "Offer",
    "PictureFilter",
    "ReportFilter",
    "ReportRulesForm",
    "RunForm",
]
