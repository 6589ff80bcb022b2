"""What every API view shares: paging, and errors as sentences."""

import hashlib
import json
from typing import Any

from django.db.models import QuerySet
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.relations import PrimaryKeyRelatedField
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler as default_handler

from common.disk import DiskFull
from common.exceptions import InputError, PolicyViolation


class Seen(PrimaryKeyRelatedField):
    """A reference to a record that the person sees; any other is unknown to them."""

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().visible_to(self.context["request"].user)


class Pages(PageNumberPagination):
    """50 rows a page, at most 500 by `page_size`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500
    fields_query_param = "fields"

    def get_paginated_response(self, data: Any) -> Response:
        """With `fields`, only those of each row: what is seen."""
        wanted = [name.strip() for name in self.request.query_params.get(self.fields_query_param, "").split(",") if name.strip()]
        return super().get_paginated_response([_cut(row, wanted) for row in data] if wanted else data)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        told = "Only these fields of each row, with commas between them. Of the organization's own: custom.<key>."
        more = {"name": self.fields_query_param, "required": False, "in": "query", "description": told, "schema": {"type": "string"}}
        return [*super().get_schema_operation_parameters(view), more]


def kept_answer(request: Request, pack: dict[str, Any]) -> Response:
    """What a phone keeps: with the ETag of the last answer in `If-None-Match`, 304 says that it still holds."""
    etag = quote_etag(hashlib.sha256(json.dumps(pack, sort_keys=True, default=str).encode()).hexdigest()[:32])
    unchanged = get_conditional_response(request._request, etag=etag)
    headers = {"ETag": etag, "Cache-Control": "no-store"}  # the phone's own store keeps it, and is emptied at sign-out
    return Response(status=304, headers=headers) if unchanged is not None else Response(pack, headers=headers)


def _cut(row: Any, wanted: list[str]) -> dict[str, Any]:
    """The row with these fields alone; a word after a point names a part of one."""
    found: dict[str, Any] = {}
    for name in wanted:
        field, _, part = name.partition(".")
        if field not in row or (part and not isinstance(row[field], dict)):
            raise ValidationError({"fields": f"There is no field {name}. Fields: {', '.join(row)}."})
        if part:
            found.setdefault(field, {})[part] = row[field].get(part)
        else:
            found[field] = row[field]
    return found


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """A rule's or a reader's sentence becomes a 400 with that sentence, a full disk a 503; everything else is DRF's own."""
    if isinstance(error, DiskFull):
        return None  # common.middleware answers
    if isinstance(error, PolicyViolation | InputError):
        error = ValidationError({"detail": str(error)})
    return default_handler(error, context)
