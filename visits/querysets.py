"""Rows of visits, cut to what a person may see: whoever sees the practice sees its visits, and everybody their own."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from territories.scope import scope_of

if TYPE_CHECKING:
    pass


def _in_scope(user: Any) -> Q:
    return Q(practice__territory__in=scope_of(user).any_territory_ids) | Q(owner=user)


class VisitQuerySet(models.QuerySet["Visit"]):
    def visible_to(self, user: Any) -> "VisitQuerySet":
        """Undeleted visits to practices in scope, and the person's own: a reassigned practice takes nobody's past work away."""
        live = self.filter(deleted_at=None)
        if not user.is_authenticated or not user.is_active:
            return live.none()
        return live if scope_of(user).whole else live.filter(_in_scope(user))

    def made(self) -> "VisitQuerySet":
        return self.filter(state="done")


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    def visible_to(self, user: Any) -> "FollowUpQuerySet":
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self if scope_of(user).whole else self.filter(_in_scope(user))

    def open(self) -> "FollowUpQuerySet":
        return self.filter(done_at=None)

    def overdue(self) -> "FollowUpQuerySet":
        return self.open().filter(due_on__lt=timezone.localdate())
