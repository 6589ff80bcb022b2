"""Tiers in bulk from the list of practices, their undo, and the page of the cadence."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from contacts import actions
from contacts.filters import PracticeFilter
from contacts.forms import CadenceForm, TierForm
from contacts.models import Practice, TierChange
from contacts.views.common import today

EDIT = (Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)


@require_POST
@requires(*EDIT)
def set_tiers(request: HttpRequest) -> HttpResponse:
    """The ticked practices, or all that the filter of the address finds, get a tier; the list then offers to undo it."""
    form = TierForm(request.POST)
    seen = Practice.objects.visible_to(request.user)
    if not form.is_valid():
        messages.error(request, "Choose a tier.")
        return redirect(_list(request))
    if form.cleaned_data["everything"]:
        chosen = PracticeFilter(request.GET, seen.for_list(today()), request=request).qs
    else:
        ticked = [int(pk) for pk in request.POST.getlist("practice") if pk.isdecimal() and len(pk) < 19]
        chosen = seen.filter(pk__in=ticked)
        if not ticked:
            messages.error(request, "Tick the practices first.")
            return redirect(_list(request))
    change = actions.set_tiers(practices=chosen, tier=form.chosen_tier, by=request.user)
    if change is None:
        messages.info(request, "They are in this tier already.")
        return redirect(_list(request))
    return redirect(_list(request, tiered=change.pk))


def _list(request: HttpRequest, **extra: int) -> str:
    """The list as it was filtered."""
    query = request.GET.copy()
    query.pop("tiered", None)
    for name, value in extra.items():
        query[name] = str(value)
    return f"{reverse('contacts:practices')}{'?' if query else ''}{query.urlencode()}"


@require_POST
@requires(*EDIT)
def undo_tiers(request: HttpRequest, pk: int) -> HttpResponse:
    change = get_object_or_404(TierChange.objects.visible_to(request.user), pk=pk)
    try:
        back = actions.undo_tiers(change=change, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        kept = len(change.before) - back
        said = f"Undone: {back:,} practice{'' if back == 1 else 's'} as before."
        messages.success(request, f"{said} {kept:,} got another tier since, and keep it." if kept else said)
    return redirect(_list(request))


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def cadence(request: HttpRequest) -> HttpResponse:
    """Days between visits by tier, and how many practices that concerns."""
    form = CadenceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actions.save_cadence(days=form.cleaned_data, by=request.user)
        messages.success(request, "Saved. What is due is counted anew at once.")
        return redirect("contacts:cadence")
    return render(request, "contacts/cadence.html", {"form": form}, status=422 if form.errors else 200)
