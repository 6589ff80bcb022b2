"""What people type about visits, target lists and drawn orders."""

from visits.forms.days import AppointmentForm, DayForm, FieldRulesForm, HereForm
from visits.forms.drawing import DrawForm, OwnerForm
from visits.forms.follow_ups import FollowUpForm, HandFollowUpForm, SnoozeForm, next_monday
from visits.forms.hours import WorkingHoursForm
from visits.forms.materials import CountForm, MaterialForm, MileageForm, RateForm, ReceiveForm
from visits.forms.targets import DropForm, HandOverForm, TargetAddForm, TargetListForm
from visits.forms.types import MergeTypeForm, ModeForm, VisitTypeForm
from visits.forms.visits import (
    DUE,
    NO_PATIENTS,
    EditForm,
    ImportForm,
    LogForm,
    MissForm,
    PeopleMixin,
    PlanForm,
    PracticeMixin,
    TopicForm,
    VisitFields,
    key_of,
    with_values,
)

__all__ = [
    "DUE",
    "NO_PATIENTS",
    "AppointmentForm",
    "CountForm",
    "DayForm",
    "DrawForm",
    "DropForm",
    "EditForm",
    "FieldRulesForm",
    "FollowUpForm",
    "HandFollowUpForm",
    "HandOverForm",
    "HereForm",
    "ImportForm",
    "LogForm",
    "MaterialForm",
    "MergeTypeForm",
    "MileageForm",
    "MissForm",
    "ModeForm",
    "OwnerForm",
    "PeopleMixin",
    "PlanForm",
    "PracticeMixin",
    "RateForm",
    "ReceiveForm",
    "SnoozeForm",
    "TargetAddForm",
    "TargetListForm",
    "TopicForm",
    "VisitFields",
    "VisitTypeForm",
    "WorkingHoursForm",
    "key_of",
    "next_monday",
    "with_values",
]
