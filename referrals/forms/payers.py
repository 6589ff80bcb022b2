"""Payers in forms: to choose one, to name one."""

from typing import Any

import django_filters as filters
from django import forms
from django_filters.fields import ModelChoiceField as FilterField

from common.exceptions import PolicyViolation
from referrals import policies
from referrals.models import Payer
from referrals.queries.payers import standing_payer


class PayerField(forms.ModelChoiceField):
    """A payer. The id of one that was merged away means the payer it stands for now: saved views and bookmarks go on to work."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(standing_payer(value))

    def prepare_value(self, value: Any) -> Any:
        return super().prepare_value(value if isinstance(value, Payer) else standing_payer(value))


class PayerFilter(filters.ModelChoiceFilter):
    """Rows of a payer, of one that was merged away those of the payer it stands for."""

    class field_class(PayerField, FilterField):
        """Knows the word for "none named" as well."""


class PayerForm(forms.Form):
    """A payer that no file has named yet."""

    name = forms.CharField(label="Name", max_length=80, error_messages={"required": "Name the payer as your files do."})

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        try:
            policies.check_payer_is_new(name)
        except PolicyViolation as refusal:
            raise forms.ValidationError(str(refusal)) from None
        return name


class RenameForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80, help_text="The name it has now stays known: files may go on to use it.")

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class IntoForm(forms.Form):
    into: Any = forms.ModelChoiceField(Payer.objects.none(), label="Is the same as", empty_label="Choose the payer that stays")

    def __init__(self, data: Any, *, payer: Payer) -> None:
        super().__init__(data)
        field: Any = self.fields["into"]
        field.queryset = Payer.objects.exclude(pk=payer.pk)
