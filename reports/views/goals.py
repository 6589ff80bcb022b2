"""Goals: the list with its pace, setting one, changing it, taking it back, the file."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import PolicyViolation
from referrals.models import CountingRules
from reports import actions, exports
from reports.filters import GOAL_STATES, GoalFilter
from reports.forms import GoalForm
from reports.models import Goal, GoalBatch
from reports.pacing import Pace, paces
from reports.presenters import goals as presenter
from reports.queries.freshness import freshness
from reports.queries.names import names


def _goals(request: HttpRequest) -> tuple[str, list[Goal]]:
    found = GoalFilter(request.GET, Goal.objects.visible_to(request.user).for_list(), request=request)
    if not found.is_valid():
        found = GoalFilter({}, found.queryset, request=request)
    return found.state_shown, list(found.qs)


def _paces(goals: list[Goal]) -> list[Pace]:
    return paces(goals, fresh=freshness(), parents=names().parents)


@require_GET
@requires(Permission.DASHBOARD_VIEW)
def goal_list(request: HttpRequest) -> HttpResponse:
    """Running goals, those to come, those that are over: each with its figure and, while it runs, its pace."""
    state, goals = _goals(request)
    found = _paces(goals)
    context = {
        "rows": presenter.rows(found, may_edit=request.user.can(Permission.GOAL_EDIT)),
        "finding": presenter.finding(found),
        "state": state,
        "tabs": [{"url": f"?state={name}", "label": label, "active": name == state} for name, label in GOAL_STATES.items()],
        "data_through": freshness().data_through,
        "just_set": _just_set(request),
    }
    return render(request, "reports/goals.html", context)


def _just_set(request: HttpRequest) -> GoalBatch | None:
    """The goals that were set in bulk just now, to offer the way back."""
    text = request.GET.get("set", "")
    own = GoalBatch.objects.visible_to(request.user).filter(undone_at=None)
    return own.filter(pk=text).first() if text.isdecimal() and len(text) < 19 else None


@require_GET
@requires(Permission.DASHBOARD_VIEW, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    if kind not in exports.KINDS:
        raise Http404("No such file.")
    state, goals = _goals(request)
    record("report.exported", by=request.user, table="goals", kind=kind, filter=state)
    smallest = CountingRules.current().small_cell
    return exports.response(f"goals-{timezone.localdate():%Y-%m-%d}", kind, (presenter.HEAD, presenter.file_rows(_paces(goals), smallest)))


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW, Permission.GOAL_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@require_http_methods(["GET", "POST"])
@requires(Permission.DASHBOARD_VIEW, Permission.GOAL_EDIT)
def goal(request: HttpRequest, pk: int) -> HttpResponse:
    return _form(request, get_object_or_404(Goal.objects.visible_to(request.user), pk=pk))


def _form(request: HttpRequest, stored: Goal | None) -> HttpResponse:
    form = GoalForm(request.POST if request.method == "POST" else None, user=request.user, goal=stored)
    if request.method == "POST" and form.is_valid():
        try:
            saved = actions.save_goal(goal=stored, by=request.user, **form.arguments())
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Saved: {saved}.")
            return redirect("reports:goals")
    context: dict[str, Any] = {"form": form, "goal": stored, "back": reverse("reports:goals")}
    return render(request, "reports/goal.html", context, status=422 if form.is_bound else 200)


@require_POST
@requires(Permission.DASHBOARD_VIEW, Permission.GOAL_EDIT)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(Goal.objects.visible_to(request.user), pk=pk)
    try:
        actions.remove_goal(goal=stored, by=request.user)
        messages.success(request, "Goal removed.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect("reports:goals")
