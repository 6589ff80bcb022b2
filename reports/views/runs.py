"""Report runs: the list, one of them, asking for one, letting one go."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from reports import actions, kinds
from reports.forms.runs import RunFilter
from reports.models import ReportRun, RunState
from reports.offers import offer_to
from reports.presenters.documents import page_blocks
from reports.presenters.runs import run_line, run_lines
from reports.queries.freshness import freshness
from reports.views.pages import nothing_yet

PAGE_ROWS = 25


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def runs(request: HttpRequest) -> HttpResponse:
    """Every run that the person may see, newest first: finished, on its way, or failed."""
    offered = kinds.seen_by(request.user)
    chosen = RunFilter(request.GET, kinds={name: kind.title for name, kind in offered.items()})
    found = chosen.cut(kinds.runs_seen_by(request.user), request.user).for_list()
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    lines = run_lines(page.object_list, offered, request.user)
    context = {
        "page": page,
        "lines": lines,
        "filter": chosen,
        "clear_url": reverse("reports:runs") if chosen.is_used else "",
        "is_moving": any(line.run.is_under_way for line in lines),
        "has_data": freshness().data_through is not None,
        "may_export": request.user.can(Permission.EXPORT),
    }
    return render(request, "reports/_runs.html" if request.htmx else "reports/runs.html", context)


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: what it found, as it was written; how far it is; or why there is nothing."""
    stored = _find(request, pk)
    kind = kinds.KINDS[stored.kind]
    context: dict[str, Any] = {"run": stored, "line": run_line(stored, kind, request.user), "kind": kind}
    if not stored.is_finished:
        template = "reports/_run_progress.html" if request.htmx else "reports/run_waiting.html"
        return render(request, template, context | {"is_failed": stored.state == RunState.FAILED})
    if request.htmx and (request.htmx.target or "").endswith("#run-progress"):  # "div#run-progress": what this page showed a moment ago
        return HttpResponseClientRedirect(stored.get_absolute_url())
    context["is_behind"] = (stored.data_version or 0) < freshness().version
    if kind.page is not None:
        template, more = kind.page(request, stored)
        return render(request, template, context | more)
    document = kind.document(stored, request.user)
    return render(request, "reports/run_document.html", context | page_blocks(document))


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def new(request: HttpRequest) -> HttpResponse:
    """Which report to make."""
    if offer_to(request.user) is None:
        return nothing_yet(request)
    return render(request, "reports/new_run.html", {"kinds": kinds.seen_by(request.user).values()})


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW)
def new_of_kind(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for a report with its own small form; a worker computes it."""
    kind = kinds.KINDS.get(name)
    if kind is None:
        raise Http404("There is no such report.")
    if not kind.may_be_seen_by(request.user):
        raise PermissionDenied("Your role does not see this report.")
    if (offer := offer_to(request.user)) is None:
        return nothing_yet(request)
    form = kind.form(request.POST or None, offer=offer)
    if request.method == "POST" and form.is_valid():
        try:
            asked = actions.ask_for_run(
                kind=kind.name,
                parameters=form.parameters(),
                territory=form.cleaned_data.get("territory"),
                by=request.user,
                basis=kind.basis_now(),
            )
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(asked)
    return render(request, "reports/new_run_of_kind.html", {"form": form, "kind": kind})


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a run that is on its way, or delete a finished one that one asked for."""
    stored = _find(request, pk)
    line = run_line(stored, kinds.KINDS[stored.kind], request.user)
    if not line.may_withdraw:
        raise PermissionDenied("Only who asked for a report, or an admin, can let it go.")
    if request.method == "POST":
        word = "cancelled" if stored.is_under_way else "deleted"
        is_gone = actions.withdraw_run(run=stored, by=request.user)
        messages.success(request, f"The report was {word}." if is_gone else "The report stays for the others who asked for it.")
        return redirect("reports:runs")
    return render(request, "reports/run_withdraw.html", {"run": stored, "line": line})


@require_POST
@requires(Permission.DASHBOARD_VIEW)
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a failed run again."""
    return redirect(actions.retry_run(run=_find(request, pk), by=request.user))


def _find(request: HttpRequest, pk: int) -> ReportRun:
    found = kinds.runs_seen_by(request.user).for_one()
    return get_object_or_404(found, pk=pk)
