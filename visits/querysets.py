"""Rows of visits, cut to what a person may see: whoever sees the practice sees its visits, and everybody their own."""

import uuid
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.permissions import Permission
from territories.scope import scope_of

if TYPE_CHECKING:
    from visits.models import (  # noqa: F401 - named in base classes below
        Attendee,
        CalendarFeed,
        DayPlan,
        Draw,
        FollowUp,
        MileageDay,
        PlanDraft,
        PracticeTrend,
        TargetEntry,
        TargetHandover,
        TargetList,
        Visit,
        VisitType,
        WorkingHours,
    )

LEADING_ROLES = ("manager", "admin")
VISITING_MODES = ("in person", "phone", "virtual", "drop-off")  # a text message or an e-mail is a touch, and no visit


def was_made(relation: str = "") -> Q:
    """A visit that took place and stands, of a row's `relation` ("visits__"): what cadence, targets, draws and reports count."""
    return Q(**{f"{relation}state": "done", f"{relation}mode__in": VISITING_MODES, f"{relation}deleted_at": None})


def _in_scope(user: Any) -> Q:
    return Q(practice__territory__in=scope_of(user).any_territory_ids) | Q(owner=user)


class VisitQuerySet(models.QuerySet["Visit"]):
    def visible_to(self, user: Any) -> "VisitQuerySet":
        """Undeleted visits to practices in scope, and the person's own: a reassigned practice takes nobody's past work away."""
        live = self.filter(deleted_at=None)
        if not user.is_authenticated or not user.is_active:
            return live.none()
        return live if scope_of(user).whole else live.filter(_in_scope(user))

    def deleted_for(self, user: Any) -> "VisitQuerySet":
        """What the person may bring back: within the same scope, deleted."""
        gone = self.exclude(deleted_at=None)
        return gone if scope_of(user).whole else gone.filter(_in_scope(user))

    def made(self) -> "VisitQuerySet":
        """Took place, and was a visit: a text message or an e-mail is a touch, and counts for no promise of a visit."""
        return self.filter(state="done", mode__in=VISITING_MODES)

    def touches(self) -> "VisitQuerySet":
        """Every time somebody was in touch, written or in person."""
        return self.filter(state="done")

    def planned(self) -> "VisitQuerySet":
        """What lies ahead, and what was not logged yet, in order."""
        return self.filter(state="planned").order_by("planned_at", "pk")

    def stored(self, *, by: Any, client_id: uuid.UUID) -> "Visit | None":
        """The visit that this person saved under this key, deleted or not."""
        return self.filter(logged_by=by, client_id=client_id).first()

    def for_list(self) -> "VisitQuerySet":
        """With everything that a row shows."""
        people = ("attendees__provider", "attendees__staff")
        return self.with_words().select_related("practice", "practice__territory", "owner").prefetch_related(*people, "topics")

    def with_words(self) -> "VisitQuerySet":
        """With the visit's type, and what the organization calls its mode (`Visit.mode_name`)."""
        named = apps.get_model("visits", "VisitMode").objects.filter(mode=OuterRef("mode"))
        return self.select_related("visit_type").annotate(named_mode=Subquery(named.values("name")[:1]))


class VisitTypeQuerySet(models.QuerySet["VisitType"]):
    """The same for everybody: a list of settings."""

    def offered(self) -> "VisitTypeQuerySet":
        return self.filter(is_active=True)

    def with_use(self) -> "VisitTypeQuerySet":
        """`used`: visits that have it, planned ones included."""
        return self.annotate(used=Count("visits", filter=Q(visits__deleted_at=None))).order_by("place", "name", "pk")


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, user: Any) -> "FollowUpQuerySet":
        """Promises to practices in scope, and the person's own; those of a deleted visit are gone with it."""
        live = self.filter(Q(visit=None) | Q(visit__deleted_at=None))
        if not user.is_authenticated or not user.is_active:
            return live.none()
        return live if scope_of(user).whole else live.filter(_in_scope(user))

    def open(self) -> "FollowUpQuerySet":
        return self.filter(done_at=None)

    def overdue(self) -> "FollowUpQuerySet":
        return self.open().filter(due_on__lt=timezone.localdate())

    def due(self) -> "FollowUpQuerySet":
        """Promised for today, or for a day that is over."""
        return self.open().filter(due_on__lte=timezone.localdate())

    def done(self) -> "FollowUpQuerySet":
        """What was done last comes first."""
        return self.exclude(done_at=None).order_by("-done_at", "-pk")

    def for_list(self) -> "FollowUpQuerySet":
        """With everything that a row shows."""
        return self.select_related("practice", "practice__territory", "owner", "created_by", "visit", "provider", "done_by", "handed_by")


def _entries_in_scope(user: Any) -> Q:
    scope = scope_of(user)
    return Q() if scope.whole else Q(practice__territory__in=scope.any_territory_ids)


def _in_hands_of(user: Any) -> Exists:
    handovers = apps.get_model("visits", "TargetHandover").objects
    return Exists(handovers.filter(list=OuterRef("pk"), to=user, taken_back_at=None))


class TargetListQuerySet(models.QuerySet["TargetList"]):
    def visible_to(self, user: Any) -> "TargetListQuerySet":
        """One's own and those in one's hands; managers also those with a practice of their field; all for who sees the whole."""
        if not user.is_authenticated or not user.is_active or not user.can(Permission.VISIT_VIEW):
            return self.none()
        if scope_of(user).whole and not user.is_liaison:
            return self
        found = Q(owner=user) | Q(_in_hands_of(user))
        if user.role in LEADING_ROLES:
            entries = apps.get_model("visits", "TargetEntry").objects
            found |= Q(Exists(entries.filter(_entries_in_scope(user), list=OuterRef("pk"))))
        return self.filter(found)

    def open(self) -> "TargetListQuerySet":
        return self.filter(closed_at=None)

    def in_hands_of(self, user: Any) -> "TargetListQuerySet":
        """Handed to the person and not taken back."""
        return self.filter(_in_hands_of(user))

    def for_list(self) -> "TargetListQuerySet":
        """With everything that a row shows: `entry_count` without what was dropped, `visited_count` of them, and who has it."""
        entries = (
            apps.get_model("visits", "TargetEntry")
            .objects.with_state()
            .filter(list=OuterRef("pk"))
            .exclude(Q(("state", "dropped")))
            .order_by()
        )

        def counted(rows: Any) -> Coalesce:
            return Coalesce(Subquery(rows.values("list").annotate(count=Count("pk")).values("count")), 0)

        held = models.Prefetch(
            "handovers", apps.get_model("visits", "TargetHandover").objects.in_force().select_related("to"), to_attr="held"
        )
        return (
            self.annotate(entry_count=counted(entries), visited_count=counted(entries.filter(Q(("state", "visited")))))
            .select_related("owner")
            .prefetch_related(held)
        )


class TargetHandoverQuerySet(models.QuerySet["TargetHandover"]):
    def visible_to(self, user: Any) -> "TargetHandoverQuerySet":
        """Of the lists that the person sees."""
        return self.filter(list__in=apps.get_model("visits", "TargetList").objects.visible_to(user))

    def in_force(self) -> "TargetHandoverQuerySet":
        """Not taken back."""
        return self.filter(taken_back_at=None)


class TargetEntryQuerySet(models.QuerySet["TargetEntry"]):
    def visible_to(self, user: Any) -> "TargetEntryQuerySet":
        """Of the lists that the person sees, the practices in their field."""
        return self.filter(_entries_in_scope(user), list__in=apps.get_model("visits", "TargetList").objects.visible_to(user))

    def with_state(self) -> "TargetEntryQuerySet":
        """`state`: dropped, else visited, else planned, else open; `visit_id` of the visit that makes it so.

        A visit counts when it went to the practice since the list started, by its owner or somebody in whose hands it is.
        """
        holders = apps.get_model("visits", "TargetHandover").objects.filter(
            list=OuterRef(OuterRef("list")), to=OuterRef("owner"), taken_back_at=None
        )
        visits = apps.get_model("visits", "Visit").objects.filter(
            Q(owner=OuterRef("list__owner")) | Q(Exists(holders)), practice=OuterRef("practice"), deleted_at=None
        )
        made = visits.filter(was_made(), visited_at__date__gte=OuterRef("list__starts_on")).order_by("-visited_at")
        planned = visits.filter(state="planned").order_by("planned_at")
        return self.annotate(made_id=Subquery(made.values("pk")[:1]), planned_id=Subquery(planned.values("pk")[:1])).annotate(
            state=Case(
                When(dropped_at__isnull=False, then=Value("dropped")),
                When(made_id__isnull=False, then=Value("visited")),
                When(planned_id__isnull=False, then=Value("planned")),
                default=Value("open"),
                output_field=CharField(),
            ),
            visit_id=Coalesce(F("made_id"), F("planned_id")),
        )

    def for_list(self) -> "TargetEntryQuerySet":
        """With everything that a row shows, in the order in which they were chosen."""
        return self.with_state().select_related("practice__territory", "provider__specialty", "service_line", "dropped_by", "list")


class DrawQuerySet(models.QuerySet["Draw"]):
    def visible_to(self, user: Any) -> "DrawQuerySet":
        """One's own, and those of which every practice lies in scope: an order is shown whole or not at all."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        scope = scope_of(user)
        if scope.whole:
            return self
        drawn = apps.get_model("visits", "DrawnPractice").objects.filter(draw=OuterRef("pk"))
        outside = drawn.exclude(practice__territory__in=scope.any_territory_ids)
        return self.filter(Q(drawn_by=user) | ~Exists(outside))


class WorkingHoursQuerySet(models.QuerySet["WorkingHours"]):
    def visible_to(self, user: Any) -> "WorkingHoursQuerySet":
        """One's own; managers and admins also those of the people whose days they plan."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(Q(user=user) | Q(user__in=_planned_by(user)))


class PlanDraftQuerySet(models.QuerySet["PlanDraft"]):
    def visible_to(self, user: Any) -> "PlanDraftQuerySet":
        """Of one's own days; managers and admins also those of the people whose days they plan."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(Q(owner=user) | Q(owner__in=_planned_by(user)))

    def open(self) -> "PlanDraftQuerySet":
        """Neither accepted nor let go."""
        return self.filter(accepted_at=None)


def _planned_by(user: Any) -> Any:
    """Whose days a manager plans: everybody assigned today within their scope."""
    people = apps.get_model("accounts", "User").objects
    if user.role not in LEADING_ROLES:
        return people.none()
    return people.filter(pk__in=apps.get_model("territories", "Assignment").objects.today().visible_to(user).values("user"))


class PracticeTrendQuerySet(models.QuerySet["PracticeTrend"]):
    def visible_to(self, user: Any) -> "PracticeTrendQuerySet":
        """Of practices in territories seen whole: the sentence counts all lines, so an overlay of one line does not show it."""
        if not user.is_authenticated or not user.is_active or not user.can(Permission.DASHBOARD_VIEW):
            return self.none()
        scope = scope_of(user)
        return self if scope.whole else self.filter(practice__territory__in=scope.territory_ids)


class DayPlanQuerySet(models.QuerySet["DayPlan"]):
    def visible_to(self, user: Any) -> "DayPlanQuerySet":
        """One's own; managers and admins also those of the people whose days they plan."""
        if not user.is_authenticated or not user.is_active or not user.can(Permission.VISIT_VIEW):
            return self.none()
        return self.filter(Q(owner=user) | Q(owner__in=_planned_by(user)))


class MileageDayQuerySet(models.QuerySet["MileageDay"]):
    def visible_to(self, user: Any) -> "MileageDayQuerySet":
        """One's own; managers those of the people assigned below them, who sees the whole everybody's."""
        if not user.is_authenticated or not user.is_active or not user.can(Permission.VISIT_VIEW):
            return self.none()
        if user.role not in LEADING_ROLES:
            return self.filter(owner=user)
        if scope_of(user).whole:
            return self
        below = apps.get_model("territories", "Assignment").objects.today().visible_to(user).values("user")
        return self.filter(Q(owner=user) | Q(owner__in=below))


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def visible_to(self, user: Any) -> "CalendarFeedQuerySet":
        """One's own."""
        return self.filter(person=user) if user.is_authenticated and user.is_active else self.none()

    def live(self) -> "CalendarFeedQuerySet":
        """Not revoked, of somebody who may still sign in: dead with the account."""
        return self.filter(revoked_at=None, person__is_active=True)


# attendee kind: the kinds of provider that are of it
_PROVIDER_KINDS = {"physician": ("physician",), "app": ("np", "pa"), "clinician": ("other",)}


class AttendeeQuerySet(models.QuerySet["Attendee"]):
    def of_kind(self, kind: str) -> "AttendeeQuerySet":
        """Physicians, NPs and PAs, other clinicians, or staff (`visits.models.AttendeeKind`)."""
        return self.filter(provider=None) if kind == "staff" else self.filter(provider__kind__in=_PROVIDER_KINDS[kind])
