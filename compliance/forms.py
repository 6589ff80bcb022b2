"""What people type about spend. Errors stand at the field that mends them; nothing that was typed is lost."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from common.patient_marks import warning
from compliance import policies, rules
from compliance.actions.receipts import LARGEST, kind_of
from compliance.drafts import SpendDraft
from compliance.models import Role, SpendEntry, SpendKind, SpendLimit, SpendPolicy, SpendState, SpendTask, TaskKind
from compliance.queries import payers, people_of
from compliance.rests import LIVE, key_of_rest, rest_of
from contacts.models import Organization, Practice, Provider, Staff

NO_PATIENTS = "No patient names, birth dates or record numbers."
_STATES = [(SpendState.HAPPENED.value, "It happened"), (SpendState.PLANNED.value, "It is planned")]


def _day(**attrs: str) -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", **attrs}, format="%Y-%m-%d")


def _money(**attrs: str) -> forms.NumberInput:
    return forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01", "min": "0.01", **attrs})


class _Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class ReceiptsField(forms.FileField):
    """Several receipts at once; each is a PDF or a picture by its content."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = [super(ReceiptsField, self).clean(file, initial) for file in (data if isinstance(data, list | tuple) else [data])]
        for file in filter(None, files):
            try:
                policies.check_receipt(size=file.size, largest=LARGEST, kind=kind_of(file.read(16)))
            except PolicyViolation as refusal:
                raise forms.ValidationError(f"{file.name}: {refusal}") from None
            file.seek(0)
        return [file for file in files if file]


def receipts_field(label: str) -> ReceiptsField:
    """As every form asks for them."""
    return ReceiptsField(
        label=label,
        required=False,
        help_text="PDFs or pictures, at most 10 MB each. More can be added later.",
        error_messages={"empty": "This file is empty."},
        widget=_Files(attrs={"accept": "application/pdf,image/*"}),
    )


def enclosed(files: list[Any]) -> list[tuple[Any, str]]:
    """The receipts of a form, as a draft takes them."""
    return [(file, file.name) for file in files]


class LedgerForm(forms.Form):
    """What every form asks that writes into the ledger: a purpose that tells nothing of a patient, and why it may go over a limit."""

    asks_patient = asks_override = False
    user: User

    def check_purpose(self, data: dict[str, Any]) -> None:
        if said := warning(data.get("purpose") or "", today=timezone.localdate()):
            self.asks_patient = True
            if not data.get("is_none"):
                self.add_error("purpose", said)

    def refuse(self, refusal: Exception) -> None:
        """What only the ledger could know, at the field that mends it."""
        if isinstance(refusal, policies.OverLimit):
            self.asks_override = self.user.can(Permission.SPEND_APPROVE)
            self.add_error("amount", f"{refusal} A manager may plan it nevertheless, with a reason.")
        else:
            self.add_error(None, str(refusal))

    @property
    def shows_override(self) -> bool:
        return self.asks_override or bool(self["override_reason"].value())


class SpendForm(LedgerForm):
    """An occasion at a practice: what, how much, for whom, why."""

    state = forms.ChoiceField(label="Did it happen?", choices=_STATES, initial=SpendState.HAPPENED, widget=forms.RadioSelect)
    kind = forms.ChoiceField(label="What is it?", choices=SpendKind, initial=SpendKind.MEAL, widget=forms.RadioSelect)
    spent_on = forms.DateField(label="Day", widget=_day(), error_messages={"required": "Choose the day."})
    amount = forms.DecimalField(
        label="Amount in all, $",
        max_digits=9,
        decimal_places=2,
        min_value=Decimal("0.01"),
        widget=_money(),
        error_messages={"required": "Enter the amount.", "min_value": "Enter an amount above zero."},
    )
    quantity = forms.IntegerField(
        label="How many items", initial=1, min_value=1, max_value=10_000, help_text="For items: how many pieces the amount is for."
    )
    providers = forms.ModelMultipleChoiceField(
        Provider.objects.none(), label="Physicians who have part of it", required=False, widget=forms.CheckboxSelectMultiple
    )
    family = forms.ModelMultipleChoiceField(
        Provider.objects.none(),
        label="With a member of the family of",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Counts to the physician.",
    )
    staff = forms.ModelMultipleChoiceField(
        Staff.objects.none(), label="Staff of the office", required=False, widget=forms.CheckboxSelectMultiple
    )
    staff_count = forms.IntegerField(label="More people of the office", initial=0, min_value=0, max_value=1000, required=False)
    ours = forms.IntegerField(label="Our own people", initial=0, min_value=0, max_value=100, required=False, help_text="You included.")
    purpose = forms.CharField(
        label="Business purpose", max_length=300, help_text=NO_PATIENTS, error_messages={"required": "Say what it was for."}
    )
    is_none = forms.BooleanField(label="This tells nothing of a patient", required=False)
    vendor = forms.CharField(label="Vendor", max_length=120, required=False)
    payer = forms.ModelChoiceField(
        Organization.objects.none(), label="Who pays", required=False, empty_label="The health system", help_text="Limits hold for each."
    )
    receipts = receipts_field("Receipts")
    is_solicited = forms.BooleanField(label="They asked for it", required=False)
    is_reported = forms.BooleanField(label="It was given already: write it down and report it to compliance", required=False)
    override_reason = forms.CharField(label="Why it may go over", max_length=300, required=False)

    def __init__(
        self, data: Any = None, files: Any = None, *, user: User, practice: Practice | None, entry: SpendEntry | None = None
    ) -> None:
        super().__init__(data, files, initial=initial_of(entry) if entry else {"spent_on": timezone.localdate()})
        self.user, self.practice, self.asks_report = user, practice, False
        providers, staff = people_of(practice, entry)
        for name in ("providers", "family"):
            self.fields[name].queryset = providers
        self.fields["staff"].queryset = staff
        self.fields["payer"].queryset = payers()
        for field in self.fields.values():
            if isinstance(field, forms.IntegerField):
                field.widget.attrs["inputmode"] = "numeric"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.check_purpose(data)
        kind, happened = data.get("kind"), data.get("state") == SpendState.HAPPENED
        never = kind in rules.CASH_LIKE or data.get("is_solicited")
        self.asks_report = bool(never) and happened
        if kind in rules.CASH_LIKE and not (happened and data.get("is_reported")):
            self.add_error("kind", rules.CASH_LIKE[SpendKind(kind)])
        elif data.get("is_solicited") and not (happened and data.get("is_reported")):
            self.add_error("is_solicited", "What a physician or an office asks for cannot be given.")
        if not any(data.get(name) for name in ("providers", "family", "staff", "staff_count")):
            self.add_error("providers", "Say who had part of it: physicians, their family, or the office's staff.")
        return data

    @property
    def shows_report(self) -> bool:
        return self.asks_report or bool(self["is_reported"].value())

    def rest(self) -> dict[str, Any] | None:
        """What is left of each physician's year, where the page that was sent did not show it; None where it did, or nobody has one."""
        draft = self.draft()
        physicians = [*draft.providers, *draft.family]
        people = len(physicians) + len(draft.staff) + draft.staff_count + draft.ours
        on = draft.spent_on or timezone.localdate()
        asked = {
            "on": on,
            "kind": draft.kind,
            "amount": draft.amount,
            "people": people,
            "payer_id": draft.payer.pk if draft.payer else None,
        }
        key = key_of_rest(physicians, **asked)
        if not physicians or self.data.get("rest_shown") in {LIVE, key}:
            return None
        return rest_of(physicians, **asked, is_planned=draft.state == SpendState.PLANNED) | {"rest_shown": key}

    def draft(self) -> SpendDraft:
        """What the actions ask for."""
        data = self.cleaned_data
        plain = ("state", "kind", "spent_on", "amount", "quantity", "purpose", "is_none", "vendor", "payer", "is_solicited", "is_reported",
                 "override_reason")  # fmt: skip
        return SpendDraft(
            **{name: data[name] for name in plain},
            practice=self.practice,
            providers=tuple(data["providers"]),
            family=tuple(data["family"]),
            staff=tuple(data["staff"]),
            staff_count=data["staff_count"] or 0,
            ours=data["ours"] or 0,
            receipts=enclosed(data["receipts"]),
        )


def initial_of(entry: SpendEntry) -> dict[str, Any]:
    """An entry as its form shows it. Of a plan whose day is over, only that it happened can be said here."""
    names = ("kind", "spent_on", "amount", "quantity", "purpose", "vendor", "is_solicited", "is_reported", "override_reason")
    shares = list(entry.shares.all())
    family = [share.provider_id for share in shares if share.role == Role.FAMILY]
    over = entry.state == SpendState.PLANNED and entry.spent_on < timezone.localdate()
    return {name: getattr(entry, name) for name in names} | {
        "state": SpendState.HAPPENED if over else entry.state,
        "payer": entry.payer_id,
        "providers": [share.provider_id for share in shares if share.provider_id and share.role != Role.FAMILY],
        "family": family,
        "staff": [share.staff_id for share in shares if share.staff_id],
        "staff_count": sum(s.people for s in shares if s.role == Role.STAFF and not s.staff_id and not s.provider_id),
        "ours": sum(share.people for share in shares if share.role == Role.OURS),
    }


class CancelForm(forms.Form):
    reason = forms.CharField(
        label="Why",
        max_length=300,
        help_text=f"It stays to be seen, and counts for nothing. {NO_PATIENTS}",
        error_messages={"required": "Say why."},
    )


class ReceiptForm(forms.Form):
    file = forms.FileField(
        label="Receipt",
        help_text="A PDF or a picture, at most 10 MB.",
        error_messages={"required": "Choose the file.", "empty": "This file is empty."},
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,image/*"}),
    )


class FinishForm(forms.Form):
    """It was repaid, or it is approved."""

    done_on = forms.DateField(label="Repaid on", widget=_day(), error_messages={"required": "Choose the day."})
    note = forms.CharField(label="Note", max_length=300, required=False, help_text="Check number, who decided.")

    def __init__(self, data: Any = None, *, task: SpendTask) -> None:
        super().__init__(data, initial={"done_on": timezone.localdate()})
        if task.kind == TaskKind.APPROVE:
            del self.fields["done_on"]
            self.fields["note"].required = True
            self.fields["note"].label = "What was decided, and why"
            self.fields["note"].error_messages["required"] = "Say why it is approved, or what was decided."


class LimitForm(forms.ModelForm):
    class Meta:
        model = SpendLimit
        fields = ("year", "entity", "non_monetary", "incidental", "source")
        widgets = {"non_monetary": _money(), "incidental": _money()}
        help_texts = {
            "non_monetary": "Per physician and calendar year. Blank: not known, so nothing can be planned.",
            "incidental": "Items of medical staff on campus that cost less each are apart. Blank: not known, so every item counts.",
            "source": "Where you read it, such as the page of CMS and its day.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entity"].queryset = payers() | Organization.objects.filter(pk=self.instance.entity_id)
        self.fields["entity"].empty_label = "All of our entities"


class PolicyForm(forms.ModelForm):
    class Meta:
        model = SpendPolicy
        fields = ("gift_counts_whole", "warn_at", "employed_yearly", "staff_per_occasion", "approve_days")
        widgets = {"employed_yearly": _money(), "staff_per_occasion": _money()}
        help_texts = {"gift_counts_whole": "The stricter reading. Off: it is divided like a meal."}
