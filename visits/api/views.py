"""The API of visits: HTTP only; the same visibility, filters and actions as the pages."""

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from visits import actions
from visits.api.day_plans import DayPlanViewSet
from visits.api.field import DueViewSet, FieldPackViewSet
from visits.api.materials import MaterialViewSet, MileageViewSet
from visits.api.serializers import (
    FollowUpChangeSerializer,
    FollowUpSerializer,
    HandOverSerializer,
    NewFollowUpSerializer,
    NewVisitSerializer,
    SnoozeSerializer,
    VisitSerializer,
)
from visits.api.target_lists import TargetListViewSet
from visits.filters import FollowUpFilter, VisitFilter
from visits.models import FollowUp, Visit

_KEY = OpenApiParameter(
    "Idempotency-Key", uuid.UUID, OpenApiParameter.HEADER, required=True, description="A UUID made by the sender, one for each visit."
)


class VisitViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Visits. Sent twice under one key, a visit is stored once: 201, then 200 with `Idempotent-Replayed: true`; 422 for another body."""

    required_permissions = (Permission.VISIT_VIEW,)
    write_permissions = (Permission.VISIT_LOG,)
    serializer_class = VisitSerializer
    filterset_class = VisitFilter
    queryset = Visit.objects.none()

    def get_queryset(self) -> QuerySet[Visit]:
        return Visit.objects.visible_to(self.request.user).for_list()

    @extend_schema(request=NewVisitSerializer, responses={201: VisitSerializer, 200: VisitSerializer}, parameters=[_KEY])
    def create(self, request: Request) -> Response:
        """Log a visit."""
        key = _key(request)
        body_hash = actions.body_hash(request.data if isinstance(request.data, dict) else {"": request.data})
        try:
            if stored := actions.replay(by=request.user, client_id=key, body_hash=body_hash):
                return self._replayed(stored)
            sent = NewVisitSerializer(data=request.data, context=self.get_serializer_context())
            sent.is_valid(raise_exception=True)
            visit = actions.log_visit(by=request.user, client_id=key, body_hash=body_hash, **sent.validated_data)
        except actions.IdempotencyConflict as conflict:
            detail = {"detail": "This key was used for a visit with other content. Send it under a new key.", "client_id": str(key)}
            return Response(detail | {"visit": conflict.stored.pk}, status=status.HTTP_422_UNPROCESSABLE_ENTITY)
        return Response(self._shown(visit), status=status.HTTP_201_CREATED)

    def _replayed(self, visit: Visit) -> Response:
        return Response(self._shown(visit), headers={"Idempotent-Replayed": "true"})

    def _shown(self, visit: Visit) -> Any:
        """Read again whole; also when it was deleted since, or its practice went to somebody else."""
        return self.get_serializer(Visit.objects.for_list().get(pk=visit.pk)).data


def _key(request: Request) -> uuid.UUID:
    try:
        return uuid.UUID(request.headers.get("Idempotency-Key", ""))
    except ValueError:
        raise ValidationError({"detail": "Send the header Idempotency-Key with a UUID, a new one for each visit."}) from None


class FollowUpViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Follow-ups: what was promised to a practice, by when, and whether it is done."""

    required_permissions = (Permission.VISIT_VIEW,)
    write_permissions = (Permission.VISIT_LOG,)
    serializer_class = FollowUpSerializer
    filterset_class = FollowUpFilter
    queryset = FollowUp.objects.none()

    def get_queryset(self) -> QuerySet[FollowUp]:
        return FollowUp.objects.visible_to(self.request.user).for_list()

    @extend_schema(request=NewFollowUpSerializer, responses={201: FollowUpSerializer})
    def create(self, request: Request) -> Response:
        """Add a follow-up of one's own."""
        sent = NewFollowUpSerializer(data=request.data, context=self.get_serializer_context())
        sent.is_valid(raise_exception=True)
        added = actions.add_follow_up(by=request.user, **sent.validated_data)
        return Response(self.get_serializer(added).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=FollowUpChangeSerializer, responses=FollowUpSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """Tick it off, open it again, or move its day."""
        follow_up = self.get_object()
        sent = FollowUpChangeSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        follow_up = self._change(request, follow_up, sent.validated_data)
        return Response(self.get_serializer(follow_up).data)

    @extend_schema(request=SnoozeSerializer, responses=FollowUpSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str | None = None) -> Response:
        """Put it off to a day; it is counted how often."""
        return self._step(actions.snooze_follow_up, SnoozeSerializer)

    @extend_schema(request=HandOverSerializer, responses=FollowUpSerializer)
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, pk: str | None = None) -> Response:
        """Give it to a colleague who looks after the practice, with a sentence."""
        return self._step(actions.hand_over_follow_up, HandOverSerializer)

    def _step(self, act: Any, shape: Any) -> Response:
        follow_up = self.get_object()
        sent = shape(data=self.request.data, context=self.get_serializer_context())
        sent.is_valid(raise_exception=True)
        act(by=self.request.user, follow_up=follow_up, **sent.validated_data)
        return Response(self.get_serializer(FollowUp.objects.for_list().get(pk=follow_up.pk)).data)

    def _change(self, request: Request, follow_up: FollowUp, wanted: dict[str, Any]) -> FollowUp:
        if "due_on" in wanted:
            follow_up = actions.change_follow_up(by=request.user, follow_up=follow_up, due_on=wanted["due_on"], owner=follow_up.owner)
        if "is_done" in wanted:
            act = actions.complete_follow_up if wanted["is_done"] else actions.reopen_follow_up
            follow_up = act(by=request.user, follow_up=follow_up)
        return follow_up


VIEWSETS: dict[str, type[GenericViewSet]] = {
    "visits": VisitViewSet,
    "day-plans": DayPlanViewSet,
    "follow-ups": FollowUpViewSet,
    "target-lists": TargetListViewSet,
    "field/pack": FieldPackViewSet,
    "field/due": DueViewSet,
    "materials": MaterialViewSet,
    "mileage": MileageViewSet,
}
