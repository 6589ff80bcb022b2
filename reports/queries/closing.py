"""The first referral of each patient in a year, and whether its report came: CMS50 as far as feeds of orders can tell it."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, F, Q

from referrals.models import Flow, Kind, Referral, Sees, State
from reports.queries.cells import seen
from territories.scope import Scope

OURS = (Flow.INTERNAL, Flow.OUTBOUND, Flow.UNDETERMINED)
REFUSED = (State.CANCELLED, State.REJECTED)  # neither active nor completed, as FHIR has it
LAST_DAY = (10, 31)  # of the year, for a first referral


@dataclass(frozen=True)
class Closing:
    """Patients of one feed and service line with a first referral in the first ten months, and those whose report came within the year."""

    source_id: int
    service_line_id: int | None
    patients: int
    closed: int


def closings(*, year: int, scope: Scope) -> list[Closing]:
    """Patients are counted per feed: nothing tells that the hashes of two feeds are the same person.

    A first referral is the patient's first consult of the year by one of ours that was neither cancelled nor rejected; it counts where it
    lies in the scope. A report counts from the day of the order on: feeds tell days, not hours.
    """
    if scope.is_empty:
        return []
    first = (
        Referral.objects.filter(
            source__sees=Sees.OUR_ORDERS,
            flow__in=OURS,
            kind=Kind.CONSULT,
            is_own_follow_up=False,
            linked_to=None,
            ordered_on__range=(dt.date(year, 1, 1), dt.date(year, *LAST_DAY)),
        )
        .exclude(state__in=REFUSED)
        .exclude(patient_hash="")
        .order_by("source_id", "patient_hash", "ordered_on", "source_key")
        .distinct("source_id", "patient_hash")
    )
    came = Q(report_on__gte=F("ordered_on"), report_on__lte=dt.date(year, 12, 31))
    counted = (
        Referral.objects.filter(seen(scope), pk__in=first.values("pk"))
        .order_by()
        .values_list("source_id", "service_line_id")
        .annotate(patients=Count("pk"), closed=Count("pk", filter=came))
    )
    return [Closing(*row) for row in counted]
