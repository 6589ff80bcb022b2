"""The API of the directory: the same visibility, question and answers as the page, and the whole of it for a phone."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from common.api import kept_answer
from directory import actions
from directory.api.serializers import DirectoryQuerySerializer, EntrySerializer, EntryWriteSerializer, ListingSerializer
from directory.filters import DirectoryForm
from directory.listing import find
from directory.models import Entry
from directory.pack import pack_of
from directory.queries import KEY, listings, subject_of
from directory.views.pages import shapes_of


class DirectoryViewSet(GenericViewSet):
    """Our specialists and sites: plans, languages, next appointment, distance, how to refer."""

    required_permissions = (Permission.PROVIDER_VIEW,)
    serializer_class = ListingSerializer
    queryset = Entry.objects.none()

    @extend_schema(parameters=[DirectoryQuerySerializer], responses=ListingSerializer(many=True), filters=False)
    def list(self, request: Request) -> Response:
        """Who answers the question, those that answer it for certain first."""
        form = DirectoryForm(request.query_params, user=request.user)
        if not form.is_valid():
            raise ValidationError(form.errors)
        asked = form.asked()
        sure, perhaps = find(listings(request.user, timezone.localdate()), asked)
        page: Any = self.paginate_queryset([*sure, *perhaps] if asked.unsure else sure)
        return self.get_paginated_response(ListingSerializer(shapes_of(page, request), many=True).data)

    @extend_schema(responses={200: OpenApiTypes.OBJECT, 304: None}, filters=False)
    @action(detail=False, pagination_class=None)
    def pack(self, request: Request) -> Response:
        """The whole directory for a phone to keep. With the ETag of the last answer in `If-None-Match`, 304 says that it still holds."""
        return kept_answer(request, pack_of(request.user))


class DirectoryEntryViewSet(ListModelMixin, GenericViewSet):
    """What is written in the directory, by the `key` of whom it is about, as `directory` names it; "s3-0" is the whole of line 3.

    Sending the same again changes nothing. A text that looks like a patient's identifier is refused with a sentence unless it comes with
    `is_none`.
    """

    required_permissions = (Permission.PROVIDER_VIEW, Permission.DIRECTORY_EDIT)
    write_permissions = (Permission.PROVIDER_VIEW, Permission.DIRECTORY_EDIT)
    serializer_class = EntrySerializer
    queryset = Entry.objects.none()
    lookup_field = "key"
    lookup_value_regex = KEY

    def get_queryset(self) -> QuerySet[Entry]:
        return Entry.objects.visible_to(self.request.user).for_list()

    def _subject(self, key: str) -> dict[str, Any]:
        found = subject_of(self.request.user, key)
        if found is None:
            raise Http404
        return found

    @extend_schema(responses=EntrySerializer)
    def retrieve(self, request: Request, key: str) -> Response:
        """404 also where nothing is written yet: then the next above holds."""
        entry = self.get_queryset().filter(**self._subject(key)).first()
        if entry is None:
            raise Http404
        return Response(EntrySerializer(entry).data)

    @extend_schema(request=EntryWriteSerializer, responses=EntrySerializer)
    def update(self, request: Request, key: str, *, partial: bool = False) -> Response:
        subject = self._subject(key)
        sent = EntryWriteSerializer(data=request.data, partial=partial)
        sent.is_valid(raise_exception=True)
        actions.save_entry(by=request.user, **subject, **sent.validated_data)
        return Response(EntrySerializer(self.get_queryset().get(**subject)).data)

    @extend_schema(request=EntryWriteSerializer, responses=EntrySerializer)
    def partial_update(self, request: Request, key: str) -> Response:
        return self.update(request, key, partial=True)


VIEWSETS: dict[str, type[GenericViewSet]] = {"directory": DirectoryViewSet, "directory-entries": DirectoryEntryViewSet}
