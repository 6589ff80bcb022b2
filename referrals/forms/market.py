"""What people type about files of market data and capacity."""

from django import forms

from referrals.models import MarketFileKind


class MarketFileForm(forms.Form):
    """A file, and what it lacks."""

    kind = forms.ChoiceField(
        label="What the file holds",
        choices=MarketFileKind.choices,
        initial=MarketFileKind.MARKET,
        widget=forms.RadioSelect,
        error_messages={"required": "Say what the file holds."},
    )
    file = forms.FileField(
        label="File",
        help_text="CSV, tab or pipe separated text, or Excel; zipped if you like.",
        error_messages={"required": "Choose the file.", "empty": "The file is empty."},
    )
    vendor = forms.CharField(required=False, max_length=80, help_text="Market data: who tells it, if the file has no such column.")
    day = forms.DateField(
        label="Day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Through which day market data reach, or as of which day capacity holds, if the file does not say.",
        error_messages={"invalid": "Enter a day."},
    )
    dry_run = forms.BooleanField(
        label="Check it first", required=False, initial=True, help_text="Tells what would change. You load it from there."
    )

    def given(self) -> dict[str, str]:
        """What `actions.take_market_file` asks for beside the file."""
        day = self.cleaned_data["day"]
        return {
            "vendor": self.cleaned_data["vendor"],
            "through" if self.cleaned_data["kind"] == MarketFileKind.MARKET else "as_of": day.isoformat() if day else "",
        }


class MarketUndoForm(forms.Form):
    why = forms.CharField(
        label="Why is it undone?",
        max_length=300,
        help_text="Everybody sees it beside the file.",
        error_messages={"required": "Say why: everybody will see it beside the file."},
    )
