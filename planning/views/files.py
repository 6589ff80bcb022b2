"""Hand-overs, splits and overlaps as CSV and XLSX: what the pages show."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.downloads import send_file
from accounts.permissions import Permission
from contacts import previewing
from planning import exports
from planning.filters import HandOverFilter
from planning.models import HandOver, Split
from planning.presenters import overlap_rows, specialty_names


@require_GET
@requires(Permission.TERRITORY_VIEW, Permission.EXPORT)
def handovers(request: HttpRequest, kind: str) -> HttpResponseBase:
    found = HandOverFilter(request.GET, HandOver.objects.visible_to(request.user).for_list(), request=request)
    if not found.is_valid():
        return HttpResponse("This filter means nothing.", status=400, content_type="text/plain")
    rows = list(found.qs)
    return send_file(request, "handovers", kind, exports.HANDOVERS, exports.handovers(rows), len(rows), exports.HANDOVERS_BELONGS)


@require_GET
@requires(Permission.TERRITORY_EDIT, Permission.EXPORT)
def splits(request: HttpRequest, kind: str) -> HttpResponseBase:
    rows = list(Split.objects.visible_to(request.user).select_related("asked_by", "accepted_by"))
    return send_file(request, "splits", kind, exports.SPLITS, exports.splits(rows), len(rows))


@require_GET
@requires(Permission.TERRITORY_EDIT, Permission.EXPORT)
def overlaps(request: HttpRequest, kind: str) -> HttpResponseBase:
    rows = list(overlap_rows(previewing.overlaps(), specialty_names()))
    return send_file(request, "overlaps", kind, exports.OVERLAPS, rows, len(rows))
