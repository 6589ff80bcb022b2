"""What people type about feeds, and the rules by which their referrals count."""

import datetime as dt
from collections.abc import Iterable
from collections.abc import Mapping as Table
from typing import Any

from django import forms

from common.exceptions import InputError
from common.tables import open_table
from referrals.forms.imports import SEES_HELP
from referrals.importing.mapping import Mapping
from referrals.importing.totals import LARGEST, parse_totals
from referrals.models import CountingRules, Kind, Source
from referrals.models.facts import FromFolder, Sees

LARGEST_MAPPING = 1_000_000  # bytes


class SourceForm(forms.ModelForm):
    """A feed: how it is called on pages, what it sees, and how its files come."""

    class Meta:
        model = Source
        fields = ("title", "sees", "from_folder", "due_every_days")
        labels = {"title": "Title", "sees": "What it sees", "from_folder": "Files in its folder", "due_every_days": "Expected every … days"}
        help_texts = {
            "sees": "A change counts this feed's referrals anew, in the background.",
            "from_folder": "“Odd” is an alarm of the check, or more than a few rejected rows; then a person loads it.",
            "due_every_days": "A feed that is later than this is shown as overdue. 0: whenever it comes.",
        }
        widgets = {"sees": forms.RadioSelect, "from_folder": forms.RadioSelect}
        error_messages = {
            "due_every_days": {
                "required": "Enter a number of days, or 0 for a feed that comes whenever it comes.",
                "invalid": "Enter a whole number of days, such as 7.",
            },
            "sees": {"required": "Choose what the feed sees."},
            "from_folder": {"required": "Choose what happens to files in its folder."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sees"].choices = [(word, SEES_HELP[word]) for word, _ in Sees.choices]
        self.fields["from_folder"].choices = FromFolder.choices


class MappingFileForm(forms.Form):
    """A mapping as the JSON file that “As a file” gives."""

    file = forms.FileField(
        label="Mapping file",
        help_text="JSON, as another PRM or “As a file” gave it. Imports that are loaded already stay as they are.",
        error_messages={"required": "Choose the mapping file.", "empty": "The file is empty. Choose a mapping file."},
    )

    def clean_file(self) -> dict[str, Any]:
        text = self.cleaned_data["file"].read(LARGEST_MAPPING + 1)
        if len(text) > LARGEST_MAPPING:
            raise forms.ValidationError("This is no mapping: it is larger than 1 MB.")
        try:
            return Mapping.from_json(text).to_json()
        except InputError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class TotalsForm(forms.Form):
    """What a source itself counted per month: typed, pasted, or from a file."""

    pasted = forms.CharField(
        label="Paste from a report",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="One month and its count a line, such as “2026-05”, a tab, “1,284”. It wins over a file, and both over what is typed.",
    )
    file = forms.FileField(
        label="Or choose a file",
        required=False,
        help_text="CSV or Excel with the month in the first column and the count in the second.",
        error_messages={"empty": "The file is empty. Choose another, or paste the counts."},
    )

    def __init__(self, data: Any = None, files: Any = None, *, months: Iterable[dt.date], told: Table[dt.date, int]) -> None:
        super().__init__(data, files)
        self.months = {f"month-{month:%Y-%m}": month for month in months}
        for name, month in self.months.items():
            self.fields[name] = forms.IntegerField(
                label=f"{month:%b %Y}",
                required=False,
                initial=told.get(month),
                min_value=0,
                max_value=LARGEST,
                error_messages={
                    "invalid": f"The count of {month:%b %Y} must be a whole number, such as 1284.",
                    "min_value": f"The count of {month:%b %Y} cannot be below 0.",
                    "max_value": f"The count of {month:%b %Y} is too large.",
                },
            )

    def grid(self) -> list[Any]:
        """The fields of the months."""
        return [self[name] for name in self.months]

    def clean_pasted(self) -> dict[dt.date, int]:
        return self._read(self.cleaned_data["pasted"].splitlines())

    def clean_file(self) -> dict[dt.date, int]:
        file = self.cleaned_data["file"]
        if file is None:
            return {}
        try:
            with open_table(file.file) as table:
                rows = [table.headers, *(values for _, values in table)]
        except InputError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return self._read("\t".join(cell for cell in row[:2]) for row in rows)

    def _read(self, lines: Iterable[str]) -> dict[dt.date, int]:
        totals, wrong = parse_totals(lines)
        if wrong:
            raise forms.ValidationError(wrong[:5])
        return totals

    def totals(self) -> dict[dt.date, int | None]:
        """Every month with its count; a field that was emptied takes the count away."""
        typed = {month: self.cleaned_data[name] for name, month in self.months.items()}
        return {**typed, **self.cleaned_data["file"], **self.cleaned_data["pasted"]}


class RulesForm(forms.ModelForm):
    """The rules by which we count, each with what it changes."""

    counted_kinds = forms.MultipleChoiceField(
        label="Kinds that count",
        choices=Kind.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Referrals of other kinds stay in the list, but are in no measure.",
        error_messages={"required": "Choose at least one kind, or every report is empty."},
    )

    class Meta:
        model = CountingRules
        fields = ("affiliated_is_ours", "counted_kinds", "duplicate_days", "link_days", "range_leads_above", "small_cell")
        labels = {
            "affiliated_is_ours": "Affiliated practices count as ours",
            "duplicate_days": "Days within which the same referral counts once",
            "link_days": "Days within which an appointment or claim belongs to an order",
            "range_leads_above": "Show leakage as a range above this share of unknown destinations, in percent",
            "small_cell": "Hide counts below this number in files that leave the organization",
        }
        help_texts = {
            "affiliated_is_ours": "On: what they send us is internal, what they send elsewhere leakage. Off: what they send us is inbound.",
            "duplicate_days": "Same feed, patient, service line and referrer. 0 counts every referral of another day.",
            "link_days": "Of the same patient and service line, where the source names no order. 0: only by the order's number.",
            "range_leads_above": "With so many destinations unknown one figure claims too much: the range leads, and nothing is ranked.",
            "small_cell": "11 is the usual floor in healthcare. Pages inside PRM show every number.",
        }
        error_messages = {
            name: {"required": f"Enter a whole number{unit}.", "invalid": f"Enter a whole number{unit}."}
            for name, unit in (
                ("duplicate_days", " of days, such as 30"),
                ("link_days", " of days, such as 180"),
                ("range_leads_above", " of percent, such as 25"),
                ("small_cell", ", such as 11"),
            )
        }
