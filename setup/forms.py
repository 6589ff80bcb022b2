"""What an admin types on the first day."""

import datetime as dt
from typing import Any

from django import forms

from accounts.clocks import time_zones


class OrganizationForm(forms.Form):
    name = forms.CharField(
        label="Name of the organization", max_length=120, help_text="The top of the tree of territories.",
        error_messages={"required": "Type the organization's name."},
    )  # fmt: skip
    time_zone = forms.ChoiceField(
        label="Time zone", help_text="Days begin and end by it. People may choose their own clock in their profile."
    )
    other_zone = forms.CharField(
        label="Another zone", max_length=64, required=False, help_text="Outside the United States: Europe/Berlin, Asia/Manila."
    )
    fiscal_starts = forms.TypedChoiceField(
        label="First month of the fiscal year",
        coerce=int,
        choices=[(month, f"{dt.date(2000, month, 1):%B}") for month in range(1, 13)],
        help_text="Quarters are counted from it. A fiscal year has the name of the calendar year in which it ends.",
    )
    letterhead = forms.CharField(
        label="Name at the top of documents",
        max_length=120,
        required=False,
        help_text="PDFs, workbooks and slides. Blank: the organization's name.",
    )
    field_order = ("name", "time_zone", "other_zone", "fiscal_starts", "letterhead")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = time_zones(self.initial.get("time_zone", ""))

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_other_zone(self) -> str:
        zone = self.cleaned_data["other_zone"].strip().replace(" ", "_")
        if zone and not time_zones(zone)[len(time_zones()) :] and zone not in dict(time_zones()):
            raise forms.ValidationError("There is no such zone. It is written as a continent and a city: Europe/Berlin.")
        return zone

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if zone := data.pop("other_zone", ""):
            data["time_zone"] = zone
        return data


class LogoForm(forms.Form):
    file = forms.FileField(
        label="PNG or SVG file",
        help_text="Up to 1 MB, best with a transparent ground. It is drawn anew, at most 800 by 240 pixels.",
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/svg+xml"}),
        error_messages={"required": "Choose the file."},
    )


class FirstAdminForm(forms.Form):
    full_name = forms.CharField(label="Your name", max_length=150, error_messages={"required": "Type your name."})
    email = forms.EmailField(label="E-mail address", error_messages={"required": "Type the address that you will sign in with."})
    password = forms.CharField(
        label="Password",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least ten characters; a sentence is easier to remember.",
        error_messages={"required": "Choose a password."},
    )
