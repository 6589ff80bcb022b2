"""A random order of practices: which, from when, over how long."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from contacts.models import Practice
from visits.drawing import month_after
from visits.policies import LONGEST_DRAW

MONTHS_AHEAD = 12


class DrawForm(forms.Form):
    """The practices ticked, a name, and the months over which they are spread."""

    name = forms.CharField(label="Name of the order", max_length=80, error_messages={"required": "Give the order a name."})
    first_month_on = forms.TypedChoiceField(label="First month", coerce=dt.date.fromisoformat)
    months = forms.IntegerField(
        label="Spread over months",
        initial=6,
        min_value=1,
        max_value=LONGEST_DRAW,
        help_text="Practices late in the order are the comparison for those early in it: three months or more tell something.",
        error_messages={"required": "Say over how many months."},
    )
    note = forms.CharField(required=False, max_length=300, help_text="Why these practices have equal priority.")
    practices = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least two practices.",
            "invalid_choice": "One of the practices can no longer be drawn. Look at the list again.",
        },
    )

    def __init__(self, data: Any = None, *, practices: Sequence[Practice], name: str = "") -> None:
        self.offered = {str(practice.pk): practice for practice in practices}
        month = timezone.localdate().replace(day=1)
        super().__init__(
            data, initial={"name": name[:80], "practices": list(self.offered), "first_month_on": month_after(month).isoformat()}
        )
        months = [month_after(month, ahead) for ahead in range(MONTHS_AHEAD + 1)]
        self.fields["first_month_on"].choices = [(day.isoformat(), f"{day:%B %Y}") for day in months]
        self.fields["practices"].choices = [(pk, practice.name) for pk, practice in self.offered.items()]

    def arguments(self) -> dict[str, Any]:
        """What `actions.draw_order` asks for."""
        data = self.cleaned_data
        names = ("name", "first_month_on", "months", "note")
        return {"practices": [self.offered[pk] for pk in data["practices"]], **{name: data[name] for name in names}}


class OwnerForm(forms.Form):
    """Who makes planned visits: oneself, or by a manager somebody else."""

    owner = forms.ModelChoiceField(User.objects.none(), label="Who goes", empty_label=None)

    def __init__(self, data: Any = None, *, user: User, people: Any) -> None:
        super().__init__(data, initial={"owner": user.pk})
        self.user = user
        if people is None:
            del self.fields["owner"]
        else:
            self.fields["owner"].queryset = people

    def chosen(self) -> User:
        found: User = self.cleaned_data.get("owner") or self.user
        return found
