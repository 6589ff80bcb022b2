"""Work passes from one person to another and back: what went is kept as ids, so that exactly that comes back."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.utils import timezone

import concerns.actions
import territories.actions
import visits.actions
from accounts.models import User
from planning.models import Work
from territories.models import Assignment, ServiceLine, Territory


def carry_work(*, work: Mapping[str, Collection[int]], giver: User, taker: User, note: str = "", by: User) -> dict[str, list[int]]:
    """Give these follow-ups, plans, concerns and lists from one to the other; what is no longer the giver's stays where it is."""
    asked = {kind: list(work.get(kind, ())) for kind in Work.values}
    hands: dict[str, Any] = {"giver": giver, "taker": taker, "by": by}
    moved = {
        Work.FOLLOW_UPS: visits.actions.give_follow_ups(ids=asked[Work.FOLLOW_UPS], note=note, **hands),
        Work.VISITS: visits.actions.give_plans(ids=asked[Work.VISITS], **hands),
        Work.CONCERNS: concerns.actions.give_concerns(ids=asked[Work.CONCERNS], **hands) if asked[Work.CONCERNS] else [],
        Work.TARGETS: visits.actions.give_lists(ids=asked[Work.TARGETS], **hands),
    }
    return {str(kind): ids for kind, ids in moved.items() if ids}


def carry_assignments(*, held: Collection[Assignment], taker: User, on: dt.date, by: User | None) -> list[dict[str, Any]]:
    """The taker looks after the same from the day on, as what the giver was; the giver's part ends then. What each was, to give it back."""
    moved = []
    for assignment in held:
        territories.actions.end_assignment(assignment=assignment, ended_on=on, by=by)
        part = {
            "territory": assignment.territory_id,
            "service_line": assignment.service_line_id,
            "is_primary": assignment.is_primary,
            "ended_on": assignment.ended_on.isoformat() if assignment.ended_on else None,
        }
        made = territories.actions.assign(
            user=taker,
            territory=assignment.territory,
            service_line=assignment.service_line,
            is_primary=assignment.is_primary,
            started_on=on,
            ended_on=assignment.ended_on,
            take_over=True,
            by=by,
        )
        moved.append({**part, "made": made.pk})
    return moved


def carry_assignments_back(*, moved: Collection[Mapping[str, Any]], giver: User, by: User) -> None:
    """From today on it is the giver's again. What was done and credited in between stays the taker's."""
    today = timezone.localdate()
    for part in moved:
        if (made := Assignment.objects.filter(pk=part["made"]).first()) and (made.ended_on is None or made.ended_on > today):
            territories.actions.end_assignment(assignment=made, ended_on=today, by=by)
        ended_on = dt.date.fromisoformat(part["ended_on"]) if part["ended_on"] else None
        if ended_on is None or ended_on > today:
            territories.actions.assign(
                user=giver,
                territory=Territory.objects.get(pk=part["territory"]),
                service_line=ServiceLine.objects.filter(pk=part["service_line"]).first(),
                is_primary=part["is_primary"],
                started_on=today,
                ended_on=ended_on,
                take_over=True,
                by=by,
            )
