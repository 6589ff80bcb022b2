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
from reports.api.field import CoverageViewSet, GoalViewSet
from reports.api.market import MarketViewSet, TargetViewSet
from reports.api.meetings import OneToOneViewSet, ScheduleViewSet
from reports.api.network import NetworkViewSet
from reports.api.serializers import (
    IN_THE_WORKS,
    AskSerializer,
    MeasureQuerySerializer,
    MeasureSerializer,
    RunDetailSerializer,
    RunSerializer,
    in_the_works,
)
from reports.inquiry import check_seen, key_of
from reports.kinds.measure import ask_worker
from reports.measures import MEASURES, Ask
from reports.measuring import NAMING, answer, check, measure_in_full
from reports.models import ReportRun, RunState
from reports.offers import offer_to
from reports.periods import Window
from reports.presenters.runs import may_withdraw
from reports.queries.wanted import NotFound, WrongQuestion, wanted
from reports.querysets import ReportRunQuerySet
from reports.workload import is_for_a_worker
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
        kind = kinds.KINDS[run.kind]
        document = kind.document(run, request.user) if run.is_finished else None
        answer = kind.answer(run, request.user) if run.is_finished and kind.answer else None
        return Response(RunDetailSerializer(run, context={**self.get_serializer_context(), "document": document, "answer": answer}).data)

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

    @extend_schema(
        parameters=[MeasureQuerySerializer],
        responses={200: MeasureSerializer, 202: IN_THE_WORKS},
    )
    def list(self, request: Request) -> Response:
        """A measure, answered at once, or by a worker where no rollup covers the question and very many referrals lie behind it.

        Then the answer is 202 with the report run that will have it, also in `Location`: look there until its `state` is finished, then
        `answer` holds what would have stood here, in full. The same question on the same data is the same run.
        """
        asked = MeasureQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        question = asked.validated_data
        measure, window, by = MEASURES[question["name"]], Window(question["start"], question["end"]), tuple(question["by"])
        try:
            where = _where(question, request)
            check(measure.name, by, where, question.get("within"))
        except NotFound as unknown:
            raise Http404(str(unknown)) from None
        except WrongQuestion as refusal:
            raise ValidationError({"detail": str(refusal)}) from None
        ask = Ask(window.start, window.end, by, where, scope_of(request.user), question.get("within"))
        if is_for_a_worker(measure, ask):
            run = ask_worker(measure=measure, window=window, cuts=by, where=where, by=request.user, within=ask.within)
            return in_the_works(run, self.get_serializer_context())
        return Response(measure_in_full(measure, ask) if question["full"] else answer(measure, ask, measure.evaluate(ask)))


def _where(question: dict[str, Any], request: Request) -> dict[str, Any]:
    """What narrows, by ids as in the addresses of the pages and in words; what the person does not see is not found."""
    named = {*question["by"], *question["cuts"], *(text.partition("=")[0].strip() for text in question["where"])}
    if named & NAMING and not request.user.can(Permission.PROVIDER_VIEW):
        raise PermissionDenied("Your role sees totals, not single providers and practices.")
    where = {cut: key_of(cut, text) for cut, text in question["cuts"].items()}
    for cut, value in where.items():
        check_seen(cut, value, request.user)
    words = wanted(question["where"], user=request.user)
    if twice := where.keys() & words.keys():
        raise WrongQuestion(f"Narrow by {sorted(twice)[0]} only once.")
    return where | words


VIEWSETS: dict[str, type[GenericViewSet]] = {
    "reports": ReportRunViewSet,
    "measures": MeasureViewSet,
    "network": NetworkViewSet,
    "alerts": AlertViewSet,
    "market": MarketViewSet,
    "targets": TargetViewSet,
    "goals": GoalViewSet,
    "coverage": CoverageViewSet,
    "schedules": ScheduleViewSet,
    "one-to-ones": OneToOneViewSet,
}
