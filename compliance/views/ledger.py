"""The list of what was given, one entry, a new one, changing and cancelling."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.downloads import send_file
from accounts.permissions import Permission
from accounts.saved_views import OF_A_VIEW
from common.exceptions import InputError, PolicyViolation
from compliance import actions, exports, policies, presenters
from compliance.filters import SpendFilter
from compliance.forms import CancelForm, ReceiptForm, SpendForm
from compliance.models import SpendEntry, SpendState
from compliance.queries import history_of
from compliance.views.common import SeenShares, entry_or_404, seen_shares, tabs
from contacts.models import Practice

PAGE = 25
HITS = 12


def _filtered(request: HttpRequest) -> SpendFilter:
    return SpendFilter(request.GET, SpendEntry.objects.visible_to(request.user), request=request)


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.SPEND_VIEW)
def ledger(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    found = _filtered(request)
    page = Paginator(found.qs.for_list(), PAGE).get_page(request.GET.get("page"))
    seen = seen_shares(request, list(page))
    context = {
        "page": page,
        "rows": [presenters.row(entry, seen) for entry in page],
        "filter": found,
        "filtered": any(value for name, value in request.GET.items() if name not in ("page", "sort", *OF_A_VIEW)),
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "compliance/_table.html", context)
    return render(request, "compliance/ledger.html", context | {"tabs": tabs(request, "ledger")})


@require_GET
@requires(Permission.SPEND_VIEW, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The filtered list as CSV or XLSX, a line for each person's part; that it was taken is recorded."""
    entries = _filtered(request).qs
    return send_file(request, "spend", kind, exports.HEADER, exports.rows(entries, SeenShares(request)), entries.count(), exports.BELONGS)


@require_http_methods(["GET", "POST"])
@requires(Permission.SPEND_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    """First the practice, found by name, then what was given to whom."""
    text = request.GET.get("practice", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        q = request.GET.get("q", "").strip()[:80]
        hits = Practice.objects.visible_to(request.user).live().named_like(q)[:HITS] if q else []
        return render(request, "compliance/choose_practice.html", {"q": q, "hits": hits})
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=text)
    form = SpendForm(*_sent(request), user=request.user, practice=practice)
    if request.method == "POST" and form.is_valid():
        if rest := form.rest():
            return _form_page(request, form, practice, None, rest)
        try:
            entry = actions.record_spend(draft=form.draft(), by=request.user)
        except PolicyViolation as refusal:
            form.refuse(refusal)
        except InputError as refusal:  # the disk is full
            form.add_error("receipts", str(refusal))
        else:
            return _saved(request, entry)
    return _form_page(request, form, practice, None)


def _sent(request: HttpRequest) -> tuple[Any, Any]:
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _saved(request: HttpRequest, entry: SpendEntry) -> HttpResponse:
    """Kept; what it asks for is said at once."""
    messages.success(request, "Planned spend saved." if entry.state == SpendState.PLANNED else "Spend saved.")
    for task in entry.tasks.open().for_list():
        messages.warning(request, f"{presenters.task_row(task)['what']} by {presenters.day(task.due_on)}. {task.why}")
    return redirect(entry)


def _form_page(
    request: HttpRequest, form: SpendForm, practice: Practice | None, entry: SpendEntry | None, rest: dict[str, Any] | None = None
) -> HttpResponse:
    """The form; with `rest` it comes back before anything is saved, for a browser without JavaScript did not show it while one typed."""
    context = {"form": form, "practice": practice, "entry": entry, "rest": rest}
    return render(request, "compliance/form.html", context, status=422 if form.is_bound and not rest else 200)


@require_GET
@requires(Permission.SPEND_VIEW)
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One occasion: who had which part, what counts, receipts, tasks, history."""
    stored = entry_or_404(request, pk)
    seen = seen_shares(request, [stored])
    return render(request, "compliance/entry.html", _shown(request, stored, seen))


def _shown(request: HttpRequest, stored: SpendEntry, seen: set[int]) -> dict[str, Any]:
    may_attach = policies.can_attach(request.user, stored)
    return {
        "entry": stored,
        "row": presenters.row(stored, seen),
        "amount": presenters.money(stored.amount),
        "shares": [presenters.share_row(share, stored, seen) for share in stored.shares.all()],
        "tasks": [presenters.task_row(task) for task in stored.tasks.for_list() if task.state != "withdrawn"],
        "history": [presenters.history_line(event) for event in history_of(stored)],
        "may_change": policies.can_change(request.user, stored),
        "asks": stored.is_day_over and policies.can_change(request.user, stored),
        "may_attach": may_attach,
        "receipt_form": ReceiptForm() if may_attach else None,
    }


@require_http_methods(["GET", "POST"])
@requires(Permission.SPEND_EDIT)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Mend it, or say that what was planned happened."""
    stored = entry_or_404(request, pk)
    if not policies.can_change(request.user, stored):
        messages.error(request, f"Only {stored.recorded_by} or a manager can change this entry, while it is not cancelled.")
        return redirect(stored)
    form = SpendForm(*_sent(request), user=request.user, practice=stored.practice, entry=stored)
    if request.method == "POST" and form.is_valid():
        if rest := form.rest():
            return _form_page(request, form, stored.practice, stored, rest)
        try:
            return _saved(request, actions.change_spend(entry=stored, draft=form.draft(), by=request.user))
        except PolicyViolation as refusal:
            form.refuse(refusal)
        except InputError as refusal:
            form.add_error("receipts", str(refusal))
    return _form_page(request, form, stored.practice, stored)


@require_http_methods(["GET", "POST"])
@requires(Permission.SPEND_EDIT)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """It did not take place, or was written down wrongly."""
    stored = entry_or_404(request, pk)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.cancel_spend(entry=stored, by=request.user, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Cancelled. It counts for nothing.")
            return redirect(stored)
    context = {"form": form, "title": "Cancel this entry", "submit": "Cancel entry", "back": stored.get_absolute_url(), "danger": True}
    return render(request, "compliance/step.html", context | {"sub": str(stored)}, status=422 if form.is_bound else 200)
