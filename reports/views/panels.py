"""Small trends for the pages of contacts, loaded lazily, each with its own permission and visibility."""

from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from contacts.models import Practice, Provider
from introductions.models import NewPhysician
from reports import words
from reports.cells import Cell
from reports.measures import received, volume
from reports.numbers import TREND_MONTHS, Baseline
from reports.periods import Window, add_months
from reports.presenters import Trend, trend
from reports.queries.cells import cells
from reports.queries.freshness import Freshness, freshness
from reports.ramp import ramp, ramp_chart
from territories.scope import Scope, scope_of


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
def provider_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """24 months of a provider at the person's practices; elsewhere is one number."""
    return _panel(request, "provider", get_object_or_404(Provider.objects.visible_to(request.user), pk=pk))


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
def practice_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """24 months of a practice."""
    return _panel(request, "practice", get_object_or_404(Practice.objects.visible_to(request.user), pk=pk))


def _panel(request: HttpRequest, what: str, subject: models.Model) -> HttpResponse:
    fresh, scope = freshness(), scope_of(request.user)
    shown = _trend(fresh, scope, {what: subject.pk}, with_elsewhere=what == "provider") if fresh.full_until else None
    return render(request, "reports/_panel.html", {"trend": shown, "what": what, "subject": subject})


def _trend(fresh: Freshness, scope: Scope, where: dict[str, Any], *, with_elsewhere: bool) -> Trend | None:
    assert fresh.full_until is not None  # noqa: S101 - _panel asked
    window = Window(add_months(fresh.full_until, -TREND_MONTHS), fresh.full_until)
    found = {cell.key[0]: cell for cell in cells(by=["month"], start=window.start, end=window.end, where=where, scope=scope)}
    months = [found.get(month, Cell((month,))) for month in window.each_month() if fresh.first_month and month >= fresh.first_month]
    elsewhere = None
    if with_elsewhere and not scope.whole:
        everywhere = volume(cells(start=window.start, end=window.end, where=where, scope=Scope(whole=True)))
        elsewhere = everywhere - volume(months)
    if not any(volume([cell]) for cell in months) and not elsewhere:
        return None
    baseline = Baseline.of(window.end, fresh.first_month)
    recent = baseline.recent if baseline else Window(add_months(window.end, -3), window.end)
    observed = received(cell for cell in months if cell.key[0] >= recent.start)
    expected = None
    if baseline:
        expected = received(cell for cell in months if baseline.before.start <= cell.key[0] < recent.start) * baseline.share
    return trend(months, words.baseline(observed, expected), elsewhere, fresh.data_through)


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.PROVIDER_VIEW)
def ramp_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """A new physician's first year against the plan; who sees a part of the field sees that part, without the plan of the whole."""
    physician = get_object_or_404(NewPhysician.objects.visible_to(request.user).select_related("provider"), pk=pk)
    fresh, scope = freshness(), scope_of(request.user)
    steps = ramp(physician, scope=scope, fresh=fresh)
    return render(request, "reports/_chart.html", {"chart": ramp_chart(physician, steps, with_plan=scope.whole, fresh=fresh)})
