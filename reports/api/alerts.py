"""Alerts in the API: the same figures, filters and steps as on the page."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import User
from accounts.permissions import Permission
from reports import actions
from reports.filters import AlertFilter
from reports.models import Alert, CloseReason, Untested
from reports.presenters.alerts import REASONS, Figures, figures
from reports.queries.alerts import assignable, parts_seen, untested
from visits.queries import colleagues_of


class AlertSerializer(serializers.ModelSerializer):
    """An alert. Figures of somebody who sees a part of the provider's practices, or one service line there, are of that part, and
    `only_own_practices` says so.

    `low` and `high` are the ends of the 95 % interval of observed ÷ expected; `high` is blank where nothing was expected.
    """

    provider_name = serializers.CharField(source="provider.__str__")
    npi = serializers.CharField(source="provider.npi")
    practice_name = serializers.CharField(source="practice.name", default=None)
    observed = serializers.SerializerMethodField()
    expected = serializers.SerializerMethodField()
    difference = serializers.SerializerMethodField()
    low = serializers.SerializerMethodField()
    high = serializers.SerializerMethodField()
    sentence = serializers.SerializerMethodField()
    only_own_practices = serializers.SerializerMethodField()
    months = serializers.CharField(source="last_run.recent_words")
    first_found_at = serializers.DateTimeField(source="first_run.computed_at")
    last_found_at = serializers.DateTimeField(source="last_run.computed_at")

    class Meta:
        model = Alert
        fields = (
            "id", "provider", "provider_name", "npi", "practice", "practice_name", "direction", "months", "observed", "expected",
            "difference", "low", "high", "q", "sentence", "only_own_practices", "state", "is_current", "snoozed_until_on", "assigned_to",
            "visit", "concern", "closed_reason", "first_found_at", "last_found_at",
        )  # fmt: skip
        read_only_fields = fields

    def _told(self, alert: Alert) -> Figures:
        return figures(alert, self.context["parts"].get(alert.pk))

    def get_observed(self, alert: Alert) -> int:
        return self._told(alert).observed

    def get_expected(self, alert: Alert) -> float:
        return self._told(alert).expected

    def get_difference(self, alert: Alert) -> float:
        return self._told(alert).difference

    def get_low(self, alert: Alert) -> float:
        return self._told(alert).low

    def get_high(self, alert: Alert) -> float | None:
        return self._told(alert).high

    def get_sentence(self, alert: Alert) -> str:
        return self._told(alert).sentence

    def get_only_own_practices(self, alert: Alert) -> bool:
        return self._told(alert).is_part


class UntestedQuerySerializer(serializers.Serializer):
    """Those of one reason only."""

    reason = serializers.ChoiceField(choices=list(REASONS), required=False, default="")


class UntestedSerializer(serializers.ModelSerializer):
    """A referrer who was not tested. `why` says the reason in a sentence."""

    provider_name = serializers.CharField(source="provider.__str__")
    npi = serializers.CharField(source="provider.npi")
    why = serializers.SerializerMethodField()
    run_at = serializers.DateTimeField(source="run.computed_at")

    class Meta:
        model = Untested
        fields = ("provider", "provider_name", "npi", "reason", "why", "run_at")
        read_only_fields = fields

    def get_why(self, row: Untested) -> str:
        return REASONS[row.reason][1] if row.reason in REASONS else ""


class StepSerializer(serializers.Serializer):
    """What is to become of an alert.

    "seen", "snoozed" with `snoozed_until_on`, "assigned" with `assigned_to`, "closed" with `closed_reason`, "open" for one that was closed
    or snoozed, "undone" to take the last step back.
    """

    state = serializers.ChoiceField(choices=["seen", "snoozed", "assigned", "closed", "open", "undone"])
    snoozed_until_on = serializers.DateField(required=False)
    assigned_to = serializers.PrimaryKeyRelatedField(queryset=User.objects.none(), required=False)
    closed_reason = serializers.ChoiceField(choices=[value for value in CloseReason.values if value != CloseReason.FADED], required=False)
    closed_note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if request := self.context.get("request"):
            self.fields["assigned_to"].queryset = assignable(request.user, self.context.get("alert"))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed = {"snoozed": "snoozed_until_on", "assigned": "assigned_to", "closed": "closed_reason"}.get(attrs["state"])
        if needed and not attrs.get(needed):
            raise serializers.ValidationError({needed: f"An alert that is {attrs['state']} needs this."})
        return attrs


class PlanSerializer(serializers.Serializer):
    """A visit to the alert's practice."""

    planned_at = serializers.DateTimeField()
    purpose = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if request := self.context.get("request"):
            self.fields["owner"].queryset = colleagues_of(request.user)


class AlertViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Referrers whose recent count chance does not explain, falls first, the largest difference in referrals first."""

    required_permissions = (Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
    write_permissions = (Permission.VISIT_LOG,)
    serializer_class = AlertSerializer
    filterset_class = AlertFilter
    queryset = Alert.objects.none()

    def get_queryset(self) -> QuerySet[Alert]:
        rows = Alert.objects.visible_to(self.request.user).for_list().select_related("first_run")
        if self.action == "list":
            rows = rows.listed()
        found: QuerySet[Alert] = rows.by_size()
        return found

    def filter_queryset(self, queryset: Any) -> Any:
        """Filters narrow lists; a single alert is found in any state."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self._shown(page, many=True))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self._shown(self.get_object()))

    @extend_schema(parameters=[UntestedQuerySerializer], responses=UntestedSerializer(many=True), filters=False)
    @action(detail=False, methods=["get"], filterset_class=None)
    def untested(self, request: Request) -> Response:
        """Whom the newest run did not test, and why."""
        asked = UntestedQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = self.paginate_queryset(untested(request.user, reason=asked.validated_data["reason"]))
        return self.get_paginated_response(UntestedSerializer(page, many=True).data)

    def _shown(self, alerts: Any, *, many: bool = False) -> Any:
        parts = parts_seen(alerts if many else [alerts], self.request.user)
        return AlertSerializer(alerts, many=many, context={**self.get_serializer_context(), "parts": parts}).data

    @extend_schema(request=StepSerializer, responses=AlertSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """One step: seen, snoozed, assigned, closed, open again, or the last one taken back."""
        alert = self.get_object()
        sent = StepSerializer(data=request.data, context={**self.get_serializer_context(), "alert": alert})
        sent.is_valid(raise_exception=True)
        wanted, by = sent.validated_data, request.user
        steps: dict[str, Callable[[], object]] = {
            "seen": lambda: actions.mark_alerts_seen(alerts=[alert], by=by),
            "snoozed": lambda: actions.snooze_alert(alert=alert, until_on=wanted["snoozed_until_on"], by=by),
            "assigned": lambda: actions.assign_alerts(alerts=[alert], to=wanted["assigned_to"], by=by),
            "closed": lambda: actions.close_alert(alert=alert, reason=wanted["closed_reason"], note=wanted["closed_note"], by=by),
            "open": lambda: actions.reopen_alert(alert=alert, by=by),
            "undone": lambda: actions.undo_alert_step(alert=alert, by=by),
        }
        steps[wanted["state"]]()
        return Response(self._shown(self.get_object()))

    @extend_schema(request=PlanSerializer, responses={201: AlertSerializer})
    @action(detail=True, methods=["post"])
    def visit(self, request: Request, pk: str | None = None) -> Response:
        """Plan a visit to its practice; the alert is linked to it."""
        alert = self.get_object()
        sent = PlanSerializer(data=request.data, context=self.get_serializer_context())
        sent.is_valid(raise_exception=True)
        actions.plan_visit_for_alert(alert=alert, by=request.user, **sent.validated_data)
        return Response(self._shown(self.get_object()), status=status.HTTP_201_CREATED)
