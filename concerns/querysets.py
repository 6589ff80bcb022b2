"""Rows of concerns, cut to what a person may see: whoever sees the practice sees its concerns, and everybody those they raised or own."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.permissions import Permission
from territories.scope import scope_of

if TYPE_CHECKING:
    from concerns.models import Concern, FieldNote, QualityProject  # noqa: F401 - named in the base classes below


class ConcernQuerySet(models.QuerySet["Concern"]):
    def visible_to(self, user: Any) -> "ConcernQuerySet":
        """Of practices in scope, and the person's own: a reassigned practice takes nobody's promise away."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        scope = scope_of(user)
        if scope.whole:
            return self
        return self.filter(Q(practice__territory__in=scope.any_territory_ids) | Q(raised_by=user) | Q(owner=user))

    def open(self) -> "ConcernQuerySet":
        """Nothing has been done yet, as far as we were told."""
        return self.filter(state="open")

    def to_tell(self) -> "ConcernQuerySet":
        """Solved inside, and the practice does not know yet."""
        return self.filter(state="resolved")

    def unfinished(self) -> "ConcernQuerySet":
        """Open, or resolved and not told."""
        return self.exclude(state="closed")

    def past_deadline(self) -> "ConcernQuerySet":
        """Open beyond the day that its category allows."""
        return self.open().filter(due_on__lt=timezone.localdate())

    def for_list(self) -> "ConcernQuerySet":
        """With everything that a row shows."""
        return self.select_related("practice__territory", "provider", "category", "department", "owner", "raised_by", "told_by")


class FieldNoteQuerySet(models.QuerySet["FieldNote"]):
    def visible_to(self, user: Any) -> "FieldNoteQuerySet":
        """Of practices in scope, and the person's own; withdrawn ones are gone."""
        return self.withdrawable_by(user).filter(withdrawn_at=None)

    def withdrawable_by(self, user: Any) -> "FieldNoteQuerySet":
        """The same, with those that were withdrawn and can be brought back."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        scope = scope_of(user)
        return self if scope.whole else self.filter(Q(practice__territory__in=scope.any_territory_ids) | Q(noted_by=user))

    def for_list(self) -> "FieldNoteQuerySet":
        """With everything that a row shows."""
        return self.select_related("practice__territory", "provider", "noted_by")


class QualityProjectQuerySet(models.QuerySet["QualityProject"]):
    def visible_to(self, user: Any) -> "QualityProjectQuerySet":
        """Whoever sees concerns knows the projects; what they count there is cut to their own field."""
        return self if user.is_authenticated and user.is_active and user.can(Permission.CONCERN_VIEW) else self.none()

    def for_list(self) -> "QualityProjectQuerySet":
        return self.select_related("owner").prefetch_related("categories")
