"""The API of territory planning: the same visibility, filters and actions as the pages."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from contacts import previewing
from planning import actions
from planning.api.serializers import DecisionSerializer, HandOverSerializer, OverlapSerializer, SplitSerializer
from planning.filters import HandOverFilter
from planning.models import HandOver, Split
from planning.presenters import overlap_rows, specialty_names

_STEPS = {
    "approve": lambda found, why, by: actions.approve_handover(handover=found, by=by),
    "decline": lambda found, why, by: actions.decline_handover(handover=found, why=why, by=by),
    "withdraw": lambda found, why, by: actions.withdraw_handover(handover=found, by=by),
    "undo": lambda found, why, by: actions.undo_handover(handover=found, by=by),
}


class HandOverViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Hand-overs of the person's territories, and those that they give or take."""

    required_permissions = (Permission.TERRITORY_VIEW,)
    write_permissions = (Permission.TERRITORY_VIEW,)
    serializer_class = HandOverSerializer
    filterset_class = HandOverFilter
    queryset = HandOver.objects.none()

    def get_queryset(self) -> QuerySet[HandOver]:
        return HandOver.objects.visible_to(self.request.user).for_list()

    def filter_queryset(self, queryset: Any) -> Any:
        """Filters narrow the list; one is found in any state."""
        return queryset if self.detail else super().filter_queryset(queryset)

    @extend_schema(request=DecisionSerializer, responses=HandOverSerializer)
    @action(detail=True, methods=["post"])
    def step(self, request: Request, pk: Any = None) -> Response:
        """Approve, decline, withdraw or undo it, as on its page. Withdrawing is for whoever proposed it, the others for who approves."""
        sent = DecisionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        step = sent.validated_data["step"]
        if step != "withdraw" and not request.user.can(Permission.HANDOVER_APPROVE):
            raise PermissionDenied
        _STEPS[step](self.get_object(), sent.validated_data["why"], request.user)
        return Response(HandOverSerializer(self.get_object()).data)


class SplitViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Splits that were asked for: all for those who see the whole, else one's own."""

    required_permissions = (Permission.TERRITORY_EDIT,)
    serializer_class = SplitSerializer
    queryset = Split.objects.none()

    def get_queryset(self) -> QuerySet[Split]:
        return Split.objects.visible_to(self.request.user)


class OverlapViewSet(GenericViewSet):
    """Where rules of two territories catch the same practices, most practices first."""

    required_permissions = (Permission.TERRITORY_EDIT,)
    serializer_class = OverlapSerializer
    pagination_class = None
    filter_backends = ()

    @extend_schema(responses=OverlapSerializer(many=True))
    def list(self, request: Request) -> Response:
        names = ("winner", "rule", "also", "also_rule", "practices", "such_as")
        rows = [dict(zip(names, row, strict=True)) for row in overlap_rows(previewing.overlaps(), specialty_names())]
        return Response(OverlapSerializer(rows, many=True).data)


VIEWSETS: dict[str, type[GenericViewSet]] = {"handovers": HandOverViewSet, "splits": SplitViewSet, "overlaps": OverlapViewSet}
