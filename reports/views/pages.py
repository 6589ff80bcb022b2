"""The dashboard and the two reports behind it: inbound growth and outbound leakage, never one."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET

from accounts.access import requires
from accounts.permissions import Permission
from common.charts import Chart
from contacts.models import Practice
from reports import charts, presenters, tables
from reports.measures import MEASURES, NOTES
from reports.numbers import Numbers
from reports.queries.field import contacts, outreach, overdue
from reports.queries.numbers import CORE, GROWTH, LEAKAGE, PAYERS
from reports.questions import Question, ask, opening
from territories.scope import scope_of

PAGE_ROWS = 25


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def dashboard(request: HttpRequest) -> HttpResponse:
    """The manager's first page: how much comes in, how much leaves, who fell, and what to do next."""
    if (question := ask(request)) is None or question.scope.is_empty:
        return nothing_yet(request)
    opened = opening(question)
    question, found = opened or (question, question.numbers(CORE, LEAKAGE, GROWTH))
    visits = outreach(user=request.user, window=question.window, territories=question.territories)
    late = overdue(user=request.user, territories=question.territories) if request.user.can(Permission.VISIT_VIEW) else None
    context = {
        "kpis": presenters.kpis(found, question, visits, late),
        **drawings(found, question, tables.GROWTH),
        **drawings(found, question, tables.LEAKAGE),
        "movers": mover_lists(found, question),
    }
    return render(request, "reports/dashboard.html", context | frame(question, "dashboard"))


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def leakage(request: HttpRequest) -> HttpResponse:
    return report(request, tables.LEAKAGE)


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def growth(request: HttpRequest) -> HttpResponse:
    return report(request, tables.GROWTH)


def report(request: HttpRequest, name: str) -> HttpResponse:
    """One of the two reports: its charts, and its table by one dimension."""
    by = tables.check(request.GET.get("by", ""))
    if not tables.may_group(by, request.user) or (request.GET.get("practice") and not request.user.can(Permission.PROVIDER_VIEW)):
        raise PermissionDenied("Your role sees totals by service line, payer and territory, not by practice or provider.")
    practice = None
    if wanted := request.GET.get("practice"):
        practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=wanted if wanted.isdecimal() else 0)
    question = ask(request, practice=practice.pk if practice else None)
    if question is None or question.scope.is_empty:
        return nothing_yet(request)
    parts = (CORE, LEAKAGE) if name == tables.LEAKAGE else (CORE, GROWTH)
    found = question.numbers(*parts, *((PAYERS,) if by == "payer" else ()))
    new = request.GET.get("only") == "new" and name == tables.GROWTH
    context = {
        **drawings(found, question, name),
        "movers": mover_lists(found, question) if name == tables.GROWTH and practice is None else [],
        "table": table(request, question, name, by, found, new=new),
        "practice": practice,
        "tabs": _tabs(question, name, by, practice),
    }
    return render(request, f"reports/{name}.html", context | frame(question, name, **_kept(request)))


class Drawing:
    """A chart where a page shows it: its HTML is kept, since its table is most of a page's work, and it is computed only to be drawn."""

    def __init__(self, name: str, make: Callable[[Numbers, Question], Chart], found: Numbers, question: Question) -> None:
        self._name, self._make, self._found, self._question = name, make, found, question

    @cached_property
    def chart(self) -> Chart:
        return self._make(self._found, self._question)

    @property
    def html(self) -> SafeString:
        return mark_safe(self._question.drawn(self._name, self._draw))  # noqa: S308  # our own template made it

    def _draw(self) -> str:
        return render_to_string("reports/_chart.html", {"chart": self.chart})


DRAWINGS: dict[str, dict[str, Callable[[Numbers, Question], Chart]]] = {
    tables.GROWTH: {"inbound": charts.inbound_trend, "inbound_lines": charts.inbound_by_line},
    tables.LEAKAGE: {
        "leakage": charts.leakage_trend,
        "lines": charts.leakage_by_line,
        "flow": charts.flow,
        "destinations": charts.destinations,
    },
}


def drawings(found: Numbers, question: Question, name: str) -> dict[str, Drawing]:
    """The charts of a report, live or of a finished run."""
    return {place: Drawing(f"{name} {place}", make, found, question) for place, make in DRAWINGS[name].items()}


def mover_lists(found: Numbers, question: Question) -> list[presenters.MoverList]:
    """Shortfalls and gains by practice, for those who may see practices."""
    if not question.sees_sources:
        return []
    seen = contacts([mover.practice_id for mover in found.movers], user=question.user, parents=question.known.parents)
    return presenters.movers(found, question, seen)


def table(request: HttpRequest, question: Question, name: str, by: str, found: Numbers, *, new: bool = False) -> dict[str, Any]:
    """A page of the report's rows, sorted as the URL says."""
    chosen = request.GET.get("sort", "")
    column = chosen.lstrip("-") if chosen.lstrip("-") in tables.SORTS[name] else tables.SORTS[name][0]
    down = chosen.startswith("-") or not chosen
    groups = tables.sort(tables.only(tables.pairs(question, by, found, new=new), name, new), column, down=down)
    page = Paginator(groups, PAGE_ROWS).get_page(request.GET.get("page"))
    return {
        "page": page,
        "rows": tables.rows(page.object_list, name, by, question),
        "headings": tables.headings(name),
        "label": tables.LABELS[by],
        "sort": column,
        "down": down,
        "only_new": new,
        "csv_url": question.file(f"{name}-by-{by}"),
        "xlsx_url": question.file(f"{name}-by-{by}", "xlsx"),
    }


def _kept(request: HttpRequest) -> dict[str, str]:
    """The grouping, the practice and the order go on when somebody filters; the page of the list does not."""
    return {name: request.GET[name] for name in ("by", "practice", "only", "sort") if request.GET.get(name)}


def _tabs(question: Question, name: str, by: str, practice: Practice | None) -> list[dict[str, Any]]:
    extra = {"practice": practice.pk} if practice else {}
    return [
        {"url": question.page(name, by=dimension, **extra), "label": tables.LABELS[dimension], "active": dimension == by}
        for dimension in tables.dimensions(question)
    ]


def frame(question: Question, page: str, **kept: str) -> dict[str, Any]:
    """What stands around the numbers: the filter, the date of the data, the neighbours of this page.

    `kept` stays in the address when a filter changes.
    """
    return {
        "question": question,
        "filter": question.form,
        "clear_url": reverse(f"reports:{page}") if question.query() else "",
        "kept": kept,
        "run": question.run,
        "is_behind": bool(question.run and (question.run.data_version or 0) < question.fresh.version),
        "pages": [
            {"url": question.page(name), "label": label, "active": name == page}
            for name, label in (("dashboard", "Overview"), ("growth", "Inbound growth"), ("leakage", "Outbound leakage"))
        ],
        "has_charts": True,
    }


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def metrics(request: HttpRequest) -> HttpResponse:
    """What each number means, from the same words as docs/metrics.md."""
    return render(request, "reports/metrics.html", {"measures": MEASURES.values(), "notes": NOTES})


def nothing_yet(request: HttpRequest) -> HttpResponse:
    """Before any data, or for somebody without a territory: what to do next."""
    return render(request, "reports/nothing_yet.html", {"has_no_field": scope_of(request.user).is_empty})
