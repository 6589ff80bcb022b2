"""CMS50 over a file of FHIR resources."""

import datetime as dt
from typing import Any

from django import forms

LARGEST = 100 * 1024 * 1024  # bytes that are read while somebody waits
ZONES = {"UTC": "UTC, as in the official test cases", "local": "The organization's own time zone"}


class FhirCountForm(forms.Form):
    """The year and the file. Nothing of the file is kept."""

    file = forms.FileField(
        label="File",
        help_text="A FHIR R4 Bundle or one resource per line: Patient, Encounter, Procedure, ServiceRequest and Task.",
        error_messages={"required": "Choose the file.", "missing": "Choose the file.", "empty": "The file is empty. Export it again."},
    )
    year = forms.TypedChoiceField(label="Reporting year", coerce=int)
    zone = forms.ChoiceField(label="Days are days of", choices=list(ZONES.items()), initial="UTC")

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(year, str(year)) for year in range(today.year, today.year - 6, -1)]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(
                f"This file has {file.size / 2**20:,.0f} MB; here up to {LARGEST // 2**20} MB are read."
                " For larger ones use the command line: bin/manage cms50 FILE --year YEAR."
            )
        return file
