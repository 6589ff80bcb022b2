"""Where the newest return on visits stands: HTTP only."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from reports import actions, kinds
from reports.kinds.roi import ROI, standard
from reports.models import ReportRun
from reports.presenters.runs import run_line
from reports.queries.freshness import freshness
from reports.views.pages import nothing_yet
from reports.views.roi_page import page
from territories.scope import scope_of


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW, Permission.ROI_VIEW)
def roi(request: HttpRequest) -> HttpResponse:
    """The newest finished return over all that the person sees; a press of the button makes one of today's data."""
    fresh, scope = freshness(), scope_of(request.user)
    usual = standard(fresh)
    if not usual or scope.is_empty:
        return nothing_yet(request)
    if request.method == "POST":
        try:
            return redirect(actions.ask_for_run(kind=ROI.name, parameters=usual[0], territory=None, by=request.user, basis=ROI.basis_now()))
        except PolicyViolation as refusal:
            return render(request, "reports/roi_none.html", {"refusal": str(refusal)}, status=422)
    whose = {"territory": None, "liaison": None if scope.whole else request.user.pk}
    runs = kinds.runs_seen_by(request.user).filter(kind=ROI.name, **whose)
    stored = runs.finished().for_one().order_by("-data_version", "-computed_at").first()
    if stored is None:
        return render(request, "reports/roi_none.html", {"under_way": runs.under_way().first()})
    template, found = page(request, stored)
    context = {"run": stored, "kind": ROI, "line": run_line(stored, ROI, request.user), "is_behind": is_behind(stored, fresh.version)}
    return render(request, template, context | found)


def is_behind(run: ReportRun, version: int) -> bool:
    return (run.data_version or 0) < version
