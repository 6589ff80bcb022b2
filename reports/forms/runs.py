"""What a person fills in to ask for a report: each kind has its own small form over this one."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from reports.models import ReportRun, RunState
from reports.periods import Window, add_months
from reports.querysets import ReportRunQuerySet
from territories.models import Territory


@dataclass(frozen=True)
class Offer:
    """What may be chosen from: the full months there are (newest first), the person's territories, and what no territory means to them."""

    months: Sequence[dt.date]
    territories: QuerySet[Territory]
    everything: str


class RunForm(forms.Form):
    """Over what. Kinds add what else they ask, and turn it into parameters and those into words."""

    territory = forms.ModelChoiceField(Territory.objects.none(), required=False)

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        self.fields["territory"].queryset = offer.territories
        self.fields["territory"].empty_label = offer.everything

    def parameters(self) -> dict[str, Any]:
        """After `is_valid()`: the question as JSON, always in the same words; `start` and `end` (exclusive) where it is over some time."""
        return {}

    @staticmethod
    def words(parameters: Mapping[str, Any]) -> str:
        """The parameters as the list of runs tells them."""
        return ""


class MonthsForm(RunForm):
    """From which month to which, both in."""

    first = forms.ChoiceField(label="First month")
    last = forms.ChoiceField(label="Last month")

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, offer=offer, **kwargs)
        choices = [(month.isoformat(), f"{month:%b %Y}") for month in offer.months]
        self.fields["first"].choices = self.fields["last"].choices = choices
        if choices:
            self.fields["first"].initial = choices[min(11, len(choices) - 1)][0]
            self.fields["last"].initial = choices[0][0]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("first") and values.get("last") and values["first"] > values["last"]:
            self.add_error("last", "Choose a last month that is not earlier than the first.")
        return values

    def parameters(self) -> dict[str, Any]:
        first, last = (dt.date.fromisoformat(self.cleaned_data[name]) for name in ("first", "last"))
        return {**super().parameters(), "start": first.isoformat(), "end": add_months(last, 1).isoformat()}

    @staticmethod
    def words(parameters: Mapping[str, Any]) -> str:
        return Window(dt.date.fromisoformat(parameters["start"]), dt.date.fromisoformat(parameters["end"])).words


class RunFilter(forms.Form):
    """The list of runs, cut by kind, by state, by who asked."""

    kind = forms.ChoiceField(label="Report", required=False)
    state = forms.ChoiceField(required=False, choices=[("", "Any state"), *RunState.choices])
    who = forms.ChoiceField(
        label="Asked by", required=False, choices=[("", "Anybody"), ("me", "Me"), ("people", "People"), ("standard", "Nobody: standard")]
    )

    def __init__(self, data: Mapping[str, Any], *, kinds: Mapping[str, str]) -> None:
        super().__init__({name: data.get(name, "") for name in self.base_fields})
        self.fields["kind"].choices = [("", "Any report"), *kinds.items()]
        self.is_valid()

    @property
    def is_used(self) -> bool:
        return any(self.cleaned_data.values())

    def cut(self, runs: ReportRunQuerySet, person: User) -> ReportRunQuerySet:
        """What fits; a choice that nobody offers cuts nothing."""
        chosen = self.cleaned_data
        if chosen.get("kind"):
            runs = runs.filter(kind=chosen["kind"])
        if chosen.get("state"):
            runs = runs.in_state(chosen["state"])
        match chosen.get("who"):
            case "me":
                runs = runs.filter(asked_by=person)
            case "people":
                runs = runs.filter(Exists(ReportRun.asked_by.through.objects.filter(reportrun=OuterRef("pk"))))
            case "standard":
                runs = runs.filter(asked_by=None)
        return runs


class YearForm(RunForm):
    """Which calendar year: those that the data has a month of."""

    year = forms.TypedChoiceField(coerce=int)

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, offer=offer, **kwargs)
        years = dict.fromkeys(month.year for month in offer.months)
        self.fields["year"].choices = [(year, str(year)) for year in years]

    def parameters(self) -> dict[str, Any]:
        return {**super().parameters(), "year": self.cleaned_data["year"]}

    @staticmethod
    def words(parameters: Mapping[str, Any]) -> str:
        return str(parameters["year"])
