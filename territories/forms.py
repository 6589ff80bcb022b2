"""What people type about territories."""

import re
from collections.abc import Collection
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from common.places import counties_by_state, county_of, is_zip
from territories.models import Assignment, RuleKind, ServiceLine, Territory
from territories.queries import tree

_BETWEEN = re.compile(r"[\s,;]+")


def _state_of(counties: list[str], zips: list[str]) -> str:
    """The state that is most likely meant next."""
    county = (counties or [county_of(zip_) for zip_ in zips[:1]] or [""])[0]
    return county.partition("/")[0]


class RulesForm(forms.Form):
    """ZIP codes and counties: chips of what is there, a box for more ZIP codes, a state to choose counties from."""

    zips = forms.MultipleChoiceField(label="ZIP codes", required=False, widget=forms.CheckboxSelectMultiple)
    more_zips = forms.CharField(
        label="Add ZIP codes",
        required=False,
        help_text="Any number, with spaces, commas or line breaks between them.",
        widget=forms.Textarea(attrs={"rows": 2, "inputmode": "text", "autocomplete": "off", "spellcheck": "false"}),
    )
    state = forms.ChoiceField(label="Counties of", required=False, help_text="Choose a state to see its counties.")
    counties = forms.MultipleChoiceField(label="Counties", required=False, widget=forms.CheckboxSelectMultiple)
    take = forms.BooleanField(label="Take over what other territories have", required=False)

    def __init__(self, *args: Any, territory: Territory | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.territory = territory
        has: dict[str, list[str]] = {kind: [] for kind in RuleKind.values}
        for row in territory.rules.all() if territory and territory.pk else ():
            if row.rule.is_plain:
                has[row.kind].append(row.value)
        counties = sorted({*has[RuleKind.COUNTY], *self._sent("counties")})
        state = (self._sent("state") or [""])[0] or _state_of(counties, has[RuleKind.ZIP])
        offered = sorted({*counties, *counties_by_state().get(state, ())})
        self.fields["zips"].choices = [(zip_, zip_) for zip_ in sorted({*has[RuleKind.ZIP], *filter(is_zip, self._sent("zips"))})]
        self.fields["counties"].choices = [(county, _county_label(county, state)) for county in offered]
        self.fields["state"].choices = [("", "Choose a state"), *((name, name) for name in counties_by_state())]
        self.initial = {"zips": has[RuleKind.ZIP], "counties": has[RuleKind.COUNTY], "state": state, **self.initial}

    def _sent(self, name: str) -> list[str]:
        return self.data.getlist(name) if self.is_bound and hasattr(self.data, "getlist") else []

    def clean_more_zips(self) -> list[str]:
        words = [word for word in _BETWEEN.split(self.cleaned_data["more_zips"]) if word]
        zips = [word.partition("-")[0] for word in words]  # 06103-1234 lies in 06103
        if wrong := [word for word, zip_ in zip(words, zips, strict=True) if not is_zip(zip_)]:
            raise forms.ValidationError(f"Not a US ZIP code: {', '.join(wrong[:10])}. Mend it or leave it out.")
        return zips

    @property
    def wanted_zips(self) -> set[str]:
        """Chips that are still ticked, and what was typed; what cannot be read is left out."""
        return {*self.cleaned_data.get("zips", ()), *self.cleaned_data.get("more_zips", ())}

    @property
    def wanted_counties(self) -> set[str]:
        return set(self.cleaned_data.get("counties", ()))

    @property
    def wanted(self) -> set[tuple[str, str]]:
        """As (kind, value)."""
        return {(RuleKind.ZIP, zip_) for zip_ in self.wanted_zips} | {(RuleKind.COUNTY, county) for county in self.wanted_counties}


def _county_label(county: str, state: str) -> str:
    own, _, name = county.partition("/")
    return name if own == state else f"{name}, {own}"


class TerritoryChoice(forms.ModelChoiceField):
    """Territories as a tree: each indented below its parent."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Territory.objects.none(), **kwargs)

    def offer(self, user: User, *, without: Collection[int] = ()) -> None:
        nodes = [node for node in tree(user) if node.territory.pk not in without]
        self.queryset = Territory.objects.filter(pk__in=[node.territory.pk for node in nodes])
        self.choices = [("", "Choose a territory"), *((node.territory.pk, "\u2003" * node.depth + node.territory.name) for node in nodes)]


class TerritoryForm(RulesForm):
    """The whole of a territory: name, place in the tree, description, rules."""

    name = forms.CharField(max_length=80, error_messages={"required": "Give the territory a name."})
    parent = TerritoryChoice(label="Belongs to", required=False, error_messages={"required": "Choose the territory it belongs to."})
    description = forms.CharField(max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    field_order = ("name", "parent", "description")

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        territory = self.territory
        if territory:
            own = {"name": territory.name, "parent": territory.parent_id, "description": territory.description}
            self.initial = {**own, **self.initial}
        if not Territory.objects.exists() or (territory and territory.parent_id is None):
            del self.fields["parent"]
        else:
            self.fields["parent"].required = True
            self.fields["parent"].offer(by, without=Territory.objects.branch_ids(territory.pk) if territory else set())
        if self.has_no_rules:
            for name in RulesForm.base_fields:
                del self.fields[name]

    @property
    def has_no_rules(self) -> bool:
        """Rules belong to the lowest territories."""
        return "parent" not in self.fields or bool(self.territory and self.territory.children.filter(archived_at=None).exists())


class ArchiveForm(forms.Form):
    """Where a territory's practices go."""

    NOBODY = "nobody"
    move_to = forms.ChoiceField(
        label="Who takes over its ZIP codes, counties and pinned practices?",
        error_messages={"required": "Choose a territory that takes over, or nobody."},
    )

    def __init__(self, *args: Any, territory: Territory, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        leaves = set(Territory.objects.leaves().exclude(pk=territory.pk).values_list("pk", flat=True))
        self.takers = {str(node.territory.pk): node.territory for node in tree(by) if node.territory.pk in leaves}
        self.fields["move_to"].choices = [
            ("", "Choose"),
            *((key, taker.name) for key, taker in self.takers.items()),
            (self.NOBODY, "Nobody: its practices are then owned by nobody"),
        ]

    @property
    def taker(self) -> Territory | None:
        return self.takers.get(self.cleaned_data["move_to"])


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class AssignmentForm(forms.Form):
    """Who looks after the territory, as what, from when."""

    PRIMARY, HELPER, OVERLAY = "primary", "helper", "overlay"
    user = forms.ModelChoiceField(
        label="Person", queryset=User.objects.none(), empty_label="Choose a person", error_messages={"required": "Choose a person."}
    )
    part = forms.ChoiceField(
        label="As",
        choices=[
            (PRIMARY, "Primary: gets the credit"),
            (HELPER, "Helper: sees the same"),
            (OVERLAY, "Overlay: for one service line only"),
        ],
        widget=forms.RadioSelect,
        initial=PRIMARY,
    )
    service_line = forms.ModelChoiceField(
        queryset=ServiceLine.objects.none(), required=False, empty_label="Choose a service line", help_text="For an overlay only."
    )
    started_on = forms.DateField(label="From", widget=DateInput, error_messages={"required": "Give the first day."})
    ended_on = forms.DateField(label="Until", required=False, widget=DateInput, help_text="The first day it no longer holds. Blank: open.")
    take_over = forms.BooleanField(
        label="Take over from the present primary", required=False, help_text="Their assignment ends on the day this one starts."
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = User.objects.visible_to(by).active()
        self.fields["service_line"].queryset = ServiceLine.objects.filter(is_active=True)
        self.initial = {"started_on": timezone.localdate(), **self.initial}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        overlay = cleaned.get("part") == self.OVERLAY
        if overlay and not cleaned.get("service_line"):
            self.add_error("service_line", "Choose the service line of the overlay.")
        cleaned["is_primary"] = cleaned.get("part") == self.PRIMARY
        if not overlay:
            cleaned["service_line"] = None
        return cleaned

    @property
    def asked(self) -> dict[str, Any]:
        """As the action takes it."""
        return {name: value for name, value in self.cleaned_data.items() if name != "part"}


class EndForm(forms.Form):
    """The first day an assignment no longer holds."""

    ended_on = forms.DateField(
        label="Ends on",
        widget=DateInput,
        help_text="The first day it no longer holds.",
        error_messages={"required": "Give the first day it no longer holds."},
    )

    def __init__(self, *args: Any, assignment: Assignment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"ended_on": assignment.ended_on or timezone.localdate(), **self.initial}


class ServiceLineForm(forms.Form):
    name = forms.CharField(max_length=80, error_messages={"required": "Give the service line a name."})
    is_active = forms.BooleanField(label="Offered in lists and forms", required=False, initial=True)
