"""What people type about follow-ups: a promise, putting it off, handing it over."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from concerns.forms import GuardedForm
from visits.forms.visits import NO_PATIENTS, PracticeMixin
from visits.models import FollowUp
from visits.queries import who_looks_after

TOMORROW, MONDAY, DAY = "tomorrow", "monday", "day"


def _day(**attrs: str) -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", **attrs}, format="%Y-%m-%d")


class FollowUpForm(PracticeMixin, GuardedForm):
    """Something promised outside a visit, or after it."""

    text = forms.CharField(
        label="What is to be done?", max_length=300, help_text=NO_PATIENTS, error_messages={"required": "Say what is to be done."}
    )
    due_on = forms.DateField(label="Due", widget=_day(), error_messages={"required": "Choose a day."})

    field_order = ("practice", "text", "is_none", "due_on")

    def clean_due_on(self) -> dt.date:
        due_on: dt.date = self.cleaned_data["due_on"]
        if due_on < timezone.localdate():
            raise forms.ValidationError("This day is over. Choose today or later.")
        return due_on


def next_monday(today: dt.date) -> dt.date:
    """The Monday after today; on a Monday, a week on."""
    return today + dt.timedelta(days=7 - today.weekday())


class SnoozeForm(forms.Form):
    """Until when: tomorrow, Monday, or a day."""

    until = forms.ChoiceField(choices=[(TOMORROW, "Tomorrow"), (MONDAY, "Monday"), (DAY, "On a day")])
    until_on = forms.DateField(
        label="Day", required=False, widget=_day(), error_messages={"invalid": "Enter a day."},
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        today = timezone.localdate()
        if data.get("until") == TOMORROW:
            data["until_on"] = today + dt.timedelta(days=1)
        elif data.get("until") == MONDAY:
            data["until_on"] = next_monday(today)
        elif not data.get("until_on") and "until_on" not in self.errors:
            self.add_error("until_on", "Choose until which day.")
        return data

    @property
    def sentence(self) -> str:
        """What is wrong, in one sentence."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)


class HandFollowUpForm(GuardedForm):
    """To whom, and what one tells them with it."""

    guarded = ("note",)
    to = forms.ModelChoiceField(
        User.objects.none(), label="To whom", empty_label="Choose a colleague", error_messages={"required": "Choose a colleague."}
    )
    note = forms.CharField(
        label="What should they know?", required=False, max_length=300, help_text=NO_PATIENTS, widget=forms.Textarea(attrs={"rows": 2})
    )

    field_order = ("to", "note", "is_none")

    def __init__(self, data: Any = None, *, follow_up: FollowUp) -> None:
        super().__init__(data)
        self.fields["to"].queryset = who_looks_after(follow_up.practice).exclude(pk=follow_up.owner_id)
