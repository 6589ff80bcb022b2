"""The API of reports: HTTP only; the same visibility, filters and actions as the pages."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django_filters import ChoiceFilter
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from reports import actions, kinds
from reports.api.alerts import AlertViewSet
from reports.api.market import MarketViewSet, TargetViewSet
from reports.api.network import NetworkViewSet
from reports.api.serializers import AskSerializer, MeasureQuerySerializer, MeasureSerializer, RunDetailSerializer, RunSerializer
from reports.measuring import NAMING, measure
from reports.models import ReportRun, RunState
from reports.offers import offer_to
from reports.presenters.runs import may_withdraw
from reports.queries.wanted import NotFound, WrongQuestion, wanted
from reports.querysets import ReportRunQuerySet
from territories.models import Territory
from territories.scope import scope_of


class RunFilter(FilterSet):
    """Runs by kind, territory, version of the data, state."""

    state = ChoiceFilter(choices=RunState.choices, method="in_state")

    class Meta:
        model = ReportRun
        fields = ("kind", "territory", "data_version", "is_standard")

    def in_state(self, runs: ReportRunQuerySet, name: str, value: str) -> ReportRunQuerySet:
        return runs.in_state(value)


class ReportRunViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """Report runs over what the person sees, newest first, in any state. The same question on the same data is the same run."""

    required_permissions = (Permission.DASHBOARD_VIEW,)
    write_permissions = (Permission.DASHBOARD_VIEW,)
    queryset = ReportRun.objects.none()
    filterset_class = RunFilter

    def get_queryset(self) -> QuerySet[ReportRun]:
        runs = kinds.runs_seen_by(self.request.user)
        return runs.for_list() if self.action == "list" else runs.for_one()

    def get_serializer_class(self) -> type[BaseSerializer]:
        return RunDetailSerializer if self.action == "retrieve" else RunSerializer

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        run = self.get_object()
        document = kinds.KINDS[run.kind].document(run, request.user) if run.is_finished else None
        return Response(RunDetailSerializer(run, context={**self.get_serializer_context(), "document": document}).data)

    @extend_schema(request=AskSerializer, responses={201: RunSerializer, 200: RunSerializer})
    def create(self, request: Request) -> Response:
        """Ask for a report: 201 for a new run, 200 for the one that answers the same question already."""
        asked = AskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        kind = kinds.seen_by(request.user).get(asked.validated_data["kind"])
        if kind is None:
            raise ValidationError({"kind": ["There is no such report for you."]})
        if (offer := offer_to(request.user)) is None:
            raise ValidationError({"detail": "There is no data to report on yet, or no territory is yours."})
        form = kind.form({**asked.validated_data["parameters"], "territory": asked.validated_data.get("territory")}, offer=offer)
        if not form.is_valid():
            raise ValidationError({"parameters": dict(form.errors)})
        started = timezone.now()
        run = actions.ask_for_run(
            kind=kind.name,
            parameters=form.parameters(),
            territory=form.cleaned_data.get("territory"),
            by=request.user,
            basis=kind.basis_now(),
        )
        is_new = run.asked_at >= started
        shown = RunSerializer(kinds.runs_seen_by(request.user).for_one().get(pk=run.pk), context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Cancel a run that is under way, or delete a finished one: those who asked for it, and admins."""
        run = self.get_object()
        if not may_withdraw(run, request.user, run.asked_by.all()):
            raise PermissionDenied("Only who asked for a report, or an admin, can let it go.")
        actions.withdraw_run(run=run, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


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
        filters, territory = question.pop("where"), question.pop("territory", None)
        named = {*question["by"], *(text.partition("=")[0].strip() for text in filters)}
        if named & NAMING and not request.user.can(Permission.PROVIDER_VIEW):
            raise PermissionDenied("Your role sees totals, not single providers and practices.")
        if territory is not None and not Territory.objects.visible_to(request.user).filter(pk=territory).exists():
            raise Http404
        try:
            where = wanted(filters, user=request.user) | ({} if territory is None else {"territory": territory})
            return Response(measure(**question, where=where, scope=scope_of(request.user)))
        except NotFound as unknown:
            raise Http404(str(unknown)) from None
        except WrongQuestion as refusal:
            raise ValidationError({"detail": str(refusal)}) from None


VIEWSETS: dict[str, type[GenericViewSet]] = {
    "reports": ReportRunViewSet,
    "measures": MeasureViewSet,
    "network": NetworkViewSet,
    "alerts": AlertViewSet,
    "market": MarketViewSet,
    "targets": TargetViewSet,
}
