"""The filters of pages that read market data, in their URL."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from django import forms

from common.places import is_zip
from contacts.importing.cells import read_zip
from reports.intervals import Standing
from reports.targeting import EVERYBODY, NOT_OURS

MARKET_PERIODS = {"3": "3 months", "6": "6 months", "12": "12 months", "24": "24 months"}
STANDINGS: tuple[str, ...] = get_args(Standing)


class MarketFilter(forms.Form):
    """Territory, period, service line, and the vendor where there are several."""

    territory = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    period = forms.ChoiceField(required=False, choices=list(MARKET_PERIODS.items()))
    service_line = forms.TypedChoiceField(label="Service line", required=False, coerce=int, empty_value=None)
    standing = forms.ChoiceField(
        label="Class", required=False, choices=[("", "All classes"), *((word, word.capitalize()) for word in STANDINGS)]
    )
    whose = forms.ChoiceField(label="Whose", required=False, choices=[(NOT_OURS, "Not ours"), (EVERYBODY, "Ours too")])
    vendor = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        territories: Mapping[int, str],
        lines: Mapping[int, str],
        vendors: Sequence[tuple[int, str]],
        without: Sequence[str] = (),
    ) -> None:
        wanted = {name: data.get(name, "") for name in self.base_fields}
        super().__init__({**wanted, "period": wanted["period"] if wanted["period"] in MARKET_PERIODS else "12"})
        self.fields["territory"].choices = [("", "All territories"), *territories.items()]
        self.fields["service_line"].choices = [("", "All service lines"), *lines.items()]
        self.fields["vendor"].choices = [("", "Furthest in time"), *vendors]
        for name in (*without, *(["vendor"] if len(vendors) < 2 else [])):
            del self.fields[name]
        self.is_valid()

    @property
    def months(self) -> int:
        return int(self.cleaned_data.get("period") or 12)

    def chosen(self, name: str) -> Any:
        return self.cleaned_data.get(name)


class SaveTargetsForm(forms.Form):
    """A new list of what was ticked."""

    name = forms.CharField(label="Name of the list", max_length=120, error_messages={"required": "Give the list a name."})
    campaign = forms.CharField(required=False, max_length=120, help_text="What it is part of, such as a new service.")
    starts_on = forms.DateField(
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Enter a day."},
    )
    ends_on = forms.DateField(
        label="Until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter a day."},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("starts_on") and data.get("ends_on") and data["ends_on"] < data["starts_on"]:
            self.add_error("ends_on", "The list ends before it starts. Choose a later day.")
        return data


class CapacityForm(forms.Form):
    """What a site can take, as of a day. Blank is "nobody knows"."""

    as_of_on = forms.DateField(
        label="As of",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Enter a day."},
    )
    is_accepting = forms.TypedChoiceField(
        label="Takes new patients",
        required=False,
        choices=[("", "Not known"), ("yes", "Yes"), ("no", "No")],
        coerce=lambda text: text == "yes",
        empty_value=None,
    )
    third_next_available = forms.IntegerField(
        label="Third next available, days",
        required=False,
        min_value=0,
        max_value=999,
        help_text="Days to the third next free appointment: the first two may be cancellations.",
    )
    payers: Any = forms.ModelMultipleChoiceField(
        None,
        label="Accepted payers",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None means that nobody knows: then nothing counts as avoidable here.",
    )
    address = forms.CharField(required=False, max_length=200)
    zip = forms.CharField(label="ZIP code", required=False, max_length=10, widget=forms.TextInput(attrs={"inputmode": "numeric"}))

    def __init__(self, *args: Any, payers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["payers"].queryset = payers

    def clean_zip(self) -> str:
        text = self.cleaned_data["zip"]
        zip_ = read_zip(text) if text else ""
        if text and not is_zip(zip_):
            raise forms.ValidationError("The postal service knows no such ZIP code. It needs five digits.")
        return zip_
