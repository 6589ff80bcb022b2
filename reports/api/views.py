"""The API of reports: HTTP only; the same visibility, filters and actions as the pages."""

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from reports.api.serializers import MeasureQuerySerializer, MeasureSerializer, RunDetailSerializer, RunSerializer
from reports.measuring import measure
from reports.models import ReportRun
from territories.models import Territory
from territories.scope import scope_of


class ReportRunViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Finished leakage and volume runs over what the person sees, newest first."""

    required_permissions = (Permission.DASHBOARD_VIEW,)
    queryset = ReportRun.objects.none()
    filterset_fields = ("name", "territory", "data_version")

    def get_queryset(self) -> QuerySet[ReportRun]:
        runs = ReportRun.objects.visible_to(self.request.user)
        return runs.select_related("territory", "liaison") if self.action == "retrieve" else runs.for_list()

    def get_serializer_class(self) -> type[BaseSerializer]:
        return RunDetailSerializer if self.action == "retrieve" else RunSerializer


class MeasureViewSet(GenericViewSet):
    """One measure over what the person sees: numerator, denominator and value, unrounded."""

    required_permissions = (Permission.DASHBOARD_VIEW,)
    serializer_class = MeasureSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(parameters=[MeasureQuerySerializer], responses=MeasureSerializer)
    def list(self, request: Request) -> Response:
        asked = MeasureQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        question = dict(asked.validated_data)
        if question["by"] in {"provider", "practice"} and not request.user.can(Permission.PROVIDER_VIEW):
            raise PermissionDenied("Your role sees totals, not single providers.")
        territory = question.pop("territory", None)
        if territory is not None and not Territory.objects.visible_to(request.user).filter(pk=territory).exists():
            raise Http404
        by = question.pop("by")
        where = {} if territory is None else {"territory": territory}
        return Response(measure(**question, by=[by] if by else [], where=where, scope=scope_of(request.user)))


VIEWSETS: dict[str, type[GenericViewSet]] = {"reports": ReportRunViewSet, "measures": MeasureViewSet}
