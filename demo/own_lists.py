"""Fields of the organization's own, and views of lists that people saved."""

import random
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import QueryDict

import accounts.actions
import contacts.actions
import visits.actions
from accounts.models import SavedView, User
from contacts.models import CustomField, CustomKind, CustomSubject, Practice
from visits.models import Visit, VisitState

_FILLED = 60  # practices, and visits, that have values
SYSTEMS = ("Epic", "athenahealth", "eClinicalWorks", "Paper")
# subject, label, kind, choices, help
FIELDS: tuple[tuple[str, str, str, tuple[str, ...], str], ...] = (
    (CustomSubject.PRACTICE, "Record system", CustomKind.CHOICE, SYSTEMS, "Decides how a referral reaches us."),
    (CustomSubject.PRACTICE, "Exam rooms", CustomKind.NUMBER, (), ""),
    (CustomSubject.VISIT, "Asked for a call", CustomKind.YES_NO, (), "Somebody there wants to be called by a physician."),
)
# who, list, name, what it shows, offered to the team
VIEWS = (
    ("Dana Reyes", "contacts:practices", "Tier A by town", "tier=A&sort=town&show=custom_record_system&hide=providers", True),
    ("Nora Lind", "visits:list", "My plans", "state=planned", False),
)


@transaction.atomic
def ensure(people: Mapping[str, User], *, seed: int) -> None:
    """Where they are missing."""
    by, choose = people["Ada Quinn"], random.Random(seed)
    for position, (subject, label, kind, choices, told) in enumerate(FIELDS, 1):
        if not CustomField.objects.filter(subject=subject, label=label).exists():
            contacts.actions.save_custom_field(
                subject=subject, label=label, kind=kind, choices=list(choices), help_text=told, position=position, by=by
            )
            _fill_in(subject, CustomField.objects.get(subject=subject, label=label), by, choose)
    for name, page, title, query, is_shared in VIEWS:
        if not SavedView.objects.filter(owner=people[name], page=page, name=title).exists():
            accounts.actions.save_view(page=page, name=title, query=QueryDict(query).urlencode(), is_shared=is_shared, by=people[name])


def _fill_in(subject: str, field: CustomField, by: User, choose: random.Random) -> None:
    if subject == CustomSubject.VISIT:
        for visit in Visit.objects.filter(state=VisitState.DONE).select_related("owner").order_by("-visited_at", "pk")[:_FILLED]:
            visits.actions.save_own_fields(visit=visit, found={field.key: choose.random() < 0.2}, by=visit.owner)
        return
    for practice in Practice.objects.live().order_by("pk")[:_FILLED]:
        value: Any = choose.choice(SYSTEMS) if field.kind == CustomKind.CHOICE else choose.randint(2, 14)
        contacts.actions.save_custom_values(row=practice, found={field.key: value}, by=by)
