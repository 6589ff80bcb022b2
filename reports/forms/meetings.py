"""A talk as it is written down: notes, and up to three things that were agreed."""

from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from common.guarded import NO_PATIENTS, GuardedForm
from reports.actions.meetings import Agreed

LINES = 3


class OneToOneForm(GuardedForm):
    guarded = ("notes", *(f"text_{place}" for place in range(LINES)))
    held_on = forms.DateField(label="Held on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    notes = forms.CharField(label="Notes", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4}), help_text=NO_PATIENTS)

    def __init__(self, data: Any = None, *, people: list[User]) -> None:
        super().__init__(data, initial={"held_on": timezone.localdate()})
        self.people = {str(person.pk): person for person in people}
        choices = [(pk, str(person)) for pk, person in self.people.items()]
        for place in range(LINES):
            self.fields[f"text_{place}"] = forms.CharField(label=f"Agreed, {place + 1}", required=False, max_length=300)
            self.fields[f"owner_{place}"] = forms.ChoiceField(label="Who", choices=choices, required=False)
            self.fields[f"due_{place}"] = forms.DateField(
                label="Until", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            )

    def arguments(self) -> dict[str, Any]:
        data = self.cleaned_data
        first = next(iter(self.people.values()))
        agreed = [
            Agreed(data[f"text_{place}"], self.people.get(data[f"owner_{place}"], first), data[f"due_{place}"])
            for place in range(LINES)
            if data[f"text_{place}"].strip()
        ]
        return {"held_on": data["held_on"], "notes": data["notes"], "agreed": agreed, "is_none": data["is_none"]}

    @property
    def lines(self) -> list[tuple[forms.BoundField, ...]]:
        return [tuple(self[f"{name}_{place}"] for name in ("text", "owner", "due")) for place in range(LINES)]
