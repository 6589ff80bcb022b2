"""Writing history."""

from typing import Any

from django.db import models

from audit.models import AuditEvent


def record(event: str, *, by: models.Model | None, target: models.Model | None = None, **details: Any) -> AuditEvent:
    """Write one event in the caller's transaction.

    `event` is "thing.past_tense" ("visit.logged"). `by` is the person, None for the system. `details` must never hold a
    patient's identifier, nor free text that could.
    """
    return AuditEvent.objects.create(
        event=event,
        by_id=str(by.pk) if by else "",
        by_label=str(by)[:200] if by else "system",
        target_type=target._meta.label_lower if target else "",
        target_id=str(target.pk) if target else "",
        target_label=str(target)[:300] if target else "",
        details={name: _plain(value) for name, value in details.items()},
    )


def _plain(value: Any) -> Any:
    """JSON's own types stay; everything else is told by its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return str(value)
