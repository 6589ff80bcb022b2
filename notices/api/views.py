"""The API of notices: one's own, and marking them as read."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from notices import actions
from notices.api.serializers import NoticeSerializer
from notices.filters import NoticeFilter
from notices.models import Notice


class NoticeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """What one was told: a sentence, and the page that it is about."""

    required_permissions = (Permission.DASHBOARD_VIEW,)  # every role has it: everybody has notices
    write_permissions = (Permission.DASHBOARD_VIEW,)
    serializer_class = NoticeSerializer
    filterset_class = NoticeFilter
    queryset = Notice.objects.none()

    def get_queryset(self) -> QuerySet[Notice]:
        return Notice.objects.visible_to(self.request.user).for_list()

    @extend_schema(request=None, responses=NoticeSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str | None = None) -> Response:
        """Mark it as read."""
        notice = self.get_object()
        actions.mark_read(notices=Notice.objects.filter(pk=notice.pk), by=request.user)
        return Response(self.get_serializer(self.get_object()).data)


VIEWSETS: dict[str, type[GenericViewSet]] = {"notices": NoticeViewSet}
