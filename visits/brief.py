"""The brief of a practice: what to know before going in. Read for several practices at once, for a page and for the phone's pack."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from accounts.permissions import Permission
from concerns.models import Concern, ConcernState
from contacts.models import Affiliation, Practice, Staff
from territories.scope import scope_of
from visits.models import FollowUp, PracticeTrend, Visit, VisitMaterial
from visits.reasons import Reason

Row = TypeVar("Row", Visit, Concern, FollowUp)
NOTES, TOGETHER, LEFT = 3, 8, 6  # notes, concerns or promises, and materials of one practice


@dataclass(frozen=True)
class Person:
    """Somebody who works there: a provider with their specialty, or staff with their job."""

    name: str
    role: str


@dataclass(frozen=True)
class Brief:
    """What the page and the pack tell of one practice. `to_tell` are concerns that are resolved and that the practice was not told of.

    `sees_trend` is False for who holds only the overlay of one line there: the trend counts all.
    """

    practice: Practice
    reasons: Sequence[Reason] = ()
    to_tell: list[Concern] = field(default_factory=list)
    concerns: list[Concern] = field(default_factory=list)
    promises: list[FollowUp] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    notes: list[Visit] = field(default_factory=list)
    materials: list[VisitMaterial] = field(default_factory=list)
    last_visit: Visit | None = None
    trend: PracticeTrend | None = None
    sees_trend: bool = True


def briefs_of(practices: Collection[int], user: Any) -> dict[int, Brief]:
    """By practice, for those that the person sees; the same number of queries whatever the number of practices.

    Without reasons: those depend on the day (`reasons_for`).
    """
    seen = Practice.objects.visible_to(user).filter(pk__in=practices).select_related("territory").prefetch_related("visiting_hours")
    rows = {practice.pk: practice for practice in seen}
    if not rows:
        return {}
    scope = scope_of(user)
    notes, last = _notes(rows, user), _last_visits(rows, user)
    concerns, promises, people = _concerns(rows, user), _promises(rows, user), _people(rows)
    materials = _materials(rows, user)
    trends = {trend.practice_id: trend for trend in PracticeTrend.objects.visible_to(user).filter(practice__in=rows)}
    return {
        pk: Brief(
            practice=practice,
            to_tell=[row for row in concerns.get(pk, ()) if row.state == ConcernState.RESOLVED][:TOGETHER],
            concerns=[row for row in concerns.get(pk, ()) if row.state == ConcernState.OPEN][:TOGETHER],
            promises=promises.get(pk, [])[:TOGETHER],
            people=people.get(pk, []),
            notes=notes.get(pk, []),
            materials=materials.get(pk, []),
            last_visit=last.get(pk),
            trend=trends.get(pk),
            sees_trend=scope.whole or practice.territory_id in scope.territory_ids,
        )
        for pk, practice in rows.items()
    }


def _by_practice(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.practice_id, []).append(row)
    return found


def _newest(rows: Any, places: int) -> Any:
    """The newest visits of each practice."""
    order = [F("visited_at").desc(), F("pk").desc()]
    rank = Window(RowNumber(), partition_by=F("practice"), order_by=order)
    return rows.order_by("practice", "-visited_at", "-pk").annotate(rank=rank).filter(rank__lte=places)


def _notes(practices: Collection[int], user: Any) -> dict[int, list[Visit]]:
    made = Visit.objects.visible_to(user).filter(practice__in=practices, state__in=["done", "missed"]).exclude(note="")
    return _by_practice(_newest(made.with_words(), NOTES).select_related("owner"))


def _materials(practices: Collection[int], user: Any) -> dict[int, list[VisitMaterial]]:
    """What was left there last, the newest first. Pieces only: what anything cost stands elsewhere."""
    order = [F("visit__visited_at").desc(), F("pk").desc()]
    rank = Window(RowNumber(), partition_by=F("visit__practice"), order_by=order)
    left = VisitMaterial.objects.filter(visit__in=Visit.objects.visible_to(user).made().filter(practice__in=practices))
    found: dict[int, list[VisitMaterial]] = {}
    for row in left.annotate(rank=rank).filter(rank__lte=LEFT).select_related("material", "visit").order_by("-visit__visited_at", "-pk"):
        found.setdefault(row.visit.practice_id, []).append(row)
    return found


def _last_visits(practices: Collection[int], user: Any) -> dict[int, Visit]:
    made = Visit.objects.visible_to(user).made().filter(practice__in=practices)
    people = ("attendees__provider", "attendees__staff")
    return {visit.practice_id: visit for visit in _newest(made, 1).select_related("owner").prefetch_related(*people)}


def _concerns(practices: Collection[int], user: Any) -> dict[int, list[Concern]]:
    if not user.can(Permission.CONCERN_VIEW):
        return {}
    return _by_practice(Concern.objects.visible_to(user).unfinished().filter(practice__in=practices).for_list())


def _promises(practices: Collection[int], user: Any) -> dict[int, list[FollowUp]]:
    return _by_practice(FollowUp.objects.visible_to(user).open().filter(practice__in=practices).for_list())


def _people(practices: Collection[int]) -> dict[int, list[Person]]:
    """Who works there today: providers by name, then staff."""
    found: dict[int, list[Person]] = {}
    works = (
        Affiliation.objects.open()
        .filter(practice__in=practices)
        .select_related("provider__specialty")
        .order_by("provider__last_name", "provider__first_name", "pk")
    )
    for row in works:
        provider = row.provider
        role = str(provider.specialty) if provider.specialty else provider.get_kind_display()
        if provider.do_not_visit:
            role = f"{role}, do not visit"
        found.setdefault(row.practice_id, []).append(Person(str(provider), role))
    for person in Staff.objects.here().filter(practice__in=practices):
        found.setdefault(person.practice_id, []).append(Person(person.name, person.job or "Staff"))
    return found
