"""What people say about the mails they want."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings

from notices.models import MailSettings

_USUAL = (
    ("America/New_York", "Eastern"),
    ("America/Chicago", "Central"),
    ("America/Denver", "Mountain"),
    ("America/Phoenix", "Arizona"),
    ("America/Los_Angeles", "Pacific"),
    ("America/Anchorage", "Alaska"),
    ("Pacific/Honolulu", "Hawaii"),
    ("America/Puerto_Rico", "Puerto Rico"),
    ("Pacific/Guam", "Guam"),
)


def time_zones(*also: str) -> list[tuple[str, str]]:
    """The zones of the United States, the organization's, and those named; as people call them."""
    known = dict(_USUAL)
    more = [(name, name.replace("_", " ")) for name in dict.fromkeys((settings.TIME_ZONE, *also)) if name not in known]
    return [*_USUAL, *[(name, label) for name, label in more if name in available_timezones()]]


def _hour_words(hour: int) -> str:
    return {0: "midnight", 12: "noon"}.get(hour) or f"{(hour - 1) % 12 + 1} {'a.m.' if hour < 12 else 'p.m.'}"


class MailSettingsForm(forms.Form):
    daily = forms.BooleanField(label="Each working day, what is due", required=False, help_text="Only on days on which something is.")
    weekly = forms.BooleanField(
        label="Each Monday, what the field heard", required=False, help_text="For managers: feedback, gaps, competitors."
    )
    hour = forms.TypedChoiceField(label="From what hour on", coerce=int, choices=[(hour, _hour_words(hour)) for hour in range(24)])
    time_zone = forms.ChoiceField(label="Your time zone")

    def __init__(self, data: Any = None, *, chosen: MailSettings) -> None:
        names = ("daily", "weekly", "hour", "time_zone")
        super().__init__(data, initial={name: getattr(chosen, name) for name in names})
        self.fields["time_zone"].choices = time_zones(chosen.time_zone)
