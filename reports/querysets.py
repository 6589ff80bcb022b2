"""Report runs, cut to what a person may see."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform

from territories.scope import scope_of

if TYPE_CHECKING:
    from reports.models import ReportRun  # noqa: F401 - the parameter of the queryset


class ReportRunQuerySet(models.QuerySet["ReportRun"]):
    def visible_to(self, user: Any) -> Self:
        """Runs over territories in scope, and the person's own; the whole's only for those who see the whole.

        A run keeps the field it spoke of: once somebody's assignments or the tree changed, what lies outside today's scope is not shown.
        An overlay sees one line of a territory, so it sees no run over all lines.
        """
        scope = scope_of(user)
        if scope.whole:
            return self
        if scope.is_empty:
            return self.none()
        own, overlays = sorted(scope.territory_ids), sorted(map(list, scope.overlays))
        of_territory = Q(liaison=None, territory__in=own, result__territories__contained_by=own)
        return self.filter(of_territory | Q(liaison=user, result__territories=own, result__overlays=overlays))

    def for_list(self) -> Self:
        """With what a list names, without the numbers."""
        asked_by = KeyTextTransform("asked_by", "result")
        return self.select_related("territory", "liaison").annotate(asked_by=asked_by).defer("result")
