"""What lists of visits and follow-ups can be narrowed by: one set for pages, API and exports."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from accounts.models import User
from common.names import fold
from contacts.custom import CustomFilterMixin
from contacts.filters import PracticeFilter, practices_seen, providers_seen, territories_seen
from contacts.models import CustomSubject, Provider
from territories.models import Territory
from territories.scope import below
from visits.models import Attendee, AttendeeKind, FollowUp, Mode, Outcome, Visit, VisitState, VisitType, mode_names
from visits.queries import people_of, visits_with

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _people(request: Any) -> QuerySet[User]:
    return people_of(request.user)


@extend_schema_field(OpenApiTypes.INT)
def _in_branch(rows: QuerySet[Any], name: str, territory: Territory | None) -> QuerySet[Any]:
    """Practices of the territory and of everything below it."""
    if territory is None:
        return rows
    children: dict[int | None, list[int]] = {}
    for pk, parent in Territory.objects.values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    return rows.filter(practice__territory__in=below(territory.pk, children))


class VisitFilter(CustomFilterMixin):
    """`start` and `end` are days, both counted in, of when the visit was (or is planned)."""

    custom_subject = CustomSubject.VISIT

    q = filters.CharFilter(label="Practice", method="by_practice", widget=forms.TextInput(attrs={"type": "search"}))
    owner = filters.ModelChoiceFilter(label="Who", queryset=_people, empty_label="Everybody")
    territory = filters.ModelChoiceFilter(label="Territory", queryset=territories_seen, empty_label="All territories", method=_in_branch)
    mode = filters.ChoiceFilter(label="Mode", choices=Mode, empty_label="Any mode")
    visit_type = filters.ModelChoiceFilter(
        label="Type", queryset=VisitType.objects.all(), empty_label="Any type", null_label="No type", field_name="visit_type"
    )
    outcome = filters.ChoiceFilter(label="Outcome", choices=Outcome, empty_label="Any outcome")
    met = filters.ChoiceFilter(label="Met", choices=AttendeeKind, empty_label="Anybody", method="by_kind")
    state = filters.ChoiceFilter(label="State", choices=VisitState, empty_label="Done and missed")
    start = filters.DateFilter(label="From", method="since", widget=_DAY)
    end = filters.DateFilter(label="To", method="until", widget=_DAY)
    practice = filters.ModelChoiceFilter(queryset=practices_seen, widget=forms.HiddenInput)
    provider = filters.ModelChoiceFilter(queryset=providers_seen, method="by_provider", widget=forms.HiddenInput)

    class Meta:
        model = Visit
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["mode"].extra["choices"] = list(mode_names().items())

    def by_practice(self, rows: QuerySet[Visit], name: str, value: str) -> QuerySet[Visit]:
        return rows.filter(practice__folded_name__contains=fold(value))

    def by_kind(self, rows: QuerySet[Visit], name: str, value: str) -> QuerySet[Visit]:
        return rows.filter(pk__in=Attendee.objects.of_kind(value).values("visit"))

    def by_provider(self, rows: QuerySet[Visit], name: str, value: Provider) -> QuerySet[Visit]:
        return rows.filter(pk__in=visits_with(value))

    def since(self, rows: QuerySet[Visit], name: str, value: Any) -> QuerySet[Visit]:
        return rows.filter(Q(visited_at__date__gte=value) | Q(visited_at=None, planned_at__date__gte=value))

    def until(self, rows: QuerySet[Visit], name: str, value: Any) -> QuerySet[Visit]:
        return rows.filter(Q(visited_at__date__lte=value) | Q(visited_at=None, planned_at__date__lte=value))


def filtered_visits(request: Any) -> VisitFilter:
    """The visits of an address; past ones unless it names a state. Of the request only its person and its address are read."""
    visits = Visit.objects.visible_to(request.user)
    if not request.GET.get("state"):
        visits = visits.filter(state__in=[VisitState.DONE, VisitState.MISSED])
    elif request.GET["state"] == VisitState.PLANNED:
        visits = visits.order_by("planned_at", "pk")
    return VisitFilter(request.GET, visits, request=request)


OPEN, DUE, OVERDUE, DONE, ALL = "open", "due", "overdue", "done", "all"
# value: words of the tab
FOLLOW_UP_STATES = {OPEN: "Open", DUE: "Due", OVERDUE: "Overdue", DONE: "Done"}
MINE = "mine"


def _follow_up_owners(request: Any) -> QuerySet[User]:
    """Who has any of the follow-ups that the person sees."""
    found: QuerySet[User] = User.objects.filter(pk__in=FollowUp.objects.visible_to(request.user).order_by().values("owner"))
    return found


class FollowUpFilter(filters.FilterSet):
    """`state` is open, due (today or before), overdue, done or all; `whose` is mine or all; `owner` is one person.

    Of the done ones, those that were done last come first.
    """

    q = filters.CharFilter(label="Practice", method="by_practice", widget=forms.TextInput(attrs={"type": "search"}))
    state = filters.ChoiceFilter(choices=[*FOLLOW_UP_STATES.items(), (ALL, "All")], method="by_state", widget=forms.HiddenInput)
    whose = filters.ChoiceFilter(choices=[(MINE, "Only mine"), (ALL, "Everybody")], method="by_whose", widget=forms.HiddenInput)
    owner = filters.ModelChoiceFilter(label="Who", queryset=_follow_up_owners, empty_label="Everybody")
    territory = filters.ModelChoiceFilter(label="Territory", queryset=territories_seen, empty_label="All territories", method=_in_branch)
    is_done = filters.BooleanFilter(field_name="done_at", lookup_expr="isnull", exclude=True, widget=forms.HiddenInput)
    overdue = filters.BooleanFilter(method="late", widget=forms.HiddenInput)
    practice = filters.ModelChoiceFilter(queryset=practices_seen, widget=forms.HiddenInput)
    provider = filters.ModelChoiceFilter(queryset=providers_seen, widget=forms.HiddenInput)

    class Meta:
        model = FollowUp
        fields = ()

    def by_practice(self, rows: QuerySet[FollowUp], name: str, value: str) -> QuerySet[FollowUp]:
        return rows.filter(practice__folded_name__contains=fold(value))

    def by_state(self, rows: Any, name: str, value: str) -> QuerySet[FollowUp]:
        cuts = {OPEN: rows.open, DUE: rows.due, OVERDUE: rows.overdue, DONE: rows.done, ALL: rows.all}
        found: QuerySet[FollowUp] = cuts[value]()
        return found

    def by_whose(self, rows: QuerySet[FollowUp], name: str, value: str) -> QuerySet[FollowUp]:
        return rows.filter(owner=self.request.user) if value == MINE else rows

    def late(self, rows: QuerySet[FollowUp], name: str, value: bool) -> QuerySet[FollowUp]:
        overdue = FollowUp.objects.overdue().values("pk")
        return rows.filter(pk__in=overdue) if value else rows.exclude(pk__in=overdue)


def follow_ups_asked(request: Any) -> QueryDict:
    """The address, with what it leaves out: open ones, and for a liaison their own."""
    data: QueryDict = request.GET.copy()
    if data.get("state") not in {*FOLLOW_UP_STATES, ALL}:
        data["state"] = OPEN
    if data.get("whose") not in {MINE, ALL}:
        data["whose"] = MINE if request.user.is_liaison and not data.get("owner") else ALL
    return data


def filtered_follow_ups(request: Any, data: QueryDict | None = None) -> FollowUpFilter:
    """The follow-ups of an address (or of `data`)."""
    return FollowUpFilter(data or follow_ups_asked(request), FollowUp.objects.visible_to(request.user), request=request)


class DrawnFilter(PracticeFilter):
    """Practices that may be of equal priority: as the list of practices is narrowed, without its order."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("sort", "state"):
            del self.filters[name]
