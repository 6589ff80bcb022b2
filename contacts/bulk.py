"""What can be done with many practices or providers at once. Apps above add their own (visits: put them on a target list)."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from bulk.lists import Act, ActForm, Asked, BulkList, Data, Outcome, Rows, each, each_back, offer, register
from contacts import actions, custom, policies
from contacts.filters import PracticeFilter, ProviderFilter
from contacts.forms import NO_TIER
from contacts.models import Affiliation, CustomField, CustomKind, CustomSubject, Practice, PracticePin, Provider, Tier, TierChange
from territories.models import Territory

EDIT = (Permission.CONTACT_EDIT,)


def _practices_seen(user: User) -> Any:
    return Practice.objects.visible_to(user).select_related("territory", "organization")


def _practices_found(user: User, query: QueryDict) -> Any:
    asked = Asked(user, query)
    return PracticeFilter(query, Practice.objects.visible_to(user).for_list(timezone.localdate()), request=asked).qs


def _providers_seen(user: User) -> Any:
    return Provider.objects.visible_to(user).for_list(user, timezone.localdate())


def _providers_found(user: User, query: QueryDict) -> Any:
    return ProviderFilter(query, _providers_seen(user), request=Asked(user, query)).qs


def practice_words(practice: Practice) -> str:
    return f"{practice}, {practice.city}" if practice.city else str(practice)


register(
    BulkList(
        key="practices", page="contacts:practices", one="practice", many="practices", permissions=(Permission.PROVIDER_VIEW,),
        seen=_practices_seen, found=_practices_found, words=practice_words,
    )
)  # fmt: skip
register(
    BulkList(
        key="providers", page="contacts:providers", one="provider", many="providers", permissions=(Permission.PROVIDER_VIEW,),
        seen=_providers_seen, found=_providers_found,
    )
)  # fmt: skip


# ---- tier


class _TierForm(ActForm):
    tier = forms.ChoiceField(
        label="Put into tier", choices=[("", "Choose"), *Tier.choices, (NO_TIER, "No tier")], error_messages={"required": "Choose a tier."}
    )

    def clean_tier(self) -> str:
        chosen: str = self.cleaned_data["tier"]
        return "" if chosen == NO_TIER else chosen


def _tier_words(tier: str) -> str:
    return f"tier {tier}" if tier else "no tier"


def _judge_tier(rows: Rows, by: User, data: Data) -> dict[int, str]:
    return {row.pk: f"In {_tier_words(data['tier'])} already." for row in rows if row.tier == data["tier"]}


def _set_tier(rows: Rows, by: User, data: Data) -> Outcome:
    change = actions.set_tiers(practices=Practice.objects.filter(pk__in=[row.pk for row in rows]), tier=data["tier"], by=by)
    before = change.before if change else {}
    return Outcome({int(pk): {"change": change.pk} for pk in before} if change else {})


def _undo_tier(tokens: Sequence[Any], by: User) -> int:
    changes = TierChange.objects.filter(pk__in={token["change"] for token in tokens})
    return each_back(changes, lambda change: actions.undo_tiers(change=change, by=by))


# ---- pins


class _PinForm(ActForm):
    territory = forms.ModelChoiceField(
        Territory.objects.none(), label="Pin to", empty_label="Choose a territory", error_messages={"required": "Choose a territory."},
        help_text="Whatever their ZIP codes say. Their referrals follow.",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, user=user)
        self.choose("territory", among=Territory.objects.visible_to(user).leaves())


def _pins(rows: Rows) -> dict[int, int]:
    return dict(PracticePin.objects.filter(practice__in=[row.pk for row in rows]).values_list("practice_id", "territory_id"))


def _judge_pin(rows: Rows, by: User, data: Data) -> dict[int, str]:
    pinned = _pins(rows)
    return {row.pk: "Pinned there already." for row in rows if pinned.get(row.pk) == data["territory"].pk}


def _judge_unpin(rows: Rows, by: User, data: Data) -> dict[int, str]:
    pinned = _pins(rows)
    return {row.pk: "Not pinned: the rules place it." for row in rows if row.pk not in pinned}


def _pin(rows: Rows, by: User, data: Data) -> Outcome:
    to = data.get("territory")
    was = actions.set_pins(pins={row.pk: to for row in rows}, by=by)
    return Outcome({pk: {"practice": pk, "was": before, "now": to.pk if to else None} for pk, before in was.items()})


def _undo_pin(tokens: Sequence[Any], by: User) -> int:
    now = dict(PracticePin.objects.filter(practice__in=[token["practice"] for token in tokens]).values_list("practice_id", "territory_id"))
    theirs = Territory.objects.in_bulk({token["was"] for token in tokens if token["was"]})
    untouched = [token for token in tokens if now.get(token["practice"]) == token["now"]]
    pins = {token["practice"]: theirs.get(token["was"]) for token in untouched}
    return len(actions.set_pins(pins=pins, by=by))


# ---- archive


def _judge_archive(rows: Rows, by: User, data: Data) -> dict[int, str]:
    works = Affiliation.objects.open().filter(practice__in=[row.pk for row in rows]).order_by().values("practice")
    working = dict(works.annotate(count=Count("pk")).values_list("practice", "count"))
    why = {pk: policies.why_not_archived(count, at="there") for pk, count in working.items()}
    return why | {row.pk: "Archived already." for row in rows if row.archived_at}


def _judge_bring_back(rows: Rows, by: User, data: Data) -> dict[int, str]:
    return {row.pk: "In use already." for row in rows if row.archived_at is None}


def _set_archived(archived: bool) -> Any:
    def one(practice: Practice, by: User) -> Any:
        was = practice.archived_at
        actions.set_archived(practice=practice, archived=archived, by=by)
        return {"practice": practice.pk, "was": was and was.isoformat(), "now": practice.archived_at and practice.archived_at.isoformat()}

    return lambda rows, by, data: each(rows, lambda row: one(row, by))


def _undo_archived(tokens: Sequence[Any], by: User) -> int:
    """Archived again on another day is not what this run did."""
    rows = Practice.objects.visible_to(by).in_bulk([token["practice"] for token in tokens])

    def one(token: Any) -> bool:
        practice = rows.get(token["practice"])
        if practice is None or (practice.archived_at and practice.archived_at.isoformat()) != token["now"]:
            return False
        actions.set_archived(practice=practice, archived=token["was"] is not None, by=by)
        return True

    return each_back(tokens, one)


# ---- own fields


class _OwnForm(ActForm):
    """A field of the organization's own and what is to stand in it, typed as a text and read as the field's form would."""

    subject = CustomSubject.PRACTICE

    field = forms.ChoiceField(label="Field", error_messages={"required": "Choose a field."})
    value = forms.CharField(label="Value", required=False, max_length=500, help_text="Leave it blank to empty the field.")

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, user=user)
        self.known = {field.key: field for field in custom.fields_of(self.subject)}
        self.choose("field", among=[("", "Choose"), *((key, _named(field)) for key, field in self.known.items())])
        if not self.known:
            self.fields["field"].help_text = "No fields of your own are in use. An admin adds them under Settings."

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        field = self.known.get(data.get("field", ""))
        if field is not None:
            text = data.get("value", "").strip()
            try:
                data["kept"] = custom.read([field], {field.key: _typed(field, text)})[field.key]
            except ValidationError as error:
                self.add_error("value", " ".join(message for messages in error.message_dict.values() for message in messages))
            data["own"] = field
        return data


class _ProviderOwnForm(_OwnForm):
    subject = CustomSubject.PROVIDER


def _named(field: CustomField) -> str:
    told = {CustomKind.YES_NO: "yes or no", CustomKind.DATE: "a day, YYYY-MM-DD", CustomKind.NUMBER: "a number"}
    more = " / ".join(field.choices) if field.kind == CustomKind.CHOICE else told.get(CustomKind(field.kind), "")
    return f"{field.label} ({more})" if more else field.label


def _typed(field: CustomField, text: str) -> str:
    """Whatever the case of yes, no and the choices."""
    options = ["yes", "no"] if field.kind == CustomKind.YES_NO else field.choices
    return next((option for option in options if option.lower() == text.lower()), text)


def _own_words(field: CustomField, value: Any) -> str:
    return "empty" if value is None else custom.words(field, value)


def _judge_own(rows: Rows, by: User, data: Data) -> dict[int, str]:
    field = data["own"]
    return {
        row.pk: f"{field.label} is {_own_words(field, data['kept'])} already." for row in rows if row.custom.get(field.key) == data["kept"]
    }


def _set_own(rows: Rows, by: User, data: Data) -> Outcome:
    key, kept = data["own"].key, data["kept"]

    def one(row: Any) -> Any:
        token = {"row": row.pk, "key": key, "was": row.custom.get(key), "now": kept}
        actions.save_custom_values(row=row, found={key: kept}, by=by)
        return token

    return each(rows, one)


def _undo_own(model: Any) -> Any:
    def back(tokens: Sequence[Any], by: User) -> int:
        rows = model.objects.visible_to(by).in_bulk([token["row"] for token in tokens])

        def one(token: Any) -> bool:
            row = rows.get(token["row"])
            if row is None or row.custom.get(token["key"]) != token["now"]:
                return False
            actions.save_custom_values(row=row, found={token["key"]: token["was"]}, by=by)
            return True

        return each_back(tokens, one)

    return back


def _own_act(model: Any, form: type[ActForm]) -> Act:
    return Act(
        key="own-field",
        label="Fill in a field of ours",
        permissions=EDIT,
        form=form,
        says=lambda data: f"{data['own'].label}: {_own_words(data['own'], data['kept'])}",
        judge=_judge_own,
        tells=lambda row, data: f"{_own_words(data['own'], row.custom.get(data['own'].key))} → {_own_words(data['own'], data['kept'])}",
        do=_set_own,
        undo=_undo_own(model),
    )


offer(
    "practices",
    Act(
        key="tier",
        label="Put into a tier",
        permissions=EDIT,
        form=_TierForm,
        says=lambda data: f"Put into {_tier_words(data['tier'])}",
        judge=_judge_tier,
        tells=lambda row, data: f"{_tier_words(row.tier)} → {_tier_words(data['tier'])}",
        do=_set_tier,
        undo=_undo_tier,
    ),
    _own_act(Practice, _OwnForm),
    Act(
        key="pin",
        label="Pin to a territory",
        permissions=(Permission.TERRITORY_EDIT,),
        form=_PinForm,
        says=lambda data: f"Pin to {data['territory']}",
        judge=_judge_pin,
        tells=lambda row, data: f"{row.territory or 'Nobody'} → {data['territory']}",
        do=_pin,
        undo=_undo_pin,
    ),
    Act(
        key="unpin",
        label="Take the pin off",
        permissions=(Permission.TERRITORY_EDIT,),
        says=lambda data: "Take the pin off",
        judge=_judge_unpin,
        tells=lambda row, data: "The rules place it again",
        do=_pin,
        undo=_undo_pin,
    ),
)
offer(
    "practices",
    Act(
        key="archive",
        label="Archive",
        permissions=EDIT,
        says=lambda data: "Archive",
        judge=_judge_archive,
        tells=lambda row, data: "Leaves the lists and the search; its referrals and visits stay in every figure",
        do=_set_archived(True),
        undo=_undo_archived,
    ),
    Act(
        key="bring-back",
        label="Bring back from the archive",
        permissions=EDIT,
        says=lambda data: "Bring back from the archive",
        judge=_judge_bring_back,
        tells=lambda row, data: "Stands in the lists and the search again",
        do=_set_archived(False),
        undo=_undo_archived,
    ),
)
offer("providers", _own_act(Provider, _ProviderOwnForm))
