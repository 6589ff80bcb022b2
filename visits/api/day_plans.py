"""The API of days in the field: HTTP only."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from visits import actions
from visits.models import DayPlan, DayStop
from visits.queries.days import day_stops


class DayStopSerializer(serializers.ModelSerializer):
    """A stop: its place and times on the route (minutes after midnight), or why it is not on it."""

    practice_name = serializers.CharField(source="practice.name")

    class Meta:
        model = DayStop
        fields = (
            "id",
            "practice",
            "practice_name",
            "visit",
            "must_see",
            "value",
            "is_optional",
            "fixed_minute",
            "place",
            "arrive_minute",
            "begin_minute",
            "visit_minutes",
            "drive_minutes",
            "dropped_because",
        )
        read_only_fields = fields


class DayPlanSerializer(serializers.ModelSerializer):
    """A day: its ends, the state of its route, and its stops, those on the route first and in turn."""

    owner_name = serializers.CharField(source="owner.full_name")
    drives = serializers.SerializerMethodField(help_text='"estimated" or "road network"')
    stops = serializers.SerializerMethodField()

    class Meta:
        model = DayPlan
        fields = (
            "id",
            "owner",
            "owner_name",
            "day_on",
            "start_minute",
            "end_minute",
            "lunch_minutes",
            "state",
            "problem",
            "computed_at",
            "drives",
            "leaves_minute",
            "back_minute",
            "lunch_minute",
            "misfits",
            "accepted_at",
            "stops",
        )
        read_only_fields = fields

    def get_drives(self, plan: DayPlan) -> str:
        source: str = plan.drives.get("source", "")
        return source

    @extend_schema(responses=DayStopSerializer(many=True))
    def get_stops(self, plan: DayPlan) -> list[dict[str, Any]]:
        return list(DayStopSerializer(day_stops(plan), many=True).data)


class DayPlanViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Days in the field with their routes. A worker computes a route; ask again, and read its state."""

    required_permissions = (Permission.VISIT_VIEW,)
    write_permissions = (Permission.VISIT_LOG,)
    serializer_class = DayPlanSerializer
    filterset_fields = ("day_on", "owner", "state")
    queryset = DayPlan.objects.none()

    def get_queryset(self) -> QuerySet[DayPlan]:
        return DayPlan.objects.visible_to(self.request.user).select_related("owner", "job")

    @extend_schema(request=None, responses={202: DayPlanSerializer})
    @action(detail=True, methods=["post"])
    def plan(self, request: Request, pk: str | None = None) -> Response:
        """Have the route planned again."""
        known = self.get_object()
        again = actions.ask_for_route(by=request.user, owner=known.owner, day_on=known.day_on)
        return Response(self.get_serializer(again).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses=DayPlanSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str | None = None) -> Response:
        """Give the visits the times of the route."""
        return Response(self.get_serializer(actions.accept_route(by=request.user, plan=self.get_object())).data)
