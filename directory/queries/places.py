"""From where somebody asks: a practice that they see, or their next stop of today."""

import datetime as dt

from django.utils import timezone

from accounts.models import User
from contacts.models import Practice
from visits.models import Visit, VisitState


def origin_of(user: User, practice: int) -> Practice | None:
    """The practice, if the person sees it and it still exists."""
    return Practice.objects.visible_to(user).live().filter(pk=practice).first()


def next_stop(user: User, now: dt.datetime) -> Practice | None:
    """Where the person is to be next today, or is now: the first planned visit of today that is not an hour past, else the last one."""
    start = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    planned = (
        Visit.objects.visible_to(user)
        .filter(owner=user, state=VisitState.PLANNED, planned_at__gte=start, planned_at__lt=start + dt.timedelta(days=1))
        .select_related("practice")
        .order_by("planned_at", "pk")
    )
    stops = list(planned)
    ahead = [visit for visit in stops if visit.planned_at and visit.planned_at >= now - dt.timedelta(hours=1)]
    found = ahead[0] if ahead else stops[-1] if stops else None
    return found.practice if found else None
