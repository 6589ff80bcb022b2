"""What is asked of a report on the network: from which month to which, and who counts as one."""

from collections.abc import Mapping
from typing import Any

from django import forms

from reports.forms.runs import MonthsForm
from reports.networking import LEVELS, PRACTICES


class NetworkForm(MonthsForm):
    """Months, and the level."""

    level = forms.ChoiceField(choices=list(LEVELS.items()), initial=PRACTICES)

    def parameters(self) -> dict[str, Any]:
        return {**super().parameters(), "level": self.cleaned_data["level"]}

    @staticmethod
    def words(parameters: Mapping[str, Any]) -> str:
        return f"{LEVELS[parameters['level']]}, {MonthsForm.words(parameters)}"
