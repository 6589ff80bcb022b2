"""The page of the cadence."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from contacts import actions
from contacts.forms import CadenceForm


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
