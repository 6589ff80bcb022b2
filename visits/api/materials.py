"""The API of materials and mileage: HTTP only; the same actions and sums as the pages."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from visits import actions
from visits.miles import month_of
from visits.models import Material


class MaterialSerializer(serializers.ModelSerializer):
    is_low = serializers.BooleanField()

    class Meta:
        model = Material
        fields = ("id", "name", "kind", "stock", "reorder_at", "is_low", "is_active")
        read_only_fields = fields


class ReceivedSerializer(serializers.Serializer):
    pieces = serializers.IntegerField(min_value=1)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class CountedSerializer(serializers.Serializer):
    counted = serializers.IntegerField(min_value=0)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class MaterialViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """What is left on visits, with its stock: offered where `is_active`."""

    required_permissions = (Permission.VISIT_VIEW,)
    write_permissions = (Permission.VISIT_LOG,)
    serializer_class = MaterialSerializer
    filterset_fields = ("is_active", "kind")
    queryset = Material.objects.none()

    def get_queryset(self) -> QuerySet[Material]:
        return Material.objects.all()

    @extend_schema(request=ReceivedSerializer, responses=MaterialSerializer)
    @action(detail=True, methods=["post"])
    def receive(self, request: Request, pk: str | None = None) -> Response:
        """A delivery came in."""
        return self._move(actions.receive_stock, ReceivedSerializer)

    @extend_schema(request=CountedSerializer, responses=MaterialSerializer)
    @action(detail=True, methods=["post"])
    def count(self, request: Request, pk: str | None = None) -> Response:
        """Somebody counted: the stock is what was found."""
        return self._move(actions.count_stock, CountedSerializer)

    def _move(self, act: Any, shape: type[serializers.Serializer]) -> Response:
        sent = shape(data=self.request.data)
        sent.is_valid(raise_exception=True)
        move = act(material=self.get_object(), by=self.request.user, **sent.validated_data)
        return Response(self.get_serializer(Material.objects.get(pk=move.material_id)).data)


class DrivenDaySerializer(serializers.Serializer):
    """A day of driving; `miles` as typed or estimated, `amount` where its day has a rate."""

    on = serializers.DateField()
    visits = serializers.SerializerMethodField()
    purpose = serializers.CharField()
    miles = serializers.DecimalField(max_digits=7, decimal_places=1, allow_null=True)
    is_estimated = serializers.BooleanField()
    rate = serializers.DecimalField(max_digits=6, decimal_places=4, allow_null=True)
    amount = serializers.DecimalField(max_digits=9, decimal_places=2, allow_null=True)

    def get_visits(self, day: Any) -> list[int]:
        return [visit.pk for visit in day.visits]


class MileageViewSet(GenericViewSet):
    """One's own mileage of a month, day by day."""

    required_permissions = (Permission.VISIT_LOG,)
    serializer_class = DrivenDaySerializer
    queryset = Material.objects.none()

    @extend_schema(parameters=[OpenApiParameter("month", str, description="as 2026-11; this month without it")])
    def list(self, request: Request) -> Response:
        """Days with visits in person, and days that were typed."""
        text = request.query_params.get("month", f"{timezone.localdate():%Y-%m}")
        first = parse_date(f"{text}-01") if len(text) == 7 else None
        if first is None:
            raise ValidationError({"month": "Name the month as 2026-11."})
        return Response(self.get_serializer(month_of(request.user, first).days, many=True).data)
