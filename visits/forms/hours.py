"""What people say of their days in the field."""

import calendar
import datetime as dt
import re
from typing import Any

from django import forms

from common.places import has_center
from visits.models import WorkingHours

_POINT = re.compile(r"^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,;]\s*(-?\d{1,3}(?:\.\d+)?)\s*$")
SHORTEST = 60  # minutes of a working day, without the pause


def _time() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class WorkingHoursForm(forms.Form):
    weekdays = forms.TypedMultipleChoiceField(
        label="Days in the field",
        choices=[(number, calendar.day_abbr[number]) for number in range(7)],
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day."},
    )
    starts_at = forms.TimeField(label="The day starts at", widget=_time())
    ends_at = forms.TimeField(label="and ends at", widget=_time())
    pause_minutes = forms.IntegerField(label="Lunch, minutes", min_value=0, max_value=240)
    visit_minutes = forms.IntegerField(
        label="One visit, minutes", min_value=5, max_value=240, help_text="With parking and the way in. Hours promised are counted with it."
    )
    start_address = forms.CharField(
        label="Where you start from",
        required=False,
        max_length=200,
        help_text="Home or office: the first and the last drive of a day. Only you, and who plans your days, can see it.",
    )
    start_zip = forms.CharField(label="ZIP code of the start", required=False, max_length=5)
    point = forms.CharField(
        label="Exact point",
        required=False,
        max_length=60,
        help_text="Latitude and longitude, as your map app shows them: 41.4993, -81.6944. Without it the middle of the ZIP code is taken.",
    )

    def __init__(self, data: Any = None, *, hours: WorkingHours) -> None:
        names = ("weekdays", "starts_at", "ends_at", "pause_minutes", "visit_minutes", "start_address", "start_zip")
        known = {name: getattr(hours, name) for name in names}
        if hours.latitude is not None:
            known["point"] = f"{hours.latitude}, {hours.longitude}"
        super().__init__(data, initial=known)

    def clean_start_zip(self) -> str:
        zip_ = self.cleaned_data["start_zip"].strip()
        if zip_ and not has_center(zip_):
            raise forms.ValidationError("Nobody knows where this ZIP code lies. Type five digits, or leave it blank.")
        return zip_

    def clean_point(self) -> tuple[float, float] | None:
        text = self.cleaned_data["point"]
        if not text.strip():
            return None
        found = _POINT.match(text)
        if found is None or not (abs(float(found[1])) <= 90 and abs(float(found[2])) <= 180):
            raise forms.ValidationError("Type two numbers with a comma between: 41.4993, -81.6944.")
        return float(found[1]), float(found[2])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("starts_at") and data.get("ends_at") and data.get("pause_minutes") is not None:
            first, last = (dt.datetime.combine(dt.date.min, data[name]) for name in ("starts_at", "ends_at"))
            if last - first < dt.timedelta(minutes=SHORTEST + data["pause_minutes"]):
                self.add_error("ends_at", "The day ends too early: at least an hour beside the pause.")
        return data

    def arguments(self) -> dict[str, Any]:
        """For `actions.save_working_hours`."""
        values = dict(self.cleaned_data)
        latitude, longitude = values.pop("point") or (None, None)
        return {**values, "latitude": latitude, "longitude": longitude}
