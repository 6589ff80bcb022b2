"""Rows of territory planning, cut to what a person may see."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from territories.scope import scope_of

if TYPE_CHECKING:
    from planning.models import FieldChange, HandOver, Reassignment, Split  # noqa: F401 - parameters of the querysets


class FieldChangeQuerySet(models.QuerySet["FieldChange"]):
    def visible_to(self, user: Any) -> "FieldChangeQuerySet":
        """All for those who see the whole, else the person's own doing."""
        return self if scope_of(user).whole else self.filter(made_by=user.pk)


class HandOverQuerySet(models.QuerySet["HandOver"]):
    def visible_to(self, user: Any) -> "HandOverQuerySet":
        """Hand-overs of the person's territories, and those that they give or take."""
        scope = scope_of(user)
        return self if scope.whole else self.filter(Q(territory__in=scope.territory_ids) | Q(giver=user.pk) | Q(taker=user.pk))

    def for_list(self) -> "HandOverQuerySet":
        """With everybody and every place that a row names."""
        return self.select_related("territory", "giver", "taker", "to_territory", "proposed_by", "decided_by")


class ReassignmentQuerySet(models.QuerySet["Reassignment"]):
    def visible_to(self, user: Any) -> "ReassignmentQuerySet":
        """All for those who see the whole, else the person's own doing."""
        return self if scope_of(user).whole else self.filter(made_by=user.pk)


class SplitQuerySet(models.QuerySet["Split"]):
    def visible_to(self, user: Any) -> "SplitQuerySet":
        """All for those who see the whole, else what the person asked for."""
        return self if scope_of(user).whole else self.filter(asked_by=user.pk)
