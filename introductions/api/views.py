"""The API of new physicians: the same visibility and filters as the page."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import mixins
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from introductions.api.serializers import NewPhysicianSerializer
from introductions.filters import PhysicianFilter
from introductions.models import NewPhysician


class NewPhysicianViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Physicians who start with us: those under way, unless `state` asks for others."""

    required_permissions = (Permission.PROVIDER_VIEW,)
    serializer_class = NewPhysicianSerializer
    filterset_class = PhysicianFilter
    queryset = NewPhysician.objects.none()

    def get_queryset(self) -> QuerySet[NewPhysician]:
        return NewPhysician.objects.visible_to(self.request.user).for_list().prefetch_related("payers__payer")

    def filter_queryset(self, queryset: Any) -> Any:
        """Filters narrow the list; one is found in any state."""
        return queryset if self.detail else super().filter_queryset(queryset)


VIEWSETS: dict[str, type[GenericViewSet]] = {"new-physicians": NewPhysicianViewSet}
