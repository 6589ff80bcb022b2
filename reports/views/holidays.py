"""The days on which offices are closed."""

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from reports import actions
from reports.forms.alerts import ClosingForm
from reports.models import ClosingDay
from reports.presenters.holidays import year_of


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def holidays(request: HttpRequest) -> HttpResponse:
    """The federal holidays of a year, which may be working days here, and own closing days."""
    wanted = request.GET.get("year", "")
    year = int(wanted) if wanted.isdecimal() and 2000 <= int(wanted) <= 2100 else timezone.localdate().year
    form = ClosingForm(request.POST if request.method == "POST" and "open" not in request.POST else None)
    if request.method == "POST":
        try:
            if opened := request.POST.get("open"):
                actions.open_on_holiday(day=_day(opened), by=request.user)
                messages.success(request, "Counted as a business day. Alerts follow with the next run.")
                return redirect(request.get_full_path())
            if form.is_valid():
                data = form.cleaned_data
                days = actions.close_days(first=data["first"], last=data["last"], name=data["name"], by=request.user)
                messages.success(request, f"{days} closing day{'' if days == 1 else 's'} entered. Alerts follow with the next run.")
                return redirect(f"{request.path}?year={data['first'].year}")
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal)) if form.is_bound else messages.error(request, str(refusal))
    context = {
        "form": form,
        "year": year,
        "days": year_of(year, list(ClosingDay.objects.filter(falls_on__year=year))),
        "tabs": [{"url": f"?year={other}", "label": str(other), "active": other == year} for other in range(year - 2, year + 2)],
        "today": timezone.localdate(),
    }
    return render(request, "reports/holidays.html", context, status=422 if form.errors else 200)


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise PolicyViolation("That is no day.") from None


@require_POST
@requires(Permission.SETTINGS_EDIT)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """A closing day that is none, or a holiday that is one after all."""
    closing = get_object_or_404(ClosingDay, pk=pk)
    year = closing.falls_on.year
    actions.forget_closing_day(closing=closing, by=request.user)
    messages.success(request, "Taken out. Alerts follow with the next run.")
    return redirect(f"{reverse('reports:holidays')}?year={year}")
