"""What was driven: a month day by day, what somebody typed about a day, and the rates."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.models import User
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import csv_response, xlsx_response
from common.exceptions import PolicyViolation
from visits import actions, exports, policies
from visits.forms import MileageForm, RateForm
from visits.miles import month_of
from visits.models import FieldRules, MileageDay, MileageRate
from visits.queries import colleagues_of
from visits.views.common import number, sent


def _first(request: HttpRequest) -> dt.date:
    """?month=2026-11, else this month."""
    found = parse_date(f"{request.GET.get('month', '')}-01") if len(request.GET.get("month", "")) == 7 else None
    return found if found and found.year >= 2000 else timezone.localdate().replace(day=1)


def _people(user: User) -> QuerySet[User]:
    """Whose mileage a person sees: one's own; managers that of the people assigned below them."""
    return colleagues_of(user) if policies.leads(user) else User.objects.filter(pk=user.pk)


def _owner(request: HttpRequest, pk: int | None) -> User:
    return get_object_or_404(_people(request.user), pk=request.user.pk if pk is None else pk)


@require_GET
@requires(Permission.VISIT_LOG)
def month(request: HttpRequest) -> HttpResponse:
    """A month of one person, with its sum."""
    first, owner = _first(request), _owner(request, number(request.GET.get("owner")))
    before, after = (first - dt.timedelta(days=1)).replace(day=1), (first + dt.timedelta(days=32)).replace(day=1)
    context = {
        "owner": owner,
        "first": first,
        "before": f"{before:%Y-%m}",
        "after": f"{after:%Y-%m}" if after <= timezone.localdate() else "",
        "month": month_of(owner, first),
        "people": _people(request.user) if policies.leads(request.user) else [],
        "circuity": FieldRules.current().circuity,
    }
    return render(request, "visits/mileage.html", context)


@require_GET
@requires(Permission.VISIT_LOG)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The month as CSV or XLSX: one's own log is everybody's to take along."""
    if kind not in {"csv", "xlsx"}:
        raise Http404("No such file.")
    first, owner = _first(request), _owner(request, number(request.GET.get("owner")))
    found = month_of(owner, first)
    record("mileage.exported", by=request.user, target=owner, month=f"{first:%Y-%m}", rows=len(found.days), kind=kind)
    name = f"mileage-{owner.full_name}-{first:%Y-%m}.{kind}"
    return (csv_response if kind == "csv" else xlsx_response)(name, exports.MILEAGE_HEADER, exports.mileage_rows(found))


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def day(request: HttpRequest) -> HttpResponse:
    """What the odometer said, and what the day was for."""
    owner = _owner(request, number(request.GET.get("owner")))
    on = parse_date(request.GET.get("on", "")) if len(request.GET.get("on", "")) == 10 else None
    typed = MileageDay.objects.visible_to(request.user).filter(owner=owner, driven_on=on).first() if on else None
    form = MileageForm(sent(request), typed=typed, on=on)
    if request.method == "POST" and form.is_valid():
        try:
            saved = actions.save_mileage(owner=owner, by=request.user, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Mileage saved." if saved else "This day is as estimated again.")
            return redirect(f"{reverse('visits:mileage')}?month={form.cleaned_data['driven_on']:%Y-%m}&owner={owner.pk}")
    return render(request, "visits/mileage_day.html", {"form": form, "owner": owner, "on": on}, status=422 if form.errors else 200)


def _crumbs(*, below: bool = False) -> list[dict[str, str]]:
    crumbs = [{"url": reverse("settings"), "label": "Settings"}]
    return [*crumbs, {"url": reverse("visits:mileage-rates"), "label": "Mileage rates"}] if below else crumbs


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def rates(request: HttpRequest) -> HttpResponse:
    """All rates with their days, and a form for another."""
    form = RateForm(sent(request))
    if request.method == "POST" and form.is_valid():
        actions.save_rate(by=request.user, **form.cleaned_data)
        messages.success(request, "Rate added.")
        return redirect("visits:mileage-rates")
    context: dict[str, Any] = {"form": form, "rates": MileageRate.objects.all(), "crumbs": _crumbs()}
    return render(request, "visits/mileage_rates.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def rate(request: HttpRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(MileageRate, pk=pk)
    form = RateForm(sent(request), instance=stored)
    if request.method == "POST" and form.is_valid():
        actions.save_rate(by=request.user, rate=get_object_or_404(MileageRate, pk=pk), **form.cleaned_data)
        messages.success(request, "Rate saved.")
        return redirect("visits:mileage-rates")
    context = {"form": form, "rate": stored, "crumbs": _crumbs(below=True)}
    return render(request, "visits/mileage_rate.html", context, status=422 if form.errors else 200)


@require_http_methods(["POST"])
@requires(Permission.SETTINGS_EDIT)
def rate_remove(request: HttpRequest, pk: int) -> HttpResponse:
    actions.remove_rate(rate=get_object_or_404(MileageRate, pk=pk), by=request.user)
    messages.success(request, "Rate removed.")
    return redirect("visits:mileage-rates")
