"""Filters of lists of territories, for the API."""

import django_filters

from territories.models import Territory
from territories.querysets import TerritoryQuerySet


class TerritoryFilter(django_filters.FilterSet):
    """By name, by what they hang below, by a ZIP code they hold, archived or not."""

    q = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="Name contains")
    zip = django_filters.CharFilter(method="by_zip", label="Holds this ZIP code")
    archived = django_filters.BooleanFilter(field_name="archived_at", lookup_expr="isnull", exclude=True, label="Archived")

    class Meta:
        model = Territory
        fields = ("parent",)

    def by_zip(self, found: TerritoryQuerySet, name: str, value: str) -> TerritoryQuerySet:
        return found.filter(rules__kind="zip", rules__value=value)
