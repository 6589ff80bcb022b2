"""What a person asks of the return on visits: over what, from which month to which, against whom."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms

from reports.forms.runs import MonthsForm
from reports.periods import Window

CONTROLS = {
    "not_yet_treated": "Practices not visited yet, and never visited ones",
    "never_treated": "Only practices that were never visited",
}
USUAL_MONTHS = 36


class RoiForm(MonthsForm):
    """The months are those of the comparison: a year before the first visits, at least, and a year after."""

    control = forms.ChoiceField(
        label="Compared with",
        choices=list(CONTROLS.items()),
        initial="not_yet_treated",
        help_text="The first needs fewer practices and is the surer one: intervals against never visited ones alone are a little short.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if choices := self.fields["first"].choices:
            self.fields["first"].initial = choices[min(USUAL_MONTHS, len(choices)) - 1][0]

    def parameters(self) -> dict[str, Any]:
        return {**super().parameters(), "control": self.cleaned_data["control"]}

    @staticmethod
    def words(parameters: Mapping[str, Any]) -> str:
        window = Window(dt.date.fromisoformat(parameters["start"]), dt.date.fromisoformat(parameters["end"])).words
        return window if parameters["control"] == "not_yet_treated" else f"{window}, against never visited practices"
