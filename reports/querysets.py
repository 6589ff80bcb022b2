"""Report runs, cut to what a person may see."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

from territories.scope import scope_of

if TYPE_CHECKING:
    pass


class ReportRunQuerySet(models.QuerySet["ReportRun"]):
    def visible_to(self, user: Any) -> "ReportRunQuerySet":
        """Runs over territories in scope, and the person's own; the whole's only for those who see the whole.

        An overlay sees one line of a territory, so it sees no run over all lines.
        """
        scope = scope_of(user)
        if scope.whole:
            return self
        return self.filter(Q(territory__in=scope.territory_ids, liaison=None) | Q(liaison=user)) if not scope.is_empty else self.none()
