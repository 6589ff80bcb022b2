"""Filters of the pictures: a report's filter, and before it the figure that is drawn."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django import forms

from reports.forms.filters import ReportFilter
from reports.measures import MEASURES, Measure


class PictureFilter(ReportFilter):
    """What to draw, and of which part of the field. An unknown figure is answered with the first."""

    units: ClassVar[Collection[str]] = ()
    cuts: ClassVar[frozenset[str]] = frozenset()  # by all of which a figure must be cuttable to be offered

    measure = forms.ChoiceField(label="Figure", required=False)
    field_order = ["measure", "territory", "period", "service_line", "payer"]

    def __init__(self, data: Mapping[str, Any], **known: Mapping[int, str]) -> None:
        wanted = data.get("measure", "")
        values = {name: data.get(name, "") for name in self.base_fields}
        super().__init__({**values, "measure": wanted if wanted in self.names() else self.default()}, **known)

    def offer(self) -> None:
        self.fields["measure"].choices = self.offered()

    @classmethod
    def names(cls) -> list[str]:
        """The measures that this picture can draw."""
        return [name for name, measure in MEASURES.items() if measure.unit in cls.units and set(measure.cuts) >= cls.cuts]

    @classmethod
    def default(cls) -> str:
        return cls.names()[0]

    @classmethod
    def offered(cls) -> list[tuple[str, list[tuple[str, str]]]]:
        """By family, as the select shows them."""
        families: dict[str, list[tuple[str, str]]] = {}
        for name in cls.names():
            families.setdefault(MEASURES[name].family, []).append((name, MEASURES[name].title))
        return list(families.items())

    @property
    def chosen_measure(self) -> Measure:
        return MEASURES[self.cleaned_data["measure"]]

    def own(self) -> dict[str, str]:
        """What this form has in the address beside a report's filter; blank parts are defaults."""
        name = self.chosen_measure.name
        return {} if name == self.default() else {"measure": name}


class FunnelFilter(PictureFilter):
    """Shares alone can be compared between units of different size."""

    units = ("share",)
    between = frozenset({"practice", "provider", "territory", "service_line"})

    @classmethod
    def names(cls) -> list[str]:
        return [name for name in super().names() if cls.between & set(MEASURES[name].cuts)]

    @classmethod
    def default(cls) -> str:
        return "leakage_ordered"


class ControlFilter(PictureFilter):
    """Anything that has a value each month. Limits need months: two years are the start."""

    units = ("referrals", "share", "days", "providers", "patients")
    cuts = frozenset({"month"})
    periods: ClassVar = {"24": "24 full months", "12": "12 full months", "36": "36 full months"}
    default_period = "24"

    @classmethod
    def default(cls) -> str:
        return "inbound"


class HeatFilter(PictureFilter):
    """What can be counted per service line and month."""

    units = ("referrals", "share")
    cuts = frozenset({"month", "service_line"})

    @classmethod
    def default(cls) -> str:
        return "inbound"
