"""Files of market data and of capacity: sent, checked, loaded, mended, taken back."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import InputError, PolicyViolation
from referrals import actions, exports, policies
from referrals.forms import MarketFileForm, MarketUndoForm
from referrals.importing.market_rows import CAPACITY_COLUMNS, MARKET_COLUMNS
from referrals.models import MarketFile, MarketFileKind, MarketFileState

PAGE, REJECTS_SHOWN = 25, 50
TONES = {
    MarketFileState.UPLOADED: "neutral",
    MarketFileState.CHECKED: "info",
    MarketFileState.LOADED: "good",
    MarketFileState.FAILED: "bad",
    MarketFileState.UNDONE: "neutral",
}


def _file(request: HttpRequest, pk: int) -> MarketFile:
    return get_object_or_404(MarketFile.objects.visible_to(request.user).select_related("job", "uploaded_by", "undone_by"), pk=pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def market_files(request: HttpRequest) -> HttpResponse:
    """Every file, newest first, and a form for the next one."""
    posted = request.method == "POST"
    kind = request.GET.get("kind") if request.GET.get("kind") in MarketFileKind.values else MarketFileKind.MARKET
    form = MarketFileForm(request.POST if posted else None, request.FILES if posted else None, initial={"kind": kind})
    if posted and form.is_valid():
        try:
            return _take(request, form.cleaned_data, form.given())
        except InputError as refusal:
            form.add_error("file", str(refusal))
    files = MarketFile.objects.visible_to(request.user).select_related("job", "uploaded_by")
    page = Paginator(files, PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "rows": [_row(file) for file in page],
        "columns": [
            ("Market data", [names[0] for names in MARKET_COLUMNS.values()]),
            ("Capacity", [names[0] for names in CAPACITY_COLUMNS.values()]),
        ],
    }
    return render(request, "referrals/market.html", context, status=422 if form.errors else 200)


def _row(file: MarketFile) -> dict[str, Any]:
    return {"file": file, "tone": TONES[MarketFileState(file.state)], "is_waiting": _is_waiting(file)}


def _is_waiting(file: MarketFile) -> bool:
    """A worker has it, or will."""
    return file.job is not None and not file.job.is_finished


def _take(request: HttpRequest, data: dict[str, Any], given: dict[str, str]) -> HttpResponse:
    file = actions.take_market_file(kind=data["kind"], file=data["file"], file_name=data["file"].name, by=request.user, **given)
    if file.state == MarketFileState.LOADED:
        messages.info(request, "This very file is loaded already. Nothing has changed.")
    else:
        actions.start_market_file(file=file, by=request.user, dry_run=data["dry_run"])
    return redirect(file)


@require_GET
@requires(Permission.IMPORT_RUN)
def market_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress while a worker has it, then what came of it."""
    file = _file(request, pk)
    if request.htmx:
        waiting = _is_waiting(file)
        return (
            render(request, "referrals/_market_progress.html", {"file": file})
            if waiting
            else HttpResponseClientRedirect(file.get_absolute_url())
        )
    return _page(request, file, MarketUndoForm())


def _page(request: HttpRequest, file: MarketFile, form: MarketUndoForm) -> HttpResponse:
    context = {
        **_row(file),
        "is_market": file.kind == MarketFileKind.MARKET,
        "may_load": policies.can_read_market_file(file) and not _is_waiting(file),
        "may_undo": policies.can_undo_market_file(file),
        "stopped": file.job is not None and file.job.state == "failed",
        "rejects": file.rejects.all()[:REJECTS_SHOWN],
        "undo_form": form,
    }
    return render(request, "referrals/market_file.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.IMPORT_RUN)
def market_load(request: HttpRequest, pk: int) -> HttpResponse:
    """Load what was checked."""
    file = _file(request, pk)
    try:
        actions.market_path(file)
        actions.start_market_file(file=file, by=request.user, dry_run=False)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect(file)


@require_POST
@requires(Permission.IMPORT_RUN)
def market_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the file back, with the reason."""
    file = _file(request, pk)
    form = MarketUndoForm(request.POST)
    if not form.is_valid():
        return _page(request, file, form)
    try:
        gone = actions.undo_market_file(file=file, by=request.user, why=form.cleaned_data["why"])
    except (InputError, PolicyViolation) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Undone: {gone:,} rows taken back. What they had replaced holds again.")
    return redirect(file)


@require_GET
@requires(Permission.IMPORT_RUN)
def market_rejects(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The refused rows as a file, to be mended and sent again."""
    file = _file(request, pk)
    record("market.rejects_exported", by=request.user, target=file, rows=file.rejected_total)
    return exports.market_rejects(file)
