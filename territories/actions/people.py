"""Who looks after what."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from audit.actions import record
from common.exceptions import PolicyViolation
from jobs.actions import enqueue
from territories import policies
from territories.models import Assignment, ServiceLine, Territory


@transaction.atomic
def assign(
    *,
    user: User,
    territory: Territory,
    started_on: dt.date,
    ended_on: dt.date | None = None,
    service_line: ServiceLine | None = None,
    is_primary: bool = True,
    take_over: bool = False,
    by: User | None,
) -> Assignment:
    """Let somebody look after a territory, or after one service line in it (an overlay).

    With `take_over` the primary until then, and what the person held there before, end on the day the new assignment starts.
    """
    Territory.objects.select_for_update(no_key=True).get(pk=territory.pk)
    if not user.is_active:
        raise PolicyViolation(f"{user} no longer signs in. Choose somebody else.")
    if territory.archived_at:
        raise PolicyViolation(f"{territory} is archived.")
    policies.check_period(started_on=started_on, ended_on=ended_on)
    is_primary = is_primary and service_line is None
    clash = Q(user=user, service_line=service_line)
    if is_primary:
        clash |= Q(is_primary=True, service_line=None)
    not_over = Q(ended_on=None) | Q(ended_on__gt=started_on)
    overlapping = Assignment.objects.filter(clash, not_over, territory=territory).select_related("user")
    if ended_on:
        overlapping = overlapping.filter(started_on__lt=ended_on)
    if take_over:
        for earlier in overlapping.filter(started_on__lt=started_on):
            _end(earlier, ended_on=started_on, by=by)
    policies.check_no_overlap(others=overlapping.all(), territory=territory, line=service_line, is_primary=is_primary)
    assignment = Assignment.objects.create(
        user=user, territory=territory, service_line=service_line, is_primary=is_primary, started_on=started_on, ended_on=ended_on
    )
    record("assignment.started", by=by, target=territory, **_words(assignment))
    if is_primary and started_on <= timezone.localdate():  # referrals since then that nobody was credited for get their credit
        enqueue("contacts.credit_anew", territory.pk, by=by, key=f"contacts.credit_anew:{territory.pk}")
    return assignment


@transaction.atomic
def end_assignment(*, assignment: Assignment, ended_on: dt.date, by: User | None) -> None:
    """Let an assignment end; one that has not begun before that day is withdrawn."""
    assignment = (
        Assignment.objects.select_for_update(of=("self",)).select_related("user", "territory", "service_line").get(pk=assignment.pk)
    )
    if assignment.ended_on and assignment.ended_on <= timezone.localdate():
        raise PolicyViolation(f"It ended on {policies.day(assignment.ended_on)}.")
    if ended_on <= assignment.started_on and assignment.started_on >= timezone.localdate():
        record("assignment.withdrawn", by=by, target=assignment.territory, **_words(assignment))
        assignment.delete()
        return
    policies.check_period(started_on=assignment.started_on, ended_on=ended_on)
    _end(assignment, ended_on=ended_on, by=by)


def _end(assignment: Assignment, *, ended_on: dt.date, by: User | None) -> None:
    assignment.ended_on = ended_on
    assignment.save(update_fields=["ended_on"])
    record("assignment.ended", by=by, target=assignment.territory, **_words(assignment))


def _words(assignment: Assignment) -> dict[str, Any]:
    return {
        "person": str(assignment.user),
        "person_id": assignment.user_id,
        "service_line": str(assignment.service_line or ""),
        "is_primary": assignment.is_primary,
        "started_on": assignment.started_on,
        "ended_on": assignment.ended_on,
    }
