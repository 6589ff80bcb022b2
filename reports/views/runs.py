"""Finished report runs: the list, one of them, and asking for one's own."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from jobs.models import Job, JobState
from reports import actions, tables
from reports.forms import RunForm
from reports.models import ReportName, ReportRun
from reports.queries.freshness import freshness
from reports.questions import ask, of_run
from reports.views.pages import drawings, frame, mover_lists, nothing_yet, table
from territories.models import Territory
from territories.scope import scope_of

_STATES = {JobState.QUEUED: "queued", JobState.RUNNING: "running", JobState.DONE: "finished"}
_REPORTS = {ReportName.LEAKAGE: tables.LEAKAGE, ReportName.VOLUME: tables.GROWTH}
STORED = ("service_line", "payer", "territory")


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def runs(request: HttpRequest) -> HttpResponse:
    """Every finished run that the person may see, newest first."""
    name = request.GET.get("report", "")
    found = ReportRun.objects.visible_to(request.user).for_list()
    if name in ReportName.values:
        found = found.filter(name=name)
    tabs = [
        {"url": f"{reverse('reports:runs')}{f'?report={value}' if value else ''}", "label": label, "active": value == name}
        for value, label in (("", "All"), *ReportName.choices)
    ]
    page = Paginator(found, 25).get_page(request.GET.get("page"))
    return render(request, "reports/runs.html", {"page": page, "tabs": tabs, "has_data": freshness().data_through is not None})


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One finished run, as it was written."""
    stored = get_object_or_404(ReportRun.objects.visible_to(request.user).select_related("territory", "liaison"), pk=pk)
    if (asked := ask(request)) is None:
        return nothing_yet(request)
    question, found, name = of_run(asked, stored), stored.numbers, _REPORTS[ReportName(stored.name)]
    by = tables.check(request.GET.get("by", ""))
    if by not in STORED:
        raise Http404("A finished run has no such table.")
    tabs = [
        {"url": f"{stored.get_absolute_url()}?by={dimension}", "label": tables.LABELS[dimension], "active": dimension == by}
        for dimension in STORED
    ]
    context = {
        **drawings(found, question, name),
        "movers": mover_lists(found, question) if name == tables.GROWTH else [],
        "table": table(request, question, name, by, found),
        "tabs": tabs,
        "report": name,
        "live_url": question.page(name),
    }
    return render(request, "reports/run.html", context | frame(question, name))


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW)
def new(request: HttpRequest) -> HttpResponse:
    """Ask for a report over months and a territory of one's choice; a worker computes it."""
    months = actions.months_on_offer(freshness())
    scope = scope_of(request.user)
    if not months or scope.is_empty:
        return nothing_yet(request)
    territories = Territory.objects.live() if scope.whole else Territory.objects.live().filter(pk__in=scope.territory_ids)
    form = RunForm(
        request.POST or None,
        territories=territories,
        months=months,
        everything="The whole organization" if scope.whole else "All that I look after",
    )
    if request.method == "POST" and form.is_valid():
        window, chosen = form.window(), form.cleaned_data
        try:
            job = actions.ask_for_run(
                name=chosen["name"], territory=chosen["territory"], start=window.start, end=window.end, by=request.user
            )
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("reports:waiting", job.pk)
    return render(request, "reports/new_run.html", {"form": form})


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def waiting(request: HttpRequest, pk: int) -> HttpResponse:
    """How far an asked-for report is; leads on to it when it is there."""
    job = get_object_or_404(Job.objects.visible_to(request.user).filter(name="reports.run"), pk=pk)
    if job.state == JobState.DONE:
        name, territory, liaison, start, end = job.args
        found = ReportRun.objects.visible_to(request.user).filter(
            name=name, territory=territory, liaison=liaison, start_on=start, end_on=end
        )
        if (finished := found.order_by("-data_version").first()) is not None:
            url = finished.get_absolute_url()
            return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
    template = "reports/_waiting.html" if request.htmx else "reports/waiting.html"
    return render(request, template, {"job": job, "state": _STATES.get(JobState(job.state), "failed")})
