"""What people type about target lists."""

from typing import Any

from django import forms

from accounts.models import User
from visits.forms.visits import NO_PATIENTS, PracticeMixin
from visits.models import TargetList


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class TargetListForm(forms.ModelForm):
    """What a list is called, and when it runs."""

    class Meta:
        model = TargetList
        fields = ("name", "campaign", "starts_on", "ends_on", "note")
        labels = {"starts_on": "From", "ends_on": "Until", "note": "What to say or bring"}
        help_texts = {
            "campaign": "What it is part of, such as a new service.",
            "starts_on": "Visits count for it from this day on.",
            "ends_on": "The last day.",
            "note": NO_PATIENTS,
        }
        widgets = {"starts_on": _day(), "ends_on": _day(), "note": forms.Textarea(attrs={"rows": 2})}
        error_messages = {
            "name": {"required": "Give the list a name."},
            "starts_on": {"required": "Choose a day.", "invalid": "Enter a day."},
            "ends_on": {"invalid": "Enter a day."},
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("starts_on") and data.get("ends_on") and data["ends_on"] < data["starts_on"]:
            self.add_error("ends_on", "The list ends before it starts. Choose a later day.")
        return data


class TargetAddForm(PracticeMixin):
    """A practice put on a list by hand."""

    reason = forms.CharField(
        label="Why?", max_length=500, help_text=f"Whoever goes there reads it. {NO_PATIENTS}", error_messages={"required": "Say why."}
    )

    field_order = ("practice", "reason")


class HandOverForm(forms.Form):
    to = forms.ModelChoiceField(
        User.objects.none(), label="Hand to", empty_label="Choose a person", error_messages={"required": "Choose a person."}
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = people


class DropForm(forms.Form):
    why = forms.CharField(
        label="Why is it dropped?",
        max_length=300,
        help_text="So that nobody asks again: retired, moved away, sends everything already.",
        error_messages={"required": "Say why, so that nobody asks again."},
    )
