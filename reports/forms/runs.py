"""A report of one's own."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms

from reports.models import ReportName
from reports.periods import Window, add_months
from territories.models import Territory


class RunForm(forms.Form):
    """A report of one's own: which, over what, from which month to which."""

    name = forms.ChoiceField(label="Report", choices=ReportName.choices, widget=forms.RadioSelect, initial=ReportName.LEAKAGE)
    territory = forms.ModelChoiceField(Territory.objects.none(), required=False)
    first = forms.ChoiceField(label="First month")
    last = forms.ChoiceField(label="Last month")

    def __init__(self, *args: Any, territories: Any, months: Sequence[dt.date], everything: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(month.isoformat(), f"{month:%b %Y}") for month in months]
        self.fields["territory"].queryset = territories
        self.fields["territory"].empty_label = everything
        self.fields["first"].choices = self.fields["last"].choices = choices
        if months:
            self.fields["first"].initial = months[min(11, len(months) - 1)].isoformat()
            self.fields["last"].initial = months[0].isoformat()

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("first") and values.get("last") and values["first"] > values["last"]:
            self.add_error("last", "Choose a last month that is not earlier than the first.")
        return values

    def window(self) -> Window:
        first, last = (dt.date.fromisoformat(self.cleaned_data[name]) for name in ("first", "last"))
        return Window(first, add_months(last, 1))
