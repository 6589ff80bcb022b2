"""Move watch: the queue of what the registry tells of people we know, and deciding one of them."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.downloads import send_file
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from contacts import actions
from contacts.filters import MoveFilter
from contacts.forms import MoveForm
from contacts.models import MoveKind, MoveNotice, MoveState
from contacts.queries import practices_at
from contacts.views.common import is_filtered, page_of, saved, show_form

HEAD = ["Provider", "NPI", "What", "We hold", "The registry says", "Registry's day", "Found on", "State", "Decided by"]


def _filtered(request: HttpRequest) -> MoveFilter:
    return MoveFilter(request.GET, MoveNotice.objects.visible_to(request.user), request=request)


@require_GET
@requires(Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
def move_list(request: HttpRequest) -> HttpResponse:
    """What waits for a decision, the newest first."""
    found = _filtered(request)
    state = found.data.get("state") or MoveState.OPEN
    tabs = [(value.value, value.label) for value in MoveState] + [("all", "All")]
    text = request.GET.get("decided", "")
    decided = MoveNotice.objects.filter(decided_by=request.user.pk).exclude(state=MoveState.OPEN).select_related("provider")
    context = {
        "page": page_of(request, found.qs.for_list()),
        "filter": found,
        "tabs": [{"url": f"?state={value}", "label": label, "active": value == state} for value, label in tabs],
        "state": state,
        "filtered": is_filtered(request),
        "decided": decided.filter(pk=text).first() if text.isdecimal() and len(text) < 19 else None,
    }
    return render(request, "contacts/moves.html", context)


@require_GET
@requires(Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    rows = _filtered(request).qs.for_list()
    lines = (
        [
            str(row.provider), row.provider.npi, row.get_kind_display(), row.was, row.now, row.registry_on,
            timezone.localdate(row.found_at), row.get_state_display(), str(row.decided_by or ""),
        ]
        for row in rows
    )  # fmt: skip
    return send_file(request, "moves", kind, HEAD, lines, rows.count())


@require_http_methods(["GET", "POST"])
@requires(Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them, and the form that accepts it."""
    notice = _find(request, pk)
    here = practices_at(request.user, notice) if notice.kind == MoveKind.ADDRESS else None
    data = request.POST if request.method == "POST" else None
    form: forms.Form = MoveForm(data, here=here) if here is not None else forms.Form(data)
    if data is not None and saved(form, lambda: actions.accept_move(notice=notice, by=request.user, **form.cleaned_data)):
        return _decided(notice)
    return show_form(request, "contacts/move.html", form, notice=notice, crumbs=_crumbs())


def _find(request: HttpRequest, pk: int) -> MoveNotice:
    return get_object_or_404(MoveNotice.objects.visible_to(request.user).for_list(), pk=pk)


def _crumbs() -> list[dict[str, str]]:
    return [{"url": reverse("contacts:moves"), "label": "Move watch"}]


def _decided(notice: MoveNotice) -> HttpResponse:
    return redirect(f"{reverse('contacts:moves')}?decided={notice.pk}")


@require_POST
@requires(Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    notice = _find(request, pk)
    try:
        actions.dismiss_move(notice=notice, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return _decided(notice)


@require_POST
@requires(Permission.PROVIDER_VIEW, Permission.CONTACT_EDIT)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    notice = _find(request, pk)
    try:
        actions.undo_move(notice=notice, by=request.user)
        messages.success(request, "Taken back: it waits for a decision again.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect("contacts:moves")
