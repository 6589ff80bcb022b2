"""Saying whose somebody is, from which day."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from contacts import actions
from contacts.actions import Owner
from contacts.forms import AlignForm
from contacts.models import Alignment, Organization, Practice, Provider
from contacts.views.common import saved, show_form


@require_http_methods(["GET", "POST"])
@requires(Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
def provider_align(request: HttpRequest, pk: int) -> HttpResponse:
    return _align(request, get_object_or_404(Provider.objects.visible_to(request.user), pk=pk))


@require_http_methods(["GET", "POST"])
@requires(Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
def practice_align(request: HttpRequest, pk: int) -> HttpResponse:
    return _align(request, get_object_or_404(Practice.objects.visible_to(request.user), pk=pk))


@require_http_methods(["GET", "POST"])
@requires(Permission.PROVIDER_VIEW, Permission.SETTINGS_EDIT)
def organization_align(request: HttpRequest, pk: int) -> HttpResponse:
    return _align(request, get_object_or_404(Organization.objects.visible_to(request.user), pk=pk))


def _align(request: HttpRequest, owner: Owner) -> HttpResponse:
    form = AlignForm(request.POST or None)
    if request.method == "POST" and saved(form, lambda: actions.align(owner=owner, by=request.user, **form.cleaned_data)):
        messages.success(request, "Alignment saved. Referrals of those days are counted anew in a moment.")
        return redirect(owner)
    return show_form(request, "contacts/align_form.html", form, owner=owner, alignments=owner.alignments.all())


@require_POST
@requires(Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
def alignment_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back an entry. Its owner must be in scope; an organization's is a setting."""
    alignments = Alignment.objects.visible_to(request.user).select_related("provider", "practice", "organization")
    alignment = get_object_or_404(alignments, pk=pk)
    owner = alignment.provider or alignment.practice or alignment.organization
    if alignment.organization and not request.user.can(Permission.SETTINGS_EDIT):
        raise PermissionDenied(f"Your role does not let you {Permission.SETTINGS_EDIT}.")
    actions.remove_alignment(alignment=alignment, by=request.user)
    messages.success(request, "Entry removed. Referrals of those days are counted anew in a moment.")
    return redirect(owner)
