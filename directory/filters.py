"""The question to the directory as people type it: one set for page, files, API and the phone."""

from dataclasses import replace
from typing import Any

from django import forms

from accounts.models import User
from common.places import has_center
from contacts.importing.cells import read_zip
from contacts.models import Practice, Specialty
from directory.languages import LANGUAGES
from directory.listing import SITE, SPECIALIST, Asked, words_in
from directory.queries import origin_of
from referrals.forms.payers import PayerField
from referrals.models import Payer
from territories.models import ServiceLine

MILES = (5, 10, 25, 50, 100)
KINDS = ((SPECIALIST, "Specialists"), (SITE, "Service lines and sites"))
SORTS = (("name", "Name"), ("soonest", "Soonest appointment"))
NO_ORIGIN = "Give a ZIP code from which the miles are counted."


class DirectoryForm(forms.Form):
    """Every field may be left out. `practice` is where the distances start, unless a ZIP code is typed."""

    q = forms.CharField(
        label="Search", required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"})
    )
    line = forms.ModelChoiceField(ServiceLine.objects.none(), label="Service line", required=False, empty_label="Every line")
    specialty = forms.ModelChoiceField(Specialty.objects.none(), label="Specialty", required=False, empty_label="Every specialty")
    payer = PayerField(Payer.objects.none(), label="Takes the plan", required=False, empty_label="Any plan")
    language = forms.ChoiceField(label="Speaks", required=False, choices=[("", "Any language"), *LANGUAGES])
    zip = forms.CharField(
        label="From ZIP code",
        required=False,
        max_length=10,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}),
    )
    within = forms.TypedChoiceField(
        label="Within", required=False, coerce=int, empty_value=None, choices=[("", "Any distance"), *((n, f"{n} miles") for n in MILES)]
    )
    sort = forms.ChoiceField(label="Order", required=False, choices=[("", "Nearest"), *SORTS])
    accepting = forms.BooleanField(label="Takes new patients", required=False)
    kind = forms.ChoiceField(required=False, choices=[("", "All"), *KINDS], widget=forms.HiddenInput)
    practice = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    unsure = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.user = user
        self.origin: Practice | None = None
        fields: dict[str, Any] = self.fields
        fields["line"].queryset = ServiceLine.objects.filter(is_active=True)
        fields["specialty"].queryset = Specialty.objects.filter(service_line__is_active=True)
        fields["payer"].queryset = Payer.objects.all()

    def clean_zip(self) -> str:
        text = self.cleaned_data["zip"].strip()
        zip_ = read_zip(text) if text else ""
        if text and not has_center(zip_):
            raise forms.ValidationError("Nobody knows where this ZIP code lies. It needs five digits.")
        return zip_

    def clean_practice(self) -> int | None:
        pk: int | None = self.cleaned_data["practice"]
        if pk is not None:
            self.origin = origin_of(self.user, pk)
            if self.origin is None:
                raise forms.ValidationError("This practice is not in your territories.")
        return pk

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("zip"):
            self.origin = None
        if data.get("within") and not self.from_zip and "zip" not in self.errors and "practice" not in self.errors:
            self.add_error("zip", self._no_origin())
        return data

    def _no_origin(self) -> str:
        return f"Nobody knows where {self.origin} lies. Type a ZIP code near it." if self.origin else NO_ORIGIN

    @property
    def from_zip(self) -> str:
        """Where distances start; blank for nowhere."""
        typed: str = self.cleaned_data.get("zip") or ""
        near = self.origin.zip if self.origin else ""
        return typed or (near if has_center(near) else "")

    def asked(self, **instead: Any) -> Asked:
        """The question, with `instead` in place of what was asked; of a form with errors, what of it is sound."""
        self.is_valid()
        data = self.cleaned_data
        asked = Asked(
            words=tuple(sorted(words_in(data.get("q") or ""))),
            kind=data.get("kind") or "",
            line=data["line"].pk if data.get("line") else None,
            specialty=data["specialty"].pk if data.get("specialty") else None,
            payer=data["payer"].pk if data.get("payer") else None,
            language=data.get("language") or "",
            accepting=bool(data.get("accepting")),
            zip=self.from_zip,
            within=data.get("within") if self.from_zip else None,
            unsure=bool(data.get("unsure")),
            sort=data.get("sort") or "",
        )
        return replace(asked, **instead)

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields if name not in ("kind", "sort"))
