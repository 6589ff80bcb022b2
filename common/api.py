"""What every API view shares: paging, and errors as sentences."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.relations import PrimaryKeyRelatedField
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


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """A rule's or a reader's sentence becomes a 400 with that sentence, a full disk a 503; everything else is DRF's own."""
    if isinstance(error, DiskFull):
        return None  # common.middleware answers
    if isinstance(error, PolicyViolation | InputError):
        error = ValidationError({"detail": str(error)})
    return default_handler(error, context)
