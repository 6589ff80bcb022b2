"""What people type: the visit, the plan, the topic."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from common.names import fold
from common.patient_marks import warning
from contacts.custom import PREFIX, CustomFormMixin, texts_of
from contacts.models import Affiliation, CustomSubject, Practice, Provider, Staff
from visits import policies
from visits.forms.given import LeftFields, SpendFields
from visits.forms.more import NO_PATIENTS, MoreFields
from visits.models import Mode, Outcome, Topic, Visit, VisitType, modes_to_choose
from visits.queries import find_practices, topics_to_choose, types_to_choose

DUE = (("1", "Tomorrow"), ("7", "In a week"), ("30", "In a month"))


def _day(**attrs: str) -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", **attrs}, format="%Y-%m-%d")


def key_of(person: Provider | Staff) -> str:
    """How a person met is named in a form: "provider-12", "staff-3"."""
    return f"{person._meta.model_name}-{person.pk}"


class PracticeMixin(forms.Form):
    """The practice: chosen from a list as one types, or, without JavaScript, typed by name."""

    practice = forms.ModelChoiceField(
        Practice.objects.none(),
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": "This practice is not in your territories. Choose another one."},
    )
    practice_text = forms.CharField(required=False, max_length=200)

    def __init__(self, *args: Any, user: User, planned: Visit | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.planned = user, planned
        choices = Practice.objects.visible_to(user)
        if planned is not None:  # a plan outlives a change of territories
            choices = Practice.objects.filter(
                pk__in=[planned.practice_id, *choices.filter(pk=planned.practice_id).values_list("pk", flat=True)]
            )
        self.fields["practice"].queryset = choices

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("practice") and "practice" not in self.errors:
            data["practice"] = self._by_name(data.get("practice_text", ""))
        return data

    def _by_name(self, text: str) -> Practice | None:
        if not fold(text):
            self.add_error("practice", "Choose a practice.")
            return None
        found = find_practices(self.user, text)
        exact = [practice for practice in found if practice.folded_name == fold(text)] or found
        if len(exact) == 1:
            return exact[0]
        names = "; ".join(f"{practice.name}, {practice.city}" for practice in exact[:5])
        self.add_error("practice", f"Which one? {names}." if names else "No practice in your territories has this name.")
        return None


class PeopleMixin(forms.Form):
    """Who was met: providers and staff of the practice, or others found by name."""

    people = forms.Field(required=False, widget=forms.MultipleHiddenInput)

    def chosen_people(self) -> list[str]:
        """The keys as sent, else as preset."""
        if self.is_bound:
            return [key for key in self.data.getlist("people") if key]
        return list(self.initial.get("people", ()))

    def read_people(self, practice: Practice | None, visit: Visit | None = None) -> tuple[list[Provider], list[Staff]]:
        """The people behind the keys; only those whom the person sees, who work there, or who were on the visit before."""
        numbers: dict[str, list[int]] = {"provider": [], "staff": []}
        for key in self.chosen_people():
            kind, _, number = key.partition("-")
            if kind in numbers and number.isascii() and number.isdigit():
                numbers[kind].append(int(number[:18]))
            else:
                self.add_error("people", "Choose people from the list.")
        providers = list(Provider.objects.filter(pk__in=numbers["provider"]))
        staff = list(Staff.objects.filter(pk__in=numbers["staff"]))
        if {p.pk for p in providers} - self._known_providers(practice, visit, numbers) or {s.pk for s in staff} - self._known_staff(
            practice, visit, numbers
        ):
            self.add_error("people", "Somebody chosen here is not in your territories. Choose people from the list.")
        return providers, staff

    def _known_providers(self, practice: Practice | None, visit: Visit | None, numbers: dict[str, list[int]]) -> set[int]:
        wanted = numbers["provider"]
        if not wanted:
            return set()
        known = set(Provider.objects.visible_to(self.user).filter(pk__in=wanted).values_list("pk", flat=True))
        known |= set(Affiliation.objects.open().filter(practice=practice, provider__in=wanted).values_list("provider", flat=True))
        return known | (set(visit.attendees.values_list("provider", flat=True)) if visit else set())

    def _known_staff(self, practice: Practice | None, visit: Visit | None, numbers: dict[str, list[int]]) -> set[int]:
        wanted = numbers["staff"]
        if not wanted:
            return set()
        known = set(Staff.objects.visible_to(self.user).filter(pk__in=wanted).values_list("pk", flat=True))
        known |= set(Staff.objects.filter(practice=practice, pk__in=wanted).values_list("pk", flat=True))
        return known | (set(visit.attendees.values_list("staff", flat=True)) if visit else set())


class VisitFields(PeopleMixin):
    """What was done on a visit; the same for logging and for mending."""

    mode = forms.ChoiceField(label="How did you meet?", choices=Mode, widget=forms.RadioSelect, initial=Mode.IN_PERSON)
    outcome = forms.ChoiceField(
        label="How did it go?",
        choices=Outcome,
        widget=forms.RadioSelect,
        error_messages={"required": "Say how it went, or tick whom you met."},
    )
    visited_at = forms.DateTimeField(
        label="When",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "Say when the visit was.", "invalid": "Enter a date and a time, like 10/03/2026 14:30."},
    )
    visit_type = forms.ModelChoiceField(VisitType.objects.none(), label="Type of visit", required=False, empty_label="Not said")
    topics = forms.ModelMultipleChoiceField(Topic.objects.none(), required=False, widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(required=False, help_text=NO_PATIENTS, max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))

    def clean_visited_at(self) -> dt.datetime:
        at: dt.datetime = self.cleaned_data["visited_at"]
        if at > timezone.now() + policies.CLOCKS_DIFFER:
            raise forms.ValidationError("This lies in the future. Choose when it happened, or plan the visit instead.")
        if at.year < 2000:
            raise forms.ValidationError("This is too long ago. Check the year.")
        return at

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound and not self.data.get("outcome") and ((people := self.chosen_people()) or any(self.data.getlist("new_name"))):
            data = self.data.copy()
            met_provider = any(key.startswith("provider-") for key in people)  # who was met tells how it went
            data["outcome"] = Outcome.MET_PROVIDER if met_provider else Outcome.MET_STAFF
            self.data = data

    def finish(self, practice: Practice | None, visit: Visit | None = None) -> None:
        """The people behind what was ticked."""
        self.cleaned_data["providers"], self.cleaned_data["staff"] = self.read_people(practice, visit)


class LogForm(PracticeMixin, VisitFields, LeftFields, SpendFields, MoreFields, CustomFormMixin):
    """A visit that took place, under a key that the page was made with: sent twice it is saved once."""

    custom_subject = CustomSubject.VISIT

    follow_up = forms.CharField(label="What did you promise?", required=False, max_length=300, help_text=NO_PATIENTS)
    due = forms.ChoiceField(label="Due", choices=DUE, required=False, widget=forms.RadioSelect, initial="7")
    due_on = forms.DateField(label="or on", required=False, widget=_day())
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    entered_at = forms.DateTimeField(widget=forms.HiddenInput, required=False)

    field_order = ("practice", "people", "mode", "outcome", "visited_at", "visit_type", "topics", "note", "follow_up", "due", "due_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["topics"].queryset = topics_to_choose()
        self.fields["mode"].choices = modes_to_choose(self.planned.mode if self.planned else "")
        self.fields["visit_type"].queryset = types_to_choose(self.planned)

    def clean_due_on(self) -> dt.date | None:
        due_on: dt.date | None = self.cleaned_data["due_on"]
        if due_on and due_on < timezone.localdate():
            raise forms.ValidationError("This day is over. Choose today or later.")
        return due_on

    def clean_client_id(self) -> uuid.UUID:
        return self.cleaned_data["client_id"] or uuid.uuid4()

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.finish(data.get("practice"))
        self.check_more(data, {"note": data.get("note", ""), "follow_up": data.get("follow_up", ""), **_own_texts(data)})
        self.check_left(data)
        purpose = data.get("purpose") or (self.planned.purpose if self.planned else "")
        self.check_spend(data, visit_purpose=purpose, new_people=sum(1 for name, _ in self.new_people if name))
        return data

    def arguments(self) -> dict[str, Any]:
        """What `actions.log_visit` asks for."""
        data = self.cleaned_data
        plain = (
            "practice",
            "mode",
            "outcome",
            "visited_at",
            "topics",
            "note",
            "providers",
            "staff",
            "follow_up",
            "client_id",
            "entered_at",
        )
        due = data["due_on"] or timezone.localdate() + dt.timedelta(days=int(data["due"] or 7))
        given = {"materials": data["left"] or (), "spend": data["given"]}
        return {name: data[name] for name in (*plain, "custom")} | {
            "follow_up_due": due,
            "planned": self.planned,
            "more": self.more(),
            **given,
        }


class EditForm(VisitFields, LeftFields, SpendFields, CustomFormMixin):
    """Mend a logged visit; its practice stays (a visit to the wrong practice is deleted and logged again).

    `version` is the one on the screen. `keep_<field>` says "theirs" where the person chose what another edit made of a field.
    """

    custom_subject = CustomSubject.VISIT

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    is_none = forms.BooleanField(label="This tells nothing of a patient", required=False)

    def __init__(self, *args: Any, user: User, visit: Visit, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {
                "mode": visit.mode,
                "visit_type": visit.visit_type_id,
                "outcome": visit.outcome,
                "visited_at": visit.visited_at,
                "topics": [topic.pk for topic in visit.topics.all()],
                "note": visit.note,
                "version": visit.version,
                "people": [key_of(row.provider or row.staff) for row in visit.attendees.select_related("provider", "staff")],
            },
        )
        self.instance = visit
        super().__init__(*args, **kwargs)
        self.user, self.visit, self.left_visit, self.asks = user, visit, visit, False
        self.fields["topics"].queryset = topics_to_choose(visit)
        self.fields["mode"].choices = modes_to_choose(visit.mode)
        self.fields["visit_type"].queryset = types_to_choose(visit)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.finish(self.visit.practice, self.visit)
        for name, text in {"note": data.get("note", ""), **_own_texts(data)}.items():
            if said := warning(text, today=timezone.localdate()):
                self.asks = True
                if not data.get("is_none"):
                    self.add_error(name, said)
        self.check_left(data)
        self.check_spend(data, visit_purpose=self.visit.purpose)
        return data

    def arguments(self) -> dict[str, Any]:
        """What `actions.edit_visit` asks for."""
        data = self.cleaned_data
        names = ("mode", "visit_type", "outcome", "visited_at", "topics", "note", "providers", "staff", "version", "is_none")
        says_type = "visit_type" in self.data
        return {name: data[name] for name in names} | {
            "says_type": says_type,
            "materials": data["left"],
            "spend": data["given"],
            "custom": data["custom"],
        }


def _own_texts(data: Mapping[str, Any]) -> dict[str, str]:
    """Each text of the organization's own fields by the form's name of it."""
    return {f"{PREFIX}{key}": text for key, value in data["custom"].items() if (text := texts_of({key: value}))}


def with_values(data: QueryDict, values: Mapping[str, Any]) -> QueryDict:
    """The form's data with these values of a version (visits.actions.mending) in their fields."""
    changed = data.copy()
    for name, value in values.items():
        if name == "visited_at":
            changed[name] = f"{timezone.localtime(dt.datetime.fromisoformat(value)):%Y-%m-%dT%H:%M}"
        elif name in {"people", "topics"}:
            changed.setlist(name, [str(item) for item in value])
        elif name == "materials":
            changed.setlist("material", [str(pk) for pk, _ in value])
            changed.setlist("quantity", [str(pieces) for _, pieces in value])
        elif name == "custom":
            for field in [key for key in changed if key.startswith(PREFIX)]:
                kept = value.get(field.removeprefix(PREFIX), "")
                changed[field] = {True: "yes", False: "no"}[kept] if isinstance(kept, bool) else str(kept)
        else:
            changed[name] = "" if value is None else value
    return changed


class PlanForm(PracticeMixin, PeopleMixin):
    """A visit to come."""

    day = forms.DateField(label="Day", widget=_day(), error_messages={"required": "Choose a day.", "invalid": "Enter a day."})
    time = forms.TimeField(
        label="Time", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), error_messages={"required": "Choose a time."}
    )
    is_fixed = forms.BooleanField(label="An appointment: the office agreed to this time", required=False)
    ends = forms.TimeField(
        label="Until",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="Of an appointment.",
        error_messages={"invalid": "Enter a time."},
    )
    place = forms.CharField(required=False, max_length=200, help_text="If not in the practice: a room, a restaurant, a video link.")
    visit_type = forms.ModelChoiceField(VisitType.objects.none(), label="Type of visit", required=False, empty_label="Not said")
    purpose = forms.CharField(required=False, max_length=200, help_text=f"What you want to talk about. {NO_PATIENTS}")
    owner = forms.ModelChoiceField(User.objects.none(), label="Who goes", required=False, empty_label=None)
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False)

    field_order = ("practice", "people", "day", "time", "is_fixed", "ends", "place", "visit_type", "purpose", "owner")

    def __init__(self, *args: Any, people: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["visit_type"].queryset = types_to_choose(self.planned)
        if people is None:
            del self.fields["owner"]
        else:
            self.fields["owner"].queryset = people

    def clean_day(self) -> dt.date:
        day: dt.date = self.cleaned_data["day"]
        if day < timezone.localdate():
            raise forms.ValidationError("This day is over. Choose today or later, or log the visit instead.")
        if day.year > timezone.localdate().year + 5:
            raise forms.ValidationError("This is too far ahead. Check the year.")
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["providers"], data["staff"] = self.read_people(data.get("practice"), self.planned)
        if data.get("ends") and not data.get("is_fixed"):
            self.add_error("is_fixed", "Only an appointment has an end. Tick this, or leave the end out.")
        elif data.get("ends") and data.get("time") and data["ends"] <= data["time"]:
            self.add_error("ends", "It ends before it begins. Choose a later time.")
        return data

    def arguments(self) -> dict[str, Any]:
        """What `actions.plan_visit` asks for."""
        data = self.cleaned_data
        owner = data.get("owner") or (self.planned.owner if self.planned else self.user)
        names = ("visit_type", "purpose", "providers", "staff", "is_fixed", "place")
        ends_at = self._at(data["ends"]) if data["ends"] else None
        return {**{name: data[name] for name in names}, "planned_at": self._at(data["time"]), "ends_at": ends_at, "owner": owner}

    def _at(self, time: dt.time) -> dt.datetime:
        return timezone.make_aware(dt.datetime.combine(self.cleaned_data["day"], time))


class MissForm(forms.Form):
    """Nobody there: when to come back."""

    back_on = forms.DateField(label="Back on", required=False, widget=_day(), help_text="Plans the next try for the same time of that day.")
    note = forms.CharField(required=False, max_length=500, help_text=NO_PATIENTS, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_back_on(self) -> dt.date | None:
        back_on: dt.date | None = self.cleaned_data["back_on"]
        if back_on and back_on < timezone.localdate():
            raise forms.ValidationError("This day is over. Choose today or later.")
        return back_on


class TopicForm(forms.ModelForm):
    class Meta:
        model = Topic
        fields = ("name", "is_active")
        labels = {"is_active": "Offered when a visit is logged"}
        error_messages = {"name": {"unique": "There is a topic with this name already."}}


class ImportForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="CSV, tab or pipe separated text, or Excel; zipped if you like.",
        error_messages={"required": "Choose the file."},
    )
    dry_run = forms.BooleanField(label="Only check it, keep nothing", required=False)
