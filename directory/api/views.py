"""The API of the directory: the same visibility, question and answers as the page, and the whole of it for a phone."""

import hashlib
import json
from typing import Any

from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from directory.api.serializers import DirectoryQuerySerializer, ListingSerializer
from directory.filters import DirectoryForm
from directory.listing import find
from directory.models import Entry
from directory.pack import pack_of
from directory.queries import listings
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
        pack = pack_of(request.user)
        etag = quote_etag(hashlib.sha256(json.dumps(pack, sort_keys=True, default=str).encode()).hexdigest()[:32])
        unchanged = get_conditional_response(request._request, etag=etag)
        headers = {"ETag": etag, "Cache-Control": "no-store"}  # the phone's own store keeps it, and is emptied at sign-out
        return Response(status=304, headers=headers) if unchanged is not None else Response(pack, headers=headers)


VIEWSETS: dict[str, type[GenericViewSet]] = {"directory": DirectoryViewSet}
