"""What a phone asks for before it is out of reach."""

from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.permissions import Permission
from visits.models import Visit
from visits.pack import etag_of, pack_of


class FieldPackViewSet(GenericViewSet):
    """The next three working days of who asks: stops, briefs, and what the log form needs, to be kept on the phone. No patients."""

    required_permissions = (Permission.VISIT_VIEW, Permission.VISIT_LOG, Permission.PROVIDER_VIEW)
    queryset = Visit.objects.none()
    filterset_class = None
    pagination_class = None

    @extend_schema(responses={200: OpenApiTypes.OBJECT, 304: None})
    def list(self, request: Request) -> Response:
        """With the ETag of the last answer in `If-None-Match`, 304 says that it still holds."""
        pack = pack_of(request.user)
        etag = quote_etag(etag_of(pack))
        unchanged = get_conditional_response(request._request, etag=etag)
        headers = {"ETag": etag, "Cache-Control": "no-store"}  # the phone's own store keeps it, and is emptied at sign-out
        return Response(status=304, headers=headers) if unchanged is not None else Response(pack, headers=headers)
