"""What people type about a line, a site or a specialist."""

import datetime as dt
from typing import Any

from django import forms

from common.guarded import NO_PATIENTS, GuardedForm
from common.places import is_zip
from contacts.importing.cells import read_zip
from directory.languages import LANGUAGES
from directory.models import MOST_LETTERS, Entry
from referrals.models import Payer

_TEXTS = ("criteria", "send_along", "how_to_refer", "phone", "fax", "email", "address", "zip")


def _text(label: str, help_text: str) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=MOST_LETTERS, widget=forms.Textarea(attrs={"rows": 3}), help_text=help_text
    )


def _day(initial: dt.date | None, label: str) -> forms.DateField:
    return forms.DateField(label=label, required=False, initial=initial, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class EntryForm(GuardedForm):
    """One entry. A blank says nothing, and what stands above holds: `above` names it."""

    guarded = ("criteria", "send_along", "how_to_refer")
    criteria = _text("Whom to send", f"Which patients, and which not. {NO_PATIENTS}")
    send_along = _text("What to send along", "Notes, images, results, authorizations.")
    how_to_refer = _text("How to refer", "Name in the EHR, portal, phone, whom to ask.")
    phone = forms.CharField(label="Referral phone", required=False, max_length=40, widget=forms.TextInput(attrs={"type": "tel"}))
    fax = forms.CharField(label="Referral fax", required=False, max_length=40, widget=forms.TextInput(attrs={"type": "tel"}))
    email = forms.EmailField(label="Referral e-mail", required=False)
    address = forms.CharField(label="Address", required=False, max_length=200)
    zip = forms.CharField(label="ZIP code", required=False, max_length=10, widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    languages = forms.MultipleChoiceField(
        label="Languages", required=False, choices=LANGUAGES, widget=forms.CheckboxSelectMultiple, help_text="None chosen: not recorded."
    )
    tells_plans = forms.BooleanField(
        label="This entry says which plans are accepted",
        required=False,
        help_text="Off: what is known elsewhere holds, or they are not recorded. On with none chosen: no plan is accepted.",
    )
    is_listed = forms.BooleanField(label="Stands in the directory", required=False, help_text="Off for somebody who takes no referrals.")

    def __init__(self, data: Any = None, *, entry: Entry | None = None, what: str) -> None:
        initial: dict[str, Any] = {name: getattr(entry, name) for name in _TEXTS} if entry else {}
        initial |= {
            "languages": entry.languages if entry else [],
            "tells_plans": entry.tells_plans if entry else False,
            "is_listed": entry.is_listed if entry else True,
        }
        super().__init__(data, initial=initial)
        if what != "site":
            del self.fields["address"], self.fields["zip"]
        if what != "person":
            del self.fields["is_listed"]
        self.payers = list(Payer.objects.all())
        known = {row.payer_id: row for row in entry.plans.all()} if entry else {}
        for payer in self.payers:
            row = known.get(payer.pk)
            self.fields[f"plan_{payer.pk}"] = forms.BooleanField(label=payer.name, required=False, initial=row is not None)
            self.fields[f"from_{payer.pk}"] = _day(row.started_on if row else None, f"{payer.name}, from")
            self.fields[f"until_{payer.pk}"] = _day(row.ended_on if row else None, f"{payer.name}, until before")

    @property
    def plan_fields(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        return [(self[f"plan_{payer.pk}"], self[f"from_{payer.pk}"], self[f"until_{payer.pk}"]) for payer in self.payers]

    def clean_zip(self) -> str:
        text = self.cleaned_data["zip"].strip()
        zip_ = read_zip(text) if text else ""
        if text and not is_zip(zip_):
            raise forms.ValidationError("The postal service knows no such ZIP code. It needs five digits.")
        return zip_

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        chosen = [payer for payer in self.payers if data.get(f"plan_{payer.pk}")]
        for payer in self.payers:
            start, end = data.get(f"from_{payer.pk}"), data.get(f"until_{payer.pk}")
            if (start or end) and payer not in chosen:
                self.add_error(f"plan_{payer.pk}", f"{payer}: there is a day, but the plan is not chosen. Choose it, or clear the day.")
            elif start and end and end <= start:
                self.add_error(f"until_{payer.pk}", f"{payer}: the plan ends before it starts. Choose a later day.")
        if chosen and not data.get("tells_plans"):
            self.add_error("tells_plans", "Plans are chosen below: say that this entry tells them, or choose none.")
        return data

    def arguments(self) -> dict[str, Any]:
        """What `actions.save_entry` asks for, without whom it is about."""
        data = dict(self.cleaned_data)
        plans = {}
        for payer in self.payers:
            span = data.pop(f"from_{payer.pk}"), data.pop(f"until_{payer.pk}")
            if data.pop(f"plan_{payer.pk}"):
                plans[payer] = span
        return data | {"plans": plans}
