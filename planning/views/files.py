"""Hand-overs, splits and overlaps as CSV and XLSX: what the pages show."""

from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import csv_response, xlsx_response
from contacts import previewing
from planning import exports
from planning.filters import HandOverFilter
from planning.models import HandOver, Split
from planning.presenters import overlap_rows, specialty_names


def _file(request: HttpRequest, what: str, kind: str, header: list[str], rows: Iterable[list[Any]]) -> HttpResponseBase:
    if kind not in {"csv", "xlsx"}:
        raise Http404("No such file.")
    kept = list(rows)
    record(f"{what}.exported", by=request.user, rows=len(kept), kind=kind)
    name = f"{what}-{timezone.localdate():%Y-%m-%d}.{kind}"
    return (csv_response if kind == "csv" else xlsx_response)(name, header, kept)


@require_GET
@requires(Permission.TERRITORY_VIEW, Permission.EXPORT)
def handovers(request: HttpRequest, kind: str) -> HttpResponseBase:
    found = HandOverFilter(request.GET, HandOver.objects.visible_to(request.user).for_list())
    if not found.is_valid():
        return HttpResponse("This filter means nothing.", status=400, content_type="text/plain")
    return _file(request, "handovers", kind, exports.HANDOVERS, exports.handovers(found.qs))


@require_GET
@requires(Permission.TERRITORY_EDIT, Permission.EXPORT)
def splits(request: HttpRequest, kind: str) -> HttpResponseBase:
    rows = Split.objects.visible_to(request.user).select_related("asked_by", "accepted_by")
    return _file(request, "splits", kind, exports.SPLITS, exports.splits(rows))


@require_GET
@requires(Permission.TERRITORY_EDIT, Permission.EXPORT)
def overlaps(request: HttpRequest, kind: str) -> HttpResponseBase:
    rows = overlap_rows(previewing.overlaps(), specialty_names())
    return _file(request, "overlaps", kind, exports.OVERLAPS, [list(row) for row in rows])
