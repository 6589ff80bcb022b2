"""Which materials a form offers, those that are left most often first, and what was left already."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import User
from visits.models import Material, Visit

LATELY = dt.timedelta(days=90)


@dataclass(frozen=True)
class Left:
    """A material as a form offers it: `quantity` as typed (blank: none), `had` the pieces that the visit has of it already."""

    material: Material
    quantity: str = ""
    had: int = 0


def materials_to_choose(user: User, visit: Visit | None = None) -> list[Material]:
    """What can be left, and what this visit has of old: what the person left most in the last quarter first, then by name."""
    lately = Q(
        handed_out__visit__owner=user,
        handed_out__visit__deleted_at=None,
        handed_out__visit__visited_at__gte=timezone.now() - LATELY,
    )
    offered = Q(is_active=True) | Q(pk__in=visit.materials.values("material") if visit else [])
    found = Material.objects.filter(offered).annotate(times=Count("handed_out", filter=lately))
    return list(found.order_by("-times", "name"))
