"""What people choose about the field."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from accounts.roles import PERMISSIONS
from common.places import counties_by_state, county_named, is_zip
from contacts.models import Practice, Specialty
from planning.models import Split, Work
from planning.queries.change import Chosen, named_practices
from territories.models import Assignment, RuleKind, Territory
from territories.queries import tree
from territories.ruling import Rule

NOBODY = "nobody"


def read_areas(keys: list[str]) -> tuple[list[Rule], list[int]]:
    """Counties and ZIP codes, and practices, of a form's values "county:OH/Lake", "zip:44107", "practice:12"; what is none is left out."""
    areas: list[Rule] = []
    practices: list[int] = []
    counties = {name for names in counties_by_state().values() for name in names}
    for key in dict.fromkeys(keys):
        kind, _, value = key.partition(":")
        if (kind == RuleKind.COUNTY and value in counties) or (kind == RuleKind.ZIP and is_zip(value)):
            areas.append(Rule(kind, value))
        elif kind == "practice" and value.isdecimal() and len(value) < 19:
            practices.append(int(value))
    return areas, practices


class AssignForm(forms.Form):
    """To whom the chosen places go, and why."""

    to = forms.ChoiceField(label="Give them to", error_messages={"required": "Choose a territory."})
    with_zips = forms.BooleanField(label="Also ZIP codes of these counties that have a rule of their own", required=False)
    note = forms.CharField(label="Note", max_length=200, required=False, help_text="Stands in the history of the territories.")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        self.areas, self.practices = read_areas(self.data.getlist("area")) if self.is_bound else ([], [])
        leaves = set(Territory.objects.leaves().exclude(parent=None).values_list("pk", flat=True))
        self.fields["to"].choices = [
            ("", "Choose a territory"),
            *((str(node.territory.pk), node.territory.name) for node in tree(by) if node.territory.pk in leaves),
            (NOBODY, "Nobody: take their rules away"),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not (self.areas or self.practices):
            raise forms.ValidationError("Choose counties, ZIP codes or practices: on the map, or in the table.")
        return cleaned

    @property
    def chosen(self) -> Chosen:
        key = self.cleaned_data["to"]
        to = None if key == NOBODY else Territory.objects.get(pk=key)
        seen = [practice.pk for practice in named_practices(self.by, self.practices)] if self.practices else []
        return Chosen(self.areas, seen, to, self.cleaned_data["with_zips"])


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PersonChoice(forms.ModelChoiceField):
    """People who log visits and sign in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=User.objects.none(), empty_label="Choose a person", **kwargs)


def who_visits() -> Any:
    """Everybody who can take work over."""
    return User.objects.active().filter(role__in=[role for role, granted in PERMISSIONS.items() if Permission.VISIT_LOG in granted])


class HandOverForm(forms.Form):
    """What passes from whom to whom, when, and what goes along."""

    territory = forms.ModelChoiceField(
        queryset=Territory.objects.none(), empty_label="Choose a territory", error_messages={"required": "Choose a territory."}
    )
    giver = PersonChoice(label="From", error_messages={"required": "Choose who gives it."})
    taker = PersonChoice(label="To", error_messages={"required": "Choose who takes it."})
    effective_on = forms.DateField(
        label="From what day", widget=DateInput, help_text="Its first day in the new hands.", error_messages={"required": "Give a day."}
    )
    takes = forms.MultipleChoiceField(
        label="Goes along", choices=Work.choices, required=False, widget=forms.CheckboxSelectMultiple, initial=list(Work.values)
    )
    zips = forms.CharField(
        label="Only these ZIP codes",
        required=False,
        help_text="Blank: the whole territory. Else they go to a territory of the taker.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    practices = forms.ModelMultipleChoiceField(
        label="Only these practices", queryset=Practice.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    to_territory = forms.ModelChoiceField(
        label="To which territory",
        queryset=Territory.objects.none(),
        required=False,
        empty_label="Choose a territory",
        help_text="For ZIP codes and practices only.",
    )
    note = forms.CharField(max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, by: User, territory: Territory | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        leaves = Territory.objects.leaves().exclude(parent=None)
        seen = leaves.visible_to(by)
        held = (
            seen
            if by.can(Permission.HANDOVER_APPROVE)
            else seen.filter(pk__in=Assignment.objects.today().filter(user=by).values("territory"))
        )
        self.fields["territory"].queryset = held
        self.fields["to_territory"].queryset = leaves
        self.fields["giver"].queryset = who_visits() if by.can(Permission.HANDOVER_APPROVE) else User.objects.filter(pk=by.pk)
        self.fields["taker"].queryset = who_visits()
        self.initial = {"effective_on": timezone.localdate(), "giver": None if by.can(Permission.HANDOVER_APPROVE) else by, **self.initial}
        if territory:
            self.fields["practices"].queryset = Practice.objects.visible_to(by).live().filter(territory=territory)
            self.initial |= {"territory": territory, "giver": _primary_of(territory) or self.initial["giver"]}
        else:
            del self.fields["practices"]

    def clean_zips(self) -> list[str]:
        return read_zips(self.cleaned_data["zips"])

    @property
    def asked(self) -> dict[str, Any]:
        """As the action takes it."""
        practices = [practice.pk for practice in self.cleaned_data.get("practices") or ()]
        return {**self.cleaned_data, "practices": practices}


def _primary_of(territory: Territory) -> User | None:
    held = Assignment.objects.today().filter(territory=territory, is_primary=True, service_line=None).select_related("user").first()
    return held.user if held else None


class DeclineForm(forms.Form):
    why = forms.CharField(label="Why", max_length=300, required=False)


class ReassignForm(forms.Form):
    """For each territory and each kind of work of a person, and for their open goals, who takes it over; blank: it stays."""

    END = "end"
    note = forms.CharField(max_length=300, required=False)

    def __init__(
        self, *args: Any, person: User, assignments: list[Assignment], work: Mapping[str, list[int]], goals: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        others = who_visits().exclude(pk=person.pk)
        self.assignments = {f"assignment-{one.pk}": one for one in assignments}
        for name, one in self.assignments.items():
            part = one.service_line or ("primary" if one.is_primary else "helper")
            self.fields[name] = self._person(f"{one.territory} ({part})", others)
        for kind, ids in work.items():
            if ids:
                self.fields[kind] = self._person(f"{Work(kind).label}: {len(ids):,}", others)
        if goals:
            people = [(str(one.pk), f"What is left goes to {one}") for one in others]
            choices = [("", "Stay as they are"), (self.END, "End: what is left is taken back"), *people]
            self.fields["goals"] = forms.ChoiceField(label=f"Open goals: {goals:,}", choices=choices, required=False)
        self.order_fields([*(name for name in self.fields if name != "note"), "note"])

    def _person(self, label: str, others: Any) -> forms.ModelChoiceField:
        return forms.ModelChoiceField(label=label, queryset=others, required=False, empty_label="Stays as it is")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("goals") and not any(isinstance(value, User) for value in cleaned.values()):
            raise forms.ValidationError("Choose somebody for at least one of these.")
        return cleaned

    @property
    def asked(self) -> dict[str, Any]:
        """As the action takes it."""
        chosen = {name: value for name, value in self.cleaned_data.items() if isinstance(value, User)}
        goals = self.cleaned_data.get("goals", "")
        return {
            "assignments": {self.assignments[name].pk: taker for name, taker in chosen.items() if name in self.assignments},
            "work": {name: taker for name, taker in chosen.items() if name not in self.assignments},
            "goals": User.objects.get(pk=goals) if goals and goals != self.END else None,
            "ends_goals": goals == self.END,
            "note": self.cleaned_data["note"],
        }


class RuleForm(forms.Form):
    """Rules of chosen specialties, or exceptions."""

    GETS, EXCEPTS = "gets", "excepts"
    effect = forms.ChoiceField(
        label="The territory",
        choices=[(GETS, "gets these practices"), (EXCEPTS, "does not get these practices, whatever its wider rules say")],
        widget=forms.RadioSelect,
        initial=GETS,
    )
    counties = forms.CharField(label="Counties", required=False, help_text="Like OH/Lake; commas between several.")
    zips = forms.CharField(label="ZIP codes", required=False, help_text="With spaces or commas between them.")
    specialties = forms.ModelMultipleChoiceField(
        queryset=Specialty.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="A practice is of the specialty that most of its providers have. None: of every specialty.",
    )
    take = forms.BooleanField(label="Take over what other territories have", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["specialties"].queryset = Specialty.objects.order_by("name")

    def clean_counties(self) -> list[str]:
        words = [word.strip() for word in self.cleaned_data["counties"].split(",") if word.strip()]
        if wrong := [word for word in words if not county_named(word)]:
            raise forms.ValidationError(f"Not a county: {', '.join(wrong[:10])}. Write them like OH/Lake.")
        return [county_named(word) for word in words]

    def clean_zips(self) -> list[str]:
        return read_zips(self.cleaned_data["zips"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not (cleaned.get("counties") or cleaned.get("zips")):
            raise forms.ValidationError("Name at least one county or ZIP code.")
        return cleaned

    @property
    def rules(self) -> set[Rule]:
        """One for each place and specialty."""
        codes = [specialty.code for specialty in self.cleaned_data["specialties"]] or [""]
        places = [(RuleKind.ZIP, value) for value in self.cleaned_data["zips"]]
        places += [(RuleKind.COUNTY, value) for value in self.cleaned_data["counties"]]
        excludes = self.cleaned_data["effect"] == self.EXCEPTS
        return {Rule(str(kind), value, code, excludes) for kind, value in places for code in codes}


def read_zips(text: str) -> list[str]:
    """ZIP codes with spaces or commas between them; a sentence for what is none."""
    words = text.replace(",", " ").split()
    if wrong := [word for word in words if not is_zip(word)]:
        raise forms.ValidationError(f"Not a US ZIP code: {', '.join(wrong[:10])}.")
    return words


class SplitForm(forms.Form):
    """What is divided among whom, and what is to be even."""

    territories = forms.ModelMultipleChoiceField(
        label="Divide what these territories hold",
        queryset=Territory.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one territory."},
    )
    unowned = forms.BooleanField(label="Also the practices that nobody owns", required=False)
    new_names = forms.CharField(
        label="New territories", required=False, help_text="Names with commas between them; they get a part too.", max_length=300
    )
    measure = forms.ChoiceField(label="To be even", choices=Split._meta.get_field("measure").choices, initial="hours")
    unit = forms.ChoiceField(label="Smallest part", choices=Split._meta.get_field("unit").choices, initial="zip")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["territories"].queryset = Territory.objects.visible_to(by).leaves().exclude(parent=None)

    def clean_new_names(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["new_names"].split(",") if name.strip()]


class OutlineForm(forms.Form):
    file = forms.FileField(label="GeoJSON file", help_text="A state is 10 to 100 MB.", error_messages={"required": "Choose the file."})
