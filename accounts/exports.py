"""People and the audit trail as files."""

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from audit.models import AuditEvent

PEOPLE_HEADER = ("name", "e-mail", "role", "single referrals", "last sign-in", "in use")
AUDIT_HEADER = ("when", "who", "what", "record", "kind of record", "number", "details")
AUDIT_BELONGS = {"record": ("record", "kind of record", "number")}


def people_rows(people: QuerySet[User]) -> Iterator[tuple[Any, ...]]:
    for person in people.iterator(chunk_size=500):
        signed_in_on = timezone.localdate(person.last_login) if person.last_login else None
        yield str(person), person.email, person.get_role_display(), person.patient_rows, signed_in_on, person.is_active


def audit_rows(events: QuerySet[AuditEvent]) -> Iterator[tuple[Any, ...]]:
    """Details as JSON: the trail is read by machines too."""
    for event in events.iterator(chunk_size=500):
        yield (
            f"{timezone.localtime(event.happened_at):%Y-%m-%d %H:%M:%S}", event.by_label, event.event, event.target_label,
            event.target_type, event.target_id, json.dumps(event.details, sort_keys=True, default=str) if event.details else "",
        )  # fmt: skip
