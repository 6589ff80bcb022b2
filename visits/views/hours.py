"""One's own days in the field."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from visits import actions
from visits.forms import WorkingHoursForm
from visits.queries import hours_of
from visits.views.common import sent


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def working_hours(request: HttpRequest) -> HttpResponse:
    form = WorkingHoursForm(sent(request), hours=hours_of(request.user))
    if request.method == "POST" and form.is_valid():
        actions.save_working_hours(by=request.user, **form.arguments())
        messages.success(request, "Saved. Plans are counted anew with it.")
        return redirect("visits:hours")
    return render(request, "visits/hours.html", {"form": form}, status=422 if form.errors else 200)
