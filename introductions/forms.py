"""What people type about new physicians."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from common.guarded import NO_PATIENTS, GuardedForm
from contacts.models import Organization, Practice, Provider
from introductions.models import MOST, NewPhysician
from introductions.policies import LEADS
from introductions.queries import ours_today
from referrals.models import Payer
from territories.models import ServiceLine


def _day(**attrs: str) -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", **attrs}, format="%Y-%m-%d")


class PhysicianForm(GuardedForm):
    """One new physician: who, from when, for whom, and the plan of the first three months."""

    guarded = ("ideal_patient", "how_to_refer")
    npi = forms.CharField(label="NPI of the physician", max_length=10, help_text="Of somebody among the providers already.")
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label="Works at", required=False, empty_label="Not named", help_text="One of our own facilities."
    )
    service_line = forms.ModelChoiceField(ServiceLine.objects.none(), label="Service line", required=False, empty_label="None")
    start_on = forms.DateField(label="Starts on", widget=_day(), error_messages={"required": "Choose the first day."})
    credentialed_on = forms.DateField(label="Privileges from", required=False, widget=_day())
    ideal_patient = forms.CharField(
        label="Ideal patient", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}), help_text=NO_PATIENTS
    )
    how_to_refer = forms.CharField(
        label="How to refer",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Phone, fax, EHR name, whom to ask.",
    )
    planned_30 = forms.IntegerField(label="First month", min_value=0, max_value=MOST, initial=5)
    planned_60 = forms.IntegerField(label="Second month", min_value=0, max_value=MOST, initial=10)
    planned_90 = forms.IntegerField(label="Each month from the third", min_value=0, max_value=MOST, initial=20)
    led_by = forms.ModelChoiceField(User.objects.none(), label="Led by", empty_label=None)

    def __init__(self, data: Any = None, *, user: User, physician: NewPhysician | None = None) -> None:
        super().__init__(data, initial=_initial(physician, user))
        self.provider: Provider | None = physician.provider if physician else None
        if physician is not None:
            del self.fields["npi"]
        self.fields["organization"].queryset = ours_today(timezone.localdate())
        self.fields["service_line"].queryset = ServiceLine.objects.filter(is_active=True)
        self.fields["led_by"].queryset = User.objects.active().filter(role__in=[Role.LIAISON, *LEADS])
        self.payers = list(Payer.objects.all())
        known = {row.payer_id: row.effective_on for row in physician.payers.all()} if physician else {}
        for payer in self.payers:
            self.fields[f"payer_{payer.pk}"] = forms.DateField(label=payer.name, required=False, widget=_day(), initial=known.get(payer.pk))

    def clean_npi(self) -> str:
        npi: str = self.cleaned_data["npi"].strip()
        self.provider = Provider.objects.live().filter(npi=npi).first()
        if self.provider is None:
            raise forms.ValidationError("Nobody among the providers has this NPI. Add them first, then come back.")
        return npi

    def arguments(self) -> dict[str, Any]:
        """What `actions.save_physician` asks for."""
        data = dict(self.cleaned_data)
        data.pop("npi", None)
        payers: dict[Payer, dt.date] = {}
        for payer in self.payers:
            if day := data.pop(f"payer_{payer.pk}"):
                payers[payer] = day
        return data | {"payers": payers, "provider": self.provider}

    @property
    def payer_fields(self) -> list[forms.BoundField]:
        return [self[f"payer_{payer.pk}"] for payer in self.payers]


def _initial(physician: NewPhysician | None, user: User) -> dict[str, Any]:
    if physician is None:
        return {"led_by": user.pk}
    names = ("start_on", "credentialed_on", "ideal_patient", "how_to_refer", "planned_30", "planned_60", "planned_90")
    return {name: getattr(physician, name) for name in names} | {
        "organization": physician.organization_id, "service_line": physician.service_line_id, "led_by": physician.led_by_id
    }  # fmt: skip


class TargetForm(forms.Form):
    """Which practice, and who sees to it."""

    practice = forms.ModelChoiceField(
        Practice.objects.none(), label="Practice", error_messages={"required": "Choose a practice.", "invalid_choice": "Choose a practice."}
    )
    owner = forms.ModelChoiceField(User.objects.none(), label="Who sees to it", empty_label=None)

    def __init__(self, data: Any = None, *, user: User, people: Any, practices: Any) -> None:
        super().__init__(data, initial={"owner": user.pk})
        self.fields["practice"].queryset = practices
        self.fields["owner"].queryset = people
