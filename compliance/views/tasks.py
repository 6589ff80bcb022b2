"""What is to be repaid or approved, by when."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.downloads import send_file
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from compliance import actions, exports, policies, presenters
from compliance.filters import TASK_STATES, SpendTaskFilter
from compliance.forms import FinishForm
from compliance.models import SpendTask, TaskKind
from compliance.queries import to_confirm
from compliance.views.common import tabs

PAGE = 25


def _filtered(request: HttpRequest) -> SpendTaskFilter:
    """Open ones unless the address names a state."""
    data: QueryDict = request.GET.copy()
    data.setdefault("state", "open")
    return SpendTaskFilter(data, SpendTask.objects.visible_to(request.user), request=request)


@require_GET
@requires(Permission.SPEND_VIEW)
def task_list(request: HttpRequest) -> HttpResponse:
    """By day; those that are overdue first by themselves."""
    found = _filtered(request)
    page = Paginator(found.qs.for_list(), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [presenters.task_row(task, may_finish=policies.can_finish(request.user, task)) for task in page],
        "to_confirm": to_confirm(request.user).select_related("practice") if found.data["state"] == "open" else [],
        "state": found.data["state"],
        "tabs": tabs(request, "tasks"),
        "states": [
            {"url": f"?state={state}", "label": label, "active": found.data["state"] == state} for state, label in TASK_STATES.items()
        ],
    }
    return render(request, "compliance/tasks.html", context)


@require_GET
@requires(Permission.SPEND_VIEW, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    found = _filtered(request).qs
    return send_file(request, "spend-tasks", kind, exports.TASK_HEADER, exports.task_rows(found), found.count())


@require_GET
@requires(Permission.SPEND_VIEW)
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """One task, and for a manager the form that ends it."""
    stored = _task(request, pk)
    may = policies.can_finish(request.user, stored)
    return _shown(request, stored, FinishForm(task=stored) if may else None)


@require_http_methods(["GET", "POST"])
@requires(Permission.SPEND_APPROVE)
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """It was repaid, or it is approved."""
    stored = _task(request, pk)
    if request.method == "GET":
        return redirect(stored)
    form = FinishForm(request.POST, task=stored)
    if form.is_valid():
        try:
            actions.finish_task(task=stored, by=request.user, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Repaid: noted." if stored.kind == TaskKind.REPAY else "Approved: noted.")
            return redirect("compliance:tasks")
    return _shown(request, stored, form, status=422)


def _task(request: HttpRequest, pk: int) -> SpendTask:
    return get_object_or_404(SpendTask.objects.visible_to(request.user).for_list(), pk=pk)


def _shown(request: HttpRequest, stored: SpendTask, form: FinishForm | None, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "task": stored,
        "row": presenters.task_row(stored),
        "form": form,
        "submit": "Mark as repaid" if stored.kind == TaskKind.REPAY else "Approve",
        "own": form is None and stored.state == "open" and request.user.can(Permission.SPEND_APPROVE),
    }
    return render(request, "compliance/task.html", context, status=status)


@require_GET
@requires(Permission.SPEND_VIEW, Permission.SPEND_APPROVE)
def approvals_panel(request: HttpRequest) -> HttpResponse:
    """What waits for a manager, the most urgent first: a part of the page of approvals."""
    waiting = SpendTask.objects.visible_to(request.user).open()
    tasks = waiting.for_list().order_by("due_on", "pk")[:PAGE]
    rows = [presenters.task_row(task, may_finish=policies.can_finish(request.user, task)) for task in tasks]
    return render(request, "compliance/_approvals.html", {"rows": rows, "count": waiting.count()})
