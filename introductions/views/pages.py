"""New physicians: the list with its files, one of them with the plan, beginning, changing, ending, and the practices to meet."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.downloads import send_file
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from introductions import actions, exports, policies
from introductions.filters import STATES, PhysicianFilter
from introductions.forms import PhysicianForm, TargetForm
from introductions.models import NewPhysician, Target
from introductions.queries import people_to_choose, practices_to_choose, progress_of

PAGE = 25


def _filtered(request: HttpRequest) -> PhysicianFilter:
    return PhysicianFilter(request.GET, NewPhysician.objects.visible_to(request.user), request=request)


@require_GET
@requires(Permission.PROVIDER_VIEW)
def physicians(request: HttpRequest) -> HttpResponse:
    """Those under way, the latest start first."""
    found = _filtered(request)
    state = found.data.get("state") or "running"
    page = Paginator(found.qs.for_list(), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "filter": found,
        "filtered": any(value for name, value in request.GET.items() if name not in ("page", "state")),
        "tabs": [{"url": f"?state={name}", "label": label, "active": name == state} for name, label in STATES],
        "may_begin": policies.can_run(request.user),
        "today": timezone.localdate(),
    }
    return render(request, "introductions/list.html", context)


@require_GET
@requires(Permission.PROVIDER_VIEW, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    rows = _filtered(request).qs.for_list().prefetch_related("payers__payer")
    return send_file(request, "new-physicians", kind, exports.HEADER, exports.rows(rows), rows.count(), exports.BELONGS)


@require_http_methods(["GET", "POST"])
@requires(Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    if not policies.can_run(request.user):
        messages.error(request, "Introductions are begun by managers.")
        return redirect("introductions:list")
    return _form(request, None)


@require_http_methods(["GET", "POST"])
@requires(Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    stored = _find(request, pk)
    if not policies.can_run(request.user, stored):
        raise PermissionDenied("Only managers and whoever leads an introduction change it.")
    return _form(request, stored)


def _find(request: HttpRequest, pk: int) -> NewPhysician:
    return get_object_or_404(NewPhysician.objects.visible_to(request.user).for_list(), pk=pk)


def _form(request: HttpRequest, stored: NewPhysician | None) -> HttpResponse:
    form = PhysicianForm(request.POST if request.method == "POST" else None, user=request.user, physician=stored)
    if request.method == "POST" and form.is_valid():
        arguments = form.arguments()
        try:
            saved = actions.save_physician(physician=stored, by=request.user, **arguments)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved.")
            return redirect(saved)
    context = {"form": form, "physician": stored, "crumbs": _crumbs(stored)}
    return render(request, "introductions/form.html", context, status=422 if form.errors else 200)


def _crumbs(physician: NewPhysician | None = None) -> list[dict[str, str]]:
    crumbs = [{"url": reverse("introductions:list"), "label": "New physicians"}]
    return [*crumbs, {"url": physician.get_absolute_url(), "label": str(physician)}] if physician else crumbs


@require_http_methods(["GET", "POST"])
@requires(Permission.PROVIDER_VIEW)
def physician(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one, and the practices to meet with their tasks; POST adds a practice."""
    stored = _find(request, pk)
    targets = list(Target.objects.visible_to(request.user).filter(physician=stored).for_list())
    may_add = policies.can_add_target(request.user) and stored.ended_at is None
    form: TargetForm | None = None
    if may_add:
        form = TargetForm(
            request.POST if request.method == "POST" else None,
            user=request.user,
            people=people_to_choose(request.user),
            practices=practices_to_choose(request.user, stored),
        )
    if request.method == "POST":
        if form is None:
            raise PermissionDenied("You cannot add practices here.")
        if form.is_valid():
            try:
                actions.add_target(physician=stored, by=request.user, **form.cleaned_data)
            except PolicyViolation as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, "On the plan: three tasks were made.")
                return redirect(stored)
    context: dict[str, Any] = {
        "physician": stored,
        "payers": stored.payers.select_related("payer"),
        "targets": targets,
        "progress": progress_of(targets),
        "form": form,
        "may_change": policies.can_run(request.user, stored),
        "crumbs": _crumbs(),
        "today": timezone.localdate(),
    }
    return render(request, "introductions/detail.html", context, status=422 if form and form.errors else 200)


@require_POST
@requires(Permission.PROVIDER_VIEW, Permission.VISIT_LOG)
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """A practice off the plan."""
    target = get_object_or_404(Target.objects.visible_to(request.user).select_related("physician", "practice", "owner"), pk=pk)
    try:
        actions.drop_target(target=target, by=request.user)
        messages.success(request, f"{target.practice} is off the plan; its open tasks are done with.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect(target.physician)


@require_POST
@requires(Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Over, or, once it is, under way again."""
    stored = _find(request, pk)
    try:
        if stored.ended_at is None:
            actions.end_introduction(physician=stored, by=request.user)
            messages.success(request, "The introduction is over. It stands under Over, and can be resumed there.")
        else:
            actions.resume_introduction(physician=stored, by=request.user)
            messages.success(request, "The introduction goes on.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect(stored)


@require_GET
@requires(Permission.PROVIDER_VIEW)
def provider_panel(request: HttpRequest, pk: int) -> HttpResponse:
    """On a provider's page: that they are new here, how to refer, and where the plan is. Blank for everybody else."""
    found = NewPhysician.objects.visible_to(request.user).running().for_list().filter(provider=pk).first()
    return render(request, "introductions/_provider.html", {"physician": found, "today": timezone.localdate()})
