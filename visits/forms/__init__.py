"""What people type about visits and target lists."""

from visits.forms.visits import (
    DUE,
    NO_PATIENTS,
    EditForm,
    FollowUpChangeForm,
    FollowUpForm,
    ImportForm,
    LogForm,
    MissForm,
    PeopleMixin,
    PlanForm,
    PracticeMixin,
    TopicForm,
    VisitFields,
    key_of,
)

__all__ = [
    "DUE",
    "NO_PATIENTS",
    "EditForm",
    "FollowUpChangeForm",
    "FollowUpForm",
    "ImportForm",
    "LogForm",
    "MissForm",
    "PeopleMixin",
    "PlanForm",
    "PracticeMixin",
    "TopicForm",
    "VisitFields",
    "key_of",
]
