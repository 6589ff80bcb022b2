"""The API of visit types: a list to choose from, in the order of the forms."""

from django.db.models import QuerySet
from rest_framework import mixins, serializers
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from visits.models import VisitType


class VisitTypeSerializer(serializers.ModelSerializer):
    class Meta:
        model = VisitType
        fields = ("id", "name", "place", "minutes", "is_active", "merged_into")
        read_only_fields = fields


class VisitTypeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Types of visit, offered where `is_active`; a merged one names the one that stays."""

    required_permissions = (Permission.VISIT_VIEW,)
    serializer_class = VisitTypeSerializer
    filterset_fields = ("is_active",)
    queryset = VisitType.objects.none()

    def get_queryset(self) -> QuerySet[VisitType]:
        return VisitType.objects.all()
