"""The filters of a report, in its URL."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from referrals.queries.payers import standing_payer
from reports.periods import Window, add_months, last_full_months

PERIODS = {"3": "3 full months", "6": "6 full months", "12": "12 full months", "24": "24 full months", "year": "This year"}
DEFAULT_PERIOD = "12"


class ReportFilter(forms.Form):
    """Territory, period, service line, payer; `start` and `end` in the URL go before the period."""

    periods: ClassVar[Mapping[str, str]] = PERIODS
    default_period: ClassVar[str] = DEFAULT_PERIOD

    territory = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    period = forms.ChoiceField(required=False)
    service_line = forms.TypedChoiceField(label="Service line", required=False, coerce=int, empty_value=None)
    payer = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    start = forms.DateField(required=False, widget=forms.HiddenInput)
    end = forms.DateField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any], *, territories: Mapping[int, str], lines: Mapping[int, str], payers: Mapping[int, str]
    ) -> None:
        wanted = {name: data.get(name, "") for name in self.base_fields}
        if wanted["payer"] and wanted["payer"] not in map(str, payers):
            wanted["payer"] = str(standing_payer(wanted["payer"]))  # merged away since the address was kept
        named = bool(wanted["start"] and wanted["end"]) and wanted["period"] not in self.periods
        period = wanted["period"] if wanted["period"] in self.periods else self.default_period
        super().__init__({**wanted, "period": "" if named else period})
        self.fields["territory"].choices = [("", "All territories"), *territories.items()]
        self.fields["service_line"].choices = [("", "All service lines"), *lines.items()]
        self.fields["payer"].choices = [("", "All payers"), *payers.items()]
        self.fields["period"].choices = list(self.periods.items())
        self.offer()
        self.is_valid()
        self.custom = self._custom()
        if self.custom:
            self.fields["period"].choices = [("", self.custom.words), *self.periods.items()]
        elif named:
            self.data = {**self.data, "period": self.default_period}

    def offer(self) -> None:
        """Choices of the fields that a page adds."""

    def _custom(self) -> Window | None:
        start, end = self.cleaned_data.get("start"), self.cleaned_data.get("end")
        return Window(start, end) if start and end and start < end and not self.data.get("period") else None

    @property
    def months(self) -> str:
        """The chosen period's key."""
        chosen = self.data.get("period")
        return str(chosen) if chosen in self.periods else self.default_period

    @classmethod
    def standard(cls, data_through: dt.date | None) -> Window | None:
        """What is shown when nothing is chosen."""
        return last_full_months(int(cls.default_period), data_through) if data_through else None

    def window(self, data_through: dt.date) -> Window:
        """The days asked for. This year falls back to last year while no month of it is full."""
        if self.custom:
            return self.custom
        if self.months != "year":
            return last_full_months(int(self.months), data_through)
        end = last_full_months(1, data_through).end
        return Window(add_months(end, -1).replace(month=1), end)

    def chosen(self, name: str) -> int | None:
        return self.cleaned_data.get(name)
