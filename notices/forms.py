"""What people say about the mails they want."""

import datetime as dt
from typing import Any

from django import forms

from accounts.clocks import zone_words
from notices.models import MOST_DAYS_AHEAD, MailKind, MailSettings, ReminderRules


def _hour_words(hour: int) -> str:
    return {0: "midnight", 12: "noon"}.get(hour) or f"{(hour - 1) % 12 + 1} {'a.m.' if hour < 12 else 'p.m.'}"


_HOURS = [(hour, _hour_words(hour)) for hour in range(24)]


class MailSettingsForm(forms.Form):
    """Which mails, at what hour, and when none."""

    daily = forms.BooleanField(label=MailKind.DAILY.label, required=False, help_text="Only on days on which something is.")
    weekly = forms.BooleanField(
        label=MailKind.WEEKLY.label, required=False, help_text="For managers: what fell, what is late, what the field heard."
    )
    monthly = forms.BooleanField(label=MailKind.MONTHLY.label, required=False, help_text="The month that is over, with a chart.")
    mention = forms.BooleanField(label=MailKind.MENTION.label, required=False)
    report = forms.BooleanField(label=MailKind.REPORT.label, required=False)
    hour = forms.TypedChoiceField(label="Daily, weekly and monthly ones from what hour on", coerce=int, choices=_HOURS)
    quiet_from = forms.TypedChoiceField(
        label="No mail from", coerce=int, required=False, empty_value=None, choices=[("", "never quiet"), *_HOURS]
    )
    quiet_until = forms.TypedChoiceField(
        label="until", coerce=int, required=False, empty_value=None, choices=[("", "never quiet"), *_HOURS]
    )

    def __init__(self, data: Any = None, *, chosen: MailSettings) -> None:
        super().__init__(data, initial={name: getattr(chosen, name) for name in self.base_fields})
        self.fields["hour"].help_text = f"By your own clock: {zone_words(chosen.time_zone)}. Profile changes it."

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("quiet_from"), data.get("quiet_until")
        if (start is None) != (end is None):
            self.add_error("quiet_until" if end is None else "quiet_from", "Choose both hours, or neither.")
        elif start is not None and data.get("hour") is not None:
            quiet = MailSettings(quiet_from=start, quiet_until=end)
            if quiet.is_quiet(dt.datetime(2000, 1, 1, data["hour"])):
                self.add_error("hour", "This hour lies in your quiet hours.")
        return data


class ReminderRulesForm(forms.Form):
    """What holds until a person, or an event, says otherwise."""

    reminds_guests = forms.BooleanField(
        label="Remind guests of events the day before",
        required=False,
        help_text="By mail, once. This is how new events begin; each can be set otherwise, and each guest can decline.",
    )
    daily = forms.BooleanField(
        label="Mail follow-ups that are due",
        required=False,
        help_text="Each working day on which something is due. Whoever chose their mails in their profile keeps their choice.",
    )
    hour = forms.TypedChoiceField(label="Mails go from what hour on", coerce=int, choices=_HOURS, help_text="By each person's own clock.")
    days_ahead = forms.IntegerField(
        label="Tell of follow-ups how many days ahead",
        min_value=0,
        max_value=MOST_DAYS_AHEAD,
        help_text="0: on the day that they are due.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, data: Any = None, *, rules: ReminderRules) -> None:
        super().__init__(data, initial={name: getattr(rules, name) for name in self.base_fields})
