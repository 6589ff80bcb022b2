"""The API of visits: HTTP only; the same visibility, filters and actions as the pages."""

import datetime as dt
import uuid
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from common.guarded import LooksLikePatient
from visits import actions, versions
from visits.api.day_plans import DayPlanViewSet
from visits.api.field import DueViewSet, FieldPackViewSet
from visits.api.materials import MaterialViewSet, MileageViewSet
from visits.api.serializers import (
    ConflictSerializer,
    EditSerializer,
    FollowUpChangeSerializer,
    FollowUpSerializer,
    HandOverSerializer,
    NewFollowUpSerializer,
    NewVisitSerializer,
    SnoozeSerializer,
    VisitSerializer,
)
from visits.api.target_lists import TargetListViewSet
from visits.api.types import VisitTypeViewSet
from visits.filters import FollowUpFilter, VisitFilter
from visits.models import FollowUp, Visit

_KEY = OpenApiParameter(
    "Idempotency-Key", uuid.UUID, OpenApiParameter.HEADER, required=True, description="A UUID made by the sender, one for each visit."
)

_PHONE_TIME = OpenApiParameter(
    "Phone-Time", dt.datetime, OpenApiParameter.HEADER, description="The sender's clock, by which times of a wrong clock are set right."
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

    @extend_schema(request=NewVisitSerializer, responses={201: VisitSerializer, 200: VisitSerializer}, parameters=[_KEY, _PHONE_TIME])
    def create(self, request: Request) -> Response:
        """Log a visit."""
        key = _key(request)
        body_hash = _hash_of(request.data)
        try:
            if stored := actions.replay(by=request.user, client_id=key, body_hash=body_hash):
                return self._replayed(stored)
            context = {**self.get_serializer_context(), "phone_now": _phone_now(request)}
            sent = NewVisitSerializer(data=request.data, context=context)
            sent.is_valid(raise_exception=True)
            visit = actions.log_visit(by=request.user, client_id=key, body_hash=body_hash, **sent.validated_data)
        except actions.IdempotencyConflict as conflict:
            detail = {"detail": "This key was used for a visit with other content. Send it under a new key.", "client_id": str(key)}
            return Response(detail | {"visit": conflict.stored.pk}, status=status.HTTP_422_UNPROCESSABLE_ENTITY)
        except LooksLikePatient as found:
            return Response({"detail": str(found), "asks": "is_none"}, status=status.HTTP_422_UNPROCESSABLE_ENTITY)
        return Response(self._shown(visit), status=status.HTTP_201_CREATED)

    @extend_schema(request=EditSerializer, responses={200: VisitSerializer, 409: ConflictSerializer}, parameters=[_KEY])
    @action(detail=True, methods=["post"])
    def edit(self, request: Request, pk: str | None = None) -> Response:
        """Mend a logged visit. 409 with both values where it was changed elsewhere since `version`: choose, and send again."""
        visit = self.get_object()
        key, body_hash = _key(request), _hash_of(request.data)
        sent = EditSerializer(data=request.data, context={**self.get_serializer_context(), "visit": visit})
        try:
            if done := actions.replayed(by=request.user, client_id=key, body_hash=body_hash):
                return Response(self._shown(done) | {"client_id": str(key)}, headers={"Idempotent-Replayed": "true"})
            sent.is_valid(raise_exception=True)
            visit = actions.edit_visit(by=request.user, visit=visit, client_id=key, body_hash=body_hash, **sent.validated_data)
        except actions.EditConflict as conflict:
            return Response(_conflict(conflict), status=status.HTTP_409_CONFLICT)
        except LooksLikePatient as found:
            return Response({"detail": str(found), "asks": "is_none"}, status=status.HTTP_422_UNPROCESSABLE_ENTITY)
        return Response(self._shown(visit) | {"client_id": str(key)})

    def _replayed(self, visit: Visit) -> Response:
        return Response(self._shown(visit), headers={"Idempotent-Replayed": "true"})

    def _shown(self, visit: Visit) -> Any:
        """Read again whole; also when it was deleted since, or its practice went to somebody else."""
        return self.get_serializer(Visit.objects.for_list().get(pk=visit.pk)).data


def _conflict(conflict: actions.EditConflict) -> dict[str, Any]:
    clashes = [{"name": row.name, "label": row.label, "mine": row.mine, "theirs": row.theirs} for row in versions.choices(conflict)]
    theirs = {clash.name: clash.theirs for clash in conflict.clashes}
    return {
        "detail": str(conflict),
        "version": conflict.visit.version,
        "told_by": versions.told_by(conflict),
        "clashes": clashes,
        "merged": conflict.merged,
        "theirs": theirs,
    }


def _hash_of(data: Any) -> str:
    """One hash for one content: when it was typed is not part of it, so that "back" and "save" again is the same visit."""
    content = {name: value for name, value in data.items() if name != "entered_at"} if isinstance(data, dict) else {"": data}
    return actions.body_hash(content)


def _phone_now(request: Request) -> dt.datetime | None:
    """What the phone's clock showed when it sent this; None for other senders, and for a clock that shows nonsense."""
    try:
        said = parse_datetime(request.headers.get("Phone-Time", ""))
    except ValueError:
        return None
    return said if said and timezone.is_aware(said) else None


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
    "visit-types": VisitTypeViewSet,
}
