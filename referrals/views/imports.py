"""A file on its way in: uploaded, mapped, checked, loaded or discarded."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from accounts.access import requires
from accounts.downloads import asked_kind, send_file
from accounts.permissions import Permission
from audit.actions import record
from common.exceptions import InputError, PolicyViolation
from referrals import actions, exports, policies, queries
from referrals.filters import BatchFilter
from referrals.forms import LoadForm, MappingForm, MendedForm, UndoForm, UploadForm, word_field
from referrals.importing.mapping import Mapping, shipped_mappings
from referrals.importing.previewing import Preview, preview
from referrals.models import BatchState, Format, ImportBatch, RowOutcome, Source
from referrals.presenters import batches as shown
from referrals.presenters import findings, mappings

PAGE, ROWS = 25, 50
_FIXED = (Format.FHIR, Format.HL7)  # what their columns are, the format says


def _batch(request: HttpRequest, pk: int) -> ImportBatch:
    return get_object_or_404(
        ImportBatch.objects.visible_to(request.user).select_related("source", "job", "uploaded_by", "undone_by"), pk=pk
    )


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.IMPORT_RUN)
def batch_list(request: HttpRequest) -> HttpResponseBase:
    """Every import, newest first; those under way show their progress."""
    found = BatchFilter(
        request.GET, ImportBatch.objects.visible_to(request.user).select_related("source", "job", "uploaded_by", "undone_by")
    )
    if kind := asked_kind(request):
        rows = exports.batch_rows(found.qs)
        return send_file(request, "imports", kind, exports.BATCH_HEADER, rows, found.qs.count(), exports.BATCH_BELONGS)
    page = Paginator(found.qs, PAGE).get_page(request.GET.get("page"))
    context = {
        "filter": found,
        "filtered": any(request.GET.get(name) for name in found.filters),
        "page": page,
        "rows": [shown.batch_row(batch) for batch in page],
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "referrals/_batches.html", context)
    under_way = [shown.running(batch) for batch in queries.running_batches(request.user) if not policies.has_stopped(batch)]
    return render(request, "referrals/batches.html", {**context, "under_way": under_way, "has_feeds": Source.objects.exists()})


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file. A feed that was read before, in the same shape, is checked at once; else its columns are asked for."""
    form = UploadForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        initial={"source": request.GET.get("source")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            batch = _take(request, form.cleaned_data)
        except InputError as refusal:
            form.add_error("file", str(refusal))
        else:
            if batch.source.mapping and batch.source.mapping == batch.mapping:
                with suppress(PolicyViolation):  # the same file was sent a moment ago, and is under way
                    actions.start_dry_run(batch=batch, by=request.user)
                return redirect(batch)
            return redirect("referrals:batch-map", batch.pk)
    return render(request, "referrals/upload.html", {"form": form}, status=422 if form.errors else 200)


@transaction.atomic
def _take(request: HttpRequest, data: dict[str, Any]) -> ImportBatch:
    source = data["source"] or actions.source_named(name=data["new_source"], by=request.user)
    return actions.create_batch(source=source, file=data["file"], file_name=data["file"].name, by=request.user)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def batch_map(request: HttpRequest, pk: int) -> HttpResponse:
    """What the columns are. The answer is checked against the whole file by a worker."""
    batch = _batch(request, pk)
    try:
        policies.check_can_map(batch)
        path = actions.open_upload(batch)
        start, sure, lacking = _start_from(request, batch)
        earlier = [] if request.GET.get("start") == "file" else _known(batch.source)
        seen = preview(path, format=batch.format, mapping=start, sheet=request.GET.get("sheet", ""), earlier=earlier)
    except (PolicyViolation, InputError) as refusal:
        messages.error(request, str(refusal))
        return redirect(batch)
    base = start if start and start.fits(seen.headers) else seen.suggestion.mapping
    form = MappingForm(
        request.POST if request.method == "POST" else None,
        preview=seen,
        base=base,
        sure=sure and base is start,
        is_fixed=batch.format in _FIXED and base.fits(seen.headers),
        refused=_refused(batch, base),
    )
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                actions.set_batch_mapping(batch=batch, mapping=form.mapping().to_json(), by=request.user)
                batch.refresh_from_db()
                actions.start_dry_run(batch=batch, by=request.user)
        except (InputError, PolicyViolation) as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(batch)
    return render(
        request, "referrals/batch_map.html", _map_context(request, batch, form, seen, lacking), status=422 if form.errors else 200
    )


def _map_context(request: HttpRequest, batch: ImportBatch, form: MappingForm, seen: Preview, lacking: list[str]) -> dict[str, Any]:
    return {
        "batch": batch,
        "form": form,
        "columns": [] if form.is_fixed else mappings.column_rows(form),
        "sheet": seen.sheet,
        "sheets": seen.sheets if len(seen.sheets) > 1 else (),
        "words": mappings.word_groups(form, word_field),
        "dates": seen.suggestion.dates,
        "starts": _starts(batch),
        "start": request.GET.get("start", ""),
        "lacking": lacking,
        "strange": _strange(batch),
    }


def _strange(batch: ImportBatch) -> list[str]:
    """The columns that this feed's files always had and that this one lacks: maybe it belongs to another feed."""
    return Mapping.from_json(batch.source.mapping).missing(batch.headers) if batch.source.mapping else []


def _known(source: Source) -> list[Mapping]:
    """Mappings used before: this feed's, then those of the others, then those that come with the program."""
    stored = Source.objects.exclude(mapping={}).order_by("name").values_list("pk", "mapping")
    own_first = sorted(stored, key=lambda pair: pair[0] != source.pk)
    return [*(Mapping.from_json(mapping) for _, mapping in own_first), *shipped_mappings()]


def _starts(batch: ImportBatch) -> list[tuple[str, str]]:
    """Which mappings one can start from."""
    saved = [(f"feed-{source.pk}", f"The feed {source}") for source in Source.objects.exclude(mapping={})]
    shipped = [(f"shipped-{number}", mapping.name) for number, mapping in enumerate(shipped_mappings()) if mapping.fits(batch.headers)]
    now = [("", "This import's own mapping")] if batch.mapping else []
    return [*now, ("file", "What the file itself suggests"), *saved, *shipped]


def _start_from(request: HttpRequest, batch: ImportBatch) -> tuple[Mapping | None, bool, list[str]]:
    """The mapping chosen in the address, else the batch's own; whether it is settled; and the columns that the file lacks for it."""
    asked = request.GET.get("start", "")
    kind, _, number = asked.partition("-")
    chosen: Mapping | None = None
    if kind == "feed" and number.isdigit():
        chosen = next((Mapping.from_json(source.mapping) for source in Source.objects.filter(pk=number) if source.mapping), None)
    elif kind == "shipped" and number.isdigit() and int(number) < len(shipped_mappings()):
        chosen = shipped_mappings()[int(number)]
    elif not asked and batch.mapping:
        chosen = Mapping.from_json(batch.mapping)
    return chosen, chosen is not None, chosen.missing(batch.headers) if chosen else []


def _refused(batch: ImportBatch, base: Mapping) -> dict[str, list[str]]:
    """Words of status that the last check stumbled over, wherever in the file they stand."""
    if not batch.rejected.get("unknown status"):
        return {}
    return {"state": queries.refused_words(batch, base.columns.get("state", ""))}


@require_GET
@requires(Permission.IMPORT_RUN)
def batch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the import stands, what the check found, what was loaded."""
    batch = _batch(request, pk)
    return render(request, "referrals/batch.html", {**_stands(batch), **_found(batch), **_kept_rows(request, batch), "form": LoadForm()})


def _stands(batch: ImportBatch) -> dict[str, Any]:
    """Where an import is, and what may be done with it."""
    stuck = policies.has_stopped(batch)
    return {
        "batch": batch,
        "row": shown.batch_row(batch),
        "arrived": shown.arrived(batch),
        "alarms_title": shown.alarms_title(batch),
        "may_mend": bool(batch.rejected_total) and batch.state == BatchState.LOADED,
        "running": shown.running(batch) if batch.state in queries.UNDER_WAY and not stuck else None,
        "stuck": stuck,
        "earlier": actions.earlier_loads(batch).order_by("-loaded_at").first(),
        "may_map": policies.can_map(batch),
        "may_check": policies.can_check(batch),
        "may_load": policies.can_load(batch),
        "may_discard": policies.can_discard(batch),
        "may_undo": policies.can_undo(batch),
        "to_write": batch.new + batch.changed,
        "was_loaded": batch.state in (BatchState.LOADED, BatchState.UNDONE),
        "asks": batch.state == BatchState.LOADED or (batch.state == BatchState.CHECKED and batch.new + batch.changed > 0),
        "mapping": mappings.mapping_summary(batch.mapping),
    }


def _found(batch: ImportBatch) -> dict[str, Any]:
    """What the check or the load found, beside what is loaded and beside the import before."""
    is_part = findings.is_part(batch)
    before = None if is_part else queries.previous_import(batch)
    fresh = batch.state != BatchState.LOADED and batch.first_on is not None and not is_part
    loaded = queries.loaded_by_month(batch.source, batch.first_on, batch.last_on) if fresh else {}
    examples = queries.examples(batch)
    return {
        "rejected": findings.reasons(batch.rejected, examples),
        "findings": findings.reasons(batch.findings, examples),
        "chart": findings.months(batch, loaded=loaded, before=before),
        "before": before,
        "beside": findings.beside(batch, before) if before else [],
        "unchanged": findings.unchanged(batch),
        "linked": findings.linked(batch),
        "unknown_words": "unknown status" in batch.rejected,
    }


def _kept_rows(request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
    """The refused rows, or those of the reason that was asked for."""
    reason = request.GET.get("reason", "")
    kept = batch.source_rows.filter(reason=reason) if reason else batch.source_rows.filter(outcome=RowOutcome.REJECTED)
    page = Paginator(kept, ROWS).get_page(request.GET.get("page"))
    number = batch.mapping.get("columns", {}).get("source_key", "")
    return {
        "page": page,
        "rows": [(row, row.record.get(number, ""), findings.words_for(row)) for row in page],
        "reason": findings.reason_text(reason) if reason else "",
    }


@require_GET
@requires(Permission.IMPORT_RUN)
def batch_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the work is: a fragment that asks again each second, and leads on when it is over."""
    batch = _batch(request, pk)
    if batch.state not in queries.UNDER_WAY or policies.has_stopped(batch):
        if not request.htmx:
            return redirect(batch)
        return HttpResponseClientRefresh() if request.GET.get("list") else HttpResponseClientRedirect(batch.get_absolute_url())
    return render(request, "referrals/_progress.html", {"running": shown.running(batch), "in_list": bool(request.GET.get("list"))})


def _act(request: HttpRequest, pk: int, act: Callable[..., object]) -> HttpResponse:
    """Do it; a refusal is told on the batch's page."""
    batch = _batch(request, pk)
    try:
        act(batch=batch, by=request.user)
    except (PolicyViolation, InputError) as refusal:
        messages.error(request, str(refusal))
    return redirect(batch)


@require_POST
@requires(Permission.IMPORT_RUN)
def batch_check(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, actions.start_dry_run)


@require_POST
@requires(Permission.IMPORT_RUN)
def batch_load(request: HttpRequest, pk: int) -> HttpResponse:
    """Load it. What is odd beside the last imports must have been seen."""
    batch, form = _batch(request, pk), LoadForm(request.POST)
    if batch.alarms and not form.is_valid():
        context = {**_stands(batch), **_found(batch), **_kept_rows(request, batch), "form": form}
        return render(request, "referrals/batch.html", context, status=422)
    return _act(request, pk, actions.start_load)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def batch_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a loaded import back, after seeing what that takes away."""
    batch = _batch(request, pk)
    if not policies.can_undo(batch):
        return redirect(batch)
    form = UndoForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _act(request, pk, partial(actions.start_undo, why=form.cleaned_data["why"]))
    context = {"batch": batch, "form": form, "effect": queries.taken_back(batch)}
    return render(request, "referrals/batch_undo.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def batch_mended(request: HttpRequest, pk: int) -> HttpResponse:
    """The refused rows, mended: they go to the same feed and are read in the same way."""
    batch = _batch(request, pk)
    post = request.method == "POST"
    form = MendedForm(request.POST if post else None, request.FILES if post else None)
    if post and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            with transaction.atomic():
                again = actions.create_batch(source=batch.source, file=file, file_name=file.name, by=request.user, mapping=batch.mapping)
                actions.start_dry_run(batch=again, by=request.user)
        except (InputError, PolicyViolation) as refusal:
            form.add_error("file", str(refusal))
        else:
            return redirect(again)
    return render(request, "referrals/batch_mended.html", {"batch": batch, "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def batch_discard(request: HttpRequest, pk: int) -> HttpResponse:
    if request.method == "GET":
        return render(request, "referrals/batch_discard.html", {"batch": _batch(request, pk)})
    return _act(request, pk, actions.discard_batch)


@require_GET
@requires(Permission.IMPORT_RUN)
def rejects(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The refused rows as a file that can be mended and sent again; that it was taken is recorded."""
    batch = _batch(request, pk)
    record("import.rejects_downloaded", by=request.user, target=batch, rows=batch.rejected_total)
    return exports.rejects(batch)
