"""Rows of visits, cut to what a person may see: whoever sees the practice sees its visits, and everybody their own."""

import uuid
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from territories.scope import scope_of

if TYPE_CHECKING:
    from visits.models import FollowUp, Visit  # noqa: F401 - FollowUp is named in a base class below


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
        return self.select_related("practice", "practice__territory", "owner").prefetch_related(*people, "topics")


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

    def for_list(self) -> "FollowUpQuerySet":
        """With everything that a row shows."""
        return self.select_related("practice", "owner", "created_by", "visit", "provider", "done_by")
