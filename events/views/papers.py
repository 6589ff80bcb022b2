"""Who came, as CSV, XLSX and PDF, and the certificates of credits. That they were taken is recorded."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import csv_response, file_response, xlsx_response
from contacts.models import Affiliation
from events import exports, papers, policies
from events.models import Event, Guest
from events.queries import by_name
from events.views.common import event_or_404


def _list(request: HttpRequest, event: Event) -> tuple[list[Guest], dict[int, str]]:
    """The guests whom the person sees, by name, and where their providers work."""
    guests = by_name(event.guests.standing().visible_to(request.user).for_list())
    works = Affiliation.objects.open().filter(provider__in=[guest.provider_id for guest in guests if guest.provider_id])
    places = works.select_related("practice").order_by("is_primary", "pk")
    return guests, {row.provider_id: row.practice.name for row in places}


def _check_may_take(request: HttpRequest, event: Event) -> None:
    if not (policies.can_edit(request.user, event) or request.user.can(Permission.EXPORT)):
        raise PermissionDenied("Who came is for whoever holds the event, and for those who download lists.")


@require_GET
@requires(Permission.EVENT_VIEW)
def attendance(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """For whoever holds the event, and who may download lists."""
    event = event_or_404(request, pk)
    if kind not in {"csv", "xlsx", "pdf"}:
        raise Http404("No such file.")
    _check_may_take(request, event)
    guests, practices = _list(request, event)
    record("event.sheet_taken", by=request.user, target=event, rows=len(guests), kind=kind)
    name = f"attendance-{event.pk}-{event.local_start:%Y-%m-%d}.{kind}"
    if kind == "pdf":
        return file_response(name, papers.sheet_pdf(event, guests, practices), "application/pdf")
    rows = exports.attendance_rows(event, guests, practices)
    return (csv_response if kind == "csv" else xlsx_response)(name, exports.ATTENDANCE_HEADER, rows)


@require_GET
@requires(Permission.EVENT_VIEW)
def certificates(request: HttpRequest, pk: int) -> HttpResponse:
    """A page for each clinician who came; 404 for an event without credits."""
    event = event_or_404(request, pk)
    if not event.credits:
        raise Http404("This event gives no credits.")
    _check_may_take(request, event)
    guests, _ = _list(request, event)
    record("event.sheet_taken", by=request.user, target=event, kind="certificates")
    name = f"certificates-{event.pk}-{event.local_start:%Y-%m-%d}.pdf"
    return file_response(name, papers.certificates_pdf(event, guests), "application/pdf")
