"""The API of territories: HTTP only; the same visibility, filters and actions as the pages."""

from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from territories import actions, queries
from territories.api.serializers import TerritorySerializer, TerritoryWriteSerializer
from territories.filters import TerritoryFilter
from territories.models import RuleKind, Territory


class TerritoryViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Territories with their rules and the people of today."""

    required_permissions = (Permission.TERRITORY_VIEW,)
    write_permissions = (Permission.TERRITORY_EDIT,)
    serializer_class = TerritorySerializer
    filterset_class = TerritoryFilter
    queryset = Territory.objects.none()

    def get_queryset(self) -> QuerySet[Territory]:
        people = Prefetch("assignments", queries.people_today(), to_attr="people_today")
        return Territory.objects.visible_to(self.request.user).prefetch_related("rules", people).order_by("name", "pk")

    @extend_schema(request=TerritoryWriteSerializer, responses={201: TerritorySerializer})
    def create(self, request: Request) -> Response:
        asked = TerritoryWriteSerializer(data=request.data, by=request.user)
        asked.is_valid(raise_exception=True)
        return Response(self._save(None, asked.validated_data), status=status.HTTP_201_CREATED)

    @extend_schema(request=TerritoryWriteSerializer, responses=TerritorySerializer)
    def update(self, request: Request, pk: str, *, partial: bool = False) -> Response:
        territory = self.get_object()
        asked = TerritoryWriteSerializer(data=request.data, by=request.user, partial=partial)
        asked.is_valid(raise_exception=True)
        return Response(self._save(territory, asked.validated_data))

    @extend_schema(request=TerritoryWriteSerializer, responses=TerritorySerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        return self.update(request, pk, partial=True)

    def _save(self, territory: Territory | None, asked: dict[str, Any]) -> dict[str, Any]:
        by = self.request.user
        with transaction.atomic():
            if territory is None:
                territory = actions.create_territory(
                    name=asked["name"], parent=asked.get("parent"), description=asked.get("description", ""), by=by
                )
            else:
                territory = actions.edit_territory(
                    territory=territory,
                    name=asked.get("name", territory.name),
                    parent=asked.get("parent", territory.parent),
                    description=asked.get("description", territory.description),
                    by=by,
                )
            if "zips" in asked or "counties" in asked:
                has: dict[str, list[str]] = {kind: [] for kind in RuleKind.values}
                for row in territory.rules.all():
                    if row.rule.is_plain:
                        has[row.kind].append(row.value)
                actions.set_rules(
                    territory=territory,
                    zips=asked.get("zips", has[RuleKind.ZIP]),
                    counties=asked.get("counties", has[RuleKind.COUNTY]),
                    take=asked.get("take", False),
                    by=by,
                )
        return TerritorySerializer(self.get_queryset().get(pk=territory.pk)).data


VIEWSETS: dict[str, type[GenericViewSet]] = {"territories": TerritoryViewSet}
