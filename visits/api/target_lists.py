"""Target lists in the API: HTTP only; the same visibility as the pages."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from visits.models import TargetEntry, TargetList


class TargetEntrySerializer(serializers.ModelSerializer):
    """A stop: whom, why, what it is worth as it was written down, and how far it is."""

    practice_name = serializers.CharField(source="practice.name")
    provider_name = serializers.CharField(source="provider", allow_null=True)
    service_line = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=["open", "planned", "visited", "dropped"])
    visit = serializers.IntegerField(source="visit_id", allow_null=True)

    class Meta:
        model = TargetEntry
        fields = ("id", "practice", "practice_name", "provider", "provider_name", "service_line", "state", "visit", "value", "gain",
                  "parts", "reason", "dropped_why")  # fmt: skip


class TargetListSerializer(serializers.ModelSerializer):
    """A list with how many of its stops were visited; what was dropped is in neither number."""

    owner = serializers.CharField()
    entries = serializers.IntegerField(source="entry_count")
    visited = serializers.IntegerField(source="visited_count")
    handed_to = serializers.SerializerMethodField()

    class Meta:
        model = TargetList
        fields = ("id", "name", "campaign", "starts_on", "ends_on", "note", "owner", "handed_to", "entries", "visited", "closed_at")

    def get_handed_to(self, row: TargetList) -> list[str]:
        return [str(handover.to) for handover in row.held]


class TargetListDetailSerializer(TargetListSerializer):
    """A list with the stops that the person sees."""

    stops = serializers.SerializerMethodField()

    class Meta:
        model = TargetList
        fields = (*TargetListSerializer.Meta.fields, "stops")

    def get_stops(self, row: TargetList) -> Any:
        entries = TargetEntry.objects.visible_to(self.context["request"].user).filter(list=row).for_list()
        return TargetEntrySerializer(entries, many=True).data


class TargetListViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Lists of whom to visit, with their progress."""

    required_permissions = (Permission.VISIT_VIEW,)
    queryset = TargetList.objects.none()
    filterset_fields = ("campaign",)

    def get_queryset(self) -> QuerySet[TargetList]:
        return TargetList.objects.visible_to(self.request.user).for_list()

    def get_serializer_class(self) -> type[BaseSerializer]:
        return TargetListDetailSerializer if self.action == "retrieve" else TargetListSerializer
