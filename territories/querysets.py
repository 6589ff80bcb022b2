"""Rows of territories, cut to what a person may see."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from territories.scope import scope_of

if TYPE_CHECKING:
    from territories.models import Assignment, Territory  # noqa: F401 - parameters of the querysets


class TerritoryQuerySet(models.QuerySet["Territory"]):
    def visible_to(self, user: Any) -> "TerritoryQuerySet":
        """The territories of the person's scope, with overlays; all for those who see the whole."""
        scope = scope_of(user)
        return self if scope.whole else self.filter(pk__in=scope.any_territory_ids)

    def live(self) -> "TerritoryQuerySet":
        return self.filter(archived_at=None)

    def leaves(self) -> "TerritoryQuerySet":
        """Territories without live children: where practices are placed."""
        return self.live().exclude(children__archived_at=None, children__isnull=False)

    def branch_ids(self, root: int) -> set[int]:
        """The territory and everything below it; one query a level."""
        found, level = {root}, [root]
        while level := list(self.filter(parent__in=level).exclude(pk__in=found).values_list("pk", flat=True)):
            found.update(level)
        return found


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def visible_to(self, user: Any) -> "AssignmentQuerySet":
        scope = scope_of(user)
        return self if scope.whole else self.filter(territory__in=scope.any_territory_ids)

    def on(self, day: dt.date) -> "AssignmentQuerySet":
        """In force on that day."""
        return self.filter(Q(ended_on=None) | Q(ended_on__gt=day), started_on__lte=day)

    def today(self) -> "AssignmentQuerySet":
        return self.on(timezone.localdate())
