"""Why a practice is worth the drive on some day: what is overdue there, promised, open, to be told, or on a list."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from accounts.permissions import Permission
from concerns.models import Concern, ConcernState
from visits.cadence import Due, dues_of
from visits.drawing import month_after
from visits.models import DrawnPractice, FollowUp, TargetEntry, TargetList, Visit


@dataclass(frozen=True)
class Reason:
    """One reason, in a sentence without a full stop. `kind` is cadence, promise, tell, concern, target or drawn."""

    kind: str
    text: str
    tone: str


Reasons = dict[int, list[Reason]]


def reasons_for(practices: Collection[int], user: Any, *, day: dt.date) -> Reasons:
    """By practice, the most pressing first, as they stand on that day; the same number of queries whatever the number of practices."""
    found: Reasons = {pk: [] for pk in practices}
    if not found:
        return found
    for source in (_to_tell_and_open, _promised, _cadence, _targets, _drawn):
        for pk, reason in source(practices, user, day):
            found[pk].append(reason)
    return found


Found = list[tuple[int, Reason]]


def _to_tell_and_open(practices: Collection[int], user: Any, day: dt.date) -> Found:
    if not user.can(Permission.CONCERN_VIEW):
        return []
    rows = Concern.objects.visible_to(user).unfinished().filter(practice__in=practices).select_related("category")
    told: Found = []
    for row in sorted(rows, key=lambda row: (row.state == ConcernState.OPEN, row.due_on, row.pk)):
        if row.state == ConcernState.RESOLVED:
            told.append((row.practice_id, Reason("tell", f"Tell them: {row.category} is resolved", "good")))
        elif row.due_on < day:
            told.append((row.practice_id, Reason("concern", f"Open concern: {row.category}, {_days(day - row.due_on)} late", "bad")))
        else:
            told.append((row.practice_id, Reason("concern", f"Open concern: {row.category}", "warn")))
    return told


def _promised(practices: Collection[int], user: Any, day: dt.date) -> Found:
    rows = FollowUp.objects.visible_to(user).open().filter(practice__in=practices, due_on__lte=day).order_by("due_on", "pk")
    counts: dict[int, list[FollowUp]] = {}
    for row in rows:
        counts.setdefault(row.practice_id, []).append(row)
    told = []
    for pk, items in counts.items():
        late = (day - items[0].due_on).days
        what = "Follow-up" if len(items) == 1 else f"{len(items)} follow-ups"
        when = "due this day" if not late else f"{_days(day - items[0].due_on)} overdue"
        told.append(
            (pk, Reason("promise", f"{what} {when}" if len(items) == 1 or not late else f"{what}, one {when}", "bad" if late else "warn"))
        )
    return told


def _cadence(practices: Collection[int], user: Any, day: dt.date) -> Found:
    return [
        (pk, Reason("cadence", cadence_words(due, day), cadence_tone(due, day)))
        for pk, due in dues_of(practices).items()
        if due.is_due(day)
    ]


def cadence_words(due: Due, day: dt.date) -> str:
    """Visit 14 days overdue (tier A, every 30 days)."""
    rule = f"tier {due.practice.tier}, every {due.every_days} days"
    over = due.days_over(day)
    if over is None:
        return f"Never visited ({rule})"
    if over < 0:
        return f"Due in {_days(dt.timedelta(-over))} ({rule})"
    return f"Visit due this day ({rule})" if not over else f"Visit {_days(dt.timedelta(over))} overdue ({rule})"


def cadence_tone(due: Due, day: dt.date) -> str:
    over = due.days_over(day)
    return "bad" if over is None or over > 0 else "warn" if over == 0 else "neutral"


def _targets(practices: Collection[int], user: Any, day: dt.date) -> Found:
    mine = TargetList.objects.visible_to(user).open().filter(Q(owner=user) | Q(pk__in=TargetList.objects.in_hands_of(user)))
    rows = (
        TargetEntry.objects.visible_to(user)
        .filter(list__in=mine, practice__in=practices)
        .with_state()
        .filter(Q(("state__in", ["open", "planned"])))
        .order_by("list", "practice")
        .values_list("practice", "list__name")
        .distinct()
    )
    return [(pk, Reason("target", f"On your list {name}", "info")) for pk, name in rows]


def _drawn(practices: Collection[int], user: Any, day: dt.date) -> Found:
    """In a drawn order for this month, and not visited since it was drawn."""
    month = day.replace(day=1)
    rows = DrawnPractice.objects.filter(practice__in=practices, planned_month_on__gte=month_after(month, -1), planned_month_on__lte=month)
    made = Visit.objects.made().filter(practice=OuterRef("practice"), deleted_at=None, visited_at__gte=OuterRef("draw__drawn_at"))
    rows = rows.filter(~Exists(made)).select_related("draw").order_by("planned_month_on", "place")
    return [(row.practice_id, Reason("drawn", f"In the drawn order {row.draw} for {row.planned_month_on:%B}", "info")) for row in rows]


def _days(span: dt.timedelta) -> str:
    return f"{span.days} day{'' if span.days == 1 else 's'}"
