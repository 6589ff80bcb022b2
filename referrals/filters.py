"""What the list of referrals can be narrowed by: one set for pages, exports and the API.

Every figure of a dashboard links to the list with these names, so the list counts as the measures count: `start` is in, `end` is not, a
territory stands for all below it, and unless it is asked for, what is in no measure is not in the list. "null" means "none named".
"""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from accounts.models import User
from contacts.filters import territories_seen
from contacts.models import Organization, Practice, Provider
from referrals import behind
from referrals.forms.payers import PayerFilter
from referrals.models import BatchState, ControlTotal, Flow, ImportBatch, Kind, LossReason, Payer, Referral, Source, State
from territories.models import ServiceLine, Territory
from territories.scope import below

NONE = "null"
COUNTED, ALL, NOT_COUNTED = "1", "all", "0"
COUNTING = ((COUNTED, "Counted"), (ALL, "All"), (NOT_COUNTED, "Not counted"))
SORTS = ("anchor_on", "source_key", "provider", "practice", "destination", "state", "flow")
_SORT_COLUMNS = {
    "provider": ("provider__last_name", "provider__first_name"),
    "practice": ("practice__name",),
    "destination": ("destination_name",),
}
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _referrals(request: Any) -> QuerySet[Referral]:
    return Referral.objects.visible_to(request.user) if request else Referral.objects.none()


def _one(queryset: Any, *, label: str, empty: str = "", null: str = "", hidden: bool = False, **extra: Any) -> filters.ModelChoiceFilter:
    if hidden:
        extra["widget"] = forms.HiddenInput
    return filters.ModelChoiceFilter(
        label=label, queryset=queryset, empty_label=empty or None, null_label=null or None, null_value=NONE, **extra
    )


class ReferralFilter(filters.FilterSet):
    """`start` is in, `end` is not. `same_patient` names a referral: the others of its patient within its feed. `measure` leaves those that
    a figure counts, or with `part` those that it is a share of, cannot tell of, or cannot tell of yet; by the days of the settings.
    """

    q = filters.CharFilter(label="Referral number", method="by_number", widget=forms.TextInput(attrs={"type": "search"}))
    start = filters.DateFilter(label="From", field_name="anchor_on", lookup_expr="gte", widget=_DAY)
    end = filters.DateFilter(label="Before", field_name="anchor_on", lookup_expr="lt", widget=_DAY)
    territory = _one(territories_seen, label="Territory", empty="All territories", null="No territory", method="in_branch")
    service_line = _one(ServiceLine.objects.all(), label="Service line", empty="All service lines", null="No service line")
    payer = PayerFilter(label="Payer", queryset=Payer.objects.all(), empty_label="All payers", null_label="No payer", null_value=NONE)
    source = _one(Source.objects.all(), label="Feed", empty="All feeds")
    state = filters.ChoiceFilter(label="State", choices=State, empty_label="Any state")
    counted = filters.ChoiceFilter(label="Counting", choices=COUNTING, empty_label=None, method="by_counting", initial=COUNTED)
    flow = filters.MultipleChoiceFilter(label="Flow", choices=Flow, widget=forms.CheckboxSelectMultiple)
    practice = _one(Practice.objects.all(), label="Practice", null="No practice known", hidden=True)
    provider = _one(Provider.objects.all(), label="Provider", null="No provider known", hidden=True)
    destination = _one(Organization.objects.all(), label="Referred to", null="No destination known", hidden=True)
    kind = filters.ChoiceFilter(label="Kind", choices=Kind, widget=forms.HiddenInput)
    reason = filters.ChoiceFilter(
        label="Reason", choices=[*LossReason.choices, (NONE, "No reason given")], widget=forms.HiddenInput, method="with_reason"
    )
    liaison = _one(User.objects.all(), label="Credited to", null="Nobody credited", hidden=True, field_name="credited_to")
    organization = _one(
        Organization.objects.all(), label="Organization", null="No organization known", hidden=True, field_name="practice__organization"
    )
    group = filters.CharFilter(label="Group", widget=forms.HiddenInput, method="in_group")
    specialty = filters.CharFilter(label="Specialty", widget=forms.HiddenInput, method="of_specialty")
    batch = _one(ImportBatch.objects.filter(state=BatchState.LOADED), label="Import", hidden=True)
    same_patient = filters.ModelChoiceFilter(queryset=_referrals, method="of_patient", widget=forms.HiddenInput)
    part = filters.ChoiceFilter(label="Part of the measure", choices=behind.Part, widget=forms.HiddenInput, method="with_measure")
    measure = filters.ChoiceFilter(label="Measure", choices=behind.choices, widget=forms.HiddenInput, method="behind_figure")  # the last

    class Meta:
        model = Referral
        fields = ()

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        data = data.copy() if data is not None else {}
        if not data.get("counted"):  # figures count what is counted; the switch shows the rest
            data["counted"] = COUNTED
        super().__init__(data, *args, **kwargs)

    @property
    def qs(self) -> QuerySet[Referral]:
        """The rows; none at all when a part of the address cannot be understood, since leaving it out would show more."""
        return self.queryset.none() if self.errors else super().qs

    def by_number(self, rows: QuerySet[Referral], name: str, value: str) -> QuerySet[Referral]:
        return rows.filter(source__in=Source.objects.values("pk"), source_key=value.strip())

    def in_branch(self, rows: QuerySet[Referral], name: str, value: Territory | str) -> QuerySet[Referral]:
        if isinstance(value, str):  # NONE
            return rows.filter(territory=None)
        children: dict[int | None, list[int]] = {}
        for pk, parent in Territory.objects.values_list("pk", "parent_id"):
            children.setdefault(parent, []).append(pk)
        return rows.filter(territory__in=below(value.pk, children))

    def with_reason(self, rows: QuerySet[Referral], name: str, value: str) -> QuerySet[Referral]:
        return rows.filter(reason="" if value == NONE else value)

    def in_group(self, rows: QuerySet[Referral], name: str, value: str) -> QuerySet[Referral]:
        """An organization by its id, a practice that belongs to none by the negative of its own."""
        if value == NONE:
            return rows.filter(practice=None)
        try:
            number = int(value)
        except ValueError:
            return rows.none()
        if number > 0:
            return rows.filter(practice__organization=number)
        return rows.filter(practice=-number, practice__organization=None)

    def of_specialty(self, rows: QuerySet[Referral], name: str, value: str) -> QuerySet[Referral]:
        """The performer's; where that is not known, the line of the destination."""
        named = rows.annotate(specialty=Coalesce("performer__specialty__name", "destination__service_line__name"))
        return named.filter(specialty=None) if value == NONE else named.filter(specialty=value)

    def with_measure(self, rows: QuerySet[Referral], name: str, value: str) -> QuerySet[Referral]:
        """A part of nothing is nothing."""
        return rows if self.form.cleaned_data.get("measure") else rows.none()

    def behind_figure(self, rows: QuerySet[Referral], name: str, value: str) -> QuerySet[Referral]:
        """After all the other filters, so that only what they leave is looked at."""
        figure, part = behind.FIGURES[value], behind.Part(self.form.cleaned_data.get("part") or behind.Part.NUMERATOR)
        return figure.narrow(rows, part) if part in figure.parts else rows.none()

    def by_counting(self, rows: QuerySet[Referral], name: str, value: str) -> QuerySet[Referral]:
        return rows if value == ALL else rows.filter(is_counted=value == COUNTED)

    def of_patient(self, rows: QuerySet[Referral], name: str, value: Referral) -> QuerySet[Referral]:
        return rows.filter(source=value.source_id, patient_hash=value.patient_hash) if value.patient_hash else rows.filter(pk=value.pk)


def sorting(asked: str | None) -> tuple[str, list[str]]:
    """The sort of the address that we know ("-anchor_on" else), and the columns to order by, always down to one row."""
    name = (asked or "").removeprefix("-")
    if name not in SORTS:
        asked, name = "-anchor_on", "anchor_on"
    sign = "-" if (asked or "").startswith("-") else ""
    return f"{sign}{name}", [*(f"{sign}{column}" for column in _SORT_COLUMNS.get(name, (name,))), f"{sign}pk"]


class BatchFilter(filters.FilterSet):
    source = _one(Source.objects.all(), label="Feed", empty="All feeds")
    state = filters.ChoiceFilter(label="State", choices=BatchState, empty_label="Any state")

    class Meta:
        model = ImportBatch
        fields = ()


class ControlTotalFilter(filters.FilterSet):
    source = _one(Source.objects.all(), label="Feed", empty="All feeds")
    start = filters.DateFilter(label="From", field_name="month", lookup_expr="gte", widget=_DAY)
    end = filters.DateFilter(label="Before", field_name="month", lookup_expr="lt", widget=_DAY)

    class Meta:
        model = ControlTotal
        fields = ()
