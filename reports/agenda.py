"""What a liaison and whoever leads them talk about: read over the liaison's own field, as the liaison sees it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from concerns.models import Concern
from reports.models import Agreement, Goal, OneToOne
from reports.numbers import Mover
from reports.pacing import Pace, paces, running
from reports.periods import last_full_months
from reports.queries.field import Contact, contacts
from reports.queries.freshness import Freshness
from reports.queries.names import Names
from reports.queries.numbers import find_movers
from territories.scope import scope_of
from visits.cadence import Due, most_over
from visits.models import FollowUp
from visits.planning import promised_by

MONTHS, SHOWN = 12, 10


@dataclass(frozen=True)
class Agenda:
    """`falls` with their practices, largest shortfall in referrals first; `due` most pressing first; `promises` by day."""

    falls: Sequence[tuple[Mover, Contact]]
    due: Sequence[Due]
    due_count: int
    promises: Sequence[FollowUp]
    promise_count: int
    late_count: int
    concerns: Sequence[Concern]
    goals: Sequence[Pace]
    last: OneToOne | None
    agreements: Sequence[Agreement]


def agenda_of(liaison: User, *, reader: User, fresh: Freshness, known: Names) -> Agenda:
    """Of talks, what the reader may see."""
    today = timezone.localdate()
    falls = _falls(liaison, fresh, known)
    due = most_over(promised_by(liaison), today)
    promises = FollowUp.objects.filter(owner=liaison).open().select_related("practice").order_by("due_on", "pk")
    goals = running(Goal.objects.filter(liaison=liaison).for_list(), today)
    talks = OneToOne.objects.visible_to(reader).filter(liaison=liaison).select_related("led_by")
    open_ = Agreement.objects.visible_to(reader).open().filter(meeting__liaison=liaison).select_related("owner", "meeting")
    concerns = Concern.objects.visible_to(liaison).filter(owner=liaison).unfinished().for_list()
    return Agenda(
        falls,
        due[:SHOWN],
        len(due),
        list(promises[:SHOWN]),
        promises.count(),
        promises.filter(due_on__lt=today).count(),
        list(concerns[:SHOWN]),
        paces(goals, fresh=fresh, parents=known.parents),
        talks.first(),
        list(open_),
    )


def _falls(liaison: User, fresh: Freshness, known: Names) -> list[tuple[Mover, Contact]]:
    if fresh.data_through is None:
        return []
    window = last_full_months(MONTHS, fresh.data_through)
    movers = find_movers(window=window, where={}, scope=scope_of(liaison), fresh=fresh)
    seen = contacts([mover.practice_id for mover in movers], user=liaison, parents=known.parents)
    return [(mover, seen[mover.practice_id]) for mover in movers if mover.difference < 0 and mover.practice_id in seen][:SHOWN]


def held_before(liaison: User, *, reader: User, day: dt.date) -> Sequence[OneToOne]:
    """Earlier talks with what was agreed, the newest first."""
    rows = OneToOne.objects.visible_to(reader).filter(liaison=liaison, held_on__lte=day).select_related("led_by")
    return list(rows.prefetch_related("agreements__owner")[:SHOWN])
