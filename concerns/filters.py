"""What the list of concerns can be narrowed by: one set for page, API and files."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict

from accounts.models import User
from common.names import fold
from concerns.models import Category, Concern, ConcernState, Department, FieldNote, FieldNoteKind, Severity
from concerns.queries import colleagues
from contacts.filters import practices_seen, providers_seen, territories_seen
from territories.models import Territory

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
LATE, UNFINISHED, ALL = "late", "unfinished", "all"
# value: words of the tab, and what it means
STATES = {
    ConcernState.OPEN: "Open",
    LATE: "Past deadline",
    ConcernState.RESOLVED: "To be told",
    ConcernState.CLOSED: "Closed",
    ALL: "All",
}


def _people(request: Any) -> QuerySet[User]:
    return colleagues(request.user)


class ConcernFilter(filters.FilterSet):
    """`state` is open, late (open past its deadline), resolved, closed, unfinished (open or resolved) or all."""

    q = filters.CharFilter(label="Practice", method="by_practice", widget=forms.TextInput(attrs={"type": "search"}))
    state = filters.ChoiceFilter(
        choices=[*STATES.items(), (UNFINISHED, "Open or to be told")], method="by_state", widget=forms.HiddenInput, label="State"
    )
    department = filters.ModelChoiceFilter(queryset=Department.objects.all(), label="Department", empty_label="All departments")
    category = filters.ModelChoiceFilter(queryset=Category.objects.all(), label="Category", empty_label="All categories")
    severity = filters.ChoiceFilter(choices=Severity, label="Severity", empty_label="Any")
    territory = filters.ModelChoiceFilter(
        queryset=territories_seen, label="Territory", empty_label="All territories", method="by_territory"
    )
    whose = filters.ModelChoiceFilter(queryset=_people, label="Raised or owned by", empty_label="Anybody", method="by_person")
    mine = filters.BooleanFilter(label="Only mine", method="of_mine", widget=forms.CheckboxInput)
    start = filters.DateFilter(field_name="raised_at", lookup_expr="date__gte", label="Raised from", widget=_DAY)
    end = filters.DateFilter(field_name="raised_at", lookup_expr="date__lte", label="Raised to", widget=_DAY)
    practice = filters.ModelChoiceFilter(queryset=practices_seen, widget=forms.HiddenInput)
    provider = filters.ModelChoiceFilter(queryset=providers_seen, widget=forms.HiddenInput)

    class Meta:
        model = Concern
        fields = ()

    def by_practice(self, rows: QuerySet[Concern], name: str, value: str) -> QuerySet[Concern]:
        return rows.filter(practice__folded_name__contains=fold(value))

    def by_state(self, rows: Any, name: str, value: str) -> QuerySet[Concern]:
        if value == LATE:
            return rows.past_deadline()
        if value == UNFINISHED:
            return rows.unfinished()
        return rows if value == ALL else rows.filter(state=value)

    def by_territory(self, rows: QuerySet[Concern], name: str, value: Territory) -> QuerySet[Concern]:
        return rows.filter(practice__territory__in=Territory.objects.branch_ids(value.pk))

    def by_person(self, rows: QuerySet[Concern], name: str, value: User) -> QuerySet[Concern]:
        return rows.filter(Q(raised_by=value) | Q(owner=value) | Q(escalated_to=value))

    def of_mine(self, rows: QuerySet[Concern], name: str, value: bool) -> QuerySet[Concern]:
        return self.by_person(rows, name, self.request.user) if value else rows


def filtered_concerns(request: Any) -> ConcernFilter:
    """The concerns of an address; open ones unless it names a state. Of the request only its person and its address are read."""
    data: QueryDict = request.GET.copy()
    data.setdefault("state", ConcernState.OPEN)
    return ConcernFilter(data, Concern.objects.visible_to(request.user), request=request)


class TrendFilter(filters.FilterSet):
    """Of which concerns the trend is shown."""

    territory = filters.ModelChoiceFilter(
        queryset=territories_seen, label="Territory", empty_label="All territories", method="by_territory"
    )
    department = filters.ModelChoiceFilter(queryset=Department.objects.all(), label="Department", empty_label="All departments")
    severity = filters.ChoiceFilter(choices=Severity, label="Severity", empty_label="Any")

    class Meta:
        model = Concern
        fields = ()

    def by_territory(self, rows: QuerySet[Concern], name: str, value: Territory) -> QuerySet[Concern]:
        return rows.filter(practice__territory__in=Territory.objects.branch_ids(value.pk))


class FieldNoteFilter(filters.FilterSet):
    """`start` and `end` are days, both counted in, on which it was heard; `tag` is one whole tag."""

    q = filters.CharFilter(label="Practice or words", method="by_words", widget=forms.TextInput(attrs={"type": "search"}))
    kind = filters.ChoiceFilter(choices=FieldNoteKind, label="Kind", empty_label="All kinds")
    tag = filters.CharFilter(label="Tag", method="by_tag")
    territory = filters.ModelChoiceFilter(
        queryset=territories_seen, label="Territory", empty_label="All territories", method="by_territory"
    )
    noted_by = filters.ModelChoiceFilter(queryset=_people, label="Who", empty_label="Anybody")
    start = filters.DateFilter(field_name="heard_on", lookup_expr="gte", label="From", widget=_DAY)
    end = filters.DateFilter(field_name="heard_on", lookup_expr="lte", label="To", widget=_DAY)
    practice = filters.ModelChoiceFilter(queryset=practices_seen, widget=forms.HiddenInput)

    class Meta:
        model = FieldNote
        fields = ()

    def by_words(self, rows: QuerySet[FieldNote], name: str, value: str) -> QuerySet[FieldNote]:
        return rows.filter(Q(practice__folded_name__contains=fold(value)) | Q(text__icontains=value))

    def by_tag(self, rows: QuerySet[FieldNote], name: str, value: str) -> QuerySet[FieldNote]:
        return rows.filter(tags__contains=[" ".join(value.lower().split())])

    def by_territory(self, rows: QuerySet[FieldNote], name: str, value: Territory) -> QuerySet[FieldNote]:
        return rows.filter(practice__territory__in=Territory.objects.branch_ids(value.pk))
