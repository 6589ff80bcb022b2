"""Which quarter, over what."""

from collections.abc import Mapping
from typing import Any

from django import forms

from reports.fiscal import Quarter
from reports.forms.runs import RunForm
from reports.models import ReportRules
from reports.periods import add_months


class QuarterForm(RunForm):
    """Quarters that are over as far as the data reaches, newest first."""

    quarter = forms.ChoiceField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.starts = ReportRules.current().fiscal_starts
        self.fields["quarter"].choices = [(quarter.name, quarter.words) for quarter in self._over()]

    def _over(self) -> list[Quarter]:
        if not self.offer.months:
            return []
        newest, oldest = add_months(self.offer.months[0], 1), self.offer.months[-1]
        found, quarter = [], Quarter.of(newest, self.starts).previous
        while quarter.window.start >= oldest:
            found.append(quarter)
            quarter = quarter.previous
        return found

    def parameters(self) -> dict[str, Any]:
        chosen = Quarter.named(self.cleaned_data["quarter"], self.starts)
        assert chosen is not None  # noqa: S101 - one of the choices
        window = chosen.window
        asked = {"quarter": chosen.name, "starts": self.starts, "start": window.start.isoformat(), "end": window.end.isoformat()}
        return {**super().parameters(), **asked}

    @staticmethod
    def words(parameters: Mapping[str, Any]) -> str:
        found = Quarter.named(parameters["quarter"], parameters["starts"])
        return found.words if found else str(parameters["quarter"])
