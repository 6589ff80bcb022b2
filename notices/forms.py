"""What people say about the mails they want."""

from typing import Any

from django import forms

from accounts.clocks import zone_words
from notices.models import MailSettings


def _hour_words(hour: int) -> str:
    return {0: "midnight", 12: "noon"}.get(hour) or f"{(hour - 1) % 12 + 1} {'a.m.' if hour < 12 else 'p.m.'}"


class MailSettingsForm(forms.Form):
    daily = forms.BooleanField(label="Each working day, what is due", required=False, help_text="Only on days on which something is.")
    weekly = forms.BooleanField(
        label="Each Monday, what the field heard", required=False, help_text="For managers: feedback, gaps, competitors."
    )
    hour = forms.TypedChoiceField(label="From what hour on", coerce=int, choices=[(hour, _hour_words(hour)) for hour in range(24)])

    def __init__(self, data: Any = None, *, chosen: MailSettings) -> None:
        names = ("daily", "weekly", "hour")
        super().__init__(data, initial={name: getattr(chosen, name) for name in names})
        self.fields["hour"].help_text = f"By your own clock: {zone_words(chosen.time_zone)}. Profile changes it."
