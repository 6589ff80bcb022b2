"""Rows of visits beyond the simplest one."""

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone

from accounts.models import User
from contacts.models import Practice
from visits.models import FollowUp, Topic, VisitType


def make_topic(name: str = "Access", **fields: Any) -> Topic:
    return Topic.objects.get_or_create(name=name, defaults=fields)[0]


def make_visit_type(name: str = "Regular visit", **fields: Any) -> VisitType:
    return VisitType.objects.get_or_create(name=name, defaults=fields)[0]


def make_follow_up(practice: Practice, owner: User, *, due_in: int = 7, **fields: Any) -> FollowUp:
    """Open, due in so many days; negative is overdue."""
    fields.setdefault("text", "Send the referral guide")
    due_on = timezone.localdate() + dt.timedelta(days=due_in)
    return FollowUp.objects.create(practice=practice, owner=owner, created_by=owner, due_on=due_on, **fields)


def log_body(practice: Practice, **fields: Any) -> dict[str, Any]:
    """What the visit form sends."""
    return {
        "practice": practice.pk,
        "mode": "in person",
        "outcome": "met staff",
        "visited_at": f"{timezone.localtime() - dt.timedelta(minutes=5):%Y-%m-%dT%H:%M}",
        "note": "",
        "due": "7",
        "client_id": str(uuid.uuid4()),
        **fields,
    }
