"""What else can be said on the form of a visit: new people, several promises, a concern, the day to come back."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dateparse import parse_date

from common.patient_marks import warning
from concerns.models import Category, Severity
from concerns.queries import categories_to_choose
from visits.actions import More, NewPerson, Promise, Raised
from visits.models import FieldRules, Outcome

NO_PATIENTS = "No patient names or record numbers."
MOST_ROWS = 20


class MoreFields(forms.Form):
    """Fields beside those of every visit. Rows that can be several (new_name, new_job; more_text, more_due_on) are read from the data."""

    purpose = forms.CharField(label="Purpose", required=False, max_length=200, help_text="What it was for, in a few words.")
    back_on = forms.DateField(
        label="Come back on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Then this one counts as missed, and the next try is planned.",
        error_messages={"invalid": "Enter a day."},
    )
    concern_text = forms.CharField(
        label="What did they say?", required=False, max_length=2000, help_text=NO_PATIENTS, widget=forms.Textarea(attrs={"rows": 2})
    )
    concern_category = forms.ModelChoiceField(Category.objects.none(), label="What is it about?", required=False, empty_label="Choose one")
    concern_severity = forms.ChoiceField(
        label="How much does it matter?", choices=Severity, required=False, initial=Severity.NORMAL, widget=forms.RadioSelect
    )
    is_none = forms.BooleanField(label="This tells nothing of a patient", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["concern_category"].queryset = categories_to_choose()
        self.asks = False

    @property
    def offers_location(self) -> bool:
        return FieldRules.current().offers_location

    def rows(self, *names: str) -> list[tuple[str, ...]]:
        """The filled-in rows of repeated fields, as typed; one empty row where there is none."""
        columns = [self.data.getlist(name)[:MOST_ROWS] if self.is_bound else [] for name in names]
        found = [tuple(cell.strip() for cell in row) for row in zip(*columns, strict=False)]
        return [row for row in found if row[0]] or [("",) * len(names)]

    @property
    def new_people(self) -> list[tuple[str, ...]]:
        return self.rows("new_name", "new_job")

    @property
    def promises(self) -> list[tuple[str, ...]]:
        return self.rows("more_text", "more_due_on")

    def check_more(self, data: dict[str, Any], texts: dict[str, str]) -> None:
        """Half a concern, a day that is over, and what looks like a patient's identifier."""
        if data.get("concern_text") and not data.get("concern_category"):
            self.add_error("concern_category", "Choose what the concern is about.")
        if data.get("concern_category") and not data.get("concern_text"):
            self.add_error("concern_text", "Say what the practice said.")
        if data.get("back_on"):
            if data["back_on"] < timezone.localdate():
                self.add_error("back_on", "This day is over. Choose today or later.")
            if data.get("outcome") != Outcome.NOT_AVAILABLE:
                data["back_on"] = None  # the day was chosen before somebody was found after all
        promised = " ".join(text for text, _ in self.promises)
        for name, text in {**texts, "purpose": data.get("purpose", ""), "concern_text": data.get("concern_text", "")}.items():
            if said := warning(text, today=timezone.localdate()) or (name == "note" and warning(promised, today=timezone.localdate())):
                self.asks = True
                if not data.get("is_none"):
                    self.add_error(name, said)

    def more(self) -> More:
        data = self.cleaned_data
        category = data.get("concern_category")
        return More(
            purpose=data["purpose"] if "purpose" in self.data else None,
            visit_type=data.get("visit_type"),
            says_type="visit_type" in self.data,
            new_people=[NewPerson(name[:150], job[:80]) for name, job in self.new_people if name],
            promises=[Promise(text[:300], _day(due)) for text, due in self.promises if text],
            concern=Raised(category, data["concern_text"], data["concern_severity"] or Severity.NORMAL) if category else None,
            back_on=data["back_on"],
            is_none=data["is_none"],
        )


def _day(text: str) -> dt.date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
