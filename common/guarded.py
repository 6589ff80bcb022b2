"""Free text is looked at before it is kept: what may tell who a patient is comes back once, with the question whether it does."""

from typing import Any

from django import forms
from django.utils import timezone

from common.exceptions import PolicyViolation
from common.patient_marks import warning

NO_PATIENTS = "No patient names, birth dates or record numbers."


class LooksLikePatient(PolicyViolation):
    """The text holds what may tell who a patient is, and nobody has said that it does not."""


def check_no_patient(text: str, *, is_none: bool = False) -> None:
    """Raise the sentence unless nothing was found, or the writer looked at it and said that it is none."""
    if not is_none and (said := warning(text, today=timezone.localdate())):
        raise LooksLikePatient(said)


class GuardedForm(forms.Form):
    """A form with free text: when it looks like a patient's identifier, the box that says "it is none" appears, and nothing is saved."""

    guarded: tuple[str, ...] = ("text",)
    is_none = forms.BooleanField(label="This tells nothing of a patient", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in self.guarded:
            said = warning(data.get(name) or "", today=timezone.localdate())
            if said:
                self.asks = True
                if not data.get("is_none"):
                    self.add_error(name, said)
        return data

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields, without the box until it is needed."""
        return [field for field in self.visible_fields() if field.name != "is_none" or self.asks]
