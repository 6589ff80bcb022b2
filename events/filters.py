"""What the list of events can be narrowed by: one set for page, API and files."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import User
from contacts.filters import practices_seen, providers_seen, territories_seen
from contacts.models import Practice, Provider
from events.models import Audience, Event, EventKind, EventState, Guest
from territories.models import ServiceLine, Territory

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
UPCOMING, PAST, CANCELLED, ALL = "upcoming", "past", "cancelled", "all"
WHEN = {UPCOMING: "Upcoming", PAST: "Past", CANCELLED: "Cancelled", ALL: "All"}


def _owners(request: Any) -> QuerySet[User]:
    people: QuerySet[User] = User.objects.filter(pk__in=Event.objects.visible_to(request.user).order_by().values("owner"))
    return people


class EventFilter(filters.FilterSet):
    """`when` is upcoming (planned and not over), past, cancelled or all; `start` and `end` are days, both counted in."""

    q = filters.CharFilter(label="Title or speaker", method="by_words", widget=forms.TextInput(attrs={"type": "search"}))
    when = filters.ChoiceFilter(choices=list(WHEN.items()), method="by_when", widget=forms.HiddenInput, label="When")
    kind = filters.ChoiceFilter(label="Kind", choices=EventKind, empty_label="Any kind")
    audience = filters.ChoiceFilter(label="For whom", choices=Audience, empty_label="Anybody")
    service_line = filters.ModelChoiceFilter(label="Service line", queryset=ServiceLine.objects.all(), empty_label="All lines")
    territory = filters.ModelChoiceFilter(
        label="Territory", queryset=territories_seen, empty_label="All territories", method="by_territory"
    )
    owner = filters.ModelChoiceFilter(label="Held by", queryset=_owners, empty_label="Anybody")
    mine = filters.BooleanFilter(label="Only mine", method="of_mine", widget=forms.CheckboxInput)
    start = filters.DateFilter(field_name="starts_at", lookup_expr="date__gte", label="From", widget=_DAY)
    end = filters.DateFilter(field_name="starts_at", lookup_expr="date__lte", label="To", widget=_DAY)
    practice = filters.ModelChoiceFilter(queryset=practices_seen, method="by_practice", widget=forms.HiddenInput)
    provider = filters.ModelChoiceFilter(queryset=providers_seen, method="by_provider", widget=forms.HiddenInput)

    class Meta:
        model = Event
        fields = ()

    def by_words(self, rows: QuerySet[Event], name: str, value: str) -> QuerySet[Event]:
        return rows.filter(Q(title__icontains=value.strip()) | Q(speaker__icontains=value.strip()))

    def by_when(self, rows: Any, name: str, value: str) -> QuerySet[Event]:
        if value == UPCOMING:
            return rows.upcoming()
        if value == PAST:
            return rows.past()
        return rows.filter(state=EventState.CANCELLED).order_by("-starts_at", "-pk") if value == CANCELLED else rows

    def by_territory(self, rows: QuerySet[Event], name: str, value: Territory) -> QuerySet[Event]:
        return rows.filter(practice__territory__in=Territory.objects.branch_ids(value.pk))

    def of_mine(self, rows: Any, name: str, value: bool) -> QuerySet[Event]:
        return rows.held_by(self.request.user) if value else rows

    def by_practice(self, rows: QuerySet[Event], name: str, value: Practice) -> QuerySet[Event]:
        """There, or with somebody of its staff."""
        guests = Guest.objects.standing().filter(event=OuterRef("pk"), staff__practice=value)
        return rows.filter(Q(practice=value) | Q(Exists(guests)))

    def by_provider(self, rows: QuerySet[Event], name: str, value: Provider) -> QuerySet[Event]:
        guests = Guest.objects.standing().filter(event=OuterRef("pk"), provider__in=Provider.objects.all_of(value))
        return rows.filter(Exists(guests))
