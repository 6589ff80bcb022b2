"""Rows of events, cut to what a person may see.

An event is seen by who holds it or helps, and by whoever looks after its practice or after somebody who is asked or came. Of its guests,
who holds it sees all; everybody else those of their own field.
"""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.permissions import Permission
from territories.scope import scope_of

if TYPE_CHECKING:
    from events.models import Event, Guest  # noqa: F401 - named in the base classes below


LEADING_ROLES = ("manager", "admin")


def _sees_nothing(user: Any) -> bool:
    return not user.is_authenticated or not user.is_active or not user.can(Permission.EVENT_VIEW)


def _of_own_field(user: Any) -> Q:
    """Guests whom the person looks after, and themselves."""
    providers = apps.get_model("contacts", "Provider").objects.visible_to(user)
    return Q(provider__in=providers) | Q(staff__practice__territory__in=scope_of(user).any_territory_ids) | Q(colleague=user)


def _count(guests: Any) -> Coalesce:
    """How many; a subquery, since a join would group every event before the first page is cut."""
    return Coalesce(Subquery(guests.order_by().values("event").annotate(count=Count("pk")).values("count")), 0)


class EventQuerySet(models.QuerySet["Event"]):
    def visible_to(self, user: Any) -> "EventQuerySet":
        """One's own, those one helps with, at a practice in scope, with a guest of one's field; managers also their people's."""
        if _sees_nothing(user):
            return self.none()
        scope = scope_of(user)
        if scope.whole:
            return self
        guests = apps.get_model("events", "Guest").objects.standing().filter(_of_own_field(user), event=OuterRef("pk"))
        seen = self._held_by(user) | Q(practice__territory__in=scope.any_territory_ids) | Q(Exists(guests))
        if user.role in LEADING_ROLES:
            seen |= Q(owner__in=apps.get_model("territories", "Assignment").objects.today().visible_to(user).values("user"))
        return self.filter(seen)

    def _held_by(self, user: Any) -> Q:
        helped = apps.get_model("events", "Event").hosts.through.objects.filter(event=OuterRef("pk"), user=user)
        return Q(owner=user) | Q(planned_by=user) | Q(Exists(helped))

    def held_by(self, user: Any) -> "EventQuerySet":
        """Which the person holds, planned or helps with."""
        return self.filter(self._held_by(user))

    def upcoming(self) -> "EventQuerySet":
        """Planned and not over, in order."""
        return self.filter(state="planned", ends_at__gte=timezone.now()).order_by("starts_at", "pk")

    def past(self) -> "EventQuerySet":
        """Held, or over without anybody having said so; the last first."""
        return self.exclude(state="cancelled").filter(Q(state="held") | Q(ends_at__lt=timezone.now())).order_by("-starts_at", "-pk")

    def for_list(self) -> "EventQuerySet":
        """With everything that a row shows: `asked`, `coming`, `maybe`, `came` count its guests."""
        guests = apps.get_model("events", "Guest").objects.filter(event=OuterRef("pk"))
        asked = guests.asked()
        return self.select_related("practice__territory", "owner", "service_line").annotate(
            asked=_count(asked),
            coming=_count(asked.filter(answer="yes")),
            maybe=_count(asked.filter(answer="maybe")),
            came=_count(guests.came()),
        )


class GuestQuerySet(models.QuerySet["Guest"]):
    def visible_to(self, user: Any) -> "GuestQuerySet":
        """All of the events that one holds or helps with; of others those of one's own field."""
        if _sees_nothing(user):
            return self.none()
        if scope_of(user).whole:
            return self
        own = apps.get_model("events", "Event").objects.held_by(user)
        return self.filter(Q(event__in=own) | _of_own_field(user))

    def standing(self) -> "GuestQuerySet":
        """Asked and not withdrawn, or there; not what was typed for somebody who is on the list."""
        return self.filter(Q(invited_at__isnull=False, withdrawn_at=None) | Q(signed_in_at__isnull=False))

    def asked(self) -> "GuestQuerySet":
        return self.filter(invited_at__isnull=False, withdrawn_at=None)

    def to_remind(self, on: dt.date, *, told_before: dt.datetime) -> "GuestQuerySet":
        """Asked by mail some time ago, who did not decline, want to be reminded, and have not been of this day."""
        told = self.asked().exclude(email="").filter(told_at__lt=told_before, told_cancelled=False, wants_reminder=True)
        return told.exclude(answer="no").filter(Q(reminded_for_on=None) | ~Q(reminded_for_on=on)).order_by("pk")

    def came(self) -> "GuestQuerySet":
        return self.filter(signed_in_at__isnull=False)

    def to_match(self) -> "GuestQuerySet":
        """Came, and nobody has said who of our records they are."""
        return self.came().filter(provider=None, staff=None, colleague=None, invited_at=None)

    def for_list(self) -> "GuestQuerySet":
        """With everything that a row shows."""
        return self.select_related("provider__specialty", "staff__practice", "colleague", "invited_by", "signed_in_by")
