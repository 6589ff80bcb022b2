"""What an admin types about visit types and ways of meeting."""

from typing import Any

from django import forms

from visits.models import MOST_MINUTES, Mode, VisitType


class VisitTypeForm(forms.Form):
    """A type, new or as it is to be."""

    name = forms.CharField(max_length=60, error_messages={"required": "Give the visit type a name."})
    minutes = forms.IntegerField(
        label="Minutes on site",
        required=False,
        min_value=1,
        max_value=MOST_MINUTES,
        help_text="Routes are planned with them. Blank: as long as visits to the office usually take.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    is_active = forms.BooleanField(label="Offered when a visit is planned or logged", required=False)

    def __init__(self, data: Any = None, *, visit_type: VisitType | None = None) -> None:
        kept = ("name", "minutes", "is_active")
        super().__init__(data, initial={name: getattr(visit_type, name) for name in kept} if visit_type else {"is_active": True})
        self.visit_type = visit_type

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        others = VisitType.objects.exclude(pk=self.visit_type.pk) if self.visit_type else VisitType.objects.all()
        if others.filter(name__iexact=name).exists():
            raise forms.ValidationError("There is a visit type with this name already.")
        return name


class MergeTypeForm(forms.Form):
    into = forms.ModelChoiceField(
        VisitType.objects.none(), label="Merge into", empty_label="Choose one", error_messages={"required": "Choose the type that stays."}
    )

    def __init__(self, data: Any = None, *, visit_type: VisitType) -> None:
        super().__init__(data)
        self.fields["into"].queryset = VisitType.objects.filter(merged_into=None).exclude(pk=visit_type.pk)


class ModeForm(forms.Form):
    name = forms.CharField(max_length=30, error_messages={"required": "Give it a name."})
    is_offered = forms.BooleanField(label="Offered when a visit is logged", required=False)

    def __init__(self, data: Any = None, *, mode: str, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        if mode == Mode.IN_PERSON:
            del self.fields["is_offered"]
