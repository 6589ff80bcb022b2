"""The list of all reports: HTTP only."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from reports import catalogue


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def all_reports(request: HttpRequest) -> HttpResponse:
    """Every report page that the person may open, by the question it answers."""
    return render(request, "reports/all.html", {"groups": catalogue.groups(request.user)})
