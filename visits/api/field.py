"""What a phone asks for before it is out of reach, and who is due."""

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from common.api import kept_answer
from visits.cadence import Due, cadence_order
from visits.models import Visit
from visits.pack import pack_of
from visits.planning import promised_by


class FieldPackViewSet(GenericViewSet):
    """The next three working days of who asks: stops, briefs, and what the log form needs, to be kept on the phone. No patients."""

    required_permissions = (Permission.VISIT_VIEW, Permission.VISIT_LOG, Permission.PROVIDER_VIEW)
    queryset = Visit.objects.none()
    pagination_class = None

    @extend_schema(responses={200: OpenApiTypes.OBJECT, 304: None}, filters=False)
    def list(self, request: Request) -> Response:
        """With the ETag of the last answer in `If-None-Match`, 304 says that it still holds."""
        return kept_answer(request, pack_of(request.user))


class DueSerializer(serializers.Serializer[Due]):
    """A practice against its cadence; `due_on` and `days_over` are null for one that was never visited."""

    practice = serializers.IntegerField(source="practice.pk")
    name = serializers.CharField(source="practice.name")
    tier = serializers.CharField(source="practice.tier")
    every_days = serializers.IntegerField()
    last_visit_on = serializers.DateField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    days_over = serializers.SerializerMethodField()
    planned_at = serializers.DateTimeField(allow_null=True)

    def get_days_over(self, due: Due) -> int | None:
        return due.days_over(timezone.localdate())


class DueViewSet(GenericViewSet):
    """What the tiers' cadence promises of the practices that the asker answers for, most pressing first."""

    required_permissions = (Permission.VISIT_VIEW, Permission.VISIT_LOG, Permission.PROVIDER_VIEW)
    queryset = Visit.objects.none()
    serializer_class = DueSerializer

    @extend_schema(responses=DueSerializer(many=True), filters=False)
    def list(self, request: Request) -> Response:
        page: Any = self.paginate_queryset(cadence_order(promised_by(request.user), timezone.localdate()))
        return self.get_paginated_response(DueSerializer(page, many=True).data)
