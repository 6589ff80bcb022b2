"""Reads over several models: the day, whom to suggest, who works where, timelines, drawn orders and how they were followed."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from accounts.roles import PERMISSIONS, Role
from audit.models import AuditEvent
from common.names import fold
from compliance.models import SpendKind, SpendState
from contacts.models import Affiliation, Practice, Provider, Staff
from contacts.timelines import timeline_sources
from territories.models import Assignment, Territory
from visits.drawing import GRACE, QUIET_MONTHS, Compliance, month_after, outcome
from visits.models import (
    Attendee,
    Draw,
    DrawnPractice,
    FollowUp,
    TargetEntry,
    TargetList,
    Topic,
    Visit,
    VisitSpend,
    VisitState,
    VisitType,
    WorkingHours,
)
from visits.querysets import FollowUpQuerySet, was_made

_LOGGING_ROLES = [role for role in Role.values if Permission.VISIT_LOG in PERMISSIONS[role]]
SUGGESTIONS = 6


def who_looks_after(practice: Practice) -> QuerySet[User]:
    """Who can take over a follow-up or a visit there: assigned today to its territory or to one above it, and admins."""
    parents = dict(Territory.objects.values_list("pk", "parent_id"))
    above, node = [], practice.territory_id
    while node is not None:
        above.append(node)
        node = parents[node]
    if not above:
        above = [pk for pk, parent in parents.items() if parent is None]
    assigned = Assignment.objects.today().filter(territory__in=above).values("user")
    people: QuerySet[User] = User.objects.active().filter(Q(pk__in=assigned, role__in=_LOGGING_ROLES) | Q(role=Role.ADMIN))
    return people


def people_of(user: User) -> QuerySet[User]:
    """Whose visits a person sees at all: the choices of the filter "Who"."""
    people: QuerySet[User] = User.objects.filter(pk__in=Visit.objects.visible_to(user).order_by().values("owner"))
    return people


def colleagues_of(user: User, *also: User) -> QuerySet[User]:
    """For whom a manager may plan: the people assigned today within the manager's scope, and the manager."""
    assigned = Assignment.objects.today().visible_to(user).values("user")
    wanted = Q(pk__in=assigned, role__in=_LOGGING_ROLES) | Q(pk__in=[user.pk, *(person.pk for person in also)])
    people: QuerySet[User] = User.objects.active().filter(wanted)
    return people


def hours_of(user: User) -> WorkingHours:
    """What the person said of their days, else the usual week."""
    return WorkingHours.objects.filter(user=user).first() or WorkingHours(user=user)


@dataclass(frozen=True)
class Day:
    """The first page: plans whose day is over, today's, those to come, and promises whose date has passed."""

    unlogged: Sequence[Visit]
    today: Sequence[Visit]
    coming: Sequence[Visit]
    overdue: Sequence[FollowUp]
    more_planned: int
    more_overdue: int

    @property
    def planned(self) -> list[tuple[str, Sequence[Visit]]]:
        """The non-empty groups with their headings."""
        groups = (("Not logged yet", self.unlogged), ("Today", self.today), ("Coming up", self.coming))
        return [(heading, visits) for heading, visits in groups if visits]


def day_of(user: User, *, limit: int = 12, promises: int = 5) -> Day:
    """A liaison's own plans and promises; for everybody else those of all the people they see."""
    plans, overdue = Visit.objects.visible_to(user).planned().for_list(), FollowUp.objects.visible_to(user).overdue().for_list()
    if user.is_liaison:
        plans, overdue = plans.filter(owner=user), overdue.filter(owner=user)
    start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    end = start + dt.timedelta(days=1)
    shown, late = list(plans[:limit]), list(overdue[:promises])
    return Day(
        unlogged=[visit for visit in shown if visit.planned_at and visit.planned_at < start],
        today=[visit for visit in shown if visit.planned_at and start <= visit.planned_at < end],
        coming=[visit for visit in shown if visit.planned_at and visit.planned_at >= end],
        overdue=late,
        more_planned=plans.count() - len(shown),
        more_overdue=overdue.count() - len(late),
    )


def suggested_practices(user: User) -> list[Practice]:
    """Today's plans first, then where the person was last: one tap instead of typing. For somebody new, the first of their field."""
    today = timezone.localdate()
    seen = Practice.objects.visible_to(user).live()
    mine = Q(visits__owner=user, visits__deleted_at=None)
    planned = seen.filter(mine, visits__state=VisitState.PLANNED, visits__planned_at__date__lte=today)
    recent = seen.filter(mine, visits__state=VisitState.DONE)
    found: list[Practice] = list(planned.annotate(at=Max("visits__planned_at")).order_by("at")[:SUGGESTIONS])
    found += list(recent.annotate(at=Max("visits__visited_at")).order_by("-at")[:SUGGESTIONS])
    found = found or list(seen[:SUGGESTIONS])
    return list({practice.pk: practice for practice in found}.values())[:SUGGESTIONS]


def find_practices(user: User, text: str, *, limit: int = 12) -> list[Practice]:
    """Practices in scope by name or city; those whose name begins with the words come first. Without words, the suggestions."""
    if not (folded := fold(text)):
        return suggested_practices(user)
    found = Practice.objects.visible_to(user).live().filter(Q(folded_name__contains=folded) | Q(city__istartswith=text.strip()))
    return sorted(found[: limit * 4], key=lambda practice: not practice.folded_name.startswith(folded))[:limit]


def find_people(user: User, text: str, *, limit: int = 12) -> list[tuple[Provider | Staff, str]]:
    """Providers and staff in scope by name, each with where they work: somebody met elsewhere than at their own office."""
    if not fold(text):
        return []
    words = Q()
    for word in text.split():  # in any order: the folded name is "last first"
        words &= Q(folded_name__contains=fold(word))
    providers = Provider.objects.visible_to(user).filter(words)[:limit]
    offices = {
        row.provider_id: row.practice.name
        for row in Affiliation.objects.open()
        .filter(provider__in=[p.pk for p in providers])
        .order_by("is_primary")
        .select_related("practice")
    }
    staff = Staff.objects.visible_to(user).here().filter(name__icontains=text.strip()).select_related("practice")[:limit]
    people: list[tuple[Provider | Staff, str]] = [(provider, offices.get(provider.pk, "")) for provider in providers]
    people += [(person, person.practice.name) for person in staff]
    return people[:limit]


@dataclass(frozen=True)
class Office:
    """Who can be met at a practice, and what to know before going in."""

    practice: Practice
    providers: Sequence[Provider]
    staff: Sequence[Staff]
    last_visit: Visit | None


def office_of(practice: Practice, user: User) -> Office:
    works = Affiliation.objects.open().filter(practice=practice).values("provider")
    return Office(
        practice=practice,
        providers=list(Provider.objects.filter(pk__in=works)),
        staff=list(Staff.objects.here().filter(practice=practice)),
        last_visit=Visit.objects.visible_to(user).made().filter(practice=practice).select_related("owner").first(),
    )


def topics_to_choose(visit: Visit | None = None) -> QuerySet[Topic]:
    """The active ones, and those that the visit already has."""
    return Topic.objects.filter(Q(is_active=True) | Q(visits=visit)).distinct() if visit else Topic.objects.filter(is_active=True)


def types_to_choose(visit: Visit | None = None) -> QuerySet[VisitType]:
    """The offered ones in their order, and the one that the visit already has."""
    kept = Q(pk=visit.visit_type_id) if visit and visit.visit_type_id else Q()
    return VisitType.objects.filter(Q(is_active=True) | kept) if kept else VisitType.objects.offered()


@dataclass(frozen=True)
class Happening:
    """One entry of a timeline: a visit or a follow-up, and when it counts; of a visit also what was given on it, never for how much.

    What another app registered comes as `shown`, ready for the template.
    """

    at: dt.datetime
    visit: Visit | None = None
    follow_up: FollowUp | None = None
    given: Sequence[str] = ()
    shown: dict[str, Any] | None = None


def follow_ups_with(user: User, *, practice: Practice | None = None, provider: Provider | None = None) -> FollowUpQuerySet:
    """Promises to a practice, or to a provider: by name, or on a visit where they were met."""
    rows = FollowUp.objects.visible_to(user)
    if practice:
        rows = rows.filter(practice=practice)
    if provider:
        everybody = Provider.objects.all_of(provider)
        met = Attendee.objects.filter(provider__in=everybody).values("visit")
        rows = rows.filter(Q(provider__in=everybody) | Q(provider=None, visit__in=met))
    return rows


def visits_with(provider: Provider) -> QuerySet[Attendee, Any]:
    """Visits on which the provider was met, or somebody who was merged into them."""
    return Attendee.objects.filter(provider__in=Provider.objects.all_of(provider)).values("visit")


def timeline(
    user: User, *, practice: Practice | None = None, provider: Provider | None = None, offset: int = 0, limit: int = 8
) -> tuple[list[Happening], bool]:
    """Visits, follow-ups that are done and what other apps add, newest first, and whether there are more. Open ones stand above it."""
    visits = Visit.objects.visible_to(user).exclude(state=VisitState.CANCELLED)
    if practice:
        visits = visits.filter(practice=practice)
    if provider:
        visits = visits.filter(pk__in=visits_with(provider))
    follow_ups = follow_ups_with(user, practice=practice, provider=provider).exclude(done_at=None)
    others = {source.kind: source for source in timeline_sources()}
    more_keys = [source.keys(user, practice, provider) for source in others.values()]
    keys = _keys(visits, "visit", Coalesce("visited_at", "planned_at")).union(
        _keys(follow_ups, "follow-up", F("done_at")), *more_keys, all=True
    )
    rows = list(keys.order_by("-at", "-kind", "-key")[offset : offset + limit + 1])
    shown = {
        (kind, key): entry
        for kind, source in others.items()
        if (wanted := [row["key"] for row in rows if row["kind"] == kind])
        for key, entry in source.entries(wanted, user, provider, practice is None).items()
    }
    found: dict[tuple[str, int], Any] = {
        ("visit", visit.pk): visit
        for visit in Visit.objects.filter(pk__in=[row["key"] for row in rows if row["kind"] == "visit"]).for_list()
    }
    promised = FollowUp.objects.filter(pk__in=[row["key"] for row in rows if row["kind"] == "follow-up"]).for_list()
    found |= {("follow-up", item.pk): item for item in promised}
    given = given_on([row["key"] for row in rows if row["kind"] == "visit"], user)
    happenings = [
        Happening(at=row["at"], shown=shown[row["kind"], row["key"]])
        if row["kind"] in others
        else Happening(
            at=row["at"],
            given=given.get(row["key"], ()) if row["kind"] == "visit" else (),
            **{row["kind"].replace("-", "_"): found[row["kind"], row["key"]]},
        )
        for row in rows[:limit]
    ]
    return happenings, len(rows) > limit


def given_on(visits: Collection[int], user: User) -> dict[int, list[str]]:
    """What was given on visits, by its kind ("Meal"), for whoever may see spend. The amount is not read: it stays in the ledger."""
    if not visits or not user.can(Permission.SPEND_VIEW):
        return {}
    given: dict[int, list[str]] = {}
    links = VisitSpend.objects.filter(visit__in=visits).exclude(entry__state=SpendState.CANCELLED)
    for visit, kind in links.order_by("pk").values_list("visit", "entry__kind"):
        given.setdefault(visit, []).append(SpendKind(kind).label)
    return given


def _keys(rows: QuerySet[Any], kind: str, at: Any) -> QuerySet[Any, dict[str, Any]]:
    """What a union needs: which table, which row, when."""
    keys: QuerySet[Any, dict[str, Any]] = (
        rows.order_by().annotate(kind=Value(kind, output_field=CharField()), key=F("pk"), at=at).values("kind", "key", "at")
    )
    return keys


def history_of(visit: Visit) -> Sequence[AuditEvent]:
    """What happened to the visit's record, oldest first."""
    return list(AuditEvent.objects.filter(target_type="visits.visit", target_id=str(visit.pk)).order_by("happened_at", "pk"))


def not_drawable(practices: Collection[int], *, today: dt.date) -> dict[int, str]:
    """Why practices cannot be in a drawn order: their first visit would not be decided by it. A reason for each that cannot."""
    quiet_since = month_after(today.replace(day=1), -QUIET_MONTHS)
    visits = Visit.objects.filter(practice__in=practices, deleted_at=None)
    seen = visits.made().filter(visited_at__date__gte=quiet_since).values_list("practice", flat=True)
    planned = visits.filter(state=VisitState.PLANNED, planned_at__date__gte=today).values_list("practice", flat=True)
    drawn = DrawnPractice.objects.filter(practice__in=practices, planned_month_on__gte=month_after(today.replace(day=1), -GRACE))
    refused = dict.fromkeys(Practice.objects.filter(pk__in=practices, do_not_visit=True).values_list("pk", flat=True), "not to be visited")
    refused |= {pk: f"in the drawn order {name}" for pk, name in drawn.values_list("practice", "draw__name")}
    refused |= dict.fromkeys(planned, "a visit is planned already")
    return refused | dict.fromkeys(seen, f"visited in the last {QUIET_MONTHS} months")


def stops_of(target_list: TargetList, user: User) -> QuerySet[TargetEntry]:
    """What of a list a person sees and nobody dropped: of these practices an order can be drawn."""
    stops: QuerySet[TargetEntry] = TargetEntry.objects.visible_to(user).filter(list=target_list, dropped_at=None).order_by()
    return stops


@dataclass(frozen=True)
class Place:
    """A practice's place in a drawn order, what is planned for it, and what became of it."""

    place: int
    practice: Practice
    planned_month_on: dt.date
    first_visit_on: dt.date | None
    planned_at: dt.datetime | None
    outcome: str


@dataclass(frozen=True)
class Followed:
    """A drawn order beside the visits that were made since."""

    draw: Draw
    places: tuple[Place, ...]

    @property
    def compliance(self) -> Compliance:
        return Compliance.of([place.outcome for place in self.places])


def followed(draws: Iterable[Draw], *, today: dt.date) -> list[Followed]:
    """Each draw with its places; two queries whatever their number."""
    wanted = {draw.pk: draw for draw in draws}
    since = Visit.objects.filter(practice=OuterRef("practice"), deleted_at=None).order_by()
    made = since.filter(was_made(), visited_at__gte=OuterRef("draw__drawn_at")).values("practice")
    ahead = since.filter(state=VisitState.PLANNED).values("practice")
    rows = (
        DrawnPractice.objects.filter(draw__in=wanted)
        .select_related("practice")
        .annotate(first_visit_at=Subquery(made.annotate(at=Min("visited_at")).values("at")))
        .annotate(planned_at=Subquery(ahead.annotate(at=Min("planned_at")).values("at")))
        .order_by("draw", "place")
    )
    places: dict[int, list[Place]] = {pk: [] for pk in wanted}
    for row in rows:
        first = timezone.localdate(row.first_visit_at) if row.first_visit_at else None
        became = outcome(row.planned_month_on, first, today)
        places[row.draw_id].append(Place(row.place, row.practice, row.planned_month_on, first, row.planned_at, became))
    return [Followed(draw, tuple(places[pk])) for pk, draw in wanted.items()]


def drawn_for(practice: Practice, *, today: dt.date) -> DrawnPractice | None:
    """The place of a practice in an order that still runs, if it was not visited since."""
    running = DrawnPractice.objects.filter(practice=practice, planned_month_on__gte=month_after(today.replace(day=1), -GRACE))
    place = running.select_related("draw").first()
    if place is None or Visit.objects.filter(was_made(), practice=practice, visited_at__gte=place.draw.drawn_at).exists():
        return None
    return place


@dataclass(frozen=True)
class Progress:
    """How far a list is, over the entries that a person sees: what was dropped is in neither number."""

    visited: int
    entries: int
    planned: int
    dropped: int

    @property
    def words(self) -> str:
        """7 of 12 visited."""
        return f"{self.visited} of {self.entries} visited"


def progress_of(entries: Sequence[TargetEntry]) -> Progress:
    """Of entries that carry their state (`with_state`)."""
    counts = Counter(entry.state for entry in entries)  # type: ignore[attr-defined]  # annotated by the query
    return Progress(counts["visited"], len(entries) - counts["dropped"], counts["planned"], counts["dropped"])


def lists_in_hand(user: User, *, limit: int = 5) -> list[TargetList]:
    """What is the person's to work on: open lists in their hands or of their own, those that end first on top."""
    mine = TargetList.objects.visible_to(user).open().filter(Q(owner=user) | Q(pk__in=TargetList.objects.in_hands_of(user)))
    return list(mine.for_list().order_by(F("ends_on").asc(nulls_last=True), "-pk")[:limit])


def people_for(target_list: TargetList, user: User) -> QuerySet[User]:
    """To whom the person may hand the list: colleagues who visit and do not have it."""
    holders = target_list.handovers.in_force().values("to")
    people: QuerySet[User] = colleagues_of(user).exclude(pk__in=holders).exclude(pk=target_list.owner_id).order_by("full_name")
    return people
