"""How a field of one's own is defined."""

from typing import Any

from django import forms

from contacts.models import CustomField, CustomKind, CustomSubject


class CustomFieldForm(forms.Form):
    """A new field, or what may change of one: what it is added to and what may stand in it stay."""

    subject = forms.ChoiceField(label="Added to", choices=CustomSubject.choices)
    label = forms.CharField(label="Name", max_length=60, error_messages={"required": "Name the field."})
    kind = forms.ChoiceField(label="What stands in it", choices=CustomKind.choices)
    choices = forms.CharField(
        label="Choices", required=False, widget=forms.Textarea(attrs={"rows": 4}), help_text="One a line. Only for one of several."
    )
    help_text = forms.CharField(label="Help beside it", max_length=200, required=False, help_text="Never ask for anything about a patient.")
    position = forms.IntegerField(label="Place in the order", min_value=1, max_value=99, initial=1)
    is_required = forms.BooleanField(label="Must be filled in", required=False)
    is_on_phone = forms.BooleanField(label="Also in forms on phones", required=False, initial=True)
    is_active = forms.BooleanField(
        label="In use", required=False, initial=True, help_text="Out of use it is on no form and in no list; what was entered stays."
    )

    def __init__(self, *args: Any, field: CustomField | None = None, **kwargs: Any) -> None:
        names = ("label", "help_text", "position", "is_required", "is_on_phone", "is_active")
        if field is not None:
            kwargs["initial"] = {name: getattr(field, name) for name in names} | {"choices": "\n".join(field.choices)}
        super().__init__(*args, **kwargs)
        if field is not None:
            del self.fields["subject"], self.fields["kind"]
            if field.kind != CustomKind.CHOICE:
                del self.fields["choices"]

    def clean_choices(self) -> list[str]:
        lines = (" ".join(line.split()) for line in self.cleaned_data["choices"].splitlines())
        found = list(dict.fromkeys(line for line in lines if line))
        if any(len(one) > 80 for one in found):
            raise forms.ValidationError("A choice has at most 80 characters.")
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == CustomKind.CHOICE and len(data.get("choices") or []) < 2 and "choices" not in self.errors:
            self.add_error("choices", "Give at least two choices, one a line.")
        return data
