"""HTML input for people."""

from typing import Any

from django import forms

from accounts.clocks import organization_time_zone, time_zones, zone_words
from accounts.models import User
from accounts.roles import PATIENT_ROWS_ROLES, Role


class _PatientRows(forms.Form):
    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("patient_rows") and data.get("role") not in PATIENT_ROWS_ROLES:
            self.add_error("patient_rows", "Liaisons and executives never see patient-linked rows. Untick this, or choose another role.")
        return data


class PersonForm(_PatientRows):
    full_name = forms.CharField(label="Name", max_length=150, error_messages={"required": "Give the person's name."})
    role = forms.ChoiceField(choices=Role.choices)
    patient_rows = forms.BooleanField(
        label="May see single referrals",
        required=False,
        help_text="They are linked to patients by a hash. Every look is recorded. Managers, analysts and admins only.",
    )
    phone = forms.CharField(max_length=40, required=False)


class InviteForm(_PatientRows):
    email = forms.EmailField(label="E-mail address", error_messages={"required": "Give the address that the invitation goes to."})
    full_name = PersonForm.declared_fields["full_name"]
    role = forms.ChoiceField(choices=Role.choices, initial=Role.LIAISON)
    patient_rows = PersonForm.declared_fields["patient_rows"]


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(label="Time zone", required=False, help_text="Times are shown, and mails come, by this clock.")

    class Meta:
        model = User
        fields = ("full_name", "phone", "time_zone")
        labels = {"full_name": "Name"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of_all = organization_time_zone()
        self.fields["time_zone"].choices = [
            ("", f"The organization's: {zone_words(of_all)}"),
            *time_zones(of_all, self.instance.time_zone),
        ]


class PeopleFilterForm(forms.Form):
    q = forms.CharField(label="Name or e-mail", required=False, widget=forms.SearchInput)
    role = forms.ChoiceField(choices=[("", "All roles"), *Role.choices], required=False)
    state = forms.ChoiceField(choices=[("", "Active"), ("disabled", "Disabled"), ("all", "All")], required=False)


class AuditFilterForm(forms.Form):
    who = forms.CharField(label="Who", required=False, widget=forms.SearchInput)
    event = forms.CharField(label="What", required=False)
    what = forms.CharField(label="Record", required=False)
    start = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label="Until", required=False, widget=forms.DateInput(attrs={"type": "date"}))
