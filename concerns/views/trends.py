"""Barriers over time: kinds of concern by month, as a picture and as a file."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import csv_response, xlsx_response
from concerns import charts
from concerns.filters import TrendFilter
from concerns.models import Concern
from concerns.trends import Trends, trends


def _found(request: HttpRequest) -> tuple[TrendFilter, Trends]:
    wanted = TrendFilter(request.GET, Concern.objects.visible_to(request.user), request=request)
    return wanted, trends(wanted.qs, today=timezone.localdate())


@require_GET
@requires(Permission.CONCERN_VIEW)
def page(request: HttpRequest) -> HttpResponse:
    wanted, found = _found(request)
    kept = {name: value for name, value in request.GET.items() if name in wanted.filters and value}
    context: dict[str, Any] = {
        "filter": wanted,
        "filtered": bool(kept),
        "chart": charts.barriers(found, reverse("concerns:list"), kept) if found.barriers else None,
        "barriers": found.barriers,
        "crumbs": [{"url": reverse("concerns:list"), "label": "Concerns"}],
    }
    return render(request, "concerns/trends.html", context)


@require_GET
@requires(Permission.CONCERN_VIEW, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    if kind not in {"csv", "xlsx"}:
        raise Http404("No such file.")
    _, found = _found(request)
    record("concern-trends.exported", by=request.user, kind=kind, filters=sorted(k for k, v in request.GET.items() if v))
    header = ["category", *(f"{month:%Y-%m}" for month in found.months), "open", "late", "median days to resolve"]
    rows = ([str(row.category), *row.counts, row.open, row.late, row.days_to_resolve] for row in found.barriers)
    return (csv_response if kind == "csv" else xlsx_response)(f"concern-trends-{timezone.localdate():%Y-%m-%d}.{kind}", header, rows)
