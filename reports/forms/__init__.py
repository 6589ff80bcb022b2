"""What a person may ask of reports."""

from reports.forms.closing import FhirCountForm
from reports.forms.filters import DEFAULT_PERIOD, PERIODS, ReportFilter
from reports.forms.rules import ReportRulesForm
from reports.forms.runs import MonthsForm, Offer, RunForm

__all__ = [
    "DEFAULT_PERIOD",
    "PERIODS",
    "FhirCountForm",
    "MonthsForm",
    "Offer",
    "ReportFilter",
    "ReportRulesForm",
    "RunForm",
]
