"""What people type about a day's route: its hours and ends, an appointment, where they are, and the rules of the field."""

import datetime as dt
from typing import Any

from django import forms

from common.exceptions import InputError
from common.places import center_of
from contacts.visiting import minute_of, read_place
from visits.actions import Ends
from visits.models import DayPlan, FieldRules, WorkingHours


class TimeInput(forms.TimeInput):
    def __init__(self) -> None:
        super().__init__(attrs={"type": "time"}, format="%H:%M")


def time_of(minute: int) -> dt.time:
    """The time on the clock; the day's last minute for midnight."""
    return dt.time(minute // 60, minute % 60) if minute < 1440 else dt.time(23, 59)


class DayForm(forms.Form):
    """Where and when the day starts and ends; prefilled from the plan, else from the person's working hours."""

    starts = forms.TimeField(label="Start at", widget=TimeInput(), error_messages={"required": "Say when the day starts."})
    ends = forms.TimeField(label="Back by", widget=TimeInput(), error_messages={"required": "Say when the day ends."})
    lunch_minutes = forms.IntegerField(label="Minutes for lunch", min_value=0, max_value=120, help_text="0 for no break.")
    start = forms.CharField(
        label="From",
        required=False,
        max_length=80,
        help_text="A ZIP code, or latitude and longitude. Blank: the middle of the day's stops.",
    )
    end = forms.CharField(label="Back to", required=False, max_length=80, help_text="Blank: where it started.")

    def __init__(self, data: Any = None, *, plan: DayPlan | None, hours: WorkingHours, middle: tuple[float, float] | None) -> None:
        super().__init__(data, initial=_from_plan(plan) if plan else _from_hours(hours))
        self.plan, self.hours, self.middle = plan, hours, middle

    def clean(self) -> dict[str, Any]:
        """The end lies after the start, and both lie somewhere."""
        cleaned = super().clean() or {}
        starts, ends = cleaned.get("starts"), cleaned.get("ends")
        if starts and ends and ends <= starts:
            self.add_error("ends", "The day must end later than it starts.")
        for name in ("start", "end"):
            try:
                cleaned[f"{name}_place"] = self._place(cleaned.get(name, ""))
            except InputError as refusal:
                self.add_error(name, str(refusal))
        if not self.errors and cleaned["start_place"] is None and self.middle is None:
            self.add_error("start", "Say where the day starts: none of its stops is on the map.")
        return cleaned

    def _place(self, text: str) -> tuple[tuple[float, float], str] | None:
        """A point and its name; the names that the form itself wrote lead back to the plan's points."""
        text = text.strip()
        if not text:
            return None
        if self.plan and text == self.plan.start_label:
            return (self.plan.start_latitude, self.plan.start_longitude), text
        if self.plan and text == self.plan.end_label:
            return (self.plan.end_latitude, self.plan.end_longitude), text
        if text == self.hours.start_address and self.hours.latitude is not None and self.hours.longitude is not None:
            return (self.hours.latitude, self.hours.longitude), text
        if text.isdigit():
            if (center := center_of(text)) is None:
                raise InputError("The postal service knows no such ZIP code.")
            return center, text
        return read_place(text), text

    def ends_of_day(self) -> Ends:
        """As the action takes it."""
        told = self.cleaned_data
        start = told["start_place"] or (self.middle, "Middle of the stops")
        end = told["end_place"] or start
        return Ends(
            start_minute=minute_of(told["starts"]),
            end_minute=minute_of(told["ends"]),
            lunch_minutes=told["lunch_minutes"],
            start=start[0],
            start_label=start[1],
            end=end[0],
            end_label=end[1],
        )


def _from_plan(plan: DayPlan) -> dict[str, Any]:
    same = (plan.start_latitude, plan.start_longitude) == (plan.end_latitude, plan.end_longitude)
    return {
        "starts": time_of(plan.start_minute),
        "ends": time_of(plan.end_minute),
        "lunch_minutes": plan.lunch_minutes,
        "start": plan.start_label,
        "end": "" if same else plan.end_label,
    }


def _from_hours(hours: WorkingHours) -> dict[str, Any]:
    has_point = hours.latitude is not None
    return {
        "starts": hours.starts_at,
        "ends": hours.ends_at,
        "lunch_minutes": hours.pause_minutes,
        "start": (hours.start_address or f"{hours.latitude}, {hours.longitude}") if has_point else hours.start_zip,
    }


class HereForm(forms.Form):
    """Where the person is now, if the phone told it at the tap."""

    latitude = forms.FloatField(required=False, min_value=-90, max_value=90)
    longitude = forms.FloatField(required=False, min_value=-180, max_value=180)

    def place(self) -> tuple[float, float] | None:
        """Both numbers or none."""
        told = self.cleaned_data
        return None if told["latitude"] is None or told["longitude"] is None else (told["latitude"], told["longitude"])


class AppointmentForm(forms.Form):
    at = forms.TimeField(required=False, widget=TimeInput())


class FieldRulesForm(forms.ModelForm):
    """The one row of field rules, with lunch as times of the day."""

    class Meta:
        model = FieldRules
        fields = ("speed_mph", "circuity", "nearby_miles", "offers_location")
        help_texts = {
            "speed_mph": "Of estimated drives; not used where a road network answers.",
            "circuity": "How much longer roads are than the straight line.",
        }

    earliest = forms.TimeField(label="Lunch starts between", widget=TimeInput())
    latest = forms.TimeField(label="and", widget=TimeInput())

    def __init__(self, data: Any = None, *, instance: FieldRules) -> None:
        initial = {"earliest": time_of(instance.lunch_earliest), "latest": time_of(instance.lunch_latest)}
        super().__init__(data, instance=instance, initial=initial)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("earliest") and cleaned.get("latest") and cleaned["latest"] < cleaned["earliest"]:
            self.add_error("latest", "The latest start of lunch must not lie before the earliest.")
        return cleaned

    def arguments(self) -> dict[str, Any]:
        """As `actions.save_field_rules` takes it."""
        told = dict(self.cleaned_data)
        earliest, latest = told.pop("earliest"), told.pop("latest")
        return told | {"lunch_earliest": minute_of(earliest), "lunch_latest": minute_of(latest)}
