"""What people type about events. Texts that may tell who a patient is come back once, with the question whether they do."""

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from accounts.clocks import organization_time_zone, time_zones
from accounts.models import User
from common.npi import is_valid_npi
from common.patient_marks import warning
from compliance.forms import LedgerForm
from compliance.models import SpendEntry, SpendKind
from compliance.queries import payers
from compliance.rules import CASH_LIKE
from contacts.models import Organization, Practice, Provider, Staff
from events import policies
from events.actions import Cost
from events.models import Answer, Audience, Event, EventKind
from events.queries import shares_of, who_may_hold
from notices.models import ReminderRules
from territories.models import ServiceLine

NO_PATIENTS = "No patient names, birth dates or record numbers."


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _time() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class EventForm(forms.Form):
    """An event, as guests will read it."""

    title = forms.CharField(max_length=160, error_messages={"required": "Give the event a title, as guests will read it."})
    kind = forms.ChoiceField(label="What is it?", choices=EventKind, initial=EventKind.LUNCH, widget=forms.RadioSelect)
    audience = forms.ChoiceField(label="For whom", choices=Audience, initial=Audience.EXTERNAL, widget=forms.RadioSelect)
    day = forms.DateField(label="Day", widget=_day(), error_messages={"required": "Choose the day."})
    starts = forms.TimeField(label="Starts", widget=_time(), error_messages={"required": "Say when it starts."})
    ends = forms.TimeField(label="Ends", widget=_time(), error_messages={"required": "Say when it ends."})
    time_zone = forms.ChoiceField(label="Time zone")
    practice = forms.ModelChoiceField(Practice.objects.none(), required=False, widget=forms.HiddenInput)
    place = forms.CharField(label="Place", max_length=200, required=False, help_text="Room and address. Blank: in the practice.")
    speaker = forms.CharField(max_length=160, required=False)
    service_line = forms.ModelChoiceField(ServiceLine.objects.all(), label="Service line", required=False, empty_label="None in particular")
    about = forms.CharField(
        label="What it is about", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"Stands in the invitation. {NO_PATIENTS}",
    )  # fmt: skip
    is_none = forms.BooleanField(label="This tells nothing of a patient", required=False)
    capacity = forms.IntegerField(
        label="Room for", min_value=1, max_value=10_000, required=False, help_text="People. Blank: no limit.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip
    credits = forms.DecimalField(
        label="CME credits", min_value=Decimal("0.25"), max_value=Decimal(50), max_digits=4, decimal_places=2, required=False,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.25"}),
    )  # fmt: skip
    accreditation = forms.CharField(
        label="Accreditation statement", max_length=300, required=False, help_text="As whoever grants the credits words it."
    )
    reminds = forms.BooleanField(
        label="Remind guests the day before", required=False, help_text="By mail, once, with the event for their calendar."
    )
    owner = forms.ModelChoiceField(User.objects.none(), label="Who holds it", empty_label=None)
    hosts = forms.ModelMultipleChoiceField(
        User.objects.none(), label="Who helps", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="They see all guests, sign in, and have it in their calendar.",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, user: User, event: Event | None = None, practice: Practice | None = None) -> None:
        super().__init__(data, initial=initial_of(event) if event else _first_guess(user, practice))
        self.event, self.asks = event, False
        own = Practice.objects.filter(pk=event.practice_id) if event and event.practice_id else Practice.objects.none()
        self.fields["practice"].queryset = Practice.objects.visible_to(user) | own
        self.fields["time_zone"].choices = time_zones(event.time_zone if event else organization_time_zone())
        kept = [event.owner_id, *event.hosts.values_list("pk", flat=True)] if event else []
        holders = (who_may_hold() | User.objects.filter(pk__in=kept)).distinct()
        self.fields["hosts"].queryset = holders
        if policies.leads(user):
            self.fields["owner"].queryset = holders
        else:
            del self.fields["owner"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("title", "speaker", "about", "place", "accreditation"):
            if said := warning(data.get(name) or "", today=timezone.localdate()):
                self.asks = True
                if not data.get("is_none"):
                    self.add_error(name, said)
        if data.get("starts") and data.get("ends") and data["ends"] <= data["starts"]:
            self.add_error("ends", "It must end later than it starts.")
        if not data.get("place") and not data.get("practice") and "place" in data:
            self.add_error("place", "Say where it is, or choose a practice.")
        return data

    @property
    def practice_chosen(self) -> list[dict[str, Any]]:
        """What the search field shows as chosen."""
        text = str(self["practice"].value() or "")
        found = self.fields["practice"].queryset.filter(pk=text).first() if text.isdecimal() and len(text) < 19 else None
        return [{"value": found.pk, "label": found.name}] if found else []

    def wanted(self) -> dict[str, Any]:
        """What the actions ask for."""
        data = dict(self.cleaned_data)
        day, starts, ends = (data.pop(name) for name in ("day", "starts", "ends"))
        zone = ZoneInfo(data["time_zone"])
        data["starts_at"] = timezone.make_aware(dt.datetime.combine(day, starts), zone)
        data["ends_at"] = timezone.make_aware(dt.datetime.combine(day, ends), zone)
        return data


def initial_of(event: Event) -> dict[str, Any]:
    """An event as its form shows it."""
    names = ("title", "kind", "audience", "time_zone", "place", "speaker", "about", "capacity", "credits", "accreditation", "reminds")
    start, end = event.local_start, event.local_end
    return {name: getattr(event, name) for name in names} | {
        "practice": event.practice_id, "service_line": event.service_line_id, "owner": event.owner_id,
        "hosts": list(event.hosts.values_list("pk", flat=True)), "day": start.date(), "starts": start.time(), "ends": end.time(),
    }  # fmt: skip


def _first_guess(user: User, practice: Practice | None) -> dict[str, Any]:
    return {
        "owner": user.pk,
        "practice": practice.pk if practice else None,
        "time_zone": organization_time_zone(),
        "reminds": ReminderRules.current().reminds_guests,
        "starts": dt.time(12),
        "ends": dt.time(13),
    }


class OutsideForm(forms.Form):
    """A guest of whom there is no record."""

    name = forms.CharField(max_length=150, error_messages={"required": "Enter the guest's name."})
    email = forms.EmailField(label="E-mail", required=False, help_text="Where the invitation goes.")


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(
        choices=Answer, error_messages={"required": "Answer yes, no or maybe.", "invalid_choice": "Answer yes, no or maybe."}
    )


class DoorForm(forms.Form):
    """What a guest types on their own phone, or whoever holds the event for them."""

    name = forms.CharField(
        label="Your name",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name."},
    )
    email = forms.EmailField(label="E-mail", required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    npi = forms.CharField(
        label="NPI",
        max_length=10,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text="Ten digits, for CME credits.",
    )

    def clean_npi(self) -> str:
        npi: str = self.cleaned_data["npi"].strip()
        if npi and not is_valid_npi(npi):
            raise forms.ValidationError("This is no NPI: ten digits, of which the last is a check digit. Leave it blank if you have none.")
        return npi


class CancelForm(forms.Form):
    reason = forms.CharField(
        label="Why", max_length=200, required=False, help_text=f"For your colleagues; guests are told that it is cancelled. {NO_PATIENTS}"
    )

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        if said := warning(reason, today=timezone.localdate()):
            raise forms.ValidationError(said)
        return reason


class CostCancelForm(forms.Form):
    reason = forms.CharField(
        label="Why",
        max_length=300,
        help_text=f"It stays to be seen in the ledger, and counts for nothing. {NO_PATIENTS}",
        error_messages={"required": "Say why."},
    )


class CostForm(LedgerForm):
    """What the event costs in all, and who has part of it."""

    kind = forms.ChoiceField(
        label="What is it?", choices=[choice for choice in SpendKind.choices if choice[0] not in CASH_LIKE], initial=SpendKind.MEAL
    )
    amount = forms.DecimalField(
        label="Amount in all, $", max_digits=9, decimal_places=2, min_value=Decimal("0.01"),
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01", "min": "0.01"}),
        error_messages={"required": "Enter the amount.", "min_value": "Enter an amount above zero."},
    )  # fmt: skip
    providers = forms.ModelMultipleChoiceField(
        Provider.objects.none(), label="Providers who have part of it", required=False, widget=forms.CheckboxSelectMultiple
    )
    staff = forms.ModelMultipleChoiceField(
        Staff.objects.none(), label="Staff of practices", required=False, widget=forms.CheckboxSelectMultiple
    )
    staff_count = forms.IntegerField(
        label="Other guests", initial=0, min_value=0, max_value=1000, required=False, help_text="Of whom we have no record."
    )
    ours = forms.IntegerField(label="Our own people", initial=1, min_value=0, max_value=1000, required=False, help_text="You included.")
    purpose = forms.CharField(
        label="Business purpose", max_length=300, help_text=NO_PATIENTS, error_messages={"required": "Say what it was for."}
    )
    is_none = forms.BooleanField(label="This tells nothing of a patient", required=False)
    vendor = forms.CharField(max_length=120, required=False)
    payer = forms.ModelChoiceField(
        Organization.objects.none(), label="Who pays", required=False, empty_label="The health system", help_text="Limits hold for each."
    )
    override_reason = forms.CharField(label="Why it may go over", max_length=300, required=False)

    def __init__(self, data: Any = None, *, event: Event, user: User, entry: SpendEntry | None = None) -> None:
        found = shares_of(event)
        initial: dict[str, Any] = {
            "providers": found.chosen_providers, "staff": found.chosen_staff, "staff_count": found.others, "ours": found.ours,
            "purpose": f"{event.get_kind_display()}: {event.title}"[:300],
        }  # fmt: skip
        if entry is not None:
            initial |= {name: getattr(entry, name) for name in ("kind", "amount", "purpose", "vendor", "override_reason")} | {
                "payer": entry.payer_id
            }
        super().__init__(data, initial=initial)
        self.event, self.user = event, user
        self.fields["providers"].queryset, self.fields["staff"].queryset = found.providers, found.staff
        self.fields["payer"].queryset = payers()
        for name in ("staff_count", "ours"):
            self.fields[name].widget.attrs["inputmode"] = "numeric"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.check_purpose(data)
        if not any(data.get(name) for name in ("providers", "staff", "staff_count")):
            self.add_error("providers", "Say who has part of it: guests who came, or who are asked.")
        return data

    def cost(self) -> Cost:
        """What the actions ask for."""
        data = self.cleaned_data
        plain = ("amount", "kind", "purpose", "is_none", "vendor", "payer", "override_reason")
        return Cost(
            **{name: data[name] for name in plain}, providers=tuple(data["providers"]), staff=tuple(data["staff"]),
            others=data["staff_count"] or 0, ours=data["ours"] or 0,
        )  # fmt: skip
