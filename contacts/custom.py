"""Fields that an organization added: as fields of forms, as filters, as columns, and what may stand in each (contacts.models.custom)."""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import QueryDict

from common import columns
from contacts.models import CustomField, CustomKind

PREFIX = columns.PREFIX
YES_NO = (("", "Not said"), ("yes", "Yes"), ("no", "No"))
Values = Mapping[str, Any]
_DAY_TEXT = re.compile(r"\d{4}-\d\d-\d\d")


def fields_of(subject: str) -> list[CustomField]:
    """Those in use, in their order."""
    return list(CustomField.objects.filter(subject=subject, is_active=True))


def form_field(field: CustomField) -> forms.Field:
    """How it is typed."""
    told: dict[str, Any] = {"label": field.label, "required": field.is_required, "help_text": field.help_text}
    told["error_messages"] = {"required": f"Fill in {field.label}."}
    if field.kind == CustomKind.NUMBER:
        return forms.DecimalField(max_digits=15, decimal_places=4, **told)
    if field.kind == CustomKind.DATE:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **told)
    if field.kind == CustomKind.YES_NO:
        return forms.ChoiceField(choices=YES_NO, **told)
    if field.kind == CustomKind.CHOICE:
        return forms.ChoiceField(choices=[("", "Choose" if field.is_required else "None"), *((one, one) for one in field.choices)], **told)
    return forms.CharField(max_length=500, **told)


def as_typed(field: CustomField, value: Any) -> Any:
    """A kept value as its form field shows it."""
    if field.kind == CustomKind.YES_NO and isinstance(value, bool):
        return "yes" if value else "no"
    return value


def as_kept(field: CustomField, value: Any) -> Any:
    """A cleaned value as it is kept in JSON; None for nothing."""
    if value in ("", None):
        return None
    if field.kind == CustomKind.YES_NO:
        return value == "yes"
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, dt.date) else value


def read(fields: Iterable[CustomField], given: Values, *, partial: bool = False) -> dict[str, Any]:
    """What a machine sends, checked as a form would: {key: value}, null for nothing. Raises ValidationError {key: sentence}.

    With `partial`, only what is sent is checked.
    """
    known, found, wrong = {field.key: field for field in fields}, {}, {}
    for key in given.keys() - known.keys():
        wrong[key] = "There is no such field."
    for key, field in known.items():
        if key in given or not partial:
            try:
                value = given.get(key)
                found[key] = as_kept(field, form_field(field).clean("" if value is None else as_typed(field, value)))
            except ValidationError as error:
                wrong[key] = " ".join(error.messages)
    if wrong:
        raise ValidationError(wrong)
    return found


def merged(before: Values, found: Values) -> dict[str, Any]:
    """The values afterwards: those of fields that are not in use stay."""
    return {key: value for key, value in {**before, **found}.items() if value is not None}


def told(fields: Iterable[CustomField], values: Values) -> list[tuple[str, str]]:
    """(label, value in words) of those that have one."""
    return [(field.label, words(field, values[field.key])) for field in fields if field.key in values]


def words(field: CustomField, value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if field.kind == CustomKind.DATE:
        return f"{dt.date.fromisoformat(value):%b %-d, %Y}"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def cells(fields: Iterable[CustomField], values: Values) -> list[Any]:
    """One cell of a file for each field."""
    return [words(field, value) if isinstance(value := values.get(field.key), bool) else value for field in fields]


@dataclass(frozen=True)
class OwnColumns:
    """The organization's own fields as columns of a list: those that the address shows, and all that could be (for the page's menu)."""

    shown: Sequence[CustomField]
    menu: Sequence[dict[str, Any]]

    def cells(self, values: Values) -> list[tuple[str, str]]:
        """(label, value in words or nothing) of one row."""
        return [(field.label, words(field, values[field.key]) if field.key in values else "") for field in self.shown]


def own_columns(fields: Sequence[CustomField], query: QueryDict) -> OwnColumns:
    keys = columns.shown_keys(query)
    menu = [{"key": f"{PREFIX}{field.key}", "label": field.label, "shown": field.key in keys} for field in fields]
    return OwnColumns([field for field in fields if field.key in keys], menu)


def fields_in_file(fields: Sequence[CustomField], query: QueryDict) -> list[CustomField]:
    """Those that are seen; all of them where nobody chose columns."""
    keys = columns.shown_keys(query)
    return [field for field in fields if field.key in keys] if columns.is_chosen(query) else list(fields)


def texts_of(values: Values) -> str:
    """What was typed freely, line by line: where a patient could be named."""
    return "\n".join(value for value in values.values() if isinstance(value, str) and not _DAY_TEXT.fullmatch(value))


class CustomFormMixin(forms.Form):
    """Adds the fields of `custom_subject` at the end of a form; `cleaned_data["custom"]` is what to keep."""

    custom_subject = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.added = fields_of(self.custom_subject)
        kept = getattr(getattr(self, "instance", None), "custom", None) or {}
        for field in self.added:
            self.fields[PREFIX + field.key] = form_field(field)
            if not (field.is_on_phone or field.is_required):
                self.fields[PREFIX + field.key].widget.attrs["data-wide-only"] = ""
            self.initial[PREFIX + field.key] = as_typed(field, kept.get(field.key, ""))

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """Those that were added, to be placed by a template."""
        return [self[PREFIX + field.key] for field in self.added]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["custom"] = {field.key: as_kept(field, data.pop(PREFIX + field.key, None)) for field in self.added}
        return data


class CustomFilterMixin(filters.FilterSet):
    """Adds a filter for each field of `custom_subject`: part of a text, least and most, from and to, yes or no, a choice."""

    custom_subject = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.added = fields_of(self.custom_subject)
        for field in self.added:
            for name, added in _filters_of(field).items():
                added.parent, added.model = self, self._meta.model
                self.filters[name] = added


def _filters_of(field: CustomField) -> dict[str, filters.Filter]:
    name, label = PREFIX + field.key, field.label
    if field.kind == CustomKind.TEXT:
        return {name: filters.CharFilter(field_name=f"custom__{field.key}", lookup_expr="icontains", label=label)}
    if field.kind == CustomKind.CHOICE:
        pairs = [(one, one) for one in field.choices]
        return {name: filters.ChoiceFilter(field_name=f"custom__{field.key}", choices=pairs, label=label, empty_label="Any")}
    if field.kind == CustomKind.YES_NO:
        return {name: _YesNo(field_name=f"custom__{field.key}", choices=YES_NO[1:], label=label, empty_label="Either")}
    if field.kind == CustomKind.NUMBER:
        return {
            f"{name}_min": _Least(key=field.key, lookup_expr="gte", label=f"{label}, at least"),
            f"{name}_max": _Least(key=field.key, lookup_expr="lte", label=f"{label}, at most"),
        }
    day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return {
        f"{name}_from": _Day(field_name=f"custom__{field.key}", lookup_expr="gte", label=f"{label}, from", widget=day),
        f"{name}_to": _Day(field_name=f"custom__{field.key}", lookup_expr="lte", label=f"{label}, to", widget=day),
    }


class _YesNo(filters.ChoiceFilter):
    def filter(self, qs: Any, value: str) -> Any:
        return qs.filter(**{self.field_name: value == "yes"}) if value else qs


class _Least(filters.NumberFilter):
    """A bound of a number; rows without one are out."""

    def __init__(self, *, key: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.key = key

    def filter(self, qs: Any, value: Decimal | None) -> Any:
        if value is None:
            return qs
        number = Cast(KT(f"custom__{self.key}"), models.DecimalField(max_digits=20, decimal_places=4))
        return qs.annotate(**{f"custom_{self.key}_value": number}).filter(**{f"custom_{self.key}_value__{self.lookup_expr}": value})


class _Day(filters.DateFilter):
    """A bound of a day: days are kept as YYYY-MM-DD, whose order as texts is theirs."""

    def filter(self, qs: Any, value: dt.date | None) -> Any:
        if value is None:
            return qs
        name = f"{self.field_name.replace('__', '_')}_day"
        return qs.annotate(**{name: KT(self.field_name)}).filter(**{f"{name}__{self.lookup_expr}": value.isoformat()})


def plain(value: Any) -> str:
    """A value in the history."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
