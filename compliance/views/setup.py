"""Settings: limits by year and entity, and the policies beside them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from compliance import actions
from compliance.forms import LimitForm, PolicyForm
from compliance.models import SpendLimit, SpendPolicy


def _crumbs(*, below: bool = False) -> list[dict[str, str]]:
    crumbs = [{"url": reverse("settings"), "label": "Settings"}]
    return [*crumbs, {"url": reverse("compliance:limits"), "label": "Spend limits"}] if below else crumbs


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def limits(request: HttpRequest) -> HttpResponse:
    """All years, and a form for another."""
    form = LimitForm(request.POST if request.method == "POST" else None, initial={"year": timezone.localdate().year + 1})
    if request.method == "POST" and form.is_valid():
        actions.save_limit(by=request.user, **form.cleaned_data)
        messages.success(request, "Limit added.")
        return redirect("compliance:limits")
    context = {"form": form, "limits": SpendLimit.objects.select_related("entity"), "crumbs": _crumbs()}
    return render(request, "compliance/limits.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def limit(request: HttpRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(SpendLimit, pk=pk)
    form = LimitForm(request.POST if request.method == "POST" else None, instance=stored)
    if request.method == "POST" and form.is_valid():
        actions.save_limit(by=request.user, limit=get_object_or_404(SpendLimit, pk=pk), **form.cleaned_data)
        messages.success(request, "Limit saved.")
        return redirect("compliance:limits")
    context = {"form": form, "title": f"Limits of {get_object_or_404(SpendLimit, pk=pk)}", "crumbs": _crumbs(below=True), "limit": stored}
    return render(request, "compliance/limit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def limit_remove(request: HttpRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(SpendLimit, pk=pk)
    if request.method == "POST":
        actions.remove_limit(limit=stored, by=request.user)
        messages.success(request, "Limit removed.")
        return redirect("compliance:limits")
    return render(request, "compliance/limit_remove.html", {"limit": stored, "crumbs": _crumbs(below=True)})


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def policy(request: HttpRequest) -> HttpResponse:
    """The settings beside the limits."""
    form = PolicyForm(request.POST if request.method == "POST" else None, instance=SpendPolicy.current())
    if request.method == "POST" and form.is_valid():
        actions.save_policy(by=request.user, **form.cleaned_data)
        messages.success(request, "Policies saved.")
        return redirect("compliance:policy")
    return render(request, "compliance/policy.html", {"form": form, "crumbs": _crumbs(below=True)}, status=422 if form.errors else 200)
