"""The API of contacts: HTTP only; the same visibility, filters and actions as the pages."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from contacts import actions
from contacts.api.serializers import (
    CustomFieldSerializer,
    MoveNoticeSerializer,
    MoveStepSerializer,
    OrganizationSerializer,
    OrganizationWriteSerializer,
    PracticeSerializer,
    PracticeWriteSerializer,
    ProviderSerializer,
    ProviderWriteSerializer,
)
from contacts.filters import MoveFilter, OrganizationFilter, PracticeFilter, ProviderFilter
from contacts.models import CustomField, MoveNotice, Organization, Practice, Provider
from contacts.queries import survivor_of


class Gone(APIException):
    """Merged into another: `merged_into` in the answer says which."""

    status_code = status.HTTP_410_GONE

    def __init__(self, row: Any, survivor: Any) -> None:
        super().__init__()
        self.detail = {"detail": f"{row} was merged into {survivor}.", "merged_into": survivor.pk}  # type: ignore[dict-item]  # stays a number


class _ContactViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    required_permissions: tuple[Permission, ...] = (Permission.PROVIDER_VIEW,)
    write_permissions: tuple[Permission, ...] = (Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
    write_serializer_class: type[ModelSerializer]

    def get_object(self) -> Any:
        try:
            return super().get_object()
        except Http404:
            model, pk = self.queryset.model, str(self.kwargs["pk"])
            into = survivor_of(model, int(pk)) if pk.isdigit() and model in (Provider, Organization) else None
            if into is None or (survivor := self.get_queryset().filter(pk=into).first()) is None:
                raise
            raise Gone(model._default_manager.get(pk=pk), survivor) from None

    def apply(self, row: Any, asked: dict[str, Any]) -> None:
        """Hand what was sent to the action."""
        raise NotImplementedError

    def _change(self, request: Request) -> Response:
        row = self.get_object()
        sent = self.write_serializer_class(row, data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        self.apply(row, sent.validated_data)
        return Response(self.get_serializer(self.get_object()).data)


class ProviderViewSet(_ContactViewSet):
    """Providers who work at a practice in the reader's territories."""

    serializer_class = ProviderSerializer
    write_serializer_class = ProviderWriteSerializer
    filterset_class = ProviderFilter
    queryset = Provider.objects.none()

    def get_queryset(self) -> QuerySet[Provider]:
        user = self.request.user
        return Provider.objects.visible_to(user).for_list(user, timezone.localdate()).order_by("last_name", "first_name", "pk")

    def apply(self, row: Provider, asked: dict[str, Any]) -> None:
        actions.save_provider(provider=row, by=self.request.user, **asked)

    @extend_schema(request=ProviderWriteSerializer, responses=ProviderSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        return self._change(request)


class PracticeViewSet(_ContactViewSet):
    """Practices in the reader's territories; unowned ones for those who see the whole."""

    serializer_class = PracticeSerializer
    write_serializer_class = PracticeWriteSerializer
    filterset_class = PracticeFilter
    queryset = Practice.objects.none()

    def get_queryset(self) -> QuerySet[Practice]:
        return Practice.objects.visible_to(self.request.user).for_list(timezone.localdate()).order_by("name", "pk")

    def filter_queryset(self, queryset: Any) -> Any:
        """Filters narrow lists; a single practice is found archived too."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def apply(self, row: Practice, asked: dict[str, Any]) -> None:
        actions.save_practice(practice=row, by=self.request.user, **asked)

    @extend_schema(request=PracticeWriteSerializer, responses=PracticeSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        return self._change(request)


class OrganizationViewSet(_ContactViewSet):
    """The network: organizations with their dated alignment."""

    write_permissions = (Permission.PROVIDER_VIEW, Permission.SETTINGS_EDIT)
    serializer_class = OrganizationSerializer
    write_serializer_class = OrganizationWriteSerializer
    filterset_class = OrganizationFilter
    queryset = Organization.objects.none()

    def get_queryset(self) -> QuerySet[Organization]:
        found = Organization.objects.visible_to(self.request.user).for_list(timezone.localdate())
        return found.prefetch_related("alignments").order_by("name", "pk")

    def apply(self, row: Organization, asked: dict[str, Any]) -> None:
        actions.save_organization(organization=row, by=self.request.user, **asked)

    @extend_schema(request=OrganizationWriteSerializer, responses=OrganizationSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        return self._change(request)


class MoveNoticeViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """What the registry says of providers of ours and we do not: open ones, unless `state` asks for others."""

    required_permissions = (Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
    write_permissions = (Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
    serializer_class = MoveNoticeSerializer
    filterset_class = MoveFilter
    queryset = MoveNotice.objects.none()

    def get_queryset(self) -> QuerySet[MoveNotice]:
        return MoveNotice.objects.visible_to(self.request.user).for_list()

    def filter_queryset(self, queryset: Any) -> Any:
        """Filters narrow the list; one is found in any state."""
        return queryset if self.detail else super().filter_queryset(queryset)

    def _decided(self, decide: Any) -> Response:
        decide(self.get_object())
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=MoveStepSerializer, responses=MoveNoticeSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """It is so: of another address, name the practice there or a new one's name."""
        sent = MoveStepSerializer(data=request.data)
        sent.fields["practice"].queryset = Practice.objects.visible_to(request.user)
        sent.is_valid(raise_exception=True)
        return self._decided(lambda notice: actions.accept_move(notice=notice, by=request.user, **sent.validated_data))

    @extend_schema(request=None, responses=MoveNoticeSerializer)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str) -> Response:
        return self._decided(lambda notice: actions.dismiss_move(notice=notice, by=request.user))

    @extend_schema(request=None, responses=MoveNoticeSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        return self._decided(lambda notice: actions.undo_move(notice=notice, by=request.user))


class CustomFieldViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet):
    """The fields that the organization added, to read the values of `custom` by."""

    required_permissions = (Permission.PROVIDER_VIEW,)
    serializer_class = CustomFieldSerializer
    queryset = CustomField.objects.all()


VIEWSETS: dict[str, type[GenericViewSet]] = {
    "providers": ProviderViewSet,
    "practices": PracticeViewSet,
    "organizations": OrganizationViewSet,
    "moves": MoveNoticeViewSet,
    "custom-fields": CustomFieldViewSet,
}
