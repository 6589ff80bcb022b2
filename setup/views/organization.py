"""The organization's own settings, and the very first admin."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.access import open_to_strangers, requires
from accounts.models import Installation, Logo, User
from accounts.permissions import Permission
from common.exceptions import InputError, PolicyViolation
from referrals.models import CountingRules
from reports.models import ReportRules
from setup import actions
from setup.forms import FirstAdminForm, OrganizationForm
from territories.models import Territory


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def organization(request: HttpRequest) -> HttpResponse:
    installation, rules = Installation.current(), ReportRules.current()
    known = {
        "name": Territory.objects.filter(parent=None).values_list("name", flat=True).first() or "",
        "time_zone": installation.time_zone,
        "letterhead": installation.letterhead,
        "fiscal_starts": rules.fiscal_starts,
    }
    form = OrganizationForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_organization(**form.cleaned_data, by=request.user)
        except (InputError, PolicyViolation) as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, "Saved. Pages follow at once; finished reports stay as they were made.")
            return redirect("setup:organization")
    context = {"form": form, "rules": rules, "counting": CountingRules.current(), "logo": Logo.current()}
    return render(request, "setup/organization.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@open_to_strangers("makes the first admin of an installation without people; the address holds a key that bin/up prints")
def first_admin(request: HttpRequest, key: str) -> HttpResponse:
    """The way in for the first person. The key is of one use, and worth nothing once somebody is an admin."""
    if not actions.is_the_key(key):
        raise Http404
    form = FirstAdminForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            validate_password(told["password"], User(email=told["email"], full_name=told["full_name"]))
            admin = actions.become_first_admin(**told, by=None)
        except ValidationError as weak:
            form.add_error("password", weak)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            login(request, admin, backend=settings.AUTHENTICATION_BACKENDS[0])
            return redirect("setup:overview")
    return render(request, "setup/first_admin.html", {"form": form}, status=422 if form.errors else 200)
