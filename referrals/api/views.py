"""The API of referrals: HTTP only; the same visibility, filters, actions and records of who looked as the pages."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from audit.actions import record
from referrals import actions, exports
from referrals.api.payers import PayerViewSet
from referrals.api.serializers import (
    ControlTotalSerializer,
    ImportBatchSerializer,
    LoadSerializer,
    ReferralDetailSerializer,
    ReferralEditSerializer,
    ReferralSerializer,
    SourceSerializer,
    TotalsSerializer,
    UndoSerializer,
    UploadSerializer,
)
from referrals.filters import BatchFilter, ControlTotalFilter, ReferralFilter
from referrals.models import ArrivedBy, ControlTotal, ImportBatch, Referral, Source


class SourceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Feeds, and what each can see."""

    queryset = Source.objects.none()
    serializer_class = SourceSerializer
    required_permissions = (Permission.DASHBOARD_VIEW,)

    def get_queryset(self) -> QuerySet[Source]:
        return Source.objects.visible_to(self.request.user)


class ReferralViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Single referrals. As on the pages only counted ones are listed unless `counted=all`; each call is recorded."""

    queryset = Referral.objects.none()
    serializer_class = ReferralSerializer
    filterset_class = ReferralFilter
    required_permissions = (Permission.REFERRAL_ROWS,)
    write_permissions = (Permission.REFERRAL_ROWS, Permission.IMPORT_RUN)

    def get_queryset(self) -> QuerySet[Referral]:
        return Referral.objects.visible_to(self.request.user)

    def get_serializer_class(self) -> Any:
        return ReferralDetailSerializer if self.action == "retrieve" else ReferralSerializer

    @transaction.atomic
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Newest first. `start` is in, `end` is not; a territory stands for all below it; "null" means none named."""
        answer = super().list(request, *args, **kwargs)
        named = sorted(name for name, value in request.query_params.items() if value)
        record("referrals.listed", by=request.user, filter=named, rows=len(answer.data["results"]), api=True)
        return answer

    @transaction.atomic
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One referral with its status history."""
        referral = self.get_object()
        record("referral.viewed", by=request.user, target=referral, api=True)
        return Response(self.get_serializer(referral).data)

    @extend_schema(request=ReferralEditSerializer, responses=ReferralSerializer)
    @transaction.atomic
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Correct a referral. When the source sends the row again with other words, the source is believed."""
        referral = self.get_object()
        asked = ReferralEditSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if asked.validated_data:
            referral = actions.edit_referral(referral=referral, by=request.user, **asked.validated_data)
        return Response(ReferralSerializer(referral).data)


class ImportBatchViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Files of referrals: send one, have it checked, load it, ask how far it is."""

    queryset = ImportBatch.objects.none()
    serializer_class = ImportBatchSerializer
    filterset_class = BatchFilter
    required_permissions = (Permission.IMPORT_RUN,)
    write_permissions = (Permission.IMPORT_RUN,)

    def get_queryset(self) -> QuerySet[ImportBatch]:
        return ImportBatch.objects.visible_to(self.request.user).select_related("source", "job")

    @extend_schema(request={"multipart/form-data": UploadSerializer}, responses={201: ImportBatchSerializer})
    @transaction.atomic
    def create(self, request: Request) -> Response:
        """Take a file in. Nothing is loaded yet; the file is deleted when it is, and after 24 hours in any case."""
        asked = UploadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        source = actions.source_named(name=data["source"], by=request.user)
        batch = actions.create_batch(
            source=source,
            file=data["file"],
            file_name=data["file"].name,
            by=request.user,
            mapping=data.get("mapping"),
            arrived_by=ArrivedBy.API,
            format=data.get("format", ""),
        )
        return Response(self.get_serializer(batch).data, status=status.HTTP_201_CREATED)

    def get_parsers(self) -> Any:
        return [MultiPartParser()] if getattr(self, "action_map", {}).get("post") == "create" else super().get_parsers()

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="dry-run")
    def dry_run(self, request: Request, pk: str | None = None) -> Response:
        """Find out what loading would do; ask for the batch until its state is "checked"."""
        return self._start(actions.start_dry_run)

    @extend_schema(request=LoadSerializer)
    @action(detail=True, methods=["post"])
    def load(self, request: Request, pk: str | None = None) -> Response:
        """Load the file; ask for the batch until its state is "loaded" or "failed". One with alarms is refused unless `looked` is true."""
        asked = LoadSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if self.get_object().alarms and not asked.validated_data["looked"]:
            raise ValidationError({"looked": ["Look at the alarms first. If the file is right all the same, send true."]})
        return self._start(actions.start_load)

    @extend_schema(request=UndoSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str | None = None) -> Response:
        """Take a loaded file back, exactly; ask for the batch until its state is "undone"."""
        asked = UndoSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return self._start(partial(actions.start_undo, why=asked.validated_data["why"]))

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    @action(detail=True, methods=["get"])
    def rejects(self, request: Request, pk: str | None = None) -> StreamingHttpResponse:
        """The refused rows in the source's own shape, hashes in place of identifiers: mended, they can be sent again."""
        batch = self.get_object()
        record("import.rejects_downloaded", by=request.user, target=batch, rows=batch.rejected_total, api=True)
        return exports.rejects(batch)

    def _start(self, start: Any) -> Response:
        batch = self.get_object()
        start(batch=batch, by=self.request.user)
        return Response(self.get_serializer(self.get_object()).data, status=status.HTTP_202_ACCEPTED)


class ControlTotalViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """What sources counted themselves, by month; tie-outs hold ours against it."""

    queryset = ControlTotal.objects.none()
    serializer_class = ControlTotalSerializer
    filterset_class = ControlTotalFilter
    required_permissions = (Permission.IMPORT_RUN,)
    write_permissions = (Permission.IMPORT_RUN,)

    def get_queryset(self) -> QuerySet[ControlTotal]:
        seen = Source.objects.visible_to(self.request.user)
        return ControlTotal.objects.filter(source__in=seen).select_related("source").order_by("source", "-month")

    @extend_schema(request=TotalsSerializer, responses={200: ControlTotalSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Tell counts of a feed by month; what was told before is replaced."""
        asked = TotalsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        source, totals = asked.validated_data["source"], asked.validated_data["totals"]
        actions.save_control_totals(source=source, totals=totals, by=request.user)
        return Response(self.get_serializer(self.get_queryset().filter(source=source, month__in=totals), many=True).data)


VIEWSETS: dict[str, type[GenericViewSet]] = {
    "referrals": ReferralViewSet,
    "import-batches": ImportBatchViewSet,
    "control-totals": ControlTotalViewSet,
    "sources": SourceViewSet,
    "payers": PayerViewSet,
}
