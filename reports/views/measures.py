"""The pages of measures: the list of all, one of them by any cut, its files. HTTP only."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from reports import exports
from reports.charts.measures import trend
from reports.exports.measures import measure_table
from reports.forms.measures import with_cuts
from reports.inquiry import Inquiry, inquire
from reports.kinds.measure import ask_worker
from reports.measures import MEASURES, Row
from reports.overview import overview
from reports.presenters import measures as shown
from reports.queries.names import words_for
from reports.questions import ask
from reports.views.pages import nothing_yet

PAGE_ROWS = 25


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def measures(request: HttpRequest) -> HttpResponse:
    """Every measure by family, with its figure of the last twelve full months."""
    if (question := ask(request)) is None or question.scope.is_empty:
        return nothing_yet(request)
    context = {
        "question": question,
        "filter": question.form,
        "clear_url": reverse("reports:measures") if question.query() else "",
        "families": overview(question),
    }
    return render(request, "reports/measures.html", context)


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def measure(request: HttpRequest, name: str) -> HttpResponse:
    """One measure: its figure, its trend, by one or two cuts, what it means."""
    inquiry = inquire(request, name)
    if inquiry is None or inquiry.question.scope.is_empty:
        return nothing_yet(request)
    measure, question = inquiry.measure, inquiry.question
    context: dict[str, Any] = {
        "inquiry": inquiry,
        "measure": measure,
        "question": question,
        "filter": with_cuts(question.form, inquiry.cuts, inquiry.by),
        "kept": inquiry.kept,
        "clear_url": reverse("reports:measure", args=[name]) if request.GET else "",
        "chips": shown.chips(inquiry, {cut: words_for(cut, {value}, question.known) for cut, value in inquiry.narrowed.items()}),
        "settings": shown.settings(measure, inquiry.rules, question.rules),
        "siblings": [
            {"url": reverse("reports:measure", args=[other.name]), "label": other.title, "active": other.name == name}
            for other in MEASURES.values()
            if other.family == measure.family
        ],
        "api_url": f"{reverse('measures-list')}?{inquiry.api_query}",
    }
    if lacks := measure.lacks(inquiry.ask()):
        return render(request, "reports/measure.html", context | {"lacks": lacks})
    if inquiry.is_for_a_worker:
        return render(request, "reports/measure.html", context | {"size": inquiry.size(), "ask_url": inquiry.url("measure-ask")})
    whole = measure.evaluate(inquiry.ask())[0]
    context |= {
        "whole": whole,
        "figure": shown.figure(whole, measure, question.rules.range_leads_above),
        "notes_beside": shown.notes(whole, measure, question.rules.range_leads_above),
        "links": shown.links(whole, inquiry),
        "has_charts": True,
    }
    if "month" in inquiry.cuts and "month" not in inquiry.narrowed:
        context["trend"] = trend(measure.evaluate(inquiry.ask("month")), whole, inquiry)
    if inquiry.by:
        context |= _table(request, inquiry)
    return render(request, "reports/measure.html", context)


def _table(request: HttpRequest, inquiry: Inquiry) -> dict[str, Any]:
    """A page of the groups; by two cuts the first one's groups are paged."""
    rows = [row for row in inquiry.measure.evaluate(inquiry.ask(*inquiry.by)) if not row.is_empty or row.remark]
    question = inquiry.question
    files = {kind: inquiry.url("measure-file", kind) for kind in exports.KINDS} if question.user.can(Permission.EXPORT) else {}
    if len(inquiry.by) == 1:
        page = Paginator(shown.order(rows, inquiry.measure, inquiry.by[0]), PAGE_ROWS).get_page(request.GET.get("page"))
        names = words_for(inquiry.by[0], {row.key[0] for row in page.object_list}, question.known)
        table = {"lines": shown.lines(page.object_list, inquiry, names), "headings": shown.headings(inquiry.measure)}
        return {"table": table, "page": page, "files": files}
    first = _by_weight(rows, inquiry.by[0])
    page = Paginator(first, PAGE_ROWS).get_page(request.GET.get("page"))
    listed = set(page.object_list)
    both = [
        words_for(cut, {row.key[place] for row in rows if row.key[0] in listed}, question.known) for place, cut in enumerate(inquiry.by)
    ]
    return {"cross": shown.cross(rows, inquiry, both, page.object_list), "page": page, "files": files}


def _by_weight(rows: Sequence[Row], cut: str) -> list[Any]:
    weight: dict[Any, int] = {}
    for row in rows:
        weight[row.key[0]] = weight.get(row.key[0], 0) + (row.denominator or row.numerator or 0)
    if cut == "month":
        return sorted(weight, key=lambda key: (key is None, str(key)), reverse=True)
    return sorted(weight, key=lambda key: (-weight[key], str(key)))


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def measure_file(request: HttpRequest, name: str, kind: str) -> HttpResponseBase:
    """The groups of the page as a file, all of them; without a grouping the one figure."""
    inquiry = inquire(request, name)
    if inquiry is None or kind not in exports.KINDS:
        raise Http404("No such file.")
    if inquiry.is_for_a_worker:
        raise Http404("So many referrals are a worker's to count: ask for the report, and download it there.")
    rows = [row for row in inquiry.measure.evaluate(inquiry.ask(*inquiry.by)) if not row.is_empty or row.remark]
    rows.sort(key=lambda row: [(part is None, str(part)) for part in row.key])
    names = [words_for(cut, {row.key[place] for row in rows}, inquiry.question.known) for place, cut in enumerate(inquiry.by)]
    table = measure_table(inquiry.measure, inquiry.by, rows, names, inquiry.question.rules.small_cell)
    record("report.exported", by=request.user, table=name, kind=kind, filter=request.GET.urlencode())
    window = inquiry.question.window
    file = "-by-".join([name, *inquiry.by])
    return exports.response(f"{file}-{window.start:%Y-%m}-{window.last_day:%Y-%m}", kind, table)


@require_POST
@requires(Permission.DASHBOARD_VIEW)
def measure_ask(request: HttpRequest, name: str) -> HttpResponse:
    """Have a worker answer the page's question; the same question on the same data is the same run."""
    inquiry = inquire(request, name)
    if inquiry is None:
        raise Http404("There is no data yet.")
    question = inquiry.question
    try:
        where = {**question.chosen, **inquiry.narrowed}
        run = ask_worker(measure=inquiry.measure, window=question.window, cuts=inquiry.by, where=where, by=question.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect(inquiry.url())
    return redirect(run)
