"""What people type about materials and mileage."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from visits.actions.materials import MOST_PIECES
from visits.actions.mileage import MOST_MILES
from visits.models import Material, MileageDay, MileageRate


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class MaterialForm(forms.ModelForm):
    class Meta:
        model = Material
        fields = ("name", "kind", "reorder_at", "is_active")
        labels = {"is_active": "Offered when a visit is logged", "reorder_at": "Order again at"}
        help_texts = {"reorder_at": "Pieces left. Blank: nobody is reminded."}


class ReceiveForm(forms.Form):
    pieces = forms.IntegerField(
        label="Pieces that came in",
        min_value=1,
        max_value=MOST_PIECES,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": "Enter how many pieces came in."},
    )
    note = forms.CharField(label="Note", max_length=200, required=False)


class CountForm(forms.Form):
    counted = forms.IntegerField(
        label="Pieces counted",
        min_value=0,
        max_value=MOST_PIECES,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": "Enter how many pieces are there."},
    )
    note = forms.CharField(label="Note", max_length=200, required=False)


class MileageForm(forms.Form):
    """What was driven on a day."""

    driven_on = forms.DateField(label="Day", widget=_day(), error_messages={"required": "Choose the day."})
    miles = forms.DecimalField(
        required=False,
        min_value=Decimal(0),
        max_value=MOST_MILES,
        decimal_places=1,
        help_text="As the odometer says. Blank: as estimated.",
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.1"}),
    )
    purpose = forms.CharField(max_length=200, required=False, help_text="Blank: the visits of the day.")

    def __init__(self, data: Any = None, *, typed: MileageDay | None = None, on: dt.date | None = None) -> None:
        first = {"driven_on": on or timezone.localdate()}
        super().__init__(data, initial=first | ({"miles": typed.miles, "purpose": typed.purpose} if typed else {}))

    def clean_driven_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["driven_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("This day lies ahead. Write mileage down when it was driven.")
        if day.year < 2000:
            raise forms.ValidationError("This is too long ago. Check the year.")
        return day


class RateForm(forms.ModelForm):
    class Meta:
        model = MileageRate
        fields = ("per_mile", "started_on", "ended_on", "source")
        widgets = {
            "started_on": _day(),
            "ended_on": _day(),
            "per_mile": forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.001"}),
        }
        help_texts = {"source": "Such as the notice of the IRS.", "ended_on": "Blank: until another one begins."}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("per_mile") is not None and data["per_mile"] <= 0:
            self.add_error("per_mile", "Enter dollars a mile, such as 0.70.")
        if data.get("started_on") and data.get("ended_on") and data["ended_on"] <= data["started_on"]:
            self.add_error("ended_on", "This is not after the first day.")
        return data
