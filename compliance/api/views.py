"""The API of spend: HTTP only; the same visibility, filters and actions as the pages."""

import hashlib
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from compliance import actions
from compliance.api import serializers
from compliance.drafts import SpendDraft
from compliance.filters import SpendFilter, SpendTaskFilter
from compliance.models import SpendEntry, SpendShare, SpendTask


class SpendViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """The spend ledger. Planned over a limit is answered with 400 and a sentence; what happened is always kept. Not legal advice."""

    required_permissions = (Permission.SPEND_VIEW,)
    write_permissions = (Permission.SPEND_EDIT,)
    serializer_class = serializers.SpendEntrySerializer
    filterset_class = SpendFilter
    queryset = SpendEntry.objects.none()

    def get_queryset(self) -> QuerySet[SpendEntry]:
        return SpendEntry.objects.visible_to(self.request.user).for_list()

    def get_serializer_context(self) -> dict[str, Any]:
        """Whose parts the reader may know by name."""
        return {**super().get_serializer_context(), "seen_shares": _Seen(self.request)}

    @extend_schema(request=serializers.SpendDraftSerializer, responses={201: serializers.SpendEntrySerializer})
    def create(self, request: Request) -> Response:
        """Write down what was given, or what is planned."""
        entry = actions.record_spend(draft=self._draft(), by=request.user)
        return Response(self._shown(entry), status=status.HTTP_201_CREATED)

    @extend_schema(request=serializers.SpendDraftSerializer, responses=serializers.SpendEntrySerializer)
    def update(self, request: Request, pk: str | None = None) -> Response:
        """Mend an entry as a whole, or say that what was planned happened."""
        entry = self.get_object()
        return Response(self._shown(actions.change_spend(entry=entry, draft=self._draft(), by=request.user)))

    @extend_schema(request=serializers.ReasonSerializer, responses=serializers.SpendEntrySerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """It did not take place, or was written down wrongly."""
        entry = self.get_object()
        sent = serializers.ReasonSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(self._shown(actions.cancel_spend(entry=entry, by=request.user, **sent.validated_data)))

    @extend_schema(methods=["get"], responses=serializers.ReceiptSerializer(many=True), filters=False)
    @extend_schema(
        methods=["post"], request={"multipart/form-data": serializers.NewReceiptSerializer}, responses=serializers.ReceiptSerializer
    )
    @action(detail=True, methods=["get", "post"], parser_classes=[MultiPartParser], pagination_class=None)
    def receipts(self, request: Request, pk: str | None = None) -> Response:
        """The entry's receipts; posted as multipart, one more. The same file again is kept once: 201, then 200."""
        entry = self.get_object()
        if request.method == "GET":
            return Response(serializers.ReceiptSerializer(entry.kept_receipts, many=True).data)
        sent = serializers.NewReceiptSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        file = sent.validated_data["file"]
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if known := next((receipt for receipt in entry.kept_receipts if receipt.sha256 == digest), None):
            return Response(serializers.ReceiptSerializer(known).data)
        file.seek(0)
        added = actions.add_receipt(entry=entry, file=file, name=file.name, by=request.user)
        return Response(serializers.ReceiptSerializer(added).data, status=status.HTTP_201_CREATED)

    def _draft(self) -> SpendDraft:
        sent = serializers.SpendDraftSerializer(data=self.request.data, context=self.get_serializer_context())
        sent.is_valid(raise_exception=True)
        return serializers.draft_from(sent.validated_data)

    def _shown(self, entry: SpendEntry) -> Any:
        return self.get_serializer(SpendEntry.objects.for_list().get(pk=entry.pk)).data


class _Seen:
    """The shares that a person may know by name: asked once, when the first is looked at."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.found: set[int] | None = None

    def __contains__(self, pk: int) -> bool:
        if self.found is None:
            self.found = set(SpendShare.objects.visible_to(self.request.user).values_list("pk", flat=True))
        return pk in self.found


class SpendTaskViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """What an excess asks for: a repayment or an approval, by a day."""

    required_permissions = (Permission.SPEND_VIEW,)
    write_permissions = (Permission.SPEND_APPROVE,)
    serializer_class = serializers.SpendTaskSerializer
    filterset_class = SpendTaskFilter
    queryset = SpendTask.objects.none()

    def get_queryset(self) -> QuerySet[SpendTask]:
        return SpendTask.objects.visible_to(self.request.user).for_list()

    @extend_schema(request=serializers.FinishSerializer, responses=serializers.SpendTaskSerializer)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str | None = None) -> Response:
        """It was repaid, or it is approved."""
        task = self.get_object()
        sent = serializers.FinishSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(self.get_serializer(actions.finish_task(task=task, by=request.user, **sent.validated_data)).data)


VIEWSETS: dict[str, type[GenericViewSet]] = {"spend": SpendViewSet, "spend-tasks": SpendTaskViewSet}
