"""What people type about an alert, and about the days on which offices are closed."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from concerns.forms import ConcernForm
from reports.models import Alert, CloseReason
from reports.queries.alerts import assignable

NO_PATIENTS = "No patient names or record numbers."
_PERSONS_REASONS = [(value, label) for value, label in CloseReason.choices if value != CloseReason.FADED]


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class AlertForm(forms.Form):
    """A step of an alert: knows the alert and who takes it."""

    def __init__(self, *args: Any, alert: Alert, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.alert, self.user = alert, user


class SnoozeForm(AlertForm):
    until_on = forms.DateField(
        label="Show it again on",
        widget=_day(),
        error_messages={"required": "Choose a day."},
        help_text="It waits out of the list until then.",
    )


class AssignForm(AlertForm):
    to = forms.ModelChoiceField(User.objects.none(), label="Who looks into it", error_messages={"required": "Choose somebody."})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = assignable(self.user, self.alert)


class CloseForm(AlertForm):
    reason = forms.ChoiceField(
        label="Why", choices=_PERSONS_REASONS, widget=forms.RadioSelect, error_messages={"required": "Choose why the alert is closed."}
    )
    note = forms.CharField(label="Note", required=False, max_length=200, help_text=NO_PATIENTS)


class VisitForm(AlertForm):
    day = forms.DateField(label="Day", widget=_day(), error_messages={"required": "Choose a day."})
    time = forms.TimeField(label="Time", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    purpose = forms.CharField(label="Purpose", required=False, max_length=200, help_text=NO_PATIENTS)
    owner = forms.ModelChoiceField(User.objects.none(), label="Who goes", empty_label=None)

    def __init__(self, *args: Any, people: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if people is None:
            del self.fields["owner"]
        else:
            self.fields["owner"].queryset = people

    @property
    def planned_at(self) -> dt.datetime:
        """The chosen moment, here."""
        return timezone.make_aware(dt.datetime.combine(self.cleaned_data["day"], self.cleaned_data["time"]))


class AlertConcernForm(ConcernForm):
    """What the practice of the alert said."""

    def __init__(self, *args: Any, alert: Alert, user: User, **kwargs: Any) -> None:
        assert alert.practice is not None  # noqa: S101 - the view asked
        super().__init__(*args, practice=alert.practice, **kwargs)


class ClosingForm(forms.Form):
    """Own closing days: one, or some in a row."""

    first = forms.DateField(label="Day", widget=_day(), error_messages={"required": "Choose a day."})
    last = forms.DateField(label="Until", required=False, widget=_day(), help_text="The last day of a longer closing.")
    name = forms.CharField(label="Name", required=False, max_length=80, help_text="Such as “Founders Day” or “Blizzard”.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["last"] = data.get("last") or data.get("first")
        return data
