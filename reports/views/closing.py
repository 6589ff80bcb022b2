"""Closing the referral loop as CMS counts it: HTTP only."""

import zoneinfo
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.clocks import organization_time_zone
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import InputError
from reports.cms50 import Counts, Period
from reports.cms50.reading import count
from reports.forms import FhirCountForm
from reports.presenters.closing import told


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW, Permission.IMPORT_RUN)
def fhir_count(request: HttpRequest) -> HttpResponse:
    """CMS50 over an uploaded file: counted while it is read, then forgotten."""
    form = FhirCountForm(request.POST or None, request.FILES or None, today=timezone.localdate())
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        zone = zoneinfo.ZoneInfo(organization_time_zone() if form.cleaned_data["zone"] == "local" else "UTC")
        period = Period(form.cleaned_data["year"], zone)
        try:
            counts = _counted(request, form, period)
        except InputError as refusal:
            form.add_error("file", str(refusal))
        else:
            context["result"] = told(counts, period)
    return render(request, "reports/fhir_count.html", context, status=422 if form.errors else 200)


def _counted(request: HttpRequest, form: FhirCountForm, period: Period) -> Counts:
    counts = count(form.cleaned_data["file"].file, period)
    record("report.cms50_counted", by=request.user, year=period.year, denominator=counts.denominator, numerator=counts.numerator)
    return counts
