"""What people type about contacts."""

from typing import Any

from django import forms
from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from common.exceptions import InputError
from common.npi import is_valid_npi
from common.places import is_zip
from contacts.custom import CustomFormMixin
from contacts.importing.cells import read_zip
from contacts.importing.nppes import Choice
from contacts.imports import FEEDS
from contacts.models import (
    Affiliation,
    AlignmentKind,
    Cadence,
    CustomSubject,
    HoursKind,
    LunchRule,
    Organization,
    Practice,
    PracticePin,
    Provider,
    Specialty,
    Staff,
    Tier,
    Weekday,
)
from contacts.visiting import read_place, read_spans, write_spans
from territories.models import Territory


class DayInput(forms.DateInput):
    def __init__(self, **attrs: str) -> None:
        super().__init__(attrs={"type": "date", **attrs}, format="%Y-%m-%d")


_NAME = {"name": {"required": "Type a name."}}


class _Npi(forms.ModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField) and not field.required:
                field.empty_label = "None"

    def clean_npi(self) -> str:
        npi = (self.cleaned_data.get("npi") or "").strip()
        if npi and not is_valid_npi(npi):
            raise forms.ValidationError("An NPI has ten digits of which the last is a check digit. Compare it with the registry.")
        return npi

    def _get_validation_exclusions(self) -> set[str]:
        """Numbers that stand once are checked by the actions, in sentences."""
        return super()._get_validation_exclusions() | {"npi"}  # type: ignore[misc]  # Django's own, which the stubs leave out


class ProviderForm(CustomFormMixin, _Npi):
    custom_subject = CustomSubject.PROVIDER

    class Meta:
        model = Provider
        fields = ("first_name", "middle_name", "last_name", "credential", "kind", "specialty", "npi", "phone", "email", "preferences",
                  "do_not_visit", "stays_off_lists")  # fmt: skip
        labels = {"email": "Email", "preferences": "How to work with them", "do_not_visit": "Do not visit",
                  "stays_off_lists": "Keep off lists of decliners and targets"}  # fmt: skip
        help_texts = {
            "preferences": "How to reach them, when to come, how they refer.",
            "credential": "As on the badge: MD, NP, PA-C.",
            "stays_off_lists": "For a resident, a locum, somebody about to retire.",
        }
        widgets = {"phone": forms.TextInput(attrs={"type": "tel"})}
        error_messages = {"last_name": {"required": "Type the last name."}}


class PracticeForm(CustomFormMixin, _Npi):
    custom_subject = CustomSubject.PRACTICE

    class Meta:
        model = Practice
        fields = (
            "name",
            "organization",
            "address",
            "city",
            "state",
            "zip",
            "phone",
            "fax",
            "npi",
            "tier",
            "visiting_rules",
            "do_not_visit",
        )
        labels = {"city": "Town", "zip": "ZIP code", "organization": "Belongs to", "do_not_visit": "Do not visit"}
        help_texts = {
            "visiting_rules": "Days they see visitors, lunch, who to ask for.",
            "zip": "Decides the territory, unless the practice is pinned to one.",
            "organization": "The health system or group that runs it, if any.",
            "tier": "How often it is to be visited.",
        }
        widgets = {
            "zip": forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            "phone": forms.TextInput(attrs={"type": "tel"}),
            "fax": forms.TextInput(attrs={"type": "tel"}),
        }
        error_messages = _NAME

    zip = forms.CharField(label="ZIP code", max_length=10, required=False, help_text=Meta.help_texts["zip"], widget=Meta.widgets["zip"])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = Organization.objects.live()

        self.fields["tier"].choices = tier_choices()

    def clean_zip(self) -> str:
        text = self.cleaned_data["zip"]
        zip_ = read_zip(text) if text else ""
        if text and not is_zip(zip_):
            raise forms.ValidationError("The postal service knows no such ZIP code. It needs five digits.")
        return zip_

    def clean_state(self) -> str:
        return self.cleaned_data["state"].upper()


def tier_choices() -> list[tuple[str, str]]:
    """Each tier with what it promises."""
    days = dict(Cadence.objects.values_list("tier", "every_days"))
    told = [(tier, f"{tier}: every {days[tier]} days" if tier in days else f"{tier}: no visit promised") for tier in Tier.values]
    return [("", "No tier"), *told]


NO_TIER = "none"


class CadenceForm(forms.Form):
    """A number of days for each tier; blank promises no visit."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial=dict(Cadence.objects.values_list("tier", "every_days")))
        counts = dict(Practice.objects.live().order_by().values_list("tier").annotate(Count("pk")))
        for tier in Tier.values:
            count = counts.get(tier, 0)
            self.fields[tier] = forms.IntegerField(
                label=f"Tier {tier}: days between visits",
                required=False,
                min_value=1,
                max_value=730,
                help_text=f"{count:,} practice{'' if count == 1 else 's'}. Blank promises no visit.",
            )


class OrganizationForm(_Npi):
    class Meta:
        model = Organization
        fields = ("name", "service_line", "npi", "phone", "city", "state")
        labels = {"city": "Town"}
        help_texts = {"service_line": "When everything it does belongs to one line of care."}
        error_messages = _NAME

    def clean_state(self) -> str:
        return self.cleaned_data["state"].upper()


class StaffForm(forms.ModelForm):
    class Meta:
        model = Staff
        fields = ("name", "job", "phone", "email", "left_on")
        labels = {"email": "Email", "left_on": "Left on"}
        help_texts = {"job": "Front desk, referral coordinator, office manager."}
        widgets = {"left_on": DayInput(), "phone": forms.TextInput(attrs={"type": "tel"})}
        error_messages = _NAME

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            del self.fields["left_on"]


class AffiliationForm(forms.ModelForm):
    class Meta:
        model = Affiliation
        fields = ("started_on", "is_primary")
        labels = {"started_on": "Since", "is_primary": "This is their primary practice"}
        help_texts = {
            "started_on": "Leave blank when nobody knows.",
            "is_primary": "Referrals that name no practice are counted at the primary one.",
        }
        widgets = {"started_on": DayInput()}

    is_primary = forms.BooleanField(label=Meta.labels["is_primary"], help_text=Meta.help_texts["is_primary"], required=False)


class EndForm(forms.Form):
    ended_on = forms.DateField(label="First day on which they no longer worked there", widget=DayInput(), initial=timezone.localdate)


class AlignForm(forms.Form):
    kind = forms.ChoiceField(label="Alignment", choices=AlignmentKind.choices, widget=forms.RadioSelect)
    started_on = forms.DateField(
        label="From", required=False, widget=DayInput(), help_text="Leave blank for always. What was entered before ends on this day."
    )
    ended_on = forms.DateField(label="Until before", required=False, widget=DayInput(), help_text="Leave blank while it lasts.")


class PinForm(forms.ModelForm):
    class Meta:
        model = PracticePin
        fields = ("territory", "reason")
        help_texts = {"reason": "Shown beside the territory."}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["territory"].queryset = Territory.objects.visible_to(user).leaves()


class SpansField(forms.CharField):
    """Hours of a day as text, "9-11:30, 2-4"; cleaned to a list of pairs of times."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=80, **options)

    def clean(self, value: Any) -> Any:
        try:
            return read_spans(super().clean(value))
        except InputError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal


class VisitingForm(forms.Form):
    """When a practice sees visitors: a line of text for each weekday."""

    def __init__(self, data: Any = None, *, practice: Practice) -> None:
        known: dict[int | None, list[Any]] = {}
        for row in practice.visiting_hours.all():
            known.setdefault(row.weekday if row.kind == HoursKind.OPEN else None, []).append((row.begins, row.ends))
        lunch = [(practice.lunch_begins, practice.lunch_ends)] if practice.lunch_begins and practice.lunch_ends else []
        initial = {f"day_{day}": write_spans(known.get(day, ())) for day in Weekday.values}
        initial |= {"closed": write_spans(known.get(None, ())), "lunch": write_spans(lunch)}
        super().__init__(data, initial=initial | {"lunch_rule": practice.lunch_rule, "visit_minutes": practice.visit_minutes})
        for day in Weekday:
            self.fields[f"day_{day.value}"] = SpansField(label=day.label)
        self.fields[
            "day_0"
        ].help_text = "Like 9-11:30, 2-4. While every day is blank, any hour is taken to do; once one is filled in, blank means nobody."
        self.fields["closed"] = SpansField(label="No visits, on any day", help_text="Like 8-9 for the morning rush.")
        self.fields["lunch_rule"] = forms.ChoiceField(
            label="Lunch",
            required=False,
            choices=[("", "Nothing noted"), *LunchRule.choices],
            help_text="Whether lunch may be brought, and when the office has it.",
        )
        self.fields["lunch"] = SpansField(label="Their lunch hour", help_text="Like 12-1.")
        self.fields["visit_minutes"] = forms.IntegerField(
            label="Minutes of a visit", required=False, min_value=5, max_value=240, help_text="Blank: as everywhere."
        )

    def clean_lunch(self) -> Any:
        """One span, or none."""
        spans = self.cleaned_data["lunch"]
        if len(spans) > 1:
            raise forms.ValidationError("Write one span, like 12-1.")
        return spans[0] if spans else None

    def clean(self) -> dict[str, Any]:
        """Closed at lunch says nothing without the hour."""
        cleaned = super().clean() or {}
        if cleaned.get("lunch_rule") == LunchRule.CLOSED and "lunch" in cleaned and not cleaned["lunch"]:
            self.add_error("lunch", "Say when they close for lunch, like 12-1.")
        return cleaned

    def arguments(self) -> dict[str, Any]:
        """As `actions.save_visiting` takes it."""
        told = self.cleaned_data
        return {
            "opens": {day: told[f"day_{day}"] for day in Weekday.values if told[f"day_{day}"]},
            **{name: told[name] for name in ("closed", "lunch_rule", "lunch", "visit_minutes")},
        }


class MapPinForm(forms.Form):
    """Where a practice lies, as two numbers: typed, pasted from a map app, or set by a click on the map."""

    coordinates = forms.CharField(
        label="Latitude, longitude",
        max_length=80,
        help_text="Tap the map, or paste what your map app shows when you hold on the place: 41.49932, -81.69436.",
        error_messages={"required": "Tap the map, or type the two numbers."},
    )

    def __init__(self, data: Any = None, *, practice: Practice) -> None:
        pin = getattr(practice, "map_pin", None)
        super().__init__(data, initial={"coordinates": f"{pin.latitude:.5f}, {pin.longitude:.5f}"} if pin else None)

    def clean_coordinates(self) -> tuple[float, float]:
        try:
            return read_place(self.cleaned_data["coordinates"])
        except InputError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def place(self) -> dict[str, float]:
        """As `actions.drop_map_pin` takes it."""
        latitude, longitude = self.cleaned_data["coordinates"]
        return {"latitude": latitude, "longitude": longitude}


class SpecialtyForm(forms.ModelForm):
    class Meta:
        model = Specialty
        fields = ("name", "service_line", "stays_off_lists")
        labels = {"stays_off_lists": "Keep off lists of decliners and targets"}
        help_texts = {
            "service_line": "Providers of this specialty are listed under it.",
            "stays_off_lists": "For those who do not choose where patients go: emergency physicians, hospitalists, residents.",
        }


class ImportForm(forms.Form):
    kind = forms.ChoiceField(
        label="What the file holds",
        choices=[(kind, feed.label) for kind, feed in FEEDS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Say what the file holds."},
    )
    file = forms.FileField(
        label="File",
        help_text="CSV, tab or pipe separated text, or Excel; zipped if you like.",
        error_messages={"required": "Choose the file."},
    )
    states = forms.CharField(
        label="Only these states",
        required=False,
        max_length=200,
        help_text="For the registry, which holds the whole country: two letters each, like CT, RI. Providers you have are always updated.",
    )
    taxonomies = forms.CharField(
        label="Only these specialty codes",
        required=False,
        max_length=400,
        help_text="For the registry: codes, or what they begin with, like 207R, 363L. Blank takes all.",
    )
    dry_run = forms.BooleanField(
        label="Only check it first", required=False, help_text="Tells what would change. It can be loaded from there within 24 hours."
    )

    def clean_states(self) -> tuple[str, ...]:
        """As two letters each."""
        return self._choice(states=self.cleaned_data["states"]).states

    def clean_taxonomies(self) -> tuple[str, ...]:
        """As codes or their beginnings."""
        return self._choice(taxonomies=self.cleaned_data["taxonomies"]).taxonomies

    def _choice(self, **texts: str) -> Choice:
        try:
            return Choice.of(**texts)
        except InputError as error:
            raise forms.ValidationError(str(error)) from error


class MoveForm(forms.Form):
    """Where a provider works now: one of our practices at the new address, or a new one there."""

    practice = forms.ModelChoiceField(
        Practice.objects.none(), label="Practice at the new address", required=False, empty_label="A new practice"
    )
    new_name = forms.CharField(label="Name of the new practice", required=False, max_length=200)
    stays = forms.BooleanField(label="They also go on working where they worked before", required=False)

    def __init__(self, data: Any = None, *, here: Any) -> None:
        super().__init__(data, initial={"practice": here.first()})
        self.fields["practice"].queryset = here

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("practice") and not values.get("new_name", "").strip():
            self.add_error("new_name", "Choose a practice above, or give the new one its name.")
        return values
