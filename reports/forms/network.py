"""What is asked of a report on the network: from which month to which, and who counts as one."""

from collections.abc import Mapping
from typing import Any

from django import forms

from referrals.forms.payers import PayerField
from referrals.models import Payer
from reports.forms.runs import MonthsForm
from reports.networking import LEVELS, NARROWER, PRACTICES
from territories.models import ServiceLine

NARROWER_WORDS = {"service_line": "one service line", "payer": "one payer"}


class NetworkForm(MonthsForm):
    """Months, the level, and what narrows it."""

    level = forms.ChoiceField(choices=list(LEVELS.items()), initial=PRACTICES)
    service_line = forms.ModelChoiceField(ServiceLine.objects.all(), required=False, empty_label="All service lines")
    payer = PayerField(Payer.objects.all(), required=False, empty_label="All payers")

    def parameters(self) -> dict[str, Any]:
        narrower = {name: chosen.pk for name in NARROWER if (chosen := self.cleaned_data.get(name))}
        return {**super().parameters(), "level": self.cleaned_data["level"], **narrower}

    @staticmethod
    def words(parameters: Mapping[str, Any]) -> str:
        narrowed = [NARROWER_WORDS[name] for name in NARROWER if name in parameters]
        return ", ".join([LEVELS[parameters["level"]], *narrowed, MonthsForm.words(parameters)])
