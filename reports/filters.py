"""What the lists of alerts and of goals can be narrowed by: one set for page, API and files."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from contacts.filters import territories_seen
from reports.models import Alert, AlertState, Direction, Goal, GoalMeasure
from reports.models.goals import MONTHS
from reports.periods import add_months, first_of
from reports.queries.alerts import whose
from reports.queries.cells import branch
from territories.models import Territory

STATES = (
    ("open", "Open"),
    ("look", "To look at"),
    *((str(state.value), str(state.label)) for state in AlertState),
    ("faded", "Not found any more"),
    ("all", "All"),
)


class AlertFilter(filters.FilterSet):
    """Open ones unless a state is asked for; "look" is open, still found, and nobody's yet."""

    state = filters.ChoiceFilter(label="State", choices=STATES, empty_label=None, method="in_state")
    direction = filters.ChoiceFilter(label="Direction", choices=Direction, empty_label="Falls and rises")
    territory = filters.ModelChoiceFilter(label="Territory", queryset=territories_seen, empty_label="All territories", method="in_branch")
    mine = filters.BooleanFilter(label="Only mine", method="of_person", widget=forms.CheckboxInput)
    provider = filters.NumberFilter(field_name="provider", widget=forms.HiddenInput)
    practice = filters.NumberFilter(field_name="practice", widget=forms.HiddenInput)

    class Meta:
        model = Alert
        fields = ()

    def filter_queryset(self, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        rows: QuerySet[Alert] = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("state") else self.in_state(rows, "state", "open")

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        if value == "all":
            return rows
        if value == "open":
            return rows.open()
        if value == "look":
            return rows.to_look_at()
        return rows.open().filter(is_current=False) if value == "faded" else rows.filter(state=value)

    @extend_schema_field(OpenApiTypes.INT)
    def in_branch(self, rows: Any, name: str, value: Territory | None) -> Any:
        return rows if value is None else rows.filter(practice__territory__in=branch(value.pk))

    def of_person(self, rows: Any, name: str, value: bool | None) -> Any:
        return rows.filter(whose(self.request.user)) if value else rows


GOAL_STATES = {"running": "Running", "coming": "To come", "over": "Over"}


class GoalFilter(filters.FilterSet):
    """Goals whose period holds today, unless another state is asked for."""

    state = filters.ChoiceFilter(label="State", choices=[*GOAL_STATES.items(), ("all", "All")], empty_label=None, method="in_state")
    measure = filters.ChoiceFilter(label="What", choices=GoalMeasure)
    liaison = filters.NumberFilter(field_name="liaison")
    territory = filters.NumberFilter(field_name="territory")
    service_line = filters.NumberFilter(field_name="service_line")

    class Meta:
        model = Goal
        fields = ()

    @property
    def state_shown(self) -> str:
        return str((self.is_valid() and self.form.cleaned_data.get("state")) or "running")

    def filter_queryset(self, queryset: QuerySet[Goal]) -> QuerySet[Goal]:
        rows: QuerySet[Goal] = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("state") else self.in_state(rows, "state", "running")

    def in_state(self, rows: QuerySet[Goal], name: str, value: str) -> QuerySet[Goal]:
        today = timezone.localdate()
        begun, over = Q(start_on__lte=today), Q()
        for period, months in MONTHS.items():  # a period is over when the month after its last has come
            over |= Q(period=period, start_on__lte=add_months(first_of(today), -months))
        wanted = {"all": Q(), "coming": ~begun, "over": over, "running": begun & ~over}
        return rows.filter(wanted[value])
