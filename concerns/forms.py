"""What people type about concerns. A text that may tell who a patient is comes back once, with the question whether it does."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from common.guarded import NO_PATIENTS, GuardedForm
from concerns.models import Category, Concern, Department, FieldNoteKind, QualityProject, Severity, ToldHow
from concerns.queries import categories_to_choose, departments_to_choose, providers_at, who_may_own
from contacts.models import Practice, Provider


def _day(**attrs: str) -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", **attrs}, format="%Y-%m-%d")


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class ConcernForm(GuardedForm):
    """A new concern: what the practice said, and what kind it is."""

    text = forms.CharField(
        label="What did they say?",
        max_length=2000,
        help_text=NO_PATIENTS,
        widget=_area(4),
        error_messages={"required": "Say what the practice said."},
    )
    category = forms.ModelChoiceField(
        Category.objects.none(),
        label="What is it about?",
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": "Choose what it is about."},
    )
    severity = forms.ChoiceField(label="How much does it matter?", choices=Severity, initial=Severity.NORMAL, widget=forms.RadioSelect)
    provider = forms.ModelChoiceField(Provider.objects.none(), label="Who said so", required=False, empty_label="The practice as a whole")

    field_order = ("text", "is_none", "category", "severity", "provider")

    def __init__(self, *args: Any, practice: Practice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].queryset = categories_to_choose()
        self.fields["provider"].queryset = providers_at(practice)


class CommentForm(GuardedForm):
    text = forms.CharField(
        label="Comment", max_length=2000, help_text=NO_PATIENTS, widget=_area(2), error_messages={"required": "Write something first."}
    )


class ResolveForm(GuardedForm):
    guarded = ("resolution",)
    resolution = forms.CharField(
        label="What did we do?",
        max_length=2000,
        help_text=f"As the practice will hear it. {NO_PATIENTS}",
        widget=_area(3),
        error_messages={"required": "Say what was done."},
    )
    field_order = ("resolution", "is_none")


class TellForm(GuardedForm):
    told_on = forms.DateField(label="Told on", widget=_day(), error_messages={"required": "Choose the day."})
    told_how = forms.ChoiceField(
        label="How", choices=ToldHow, widget=forms.RadioSelect, error_messages={"required": "Say how they were told."}
    )
    told_by = forms.ModelChoiceField(User.objects.none(), label="Who told them", empty_label=None)
    text = forms.CharField(label="What did they answer?", required=False, max_length=2000, help_text=NO_PATIENTS, widget=_area(2))

    field_order = ("told_on", "told_how", "told_by", "text", "is_none")

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, initial={"told_on": timezone.localdate(), "told_by": user.pk}, **kwargs)
        self.fields["told_by"].queryset = who_may_own(user)

    def clean_told_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["told_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("This day lies ahead. Close the concern when the practice has been told.")
        return day


class ReopenForm(GuardedForm):
    text = forms.CharField(label="Why is it not solved?", required=False, max_length=2000, help_text=NO_PATIENTS, widget=_area(2))


class EscalateForm(GuardedForm):
    to = forms.ModelChoiceField(User.objects.none(), label="To whom", required=False)
    text = forms.CharField(label="Why", required=False, max_length=2000, help_text=NO_PATIENTS, widget=_area(2))

    field_order = ("to", "text", "is_none")

    def __init__(self, data: Any = None, *, concern: Concern, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        lead = concern.department.lead
        self.fields["to"].queryset = who_may_own()
        self.fields["to"].empty_label = f"{lead}, lead of {concern.department}" if lead else "Choose a person"
        self.fields["to"].required = lead is None


class SortForm(forms.Form):
    """Another category, department, owner, severity or day."""

    category = forms.ModelChoiceField(Category.objects.none(), empty_label=None)
    severity = forms.ChoiceField(choices=Severity)
    department = forms.ModelChoiceField(Department.objects.none(), label="Department that answers", empty_label=None)
    owner = forms.ModelChoiceField(User.objects.none(), label="Person", required=False, empty_label="Nobody yet")
    due_on = forms.DateField(label="To be resolved by", widget=_day(), help_text="Moves with the category unless you name another day.")

    def __init__(self, data: Any = None, *, concern: Concern) -> None:
        names = ("category_id", "severity", "department_id", "owner_id", "due_on")
        super().__init__(data, initial={name.removesuffix("_id"): getattr(concern, name) for name in names})
        self.fields["category"].queryset = categories_to_choose(concern)
        self.fields["department"].queryset = departments_to_choose(concern)
        self.fields["owner"].queryset = who_may_own(concern.owner)


class DepartmentForm(forms.ModelForm):
    class Meta:
        model = Department
        fields = ("name", "lead", "is_active")
        labels = {"is_active": "Answers for concerns"}
        help_texts = {"lead": "Hears of what is escalated."}
        error_messages = {"name": {"unique": "There is a department with this name already."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lead"].queryset = who_may_own(self.instance.lead)
        self.fields["lead"].empty_label = "Nobody"


class CategoryForm(forms.ModelForm):
    class Meta:
        model = Category
        fields = ("name", "department", "deadline_days", "escalate_days", "is_active")
        labels = {
            "department": "Department that answers",
            "deadline_days": "Days to resolve it",
            "escalate_days": "Escalate by itself, days after the deadline",
            "is_active": "Offered when a concern is written down",
        }
        help_texts = {
            "deadline_days": "Calendar days from the day it was raised. Promises that run already keep their day.",
            "escalate_days": "To the department's lead. Blank leaves it to people.",
        }
        error_messages = {"name": {"unique": "There is a category with this name already."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = Department.objects.filter(is_active=True)
        self.fields["department"].empty_label = "Choose a department"
        self.fields["deadline_days"].min_value = 1


class FieldNoteForm(GuardedForm):
    """Something heard at a practice."""

    guarded = ("text", "tags")
    kind = forms.ChoiceField(
        label="What is it?", choices=FieldNoteKind, widget=forms.RadioSelect, error_messages={"required": "Choose what it is."}
    )
    text = forms.CharField(
        label="What did you hear?",
        max_length=2000,
        help_text=NO_PATIENTS,
        widget=_area(3),
        error_messages={"required": "Say what you heard."},
    )
    tags = forms.CharField(required=False, max_length=300, help_text="Words to find it by, with commas between: access, mri, new office.")
    provider = forms.ModelChoiceField(Provider.objects.none(), label="From whom", required=False, empty_label="The practice as a whole")
    heard_on = forms.DateField(label="Heard on", widget=_day(), error_messages={"required": "Choose the day."})

    field_order = ("kind", "text", "tags", "is_none", "provider", "heard_on")

    def __init__(self, *args: Any, practice: Practice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["provider"].queryset = providers_at(practice)

    def clean(self) -> dict[str, Any]:
        """The words as a list, once they were looked at for patients."""
        data = super().clean()
        data["tags"] = [tag for tag in (data.get("tags") or "").split(",") if tag.strip()]
        return data

    def clean_heard_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["heard_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("This day lies ahead. Choose the day on which you heard it.")
        return day


class ProjectForm(GuardedForm):
    """What is to become better, since when, and by which concerns it shows."""

    guarded = ("name", "goal")
    name = forms.CharField(max_length=120, error_messages={"required": "Give the project a name."})
    goal = forms.CharField(
        label="What is to become better?",
        max_length=1000,
        help_text=NO_PATIENTS,
        widget=_area(3),
        error_messages={"required": "Say what is to become better."},
    )
    categories = forms.ModelMultipleChoiceField(
        Category.objects.all(),
        label="Kinds of concern by which it shows",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    owner = forms.ModelChoiceField(User.objects.none(), label="Who leads it", empty_label=None)
    started_on = forms.DateField(label="Starts on", widget=_day(), error_messages={"required": "Choose the day."})
    ended_on = forms.DateField(label="Ends on", required=False, widget=_day(), help_text="Blank while it runs.")

    field_order = ("name", "goal", "is_none", "categories", "owner", "started_on", "ended_on")

    def __init__(self, *args: Any, project: QualityProject | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = who_may_own(project.owner if project else None)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("ended_on") and data.get("started_on") and data["ended_on"] <= data["started_on"]:
            self.add_error("ended_on", "It ends before it begins. Choose a later day.")
        return data
