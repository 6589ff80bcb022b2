"""What somebody has in hand: the work that goes along when a territory changes hands, or is left behind by who leaves."""

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from concerns.models import Concern, ConcernState
from contacts.models import Practice
from planning.models import HandOver, Work
from visits.models import FollowUp, TargetEntry, TargetHandover, Visit, VisitState

InHand = dict[str, list[int]]


def in_hand(person: User, practices: Collection[int] | None = None) -> InHand:
    """Ids by kind of work, everything or only of these practices. A target list counts when it leads to no other practice."""
    follow_ups = FollowUp.objects.filter(owner=person, done_at=None)
    visits = Visit.objects.filter(owner=person, state=VisitState.PLANNED, deleted_at=None)
    concerns = Concern.objects.filter(owner=person, state__in=[ConcernState.OPEN, ConcernState.RESOLVED])
    lists = TargetHandover.objects.filter(to=person, taken_back_at=None, list__closed_at=None)
    if practices is not None:
        within = list(practices)
        follow_ups, visits = follow_ups.filter(practice__in=within), visits.filter(practice__in=within)
        concerns = concerns.filter(practice__in=within)
        entries = TargetEntry.objects.filter(list=OuterRef("list"), dropped_at=None)
        lists = lists.filter(Exists(entries.filter(practice__in=within)), ~Exists(entries.exclude(practice__in=within)))
    return {
        Work.FOLLOW_UPS: _ids(follow_ups),
        Work.VISITS: _ids(visits),
        Work.CONCERNS: _ids(concerns),
        Work.TARGETS: sorted(lists.order_by().values_list("list", flat=True)),
    }


def _ids(rows: QuerySet[Any]) -> list[int]:
    return sorted(rows.order_by().values_list("pk", flat=True))


def practices_of(handover: HandOver) -> list[int]:
    """The live practices that pass: those of the territory, or of it the chosen ones."""
    held = Practice.objects.live().filter(territory=handover.territory_id)
    if handover.is_partial:
        held = held.filter(zip__in=handover.zips) | held.filter(pk__in=handover.practices)
    return sorted(held.order_by().values_list("pk", flat=True))
