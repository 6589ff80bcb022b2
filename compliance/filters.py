"""What the ledger and its tasks can be narrowed by: one set for page, API and files. Its order is by day or amount, by nothing else."""

from decimal import Decimal
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet

from accounts.models import User
from common.names import fold
from compliance.models import SpendEntry, SpendKind, SpendShare, SpendState, SpendTask, TaskKind
from compliance.queries import payers, who_recorded
from contacts.filters import practices_seen, providers_seen, territories_seen
from contacts.models import Organization, Provider
from territories.models import Territory

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
LATE, DONE, ALL = "late", "done", "all"
# value: words of the tab
TASK_STATES = {"open": "Open", LATE: "Overdue", DONE: "Done", ALL: "All"}
SORTS = {"-spent_on": "Newest first", "spent_on": "Oldest first", "-amount": "Largest amount first"}


def _people(request: Any) -> QuerySet[User]:
    return who_recorded(request.user)


def _payers(request: Any) -> QuerySet[Organization]:
    return payers()


class SpendFilter(filters.FilterSet):
    """`start` and `end` are days, both counted in. Cancelled entries are shown only when asked for."""

    q = filters.CharFilter(label="Physician, practice or vendor", method="by_name", widget=forms.TextInput(attrs={"type": "search"}))
    year = filters.NumberFilter(
        label="Year", method="by_year", min_value=2000, max_value=2100, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )
    kind = filters.ChoiceFilter(label="Kind", choices=SpendKind, empty_label="Any kind")
    state = filters.ChoiceFilter(label="State", choices=SpendState, empty_label="Planned and happened", method="by_state")
    payer = filters.ModelChoiceFilter(label="Paid by", queryset=_payers, empty_label="Any entity")
    territory = filters.ModelChoiceFilter(
        label="Territory", queryset=territories_seen, empty_label="All territories", method="by_territory"
    )
    recorded_by = filters.ModelChoiceFilter(label="Written down by", queryset=_people, empty_label="Anybody")
    start = filters.DateFilter(label="From", field_name="spent_on", lookup_expr="gte", widget=_DAY)
    end = filters.DateFilter(label="To", field_name="spent_on", lookup_expr="lte", widget=_DAY)
    without_receipt = filters.BooleanFilter(label="Without a receipt", method="lacking_receipt", widget=forms.CheckboxInput)
    sort = filters.ChoiceFilter(label="Order", choices=list(SORTS.items()), empty_label=None, method="in_order")
    practice = filters.ModelChoiceFilter(queryset=practices_seen, widget=forms.HiddenInput)
    provider = filters.ModelChoiceFilter(queryset=providers_seen, method="by_provider", widget=forms.HiddenInput)

    class Meta:
        model = SpendEntry
        fields = ()

    def filter_queryset(self, queryset: Any) -> Any:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("state") else rows.standing()

    def by_name(self, rows: QuerySet[SpendEntry], name: str, value: str) -> QuerySet[SpendEntry]:
        named = Provider.objects.visible_to(self.request.user).named_like(value)
        everybody = Q(shares__provider__in=named) | Q(shares__provider__merged_into__in=named)
        found = Q(practice__folded_name__contains=fold(value)) | Q(vendor__icontains=value.strip())
        return rows.filter(found | Q(pk__in=SpendEntry.objects.filter(everybody).values("pk")))

    def by_year(self, rows: Any, name: str, value: Decimal) -> QuerySet[SpendEntry]:
        return rows.in_year(int(value))

    def by_state(self, rows: QuerySet[SpendEntry], name: str, value: str) -> QuerySet[SpendEntry]:
        return rows.filter(state=value)

    def by_territory(self, rows: QuerySet[SpendEntry], name: str, value: Territory) -> QuerySet[SpendEntry]:
        return rows.filter(practice__territory__in=Territory.objects.branch_ids(value.pk))

    def by_provider(self, rows: QuerySet[SpendEntry], name: str, value: Provider) -> QuerySet[SpendEntry]:
        return rows.filter(pk__in=SpendShare.objects.filter(provider__in=Provider.objects.all_of(value)).values("entry"))

    def lacking_receipt(self, rows: QuerySet[SpendEntry], name: str, value: bool) -> QuerySet[SpendEntry]:
        kept = SpendEntry.objects.filter(receipts__isnull=False, receipts__removed_at=None).values("pk")
        return rows.exclude(pk__in=kept) if value else rows

    def in_order(self, rows: QuerySet[SpendEntry], name: str, value: str) -> QuerySet[SpendEntry]:
        return rows.order_by(value, "-pk")


class SpendTaskFilter(filters.FilterSet):
    """`state` is open, late (open past its day), done or all."""

    state = filters.ChoiceFilter(choices=list(TASK_STATES.items()), method="by_state", widget=forms.HiddenInput, label="State")
    kind = filters.ChoiceFilter(label="Kind", choices=TaskKind, empty_label="Repayments and approvals")
    year = filters.NumberFilter(label="Year", widget=forms.NumberInput(attrs={"inputmode": "numeric"}))
    provider = filters.ModelChoiceFilter(queryset=providers_seen, widget=forms.HiddenInput, method="by_provider")

    class Meta:
        model = SpendTask
        fields = ()

    def by_state(self, rows: Any, name: str, value: str) -> QuerySet[SpendTask]:
        return rows.overdue() if value == LATE else rows if value == ALL else rows.filter(state=value)

    def by_provider(self, rows: QuerySet[SpendTask], name: str, value: Provider) -> QuerySet[SpendTask]:
        return rows.filter(provider__in=Provider.objects.all_of(value))
