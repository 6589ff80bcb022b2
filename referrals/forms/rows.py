"""What people type about single referrals: corrections, why one is deleted, the number to look up."""

from typing import Any

from django import forms

from contacts.models import Organization, Practice, Provider
from referrals.forms.imports import WORDS
from referrals.models import Kind, LossReason, Payer, Referral
from territories.models import ServiceLine


class EditForm(forms.Form):
    """What a person may correct about a referral. Choices by name come from fields that complete what one types."""

    provider = forms.ModelChoiceField(Provider.objects.all(), label="Referring provider", required=False, widget=forms.HiddenInput)
    practice = forms.ModelChoiceField(Practice.objects.all(), label="Referring practice", required=False, widget=forms.HiddenInput)
    destination = forms.ModelChoiceField(Organization.objects.all(), label="Referred to", required=False, widget=forms.HiddenInput)
    performer = forms.ModelChoiceField(Provider.objects.all(), label="Receiving provider", required=False, widget=forms.HiddenInput)
    service_line = forms.ModelChoiceField(ServiceLine.objects.all(), required=False, empty_label="None named")
    payer = forms.ModelChoiceField(Payer.objects.all(), required=False, empty_label="None named")
    kind = forms.ChoiceField(choices=Kind.choices)
    priority = forms.ChoiceField(choices=[("", "None named"), *WORDS["priority"][1]], required=False)
    reason = forms.ChoiceField(label="Reason for going elsewhere", choices=[("", "None named"), *LossReason.choices], required=False)

    CHOSEN = ("provider", "practice", "destination", "performer")

    def __init__(self, data: Any = None, *, referral: Referral) -> None:
        kept = {name: getattr(referral, name) for name in self.base_fields if name != "practice"}
        self.referral, self.before = referral, {**kept, "practice": referral.named_practice}
        initial = {name: getattr(value, "pk", value) for name, value in self.before.items()}
        super().__init__(data, initial=initial)

    def changes(self) -> dict[str, Any]:
        """Only what is different now."""
        return {name: value for name, value in self.cleaned_data.items() if value != self.before[name]}


class DeleteForm(forms.Form):
    """Reasons are chosen, not typed: the audit trail must hold nothing of a patient."""

    why = forms.ChoiceField(
        label="Why is it deleted?",
        choices=[
            (word, word)
            for word in ("Sent by mistake", "Test data", "Loaded into the wrong feed", "The source asked for it", "Privacy request")
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why."},
    )


class LookupForm(forms.Form):
    number = forms.CharField(
        label="Referral number",
        max_length=80,
        help_text="As it stands on the fax or in the EHR. Never a patient's name or record number.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": "Type a referral number."},
    )
