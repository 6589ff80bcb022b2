"""When a report comes, and to whom."""

from typing import Any

from django import forms

from accounts.models import User
from reports.models import FileKind, ReportSchedule, Rhythm
from reports.models.schedules import LAST_DAY, WEEKDAYS, ordinal

_HOURS = [(hour, f"{hour}:00") for hour in range(24)]


class ScheduleForm(forms.Form):
    """The rhythm; of a weekly report the day of the week counts, of a monthly one the day of the month."""

    rhythm = forms.ChoiceField(label="How often", choices=Rhythm, widget=forms.RadioSelect, initial=Rhythm.WEEKLY)
    weekday = forms.TypedChoiceField(label="Weekly: on", coerce=int, choices=list(enumerate(WEEKDAYS)), initial=0)
    month_day = forms.TypedChoiceField(
        label="Monthly: on the", coerce=int, choices=[(day, ordinal(day)) for day in range(1, LAST_DAY + 1)], initial=1
    )
    hour = forms.TypedChoiceField(label="From what hour on, by your clock", coerce=int, choices=_HOURS, initial=7)
    file = forms.ChoiceField(label="As", choices=FileKind, widget=forms.RadioSelect, initial=FileKind.PDF)
    recipients = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label="To",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose who gets it."},
        help_text="Each gets what their own territories and role show. The mail holds a link behind the sign-in, no figure.",
    )

    def __init__(self, data: Any = None, *, people: Any, schedule: ReportSchedule | None = None) -> None:
        names = ("rhythm", "weekday", "month_day", "hour", "file")
        initial = {name: getattr(schedule, name) for name in names} if schedule else {}
        if schedule:
            initial["recipients"] = list(schedule.recipients.values_list("pk", flat=True))
        super().__init__(data, initial=initial)
        self.fields["recipients"].queryset = people
