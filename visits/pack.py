"""What a phone keeps for the days ahead: read here, put into words by `packing`. Never a patient, never a word of spend."""

from typing import Any

from django.db.models import Max, Q
from django.utils import timezone

from accounts.models import User
from concerns.queries import categories_to_choose
from contacts.models import Affiliation, Practice, Staff
from visits.models import Outcome, Topic, Visit, VisitType, modes_to_choose
from visits.packing import MOST_PRACTICES, Shape, address_of, pack_shape
from visits.passes import pass_for
from visits.queries import hours_of
from visits.queries.materials import materials_to_choose
from visits.today import days_of, working_days

DAYS = 3


def pack_of(user: User) -> Shape:
    """The person's next three working days, today among them if it is one, other days until then on which a stop is planned, and what the
    log form needs; a fixed number of queries.
    """
    today = timezone.localdate()
    worked = working_days(hours_of(user), today, DAYS) or [today]
    planned = Visit.objects.visible_to(user).planned().filter(owner=user, planned_at__date__range=(today, worked[-1]))
    besides = planned.order_by().values_list("planned_at__date", flat=True).distinct()
    days = days_of(user, sorted({*worked, *besides}), by=user)
    words = {
        "topics": [{"id": topic.pk, "name": topic.name} for topic in Topic.objects.filter(is_active=True)],
        "types": [{"id": row.pk, "name": row.name} for row in VisitType.objects.offered()],
        "categories": [{"id": category.pk, "name": category.name} for category in categories_to_choose()],
        "materials": [
            {"id": row.pk, "name": row.name, "kind": row.get_kind_display(), "stock": row.stock if row.has_stock else None}
            for row in materials_to_choose(user)
        ],
        "modes": [{"value": value, "label": label} for value, label in modes_to_choose()],
        "outcomes": [{"value": value, "label": label} for value, label in Outcome.choices],
    }
    return pack_shape(days, _directory(user), words, today=today)


def _directory(user: User) -> list[Shape]:
    """The practices of the person's field with who works there: those of their own visits first, then by name."""
    mine = Max("visits__received_at", filter=Q(visits__owner=user, visits__deleted_at=None))
    seen = Practice.objects.visible_to(user).live().annotate(mine=mine)
    practices = sorted(seen, key=lambda practice: (practice.mine is None, practice.name, practice.pk))[:MOST_PRACTICES]
    people, today = _people([practice.pk for practice in practices]), timezone.localdate()
    return [
        {
            "id": practice.pk,
            "name": practice.name,
            "address": address_of(practice),
            "do_not_visit": practice.do_not_visit,
            "pass": pass_for(user, practice.pk, on=today),
            "people": people.get(practice.pk, []),
        }
        for practice in sorted(practices, key=lambda practice: (practice.name, practice.pk))
    ]


def _people(practices: list[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    works = (
        Affiliation.objects.open()
        .filter(practice__in=practices)
        .select_related("provider__specialty")
        .order_by("provider__last_name", "provider__first_name", "pk")
    )
    for row in works:
        role = str(row.provider.specialty or row.provider.get_kind_display())
        found.setdefault(row.practice_id, []).append({"key": f"provider-{row.provider_id}", "name": str(row.provider), "role": role})
    for person in Staff.objects.here().filter(practice__in=practices):
        found.setdefault(person.practice_id, []).append({"key": f"staff-{person.pk}", "name": person.name, "role": person.job})
    return found
