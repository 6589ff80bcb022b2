"""Goals and coverage in the API: the same visibility, filters and figures as the pages."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from accounts.permissions import Permission
from common.api import Seen
from contacts.models import Tier
from reports import actions
from reports.filters import GoalFilter
from reports.models import Goal, GoalMeasure, GoalPeriod
from reports.pacing import Pace, paces
from reports.queries.coverage import TierCoverage, coverage_of
from reports.queries.cuts import branch
from reports.queries.freshness import freshness
from reports.queries.names import names
from territories.models import ServiceLine, Territory

STANDINGS = ("reached", "missed", "ahead", "open", "behind", "not begun")


class PaceSerializer(serializers.Serializer):
    """How far a goal is, and where it will be at the end of its period.

    Counts reach to `through_on`. `expected`, with `low` to `high`, is the figure at the period's end; of leakage, a share from 0 to 1, it
    is the share now with its 95 % interval. `chance`: of reaching the target, null where nothing can be said. `share_over`: how much of
    the period's business days is over. "ahead" from a chance of 0.8, "behind" up to 0.2, "open" between.
    """

    so_far = serializers.FloatField(allow_null=True)
    through_on = serializers.SerializerMethodField()
    expected = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    chance = serializers.FloatField(allow_null=True)
    share_over = serializers.FloatField(source="share")
    standing = serializers.ChoiceField(choices=STANDINGS)

    def get_through_on(self, pace: Pace) -> str | None:
        return None if pace.standing == "not begun" else pace.last_day.isoformat()


class GoalSerializer(serializers.ModelSerializer):
    """A target for a liaison, a territory with all below it, a service line, or (none named) the whole; `ends_on` is its last day."""

    subject = serializers.CharField()
    ends_on = serializers.DateField(source="window.last_day")
    pace = serializers.SerializerMethodField()

    class Meta:
        model = Goal
        fields = (
            "id", "measure", "subject", "liaison", "territory", "service_line", "period", "start_on", "ends_on", "target", "set_at", "pace",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(PaceSerializer)
    def get_pace(self, goal: Goal) -> Any:
        return PaceSerializer(self.context["paces"][goal.pk]).data


class GoalWriteSerializer(serializers.Serializer):
    """A goal to set: for at most one of `liaison`, `territory` and `service_line` (none: the whole organization).

    Any day of the month, quarter or year may be given as `start_on`. Of leakage the `target` is a share between 0 and 1 that is not to be
    exceeded, of everything else a whole number to be reached.
    """

    measure = serializers.ChoiceField(choices=GoalMeasure.choices)
    period = serializers.ChoiceField(choices=GoalPeriod.choices, default=GoalPeriod.MONTH.value)
    start_on = serializers.DateField()
    target = serializers.FloatField(min_value=0)
    liaison = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True), required=False, allow_null=True)
    territory = Seen(queryset=Territory.objects.all(), required=False, allow_null=True)
    service_line = serializers.PrimaryKeyRelatedField(queryset=ServiceLine.objects.all(), required=False, allow_null=True)


class GoalViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Goals that the person sees, each with its pace: those that run today, unless `state` asks for others.

    Managers set, change and remove goals of the people and territories below theirs, as on the page.
    """

    required_permissions = (Permission.DASHBOARD_VIEW,)
    write_permissions = (Permission.GOAL_EDIT,)
    serializer_class = GoalSerializer
    filterset_class = GoalFilter
    queryset = Goal.objects.none()

    def get_queryset(self) -> QuerySet[Goal]:
        return Goal.objects.visible_to(self.request.user).for_list()

    def filter_queryset(self, queryset: Any) -> Any:
        """Filters narrow lists; a single goal is found in any state."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(GoalSerializer(page, many=True, context=self._with_paces(page)).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        goal = self.get_object()
        return Response(GoalSerializer(goal, context=self._with_paces([goal])).data)

    @extend_schema(request=GoalWriteSerializer, responses={201: GoalSerializer})
    def create(self, request: Request) -> Response:
        """Set a goal. Where there is one already, change that one."""
        sent = self._sent(request)
        goal = actions.save_goal(by=request.user, **sent)
        return Response(GoalSerializer(goal, context=self._with_paces([goal])).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=GoalWriteSerializer, responses=GoalSerializer)
    def partial_update(self, request: Request, pk: Any = None) -> Response:
        """Change a goal; what is not sent stays as it is."""
        goal = self.get_object()
        held = {name: getattr(goal, name) for name in ("measure", "period", "start_on", "target", "liaison", "territory", "service_line")}
        goal = actions.save_goal(goal=goal, by=request.user, **{**held, **self._sent(request, partial=True)})
        return Response(GoalSerializer(goal, context=self._with_paces([goal])).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: Any = None) -> Response:
        """Take a goal back; the history keeps what it was."""
        actions.remove_goal(goal=self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _sent(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """What was sent; when a part is changed, nothing that was not sent."""
        sent = GoalWriteSerializer(data=request.data, partial=partial, context=self.get_serializer_context())
        sent.is_valid(raise_exception=True)
        return dict(sent.validated_data)

    def _with_paces(self, goals: Any) -> dict[str, Any]:
        found = paces(goals, fresh=freshness(), parents=names().parents)
        return {**self.get_serializer_context(), "paces": {pace.goal.pk: pace for pace in found}}


class CoverageQuerySerializer(serializers.Serializer):
    """A territory with all below it; a tier narrows the list of who waits too long."""

    territory = serializers.IntegerField(required=False)
    tier = serializers.ChoiceField(choices=Tier, required=False)


class TierCoverageSerializer(serializers.Serializer):
    """`promised` by the tier's cadence may be a fraction; `kept` are visits made up to what each practice was promised; share = kept ÷
    promised. `overdue`: practices whose last visit, or nobody's ever, lies longer ago than their cadence.
    """

    tier = serializers.CharField(help_text="blank for all tiers together")
    every_days = serializers.IntegerField(allow_null=True)
    practices = serializers.IntegerField()
    promised = serializers.FloatField()
    made = serializers.IntegerField()
    kept = serializers.FloatField()
    share = serializers.FloatField(allow_null=True)
    overdue = serializers.IntegerField()


class OverdueSerializer(serializers.Serializer):
    """A practice that waits too long: `days` since its last visit (null: never), `over` days beyond its cadence."""

    practice = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    tier = serializers.CharField()
    every_days = serializers.IntegerField()
    made = serializers.IntegerField()
    last_visit_on = serializers.DateField(allow_null=True)
    days = serializers.IntegerField(allow_null=True)
    over = serializers.IntegerField()
    owner = serializers.CharField()


class CoverageSerializer(serializers.Serializer):
    """Visits promised and done, by tier, from `start` until before `end`. `untiered`: practices that no cadence promises anything."""

    start = serializers.DateField()
    end = serializers.DateField()
    whole = TierCoverageSerializer()
    tiers = TierCoverageSerializer(many=True)
    untiered = serializers.IntegerField()
    overdue = OverdueSerializer(many=True)


class CoverageViewSet(GenericViewSet):
    """Which visits were promised, which were made, and who waits too long, longest first."""

    required_permissions = (Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW, Permission.VISIT_VIEW)
    serializer_class = CoverageSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(parameters=[CoverageQuerySerializer], responses=CoverageSerializer)
    def list(self, request: Request) -> Response:
        query = CoverageQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        territory, tier = query.validated_data.get("territory"), query.validated_data.get("tier")
        if territory is not None and not Territory.objects.visible_to(request.user).filter(pk=territory).exists():
            raise Http404
        parents = names().parents
        territories = branch(territory, parents) if territory is not None else None
        found = coverage_of(request.user, territories=territories, parents=parents)
        told = {
            "start": found.window.start,
            "end": found.window.end,
            "whole": {**_tier(found.whole), "every_days": None},
            "tiers": [_tier(part) for part in found.tiers],
            "untiered": found.untiered,
            "overdue": [row for row in found.overdue if not tier or row.tier == tier],
        }
        return Response(CoverageSerializer(told).data)


def _tier(found: TierCoverage) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ("tier", "every_days", "practices", "promised", "made", "kept", "share", "overdue")}
