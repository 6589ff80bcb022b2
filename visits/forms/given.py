"""What a visit leaves and gives: materials with their pieces, and what was paid for with who had part of it."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from accounts.permissions import Permission
from common.patient_marks import warning
from compliance.drafts import SpendDraft
from compliance.forms import enclosed, receipts_field
from compliance.models import SpendKind
from compliance.rests import LIVE, key_of_rest, rest_of
from contacts.models import Provider, Staff
from visits.actions.materials import MOST_PIECES
from visits.forms.more import NO_PATIENTS
from visits.models import Material, Visit
from visits.queries.materials import Left, materials_to_choose

# What is given on a visit. Cash and the like, a medical-staff event, and what is only planned have the ledger's own form.
KINDS = [
    (kind.value, kind.label)
    for kind in (SpendKind.MEAL, SpendKind.ITEM, SpendKind.GIFT, SpendKind.EDUCATION, SpendKind.ENTERTAINMENT, SpendKind.INCIDENTAL)
]


class LeftFields(forms.Form):
    """Pieces of each material: rows of `material` and `quantity` in the data."""

    left_visit: Visit | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left_errors: list[str] = []

    @property
    def left(self) -> list[Left]:
        """A row for each material on offer, as typed, else as the visit has it."""
        user: Any = getattr(self, "user", None)
        if user is None or not user.is_authenticated:
            return []
        had = {row.material_id: row.quantity for row in self.left_visit.materials.all()} if self.left_visit else {}
        typed = self._typed() if self.is_bound else {pk: str(quantity) for pk, quantity in had.items()}
        offered = materials_to_choose(user, self.left_visit)
        return [Left(material, typed.get(material.pk, ""), had.get(material.pk, 0)) for material in offered]

    @property
    def is_left_open(self) -> bool:
        return bool(self.left_errors) or (any(text not in {"", "0"} for text in self._typed().values()) if self.is_bound else False)

    def _typed(self) -> dict[int, str]:
        pairs = zip(self.data.getlist("material"), self.data.getlist("quantity"), strict=False)
        return {int(pk): text.strip() for pk, text in pairs if pk.isascii() and pk.isdecimal() and len(pk) < 19}

    def check_left(self, data: dict[str, Any]) -> None:
        """`left`: the pieces of each material; None where the form that was sent had no such rows."""
        if "material" not in self.data:
            data["left"] = None
            return
        typed = {pk: text for pk, text in self._typed().items() if text not in {"", "0"}}
        known = Material.objects.in_bulk(typed)
        if wrong := [pk for pk, text in typed.items() if not _is_pieces(text) or pk not in known]:
            names = ", ".join(str(known.get(pk, "a material that is gone")) for pk in wrong)
            self.left_errors = [f"Enter how many pieces were left, 1 to {MOST_PIECES:,}: {names}."]
            self.add_error(None, self.left_errors[0])
            return
        data["left"] = [(known[pk], int(text)) for pk, text in typed.items()]


def _is_pieces(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 7 and 1 <= int(text) <= MOST_PIECES


class SpendFields(forms.Form):
    """One occasion on which something was paid for. Whoever was met has part of it, unless the page named them one by one (`sharing`)."""

    asks: bool

    spend_kind = forms.ChoiceField(label="What was it?", choices=KINDS, required=False, initial=SpendKind.MEAL, widget=forms.RadioSelect)
    spend_amount = forms.DecimalField(
        label="Amount in all, $",
        required=False,
        max_digits=9,
        decimal_places=2,
        min_value=Decimal("0.01"),
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.01", "min": "0.01"}),
        error_messages={"min_value": "Enter an amount above zero.", "invalid": "Enter an amount like 84.50."},
    )
    spend_staff_count = forms.IntegerField(
        label="More of the office", required=False, min_value=0, max_value=1000, widget=forms.NumberInput(attrs={"inputmode": "numeric"})
    )
    spend_ours = forms.IntegerField(
        label="Of us, you included",
        required=False,
        initial=1,
        min_value=0,
        max_value=100,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    spend_purpose = forms.CharField(
        label="Business purpose",
        required=False,
        max_length=300,
        help_text=f"Blank: the visit's purpose, else its topics. {NO_PATIENTS}",
    )
    spend_receipts = receipts_field("Receipt")  # static/js/visit-receipts.js makes photos small and keeps them with the visit

    @property
    def offers_spend(self) -> bool:
        """In the phone's shell, which is rendered for nobody, too: the server says so if the person may not."""
        user: Any = getattr(self, "user", None)
        return user is None or not user.is_authenticated or user.can(Permission.SPEND_EDIT)

    @property
    def is_spend_open(self) -> bool:
        names = ("spend_amount", "spend_purpose", "spend_staff_count")
        return self.is_bound and any(self.data.get(name) or name in self.errors for name in (*names, "spend_receipts"))

    def check_spend(self, data: dict[str, Any], *, visit_purpose: str, new_people: int = 0) -> None:
        """`given`: the drafts, none where no amount was typed."""
        data["given"] = []
        providers: list[Provider] = data.get("providers", [])
        staff: list[Staff] = data.get("staff", [])
        if "spend_amount" in self.errors:
            return
        amount, purpose = data.get("spend_amount"), (data.get("spend_purpose") or "").strip()
        if amount is None:
            if purpose or data.get("spend_staff_count") or data.get("spend_receipts"):
                self.add_error("spend_amount", "Enter the amount, or leave all of it blank.")
            return
        # What it was for, when only the visit says it: its purpose, else what was talked about. visit-body.js says the same.
        purpose = purpose or visit_purpose.strip() or ", ".join(str(topic) for topic in data.get("topics") or ())
        if not purpose:
            self.add_error("spend_purpose", "Say what it was for: the business purpose.")
        elif (said := warning(purpose, today=timezone.localdate())) and not data.get("is_none"):
            self.asks = True
            self.add_error("spend_purpose", said)
        named = set(self.data.getlist("sharing")) if "sharing_asked" in self.data else None
        who = {"met": True} if named is None else {
            "providers": tuple(one for one in providers if f"provider-{one.pk}" in named),
            "staff": tuple(one for one in staff if f"staff-{one.pk}" in named),
        }  # fmt: skip
        office = (data.get("spend_staff_count") or 0) + (0 if named is None else new_people)
        some = office or (any(who.values()) if named is not None else providers or staff or new_people)
        if not some:
            self.add_error("spend_amount", "Say who had part of it: tick whom you met, or how many of the office.")
        if not self.errors:
            ours = data["spend_ours"] if data.get("spend_ours") is not None else 0
            draft: dict[str, Any] = {"kind": data.get("spend_kind") or SpendKind.MEAL, "staff_count": office, "ours": ours, **who}
            draft["receipts"] = enclosed(data.get("spend_receipts") or [])
            data["given"] = [SpendDraft(amount=amount, purpose=purpose[:300], is_none=bool(data.get("is_none")), **draft)]

    def rest(self, *, new_people: int = 0) -> dict[str, Any] | None:
        """What is left of each physician's year, where the page that was sent did not show it; None where it did, or nobody has one."""
        data: dict[str, Any] = self.cleaned_data
        user: Any = getattr(self, "user", None)
        if not data.get("given") or not user.can(Permission.SPEND_VIEW):
            return None
        (draft,) = data["given"]
        providers, staff = (data["providers"], data["staff"]) if draft.met else (draft.providers, draft.staff)
        people = len(providers) + len(staff) + draft.staff_count + draft.ours + (new_people if draft.met else 0)
        asked = {"on": timezone.localdate(data["visited_at"]), "kind": draft.kind, "amount": draft.amount, "people": people}
        key = key_of_rest(providers, **asked)
        if not providers or self.data.get("rest_shown") in {LIVE, key}:
            return None
        return rest_of(providers, **asked) | {"rest_shown": key}
