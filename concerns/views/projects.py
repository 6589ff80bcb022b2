"""Quality projects: the list, one with its before and after, beginning and changing one, and the concerns that belong to it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from concerns import actions, charts, policies, presenters
from concerns.forms import ProjectForm
from concerns.models import Concern, QualityProject
from concerns.trends import effect, effects


def _crumbs(*, below: bool = False) -> list[dict[str, str]]:
    crumbs = [{"url": reverse("concerns:list"), "label": "Concerns"}]
    return [*crumbs, {"url": reverse("concerns:projects"), "label": "Quality projects"}] if below else crumbs


@require_GET
@requires(Permission.CONCERN_VIEW)
def projects(request: HttpRequest) -> HttpResponse:
    """Those that run first, each with what may be said of it."""
    seen, today = Concern.objects.visible_to(request.user), timezone.localdate()
    found = list(QualityProject.objects.visible_to(request.user).for_list())
    told = effects(found, seen, today=today)
    rows = [{"project": one, "finding": told[one.pk].finding, "runs": one.ended_on is None or one.ended_on >= today} for one in found]
    rows.sort(key=lambda row: not row["runs"])
    context = {"rows": rows, "may_begin": policies.can_run_project(request.user), "crumbs": _crumbs()}
    return render(request, "concerns/projects.html", context)


def _project(request: HttpRequest, pk: int) -> QualityProject:
    return get_object_or_404(QualityProject.objects.visible_to(request.user).for_list(), pk=pk)


@require_GET
@requires(Permission.CONCERN_VIEW)
def project(request: HttpRequest, pk: int) -> HttpResponse:
    """What is to become better, whether it does, and the concerns that belong to it."""
    stored = _project(request, pk)
    seen = Concern.objects.visible_to(request.user)
    context = {
        "project": stored,
        "chart": charts.before_and_after(effect(stored, seen, today=timezone.localdate())),
        "rows": presenters.rows(seen.filter(projects=stored).for_list().order_by("-raised_at")),
        "may_change": policies.can_run_project(request.user, stored),
        "crumbs": _crumbs(below=True),
    }
    return render(request, "concerns/project.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.CONCERN_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    if not policies.can_run_project(request.user):
        messages.error(request, "Quality projects are begun by managers. Ask yours to begin one.")
        return redirect("concerns:projects")
    return _form(request, None, {"owner": request.user.pk, "started_on": timezone.localdate()})


@require_http_methods(["GET", "POST"])
@requires(Permission.CONCERN_EDIT)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    stored = _project(request, pk)
    if not policies.can_run_project(request.user, stored):
        raise PermissionDenied("Only managers and whoever leads a project change it.")
    names = ("name", "goal", "started_on", "ended_on")
    initial: dict[str, Any] = {name: getattr(stored, name) for name in names}
    return _form(request, stored, {**initial, "owner": stored.owner_id, "categories": [kind.pk for kind in stored.categories.all()]})


def _form(request: HttpRequest, stored: QualityProject | None, initial: dict[str, Any]) -> HttpResponse:
    form = ProjectForm(request.POST if request.method == "POST" else None, project=stored, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            saved = actions.save_project(by=request.user, project=stored, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Project saved.")
            return redirect(saved)
    context = {"form": form, "project": stored, "title": f"Change {stored}" if stored else "Begin a project", "crumbs": _crumbs(below=True)}
    return render(request, "concerns/project_form.html", context, status=422 if form.is_bound else 200)


@require_POST
@requires(Permission.CONCERN_EDIT)
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """A concern joins a project, or leaves it (`do=unlink`)."""
    concern = get_object_or_404(Concern.objects.visible_to(request.user), pk=pk)
    text = request.POST.get("project", "")
    chosen = get_object_or_404(QualityProject.objects.visible_to(request.user), pk=text if text.isdecimal() and len(text) < 19 else 0)
    unlinks = request.POST.get("do") == "unlink"
    try:
        (actions.unlink_concern if unlinks else actions.link_concern)(project=chosen, concern=concern, by=request.user)
        messages.success(request, f"{'Taken off' if unlinks else 'Linked to'} {chosen}.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect(concern)
