"""Alerts elsewhere: as a file, as a panel on the pages of contacts, as a count on the dashboard."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from contacts.models import Practice, Provider
from referrals.models import CountingRules
from reports import exports
from reports.exports.alerts import alerts as alert_table
from reports.exports.alerts import untested as untested_table
from reports.filters import AlertFilter
from reports.models import Alert
from reports.queries import alerts as queries
from reports.views.alerts import READ, rows_of

MOST = 5_000  # in a file


@require_GET
@requires(*READ, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The list with the filter of the page."""
    if kind not in exports.KINDS:
        raise Http404("No such file.")
    rows = AlertFilter(request.GET, Alert.objects.visible_to(request.user).listed(), request=request).qs
    alerts = list(rows.by_size().for_list()[:MOST])
    record("report.exported", by=request.user, table="alerts", kind=kind, filter=request.GET.urlencode())
    made = alert_table(rows_of(alerts, request.user), CountingRules.current().small_cell)
    return exports.response(f"alerts-{timezone.localdate():%Y-%m-%d}", kind, made)


@require_GET
@requires(*READ, Permission.EXPORT)
def untested_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Whom the newest run did not test, and why: all of them, or those of one reason."""
    if kind not in exports.KINDS:
        raise Http404("No such file.")
    rows = queries.untested(request.user, reason=request.GET.get("reason", ""))
    record("report.exported", by=request.user, table="untested", kind=kind, filter=request.GET.urlencode())
    return exports.response(f"not-tested-{timezone.localdate():%Y-%m-%d}", kind, untested_table(rows))


@require_GET
@requires(*READ)
def provider_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """Alerts of a provider, open ones and those of the last months."""
    provider = get_object_or_404(Provider.objects.visible_to(request.user), pk=pk)
    return _panel(request, "provider", provider.pk)


@require_GET
@requires(*READ)
def practice_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """Alerts of the providers of a practice."""
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk)
    return _panel(request, "practice", practice.pk)


def _panel(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    rows = Alert.objects.visible_to(request.user).listed().filter(**{what: pk}).open().by_size().for_list()
    shown = rows_of(rows[:5], request.user)
    return render(request, "reports/_alert_panel.html", {"rows": shown, "what": what, "pk": pk})


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def count_panel(request: HttpRequest) -> HttpResponse:
    """ "3 falls to look at", for the dashboard."""
    return render(request, "reports/_alert_count.html", {"tally": queries.tally(request.user)})
