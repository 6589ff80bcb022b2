"""Where the quarter stands, and its slides: HTTP only."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import file_response
from common.exceptions import PolicyViolation
from referrals.models import CountingRules
from reports import actions, kinds
from reports.fiscal import Quarter
from reports.forms.quarter import QuarterForm
from reports.kinds.quarter import QUARTER, parameters_of
from reports.models import ReportRules
from reports.offers import offer_to
from reports.presenters.runs import run_line
from reports.queries.freshness import freshness
from reports.views.pages import nothing_yet
from reports.views.quarter_page import page
from reports.views.roi import is_behind
from territories.scope import scope_of

PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW, Permission.ROI_VIEW)
def quarter(request: HttpRequest) -> HttpResponse:
    """The newest finished run of a quarter (?q=2026Q3), else of the last one that is over; a press of the button makes it."""
    if (offer := offer_to(request.user)) is None:
        return nothing_yet(request)
    starts = ReportRules.current().fiscal_starts
    offered = [name for name, _ in QuarterForm(offer=offer).fields["quarter"].choices]
    wanted = request.GET.get("q", "") or (offered[0] if offered else "")
    chosen = Quarter.named(wanted, starts)
    if chosen is None and request.GET.get("q"):
        raise Http404("There is no such quarter.")
    if chosen is None:
        return nothing_yet(request)
    is_over = chosen.name in offered
    tabs = [
        {"url": f"{reverse('reports:quarter')}?q={name}", "label": quarter.short, "active": name == chosen.name}
        for name in reversed(offered[:6])
        if (quarter := Quarter.named(name, starts))
    ]
    if request.method == "POST" and is_over:
        try:
            return redirect(
                actions.ask_for_run(
                    kind=QUARTER.name, parameters=parameters_of(chosen), territory=None, by=request.user, basis=QUARTER.basis_now()
                )
            )
        except PolicyViolation as refusal:
            return render(request, "reports/quarter_none.html", {"refusal": str(refusal), "tabs": tabs, "chosen": chosen}, status=422)
    whose = {"territory": None, "liaison": None if scope_of(request.user).whole else request.user.pk}
    runs = kinds.runs_seen_by(request.user).filter(kind=QUARTER.name, parameters=parameters_of(chosen), **whose)
    stored = runs.finished().for_one().order_by("-data_version", "-computed_at").first()
    if stored is None:
        context = {"under_way": runs.under_way().first(), "tabs": tabs, "chosen": chosen, "is_over": is_over}
        return render(request, "reports/quarter_none.html", context)
    template, found = page(request, stored)
    line = run_line(stored, QUARTER, request.user)
    shown: dict[str, Any] = {
        "run": stored,
        "kind": QUARTER,
        "line": line,
        "tabs": tabs,
        "is_behind": is_behind(stored, freshness().version),
    }
    return render(request, template, shown | found)


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.ROI_VIEW, Permission.EXPORT)
def slides(request: HttpRequest, pk: int) -> HttpResponse:
    """The quarter as slides; the download is recorded."""
    from reports.exports.slides import quarter_slides  # noqa: PLC0415 - python-pptx only where slides are made

    runs = kinds.runs_seen_by(request.user).finished().for_one().filter(kind=QUARTER.name)
    run = get_object_or_404(runs, pk=pk)
    content = quarter_slides(run, CountingRules.current().small_cell)
    record("report.exported", by=request.user, target=run, kind="pptx", report=run.kind, data_version=run.data_version)
    return file_response(f"quarter-{run.parameters['quarter']}.pptx", content, PPTX)
