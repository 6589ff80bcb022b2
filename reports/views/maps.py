"""Figures by county on a map, and the map of one territory as a lazy part of its page. HTTP only."""

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from reports import exports
from reports.charts import counties as maps
from reports.exports import places as files
from reports.presenters import places as lists
from reports.queries.places import County, Office, counties, offices
from reports.questions import Question, ask
from reports.views.network import beside
from reports.views.pages import frame, nothing_yet
from territories.models import Territory

DEFAULT, ON_A_TERRITORY = "inbound", "inbound"


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def county_map(request: HttpRequest) -> HttpResponse:
    """One measure by county: map, table, and the practices of a county that is chosen."""
    question = ask(request)
    if question is None or question.scope.is_empty:
        return nothing_yet(request)
    measure = _measure(request)
    places, found = _figures(question)
    chosen = request.GET.get("county", "")
    if chosen and not any(county.name == chosen for county in found):
        raise Http404("No such county in your field.")
    known = question.known.territories
    sort, down = _sort(request, measure)
    kept = {"show": measure} if measure != DEFAULT else {}
    context = {
        "map": maps.draw(found, places, measure=measure, rules=question.rules, names=known, chosen=chosen),
        "measure": maps.MEASURES[measure],
        "measures": [
            {"url": question.page("map", show=key if key != DEFAULT else None), "label": one.label, "active": key == measure}
            for key, one in maps.MEASURES.items()
        ],
        "rows": lists.rows(found, question, sort, down=down),
        "headings": lists.HEADINGS,
        "sort": sort,
        "down": down,
        "chosen": next((county for county in found if chosen and county.name == chosen), None),
        "practices": lists.practices(places, chosen) if chosen and question.sees_sources else [],
        "county_url": _county_url(question, measure),
        "files": _files(question) if question.user.can(Permission.EXPORT) else {},
        "notes": _notes(question, measure),
    }
    return render(request, "reports/map.html", context | frame(question, "map", **kept) | beside(question, "map"))


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.TERRITORY_VIEW)
def territory_map(request: HttpRequest, pk: int) -> HttpResponse:
    """Inbound referrals by county of a territory and what lies below it, twelve full months, on its own page."""
    territory = get_object_or_404(Territory.objects.visible_to(request.user), pk=pk)
    question = ask(request)
    if question is None or question.scope.is_empty:
        return HttpResponse()
    question = question.narrowed(territory=territory.pk)
    places, found = _figures(question)
    context = {
        "map": maps.draw(found, places, measure=ON_A_TERRITORY, rules=question.rules, names=question.known.territories),
        "county_url": _county_url(question, DEFAULT),
        "url": question.page("map"),
        "question": question,
    }
    return render(request, "reports/_territory_map.html", context)


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def map_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The counties as a table, with the filter of the page."""
    question = ask(request)
    if kind not in exports.KINDS or question is None:
        raise Http404("No such file.")
    _, found = _figures(question)
    record("report.exported", by=request.user, table="counties", kind=kind, filter=question.query())
    made = files.counties(found, question.rules, question.known.territories)
    return exports.response(f"counties-{question.window.start:%Y-%m}-{question.window.last_day:%Y-%m}", kind, made)


def _figures(question: Question) -> tuple[list[Office], list[County]]:
    asked: dict[str, Any] = {"user": question.user, "window": question.window}
    places = offices(**asked, where=question.where, scope=question.scope)
    return places, counties(places, **asked, territories=question.territories)


def _measure(request: HttpRequest) -> str:
    measure = request.GET.get("show") or DEFAULT
    if measure not in maps.MEASURES:
        raise Http404("No such measure.")
    return measure


def _sort(request: HttpRequest, measure: str) -> tuple[str, bool]:
    """The column and whether it falls; without a choice the table follows the map."""
    chosen = request.GET.get("sort", "")
    column = chosen.lstrip("-")
    return (column, chosen.startswith("-")) if column in lists.SORTS else (measure if measure in lists.SORTS else DEFAULT, True)


def _county_url(question: Question, measure: str) -> str:
    """What a county's own link begins with; its name follows."""
    query = question.query(show=measure if measure != DEFAULT else None)
    return f"{reverse('reports:map')}?{query}{'&' if query else ''}county="


def _files(question: Question) -> dict[str, str]:
    query = question.query()
    return {kind: f"{reverse('reports:map-file', args=[kind])}{'?' if query else ''}{query}" for kind in exports.KINDS}


def _notes(question: Question, measure: str) -> Sequence[str]:
    """What the filter does not touch."""
    narrowed = [name for name in ("service_line", "payer") if name in question.chosen]
    if measure in {"workload", "visits", "practices", "territory"} and narrowed:
        return ["Visits, promised hours and practices are of every service line and payer: the filter narrows referrals only."]
    return []
