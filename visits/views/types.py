"""Settings: which types of visit there are, in which order, and what the ways of meeting are called."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import csv_response, xlsx_response
from common.exceptions import PolicyViolation
from visits import actions, exports, presenters
from visits.forms import MergeTypeForm, ModeForm, VisitTypeForm
from visits.models import Mode, VisitMode, VisitType, VisitTypeMerge
from visits.queries.types import mode_rows, words_without_type
from visits.views.common import number, sent


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def types(request: HttpRequest) -> HttpResponse:
    """Types in their order with their use, what people write instead, the ways of meeting, and a field for a new type."""
    form = VisitTypeForm(sent(request))
    if request.method == "POST" and form.is_valid():
        added = actions.save_visit_type(by=request.user, **form.cleaned_data)
        count = added.visits.count()
        said = f" {count:,} visit{'' if count == 1 else 's'} had said so in words, and {'has' if count == 1 else 'have'} it now."
        messages.success(request, f"Visit type added: {added.name}.{said if count else ''}")
        return redirect("visits:types")
    rows = list(VisitType.objects.with_use().select_related("merged_into"))
    context = {
        "form": form,
        "offered": [row for row in rows if row.is_active],
        "retired": [row for row in rows if not row.is_active],
        "words": words_without_type(),
        "modes": [(row, presenters.MODE_ICONS[Mode(row.mode)]) for row in mode_rows()],
    }
    return render(request, "visits/types.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def visit_type(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a type, give it minutes, retire it; merge it into another; undo."""
    stored = get_object_or_404(VisitType.objects.with_use().select_related("merged_into"), pk=pk)
    form = VisitTypeForm(sent(request), visit_type=stored)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_visit_type(by=request.user, visit_type=stored, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Visit type saved.")
            return redirect("visits:type", pk)
    context = {
        "form": form,
        "type": stored,
        "merge": MergeTypeForm(visit_type=stored),
        "merges": stored.merged_here.filter(taken_back_at=None).select_related("merged", "merged_by"),
    }
    return render(request, "visits/type.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.SETTINGS_EDIT)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """The type as it was before its last change."""
    return _done(request, pk, lambda stored: actions.undo_visit_type(by=request.user, visit_type=stored), "Undone.")


@require_POST
@requires(Permission.SETTINGS_EDIT)
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer a type no longer, or again; visits keep theirs."""
    wanted = request.POST.get("offered") == "yes"

    def act(stored: VisitType) -> VisitType:
        return actions.save_visit_type(by=request.user, visit_type=stored, name=stored.name, minutes=stored.minutes, is_active=wanted)

    return _done(request, pk, act, "Offered again." if wanted else "Retired: visits keep it, forms offer it no longer.")


@require_POST
@requires(Permission.SETTINGS_EDIT)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """One place up or down in the forms."""
    stored = get_object_or_404(VisitType, pk=pk)
    actions.move_visit_type(by=request.user, visit_type=stored, up=request.POST.get("way") == "up")
    return redirect(f"{reverse('visits:types')}#type-{pk}")


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """What a merge would do; then it is done."""
    merged = get_object_or_404(VisitType.objects.with_use(), pk=pk)
    form = MergeTypeForm(request.POST if request.method == "POST" else request.GET, visit_type=merged)
    if not form.is_valid():
        messages.error(request, "Choose the type that stays.")
        return redirect("visits:type", pk)
    survivor = form.cleaned_data["into"]
    if request.method == "POST":
        try:
            made = actions.merge_visit_types(by=request.user, merged=merged, survivor=survivor)
        except PolicyViolation as refusal:
            messages.error(request, str(refusal))
            return redirect("visits:type", pk)
        messages.success(request, f"{merged} is {survivor} now: {len(made.visits):,} visits went over.")
        return redirect("visits:type", survivor.pk)
    return render(request, "visits/type_merge.html", {"merged": merged, "survivor": survivor})


@require_POST
@requires(Permission.SETTINGS_EDIT)
def part(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge back."""
    made = get_object_or_404(VisitTypeMerge, pk=pk)
    try:
        back = actions.part_visit_types(by=request.user, merge=made)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect("visits:type", made.survivor_id)
    messages.success(request, f"{back} is a type of its own again.")
    return redirect("visits:type", back.pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def mode(request: HttpRequest, value: str) -> HttpResponse:
    """What a way of meeting is called here, and whether it is offered; what it means stays."""
    if value not in Mode.values:
        raise Http404("No such way of meeting.")
    stored = VisitMode.objects.filter(mode=value).first()
    initial = {"name": stored.name, "is_offered": stored.is_offered} if stored else {"name": Mode(value).label, "is_offered": True}
    form = ModeForm(sent(request), mode=value, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_visit_mode(by=request.user, mode=value, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, "Saved.")
            return redirect("visits:types")
    return render(request, "visits/mode.html", {"form": form, "ours": Mode(value).label}, status=422 if form.errors else 200)


@require_GET
@requires(Permission.SETTINGS_EDIT, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    if kind not in {"csv", "xlsx"}:
        raise Http404("No such file.")
    rows = VisitType.objects.with_use().select_related("merged_into")
    record("visit_types.exported", by=request.user, rows=rows.count(), kind=kind)
    name = f"visit-types-{timezone.localdate():%Y-%m-%d}.{kind}"
    return (csv_response if kind == "csv" else xlsx_response)(name, exports.VISIT_TYPE_HEADER, exports.visit_type_rows(rows))


def _done(request: HttpRequest, pk: int, act: Callable[[VisitType], object], said: str) -> HttpResponse:
    stored = get_object_or_404(VisitType, pk=pk)
    try:
        act(stored)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("visits:types" if number(request.POST.get("list")) else reverse("visits:type", args=[pk]))
