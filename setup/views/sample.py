"""Sample data on and off."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from demo import actions, sample
from demo.models import Sample

MAY = (Permission.SETTINGS_EDIT, Permission.USER_MANAGE)


@require_GET
@requires(*MAY)
def sample_page(request: HttpRequest) -> HttpResponse:
    """Whether it is here, who can sign in to it, what goes when it goes."""
    here = Sample.objects.select_related("asked_by", "job").first()
    context = {
        "sample": here,
        "job": here.job if here and here.job and not here.job.is_finished else None,
        "failed": here.job.error if here and here.job and not here.loaded_at else "",
        "people": User.objects.active().filter(is_demo=True) if here and here.loaded_at else [],
        "password": actions.password() if here and here.loaded_at else "",
        "in_the_way": [] if here else sample.what_is_here(),
        "invented_only": User.objects.filter(is_demo=True).exists() and here is None,
    }
    return render(request, "setup/sample.html", context)


@require_POST
@requires(*MAY)
def load(request: HttpRequest) -> HttpResponse:
    try:
        sample.ask_to_load(by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect("setup:sample")


@require_http_methods(["GET", "POST"])
@requires(*MAY)
def take_off(request: HttpRequest) -> HttpResponse:
    """Say what goes, then do it."""
    here = Sample.objects.first()
    if here is None:
        return redirect("setup:sample")
    if request.method == "POST":
        try:
            job = sample.ask_to_take_off(by=request.user)
        except PolicyViolation as refusal:
            messages.error(request, str(refusal))
            return redirect("setup:sample")
        return redirect(reverse("accounts:job", args=[job.pk]))
    return render(request, "setup/sample_off.html", {"sample": here, "meanwhile": sample.entered_meanwhile(here)})
