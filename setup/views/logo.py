"""The organization's logo: sent, looked at, taken off, and back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

import accounts.actions
from accounts.access import requires
from accounts.models import Logo
from accounts.permissions import Permission
from common.exceptions import InputError
from setup.forms import LogoForm


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def logo(request: HttpRequest) -> HttpResponse:
    """The logo in use, and a field for another."""
    form = LogoForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            accounts.actions.save_logo(name=file.name, data=file.read(), by=request.user)
        except InputError as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(request, "The logo heads what is printed from now on.")
            return redirect("setup:logo")
    removed = Logo.objects.exclude(removed_at=None).order_by("-removed_at").first()
    context = {"form": form, "logo": Logo.current(), "removed": removed, "before": Logo.objects.filter(removed_at=None).count() - 1}
    return render(request, "setup/logo.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.SETTINGS_EDIT)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it off: the one before comes back, if there is one."""
    before = accounts.actions.remove_logo(logo=get_object_or_404(Logo, pk=pk), by=request.user)
    messages.success(
        request, f"Taken off. {before} is shown again." if before else "Taken off: documents have a name at the top, and no logo."
    )
    return redirect("setup:logo")


@require_POST
@requires(Permission.SETTINGS_EDIT)
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    accounts.actions.restore_logo(logo=get_object_or_404(Logo, pk=pk), by=request.user)
    messages.success(request, "Back again.")
    return redirect("setup:logo")
