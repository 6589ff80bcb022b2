"""The settings of reports: HTTP only."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import InputError
from reports import actions
from reports.forms import ReportRulesForm
from reports.models import ReportRules


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def report_rules(request: HttpRequest) -> HttpResponse:
    """How long we wait for an outcome, who is new or lost, how classes and alerts are decided."""
    form = ReportRulesForm(request.POST if request.method == "POST" else None, instance=ReportRules.current())
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_report_rules(**form.cleaned_data, by=request.user)
        except InputError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved. Figures follow at once; finished reports stay as they were made.")
            return redirect("reports:rules")
    return render(request, "reports/rules.html", {"form": form}, status=422 if form.errors else 200)
