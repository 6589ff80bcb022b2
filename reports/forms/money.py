"""Dated rows of money, as an admin types them."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from reports.models import AttributionWeight, ContributionMargin, ProgramCost
from reports.policies.money import Money
from territories.models import Territory

_UNTIL = "The first day it no longer holds."


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class _DatedForm(forms.ModelForm):
    """A form whose row is saved by the action, never by the form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("started_on", "ended_on"):
            self.fields[name].widget = _day()
        self.fields["started_on"].label, self.fields["ended_on"].label = "From", "Until"
        self.fields["started_on"].error_messages["required"] = "Give the first day on which it holds."
        self.fields["ended_on"].help_text = f"{_UNTIL} Leave blank while it lasts."
        self.fields["note"].help_text = "Where the figure comes from."

    def _post_clean(self) -> None:
        """The action checks the row: the form must not write into one that is stored."""


class MarginForm(_DatedForm):
    class Meta:
        model = ContributionMargin
        fields = ("service_line", "payer", "amount", "low", "high", "started_on", "ended_on", "note")
        labels = {"amount": "Contribution per seen referral, $", "low": "Lowest, $", "high": "Highest, $"}
        help_texts = {
            "payer": "Leave blank for the line's default: every payer without a row of its own.",
            "amount": "Revenue less direct cost. Below zero where each one costs more than it brings.",
            "high": "Lowest and highest: where the figure lies in 19 of 20 cases, if you know. The interval of the return widens with it.",
        }
        error_messages = {
            "amount": {"required": "Give the contribution in dollars."},
            "service_line": {"required": "Choose a service line."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["payer"].empty_label = "Every other payer (default of the line)"


class CostForm(_DatedForm):
    class Meta:
        model = ProgramCost
        fields = ("amount", "started_on", "ended_on", "territory", "note")
        labels = {"amount": "Cost of the period, $", "territory": "Of"}
        error_messages = {"amount": {"required": "Give the cost in dollars."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ended_on"].required = True
        self.fields["ended_on"].error_messages["required"] = "Give the first day that the cost no longer covers."
        self.fields["ended_on"].help_text = f"{_UNTIL} 1 July for a cost of January to June."
        territory: Any = self.fields["territory"]
        territory.queryset, territory.empty_label = Territory.objects.live(), "The whole program"
        territory.help_text = "A territory's cost is not added to the program's, and never guessed from it."


class WeightForm(_DatedForm):
    class Meta:
        model = AttributionWeight
        fields = ("weight", "started_on", "ended_on", "note")
        labels = {"weight": "Share credited to visits"}
        help_texts = {"weight": "From 0 to 1. It is 1 where no row says otherwise; every page shows which one was used."}
        error_messages = {"weight": {"required": "Give a share from 0 to 1."}}


class EndMoneyForm(forms.Form):
    ended_on = forms.DateField(
        label="Ends on", widget=_day(), help_text=_UNTIL, error_messages={"required": "Give the first day it no longer holds."}
    )

    def __init__(self, *args: Any, row: Money, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today: dt.date = timezone.localdate()
        self.initial = {"ended_on": row.ended_on or max(today, row.started_on + dt.timedelta(days=1)), **self.initial}


class MoneyFileForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="CSV, tab or pipe separated text, or Excel. All of it is kept, or nothing; rows that are there already are passed over.",
        error_messages={"required": "Choose the file."},
    )
