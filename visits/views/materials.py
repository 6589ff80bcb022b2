"""Materials: what there is to hand out, how much of it is left, what came and went."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import csv_response, xlsx_response
from common.exceptions import PolicyViolation
from visits import actions, exports
from visits.forms import CountForm, MaterialForm, ReceiveForm
from visits.models import Material, Visit
from visits.views.common import sent

PAGE = 25


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_VIEW)
def materials(request: HttpRequest) -> HttpResponse:
    """Everything with its stock; what is to be ordered again stands first. Admins add here."""
    form = MaterialForm(sent(request), initial={"is_active": True}) if request.user.can(Permission.SETTINGS_EDIT) else None
    if request.method == "POST" and form and form.is_valid():
        added = actions.save_material(by=request.user, **form.cleaned_data)
        messages.success(request, f"Material added: {added.name}.")
        return redirect("visits:material", added.pk)
    rows = sorted(_with_use(), key=lambda material: (not material.is_active, not material.is_low))
    low = sum(material.is_low and material.is_active for material in rows)
    context = {"form": form, "materials": rows, "low": low}
    return render(request, "visits/materials.html", context, status=422 if form and form.errors else 200)


def _with_use() -> Any:
    year_ago = timezone.now() - dt.timedelta(days=365)
    handed = Q(handed_out__visit__deleted_at=None, handed_out__visit__visited_at__gte=year_ago)
    return Material.objects.annotate(used=Sum("handed_out__quantity", filter=handed))


@require_GET
@requires(Permission.VISIT_VIEW, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    if kind not in {"csv", "xlsx"}:
        raise Http404("No such file.")
    record("materials.exported", by=request.user, rows=Material.objects.count(), kind=kind)
    name = f"materials-{timezone.localdate():%Y-%m-%d}.{kind}"
    return (csv_response if kind == "csv" else xlsx_response)(name, exports.MATERIAL_HEADER, exports.material_rows(Material.objects.all()))


@require_GET
@requires(Permission.VISIT_VIEW)
def material(request: HttpRequest, pk: int) -> HttpResponse:
    """One material: its stock, and each change of it, newest first."""
    stored = get_object_or_404(Material, pk=pk)
    page = Paginator(stored.moves.select_related("visit__practice", "moved_by"), PAGE).get_page(request.GET.get("page"))
    visits = [move.visit_id for move in page if move.visit_id]
    seen = set(Visit.objects.visible_to(request.user).filter(pk__in=visits).values_list("pk", flat=True))
    return render(request, "visits/material.html", {"material": stored, "page": page, "seen": seen})


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    stored = get_object_or_404(Material, pk=pk)
    form = MaterialForm(sent(request), instance=stored)
    if request.method == "POST" and form.is_valid():
        actions.save_material(by=request.user, material=get_object_or_404(Material, pk=pk), **form.cleaned_data)
        messages.success(request, "Material saved.")
        return redirect("visits:material", pk)
    return _form_page(request, form, get_object_or_404(Material, pk=pk), "Change", "Save")


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def receive(request: HttpRequest, pk: int) -> HttpResponse:
    """A delivery came in."""
    return _move(request, pk, ReceiveForm(sent(request)), actions.receive_stock, "Received", "Add to stock")


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def count(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody counted."""
    return _move(request, pk, CountForm(sent(request)), actions.count_stock, "Count", "Save count")


def _move(request: HttpRequest, pk: int, form: Any, act: Any, title: str, submit: str) -> HttpResponse:
    stored = get_object_or_404(Material, pk=pk)
    if request.method == "POST" and form.is_valid():
        try:
            move = act(material=stored, by=request.user, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{stored.name}: {move.stock_after:,} in stock.")
            return redirect("visits:material", pk)
    return _form_page(request, form, stored, title, submit)


def _form_page(request: HttpRequest, form: Any, stored: Material, title: str, submit: str) -> HttpResponse:
    context = {"form": form, "material": stored, "title": f"{title}: {stored.name}", "submit": submit}
    return render(request, "visits/material_form.html", context, status=422 if form.errors else 200)
