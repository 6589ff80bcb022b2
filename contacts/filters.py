"""What lists of contacts can be narrowed and sorted by: one set for pages and API."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from accounts.models import User
from contacts.custom import CustomFilterMixin
from contacts.models import (
    AlignmentKind,
    CustomSubject,
    MoveKind,
    MoveNotice,
    MoveState,
    Organization,
    Practice,
    Provider,
    ProviderKind,
    Specialty,
    Tier,
)
from territories.models import Assignment, ServiceLine, Territory

NOBODY = "none"


def territories_seen(request: Any) -> QuerySet[Territory]:
    """What a filter offers to choose from; nothing where there is no request, as when the API describes itself."""
    return Territory.objects.visible_to(request.user).live() if request else Territory.objects.none()


def practices_seen(request: Any) -> QuerySet[Practice]:
    return Practice.objects.visible_to(request.user) if request else Practice.objects.none()


def providers_seen(request: Any) -> QuerySet[Provider]:
    return Provider.objects.visible_to(request.user) if request else Provider.objects.none()


def _owners(request: Any) -> QuerySet[User]:
    """Who is assigned today within what the person sees."""
    if not request:
        return User.objects.none()
    assigned = Assignment.objects.today().visible_to(request.user).filter(user=OuterRef("pk"), service_line=None)
    return User.objects.active().filter(Exists(assigned))


def practices_in(territory: Territory | str) -> QuerySet[Practice]:
    """Practices of the territory and of everything below it; "none" is what nobody owns."""
    if not isinstance(territory, Territory):
        return Practice.objects.filter(territory=None)
    return Practice.objects.filter(territory__in=Territory.objects.branch_ids(territory.pk))


def practices_looked_after_by(user: User) -> QuerySet[Practice]:
    """Practices in a territory, or below one, to which the person is assigned today."""
    held = Assignment.objects.today().filter(user=user, service_line=None).values_list("territory_id", flat=True)
    branches: set[int] = set()
    for territory in held:
        branches |= set(Territory.objects.branch_ids(territory))
    return Practice.objects.filter(territory__in=branches)


class Search(filters.CharFilter):
    """Words of a name in any order, or the first digits of a number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"type": "search"}), **kwargs)

    def filter(self, qs: Any, value: str) -> Any:
        return qs.named_like(value) if value else qs


class Sort(filters.ChoiceFilter):
    """The order of the rows; the name breaks ties, so that pages never overlap."""

    def __init__(self, orders: dict[str, tuple[str, tuple[Any, ...]]], **kwargs: Any) -> None:
        self.orders = {key: fields for key, (_, fields) in orders.items()}
        choices = [(key, label) for key, (label, _) in list(orders.items())[1:]]
        super().__init__(choices=choices, empty_label=next(iter(orders.values()))[0], label="Sort by", **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        fields = self.orders.get(value) or next(iter(self.orders.values()))
        return qs.order_by(*fields, "pk")


class _Located(filters.FilterSet):
    """Filters by where somebody is: territory and who looks after it."""

    territory = filters.ModelChoiceFilter(
        queryset=territories_seen, label="Territory", empty_label="All territories", null_label="Owned by nobody", null_value=NOBODY,
        method="by_territory",
    )  # fmt: skip
    owner = filters.ModelChoiceFilter(queryset=_owners, label="Looked after by", empty_label="Anybody", method="by_owner")
    alignment = filters.ChoiceFilter(
        field_name="alignment_today", choices=AlignmentKind.choices, label="Alignment", empty_label="Any alignment"
    )

    def _at(self, rows: Any, practices: QuerySet[Practice]) -> Any:
        return rows.filter(pk__in=practices)

    def by_territory(self, rows: Any, name: str, value: Territory | str) -> Any:
        return self._at(rows, practices_in(value))

    def by_owner(self, rows: Any, name: str, value: User) -> Any:
        return self._at(rows, practices_looked_after_by(value))


class ProviderFilter(CustomFilterMixin, _Located):
    custom_subject = CustomSubject.PROVIDER

    q = Search(label="Name or NPI")
    specialty = filters.ModelChoiceFilter(queryset=Specialty.objects.all(), label="Specialty", empty_label="All specialties")
    service_line = filters.ModelChoiceFilter(
        queryset=ServiceLine.objects.all(), field_name="specialty__service_line", label="Service line", empty_label="All lines"
    )
    kind = filters.ChoiceFilter(choices=ProviderKind.choices, label="Kind", empty_label="All kinds")
    practice = filters.ModelChoiceFilter(queryset=practices_seen, widget=forms.HiddenInput, method="by_practice")
    sort = Sort(
        {
            "name": ("Name", ("last_name", "first_name")),
            "-name": ("Name, Z to A", ("-last_name", "-first_name")),
            "specialty": ("Specialty", ("specialty__name", "last_name", "first_name")),
            "-specialty": ("Specialty, Z to A", ("-specialty__name", "last_name", "first_name")),
            "alignment": ("Alignment", ("alignment_today", "last_name", "first_name")),
            "-alignment": ("Alignment, Z to A", ("-alignment_today", "last_name", "first_name")),
        }
    )

    class Meta:
        model = Provider
        fields = ("q", "territory", "owner", "service_line", "specialty", "alignment", "kind", "practice", "sort")

    def _at(self, rows: Any, practices: QuerySet[Practice]) -> Any:
        return rows.working_at(practices)

    def by_practice(self, rows: Any, name: str, value: Practice) -> Any:
        return rows.working_at(Practice.objects.filter(pk=value.pk))


class PracticeFilter(CustomFilterMixin, _Located):
    custom_subject = CustomSubject.PRACTICE

    q = Search(label="Name, town or ZIP code")
    organization = filters.ModelChoiceFilter(queryset=Organization.objects.all(), widget=forms.HiddenInput)
    tier = filters.ChoiceFilter(choices=[*Tier.choices, (NOBODY, "No tier")], label="Tier", empty_label="Any tier", method="by_tier")
    state = filters.ChoiceFilter(choices=[("archived", "Archived"), ("all", "All")], label="State", empty_label="In use", method="by_state")
    sort = Sort(
        {
            "name": ("Name", ("name",)),
            "-name": ("Name, Z to A", ("-name",)),
            "town": ("Town", ("city", "name")),
            "-town": ("Town, Z to A", ("-city", "name")),
            "-providers": ("Most providers", ("-provider_count", "name")),
            "providers": ("Fewest providers", ("provider_count", "name")),
            "alignment": ("Alignment", ("alignment_today", "name")),
            "-alignment": ("Alignment, Z to A", ("-alignment_today", "name")),
            "tier": ("Tier", (Coalesce(NullIf("tier", Value("")), Value("Z")), "name")),
            "-tier": ("Tier, D to A", ("-tier", "name")),
        }
    )

    class Meta:
        model = Practice
        fields = ("q", "territory", "owner", "tier", "alignment", "organization", "state", "sort")

    def by_tier(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(tier="" if value == NOBODY else value)

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.exclude(archived_at=None) if value == "archived" else rows

    def filter_queryset(self, queryset: Any) -> Any:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("state") else rows.filter(archived_at=None)


class OrganizationFilter(filters.FilterSet):
    q = Search(label="Name or NPI")
    service_line = filters.ModelChoiceFilter(queryset=ServiceLine.objects.all(), label="Service line", empty_label="All lines")
    alignment = filters.ChoiceFilter(
        field_name="alignment_today", choices=AlignmentKind.choices, label="Alignment", empty_label="Any alignment"
    )
    sort = Sort(
        {
            "name": ("Name", ("name",)),
            "-name": ("Name, Z to A", ("-name",)),
            "line": ("Service line", ("service_line__name", "name")),
            "-line": ("Service line, Z to A", ("-service_line__name", "name")),
            "alignment": ("Alignment", ("alignment_today", "name")),
            "-alignment": ("Alignment, Z to A", ("-alignment_today", "name")),
        }
    )

    class Meta:
        model = Organization
        fields = ("q", "service_line", "alignment", "sort")


class MoveFilter(filters.FilterSet):
    """What the registry tells: open ones unless another state is asked for."""

    state = filters.ChoiceFilter(label="State", choices=[*MoveState.choices, ("all", "All")], empty_label=None, method="in_state")
    kind = filters.ChoiceFilter(label="What", choices=MoveKind, empty_label="Everything")
    provider = filters.NumberFilter(field_name="provider", widget=forms.HiddenInput)

    class Meta:
        model = MoveNotice
        fields = ()

    def filter_queryset(self, queryset: QuerySet[MoveNotice]) -> QuerySet[MoveNotice]:
        rows: QuerySet[MoveNotice] = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("state") else rows.filter(state=MoveState.OPEN)

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        return rows if value == "all" else rows.filter(state=value)
