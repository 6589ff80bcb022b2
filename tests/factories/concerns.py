"""Concerns with as little said as possible."""

import datetime as dt
from typing import Any

from django.utils import timezone

from accounts.models import User
from concerns.models import Category, Concern, Department
from contacts.models import Practice


def make_department(name: str = "Access center", **fields: Any) -> Department:
    return Department.objects.get_or_create(name=name, defaults=fields)[0]


def make_category(name: str = "Scheduling", *, days: int = 7, department: Department | None = None, **fields: Any) -> Category:
    return Category.objects.get_or_create(
        name=name, defaults={"department": department or make_department(), "deadline_days": days, **fields}
    )[0]


def make_concern(practice: Practice, by: User, *, days_ago: int = 0, **fields: Any) -> Concern:
    """An open concern raised so many days ago; its category's days decide the deadline."""
    category = fields.pop("category", None) or make_category()
    started = timezone.localdate() - dt.timedelta(days=days_ago)
    return Concern.objects.create(
        **{
            "practice": practice,
            "category": category,
            "department": category.department,
            "text": "Nobody answers the phone.",
            "raised_by": by,
            "raised_at": timezone.localtime() - dt.timedelta(days=days_ago),
            "clock_started_on": started,
            "due_on": started + dt.timedelta(days=category.deadline_days),
            **fields,
        }
    )
