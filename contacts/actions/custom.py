"""Defining fields of the organization's own, and what is written into them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.text import slugify

from accounts.models import User
from audit.actions import record
from common.exceptions import InputError, PolicyViolation
from contacts import custom
from contacts.models import CustomField, CustomKind

MOST = 20  # fields of one subject in use: a form has to be filled in


@transaction.atomic
def save_custom_field(*, field: CustomField | None = None, by: User | None, **fields: Any) -> CustomField:
    """Define or change a field. Subject, kind and key stay as they were made: values would lose their meaning."""
    field = field or CustomField()
    is_new = field.pk is None
    if is_new:
        field.subject, field.kind = fields.pop("subject"), fields.pop("kind")
        field.key = _free_key(field.subject, fields["label"])
    fields = {name: value for name, value in fields.items() if name not in {"subject", "kind", "key"}}
    if field.kind != CustomKind.CHOICE:
        fields["choices"] = []
    changes = {name: [getattr(field, name), value] for name, value in fields.items() if is_new or getattr(field, name) != value}
    for name, value in fields.items():
        setattr(field, name, value)
    in_use = CustomField.objects.filter(subject=field.subject, is_active=True).exclude(pk=field.pk)
    if field.is_active and in_use.count() >= MOST:
        raise PolicyViolation(f"There are {MOST} fields in use already. Take one out of use first.")
    try:
        field.full_clean()
    except ValidationError as error:
        raise InputError(" ".join(error.messages)) from error
    if changes or is_new:
        field.save()
        record(
            f"custom_field.{'added' if is_new else 'changed'}", by=by, target=field, subject=field.subject, key=field.key, changes=changes
        )
    return field


def _free_key(subject: str, label: str) -> str:
    stem = slugify(label).replace("-", "_")[:32].strip("_") or "field"
    taken = set(CustomField.objects.filter(subject=subject).values_list("key", flat=True))
    return next(key for number in range(1, 1000) if (key := stem if number == 1 else f"{stem}_{number}") not in taken)


def apply_custom(row: Any, found: custom.Values) -> dict[str, list[str]]:
    """Set the values on the row, unsaved; returns {label's key: [before, after]} as the history tells it."""
    after = custom.merged(row.custom, found)
    changes = {
        f"custom.{key}": [custom.plain(row.custom.get(key)), custom.plain(after.get(key))]
        for key in sorted(found)
        if row.custom.get(key) != after.get(key)
    }
    row.custom = after
    return changes


@transaction.atomic
def save_custom_values(*, row: models.Model, found: custom.Values, by: User) -> None:
    """Write only these values, for records whose own form is another page's business (visits)."""
    changes = apply_custom(row, found)
    if changes:
        row.save(update_fields=["custom"])
        record(f"{row._meta.model_name}.changed", by=by, target=row, changes=changes)
