"""The filters of a measure's page: those of every report, and by what to group. And what a worker is asked about a measure."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from reports.forms.filters import ReportFilter
from reports.forms.runs import MonthsForm
from reports.measures import MEASURES
from reports.queries.cuts import CUTS


def with_cuts(form: ReportFilter, cuts: Sequence[str], by: Sequence[str]) -> ReportFilter:
    """The filter with "By" and "And by" beside it, without filters that the measure cannot be narrowed by."""
    for cut in ("territory", "service_line", "payer"):
        if cut not in cuts:
            del form.fields[cut]
    offered = [(cut, CUTS[cut].label) for cut in cuts]
    form.fields["by"] = forms.ChoiceField(label="By", required=False, choices=[("", "No grouping"), *offered])
    form.fields["and"] = forms.ChoiceField(label="And by", required=False, choices=[("", "Nothing else"), *offered])
    first, second = [*by, "", ""][:2]
    form.data = {**form.data, "by": first, "and": second}
    return form


class MeasureRunForm(MonthsForm):
    """A measure over some months, by one or two cuts."""

    measure = forms.ChoiceField(label="Measure", choices=[(name, measure.title) for name, measure in MEASURES.items()])
    by = forms.ChoiceField(label="By", required=False, choices=[("", "No grouping"), *((cut.name, cut.label) for cut in CUTS.values())])
    then = forms.ChoiceField(
        label="And by", required=False, choices=[("", "Nothing else"), *((cut.name, cut.label) for cut in CUTS.values())]
    )
    field_order = ("measure", "by", "then", "territory", "first", "last")

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        measure = MEASURES.get(values.get("measure", ""))
        for name in ("by", "then"):
            if measure and values.get(name) and values[name] not in measure.cuts:
                self.add_error(name, f"{measure.title} cannot be grouped by {CUTS[values[name]].label.lower()}.")
        if values.get("then") and values.get("then") == values.get("by"):
            self.add_error("then", "Group by two different things, or by one.")
        return values

    def parameters(self) -> dict[str, Any]:
        by = [self.cleaned_data[name] for name in ("by", "then") if self.cleaned_data.get(name)]
        return {**super().parameters(), "measure": self.cleaned_data["measure"], "by": by, "where": {}}

    @staticmethod
    def words(parameters: Mapping[str, Any]) -> str:
        measure = MEASURES.get(parameters["measure"])
        by = " and ".join(CUTS[cut].label.lower() for cut in parameters.get("by", []) if cut in CUTS)
        title = measure.title if measure else parameters["measure"]
        narrowed = ", narrowed" if parameters.get("where") else ""
        return f"{title}{f' by {by}' if by else ''}{narrowed}, {MonthsForm.words(parameters)}"
