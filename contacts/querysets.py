"""Rows of contacts, cut to what a person may see.

A practice belongs to its territory; a provider is seen through any practice where they work today. Lists may use EXISTS; facts never
do (PERFORMANCE.md).
"""

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q

from territories.scope import scope_of

if TYPE_CHECKING:
    from contacts.models import Affiliation, Organization, Practice, Provider, Staff  # noqa: F401 - parameters of the querysets


class PracticeQuerySet(models.QuerySet["Practice"]):
    def visible_to(self, user: Any) -> "PracticeQuerySet":
        """Practices in the person's territories and overlays; unowned ones only for those who see the whole."""
        scope = scope_of(user)
        return self if scope.whole else self.filter(territory__in=scope.any_territory_ids)

    def live(self) -> "PracticeQuerySet":
        return self.filter(archived_at=None)

    def unowned(self) -> "PracticeQuerySet":
        return self.filter(territory=None, archived_at=None)


class ProviderQuerySet(models.QuerySet["Provider"]):
    def visible_to(self, user: Any) -> "ProviderQuerySet":
        """Providers who work today at a practice the person sees."""
        scope = scope_of(user)
        if scope.whole:
            return self
        works = apps.get_model("contacts", "Affiliation").objects.filter(
            provider=OuterRef("pk"), ended_on=None, practice__territory__in=scope.any_territory_ids
        )
        return self.filter(Exists(works))


class AffiliationQuerySet(models.QuerySet["Affiliation"]):
    def visible_to(self, user: Any) -> "AffiliationQuerySet":
        scope = scope_of(user)
        return self if scope.whole else self.filter(practice__territory__in=scope.any_territory_ids)

    def open(self) -> "AffiliationQuerySet":
        """Where somebody works today."""
        return self.filter(ended_on=None)


class StaffQuerySet(models.QuerySet["Staff"]):
    def visible_to(self, user: Any) -> "StaffQuerySet":
        scope = scope_of(user)
        return self if scope.whole else self.filter(practice__territory__in=scope.any_territory_ids)

    def here(self) -> "StaffQuerySet":
        return self.filter(left_on=None)


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def visible_to(self, user: Any) -> "OrganizationQuerySet":
        """Organisations are the map of the market, not a territory's own: whoever sees any part of the field sees them."""
        return self.none() if scope_of(user).is_empty else self

    def named(self, folded: str) -> "OrganizationQuerySet":
        return self.filter(Q(folded_name=folded))
