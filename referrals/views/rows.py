"""Single referrals: the list behind every figure, the detail, the look-up by number. Every look at them is recorded, or does not happen."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.columns import seen
from common.csvsafe import csv_response, xlsx_response
from common.exceptions import InputError, PolicyViolation
from contacts.models import Practice, Provider
from referrals import actions, exports, queries
from referrals.filters import COUNTED, ReferralFilter, sorting
from referrals.forms import DeleteForm, EditForm, LookupForm
from referrals.models import CountingRules, Referral
from referrals.presenters import facts
from referrals.presenters import rows as shown

PAGE = 25
COLUMNS = (
    ("source_key", "Number"),
    ("anchor_on", "Date"),
    ("provider", "Referred by"),
    ("destination", "Referred to"),
    ("flow", "Flow"),
    ("state", "State"),
)


def _filtered(request: HttpRequest) -> ReferralFilter:
    return ReferralFilter(request.GET, Referral.objects.visible_to(request.user), request=request)


def asked(found: ReferralFilter) -> dict[str, Any]:
    """The filter for the audit trail: names and ids, never what somebody typed."""
    chosen = {name: value for name, value in getattr(found.form, "cleaned_data", {}).items() if value not in (None, "", [])}
    plain = {name: getattr(value, "pk", value) for name, value in chosen.items()}
    return {**plain, "q": "a number"} if "q" in plain else plain


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.REFERRAL_ROWS)
@transaction.atomic
def referral_list(request: HttpRequest) -> HttpResponse:
    """The referrals behind a figure: the same filter, the same count."""
    found = _filtered(request)
    sort, columns = sorting(request.GET.get("sort"))
    rows = found.qs
    tally = queries.tally(rows)
    pages = Paginator(queries.for_list(rows).order_by(*columns), PAGE)
    pages.count = min(tally.total, queries.CAP)
    page = pages.get_page(request.GET.get("page"))
    listed = [shown.row(referral) for referral in page]
    record("referrals.listed", by=request.user, filter=asked(found), page=page.number, rows=len(listed))
    narrowed = any(value for name, value in request.GET.items() if name in found.filters and (name, value) != ("counted", COUNTED))
    context = {
        "filter": found,
        "page": page,
        "rows": listed,
        "tally": tally,
        "sums": shown.sums(tally),
        "chips": shown.chips(request.GET, getattr(found.form, "cleaned_data", {}), _names(request, found)),
        "filtered": narrowed,
        "parts": shown.parts(request.GET, getattr(found.form, "cleaned_data", {})),
        "sort": sort,
        "columns": COLUMNS,
        "fixed": {"sort": sort} if sort != "-anchor_on" else {},
    }
    part = request.htmx and not request.htmx.history_restore_request
    return render(request, "referrals/_rows.html" if part else "referrals/list.html", context)


def _names(request: HttpRequest, found: ReferralFilter) -> dict[str, str]:
    """Names of what is filtered for. Providers and practices only where the person may see them."""
    chosen = getattr(found.form, "cleaned_data", {})
    names = {name: str(value) for name, value in chosen.items() if hasattr(value, "pk")}
    for name, model in (("provider", Provider), ("practice", Practice)):
        if name in names and not model.objects.visible_to(request.user).filter(pk=chosen[name].pk).exists():
            del names[name]
    return names


@require_GET
@requires(Permission.REFERRAL_ROWS, Permission.EXPORT)
def export(request: HttpRequest, kind: str = "csv") -> HttpResponseBase:
    """The filtered list as CSV or XLSX; that it was taken is recorded before its first line leaves.

    A workbook is written while somebody waits, so it holds no more than can be paged through; CSV has no such bound.
    """
    if kind not in {"csv", "xlsx"}:
        raise Http404("No such file.")
    found = _filtered(request)
    _, columns = sorting(request.GET.get("sort"))
    count = found.qs.count()
    if kind == "xlsx" and count > queries.CAP:
        messages.error(request, f"These are {count:,} referrals, and a workbook takes {queries.CAP:,}. Filter for fewer, or take CSV.")
        return redirect(f"{reverse('referrals:list')}?{request.GET.urlencode()}")
    record("referrals.exported", by=request.user, filter=asked(found), rows=count, kind=kind)
    header, rows = seen(request.GET, exports.HEADER, exports.rows(found.qs.order_by(*columns)), exports.BELONGS)
    return (csv_response if kind == "csv" else xlsx_response)(f"referrals-{timezone.localdate():%Y-%m-%d}.{kind}", header, rows)


def _referral(request: HttpRequest, pk: int) -> Referral:
    return get_object_or_404(queries.for_detail(Referral.objects.visible_to(request.user)), pk=pk)


@require_GET
@requires(Permission.REFERRAL_ROWS)
@transaction.atomic
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What was told, what we made of it and why, what became of it."""
    referral = _referral(request, pk)
    record("referral.viewed", by=request.user, target=referral)
    may_open = request.user.can(Permission.PROVIDER_VIEW)
    context = {
        "referral": referral,
        "tone": shown.state_tone(referral.state),
        "given": facts.given_facts(referral),
        "derived": facts.derived_facts(
            referral, rules=CountingRules.current(), twin=queries.earlier_twin(referral, user=request.user), may_open=may_open
        ),
        "steps": facts.history(referral, list(referral.status_events.all())),
        "patient": shown.patient_label(referral),
        "others": queries.others_of_patient(referral, user=request.user),
        "linked": queries.linked_rows(referral, user=request.user),
        "corrections": facts.corrections(list(referral.corrections.select_related("corrected_by"))),
        "may_edit": request.user.can(Permission.IMPORT_RUN),
    }
    return render(request, "referrals/detail.html", context)


@require_POST
@requires(Permission.REFERRAL_ROWS, Permission.IMPORT_RUN)
def undo_correction(request: HttpRequest, pk: int, correction: int) -> HttpResponse:
    """Believe the source again."""
    referral = _referral(request, pk)
    actions.undo_correction(correction=get_object_or_404(referral.corrections, pk=correction), by=request.user)
    messages.success(request, "The correction is undone; what the source says counts again.")
    return redirect(referral)


@require_http_methods(["GET", "POST"])
@requires(Permission.REFERRAL_ROWS, Permission.IMPORT_RUN)
@transaction.atomic
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what was resolved wrongly."""
    referral = _referral(request, pk)
    if request.method == "GET":
        record("referral.viewed", by=request.user, target=referral)
    form = EditForm(request.POST if request.method == "POST" else None, referral=referral)
    if request.method == "POST" and form.is_valid():
        changes = form.changes()
        try:
            with transaction.atomic():
                if changes:
                    actions.edit_referral(referral=referral, by=request.user, **changes)
        except (InputError, PolicyViolation) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved. Figures follow at once." if changes else "Nothing was changed.")
            return redirect(referral)
    context = {"referral": referral, "form": form, "chosen": _chosen(form)}
    return render(request, "referrals/edit.html", context, status=422 if form.errors else 200)


_OPTIONS = {"provider": "providers", "practice": "practices", "destination": "organizations", "performer": "providers"}
_HINTS = {
    "practice": "Blank: the provider's primary practice is assumed.",
    "destination": "Blank: nobody was named, so the flow is undetermined.",
    "performer": "The provider who receives the referral, when one is named.",
    "provider": "Blank: the referral counts everywhere but by provider.",
}


def _chosen(form: EditForm) -> list[dict[str, Any]]:
    """The fields that complete what one types, as the page draws them."""
    drawn = []
    for name, kind in _OPTIONS.items():
        value = form[name].value()
        picked = form.fields[name].queryset.filter(pk=value).first() if str(value or "").isdigit() else None
        selected = [{"value": picked.pk, "label": str(picked)}] if picked else []
        error = " ".join(form.errors.get(name, ()))
        drawn.append({"name": name, "label": form[name].label, "kind": kind, "selected": selected, "help": _HINTS[name], "error": error})
    return drawn


@require_GET
@requires(Permission.IMPORT_RUN)
def options(request: HttpRequest, kind: str) -> JsonResponse:
    """Names for a field that completes what one types."""
    found = queries.suggestions(kind, request.GET.get("q", "")[:80], user=request.user) if kind in _OPTIONS.values() else []
    return JsonResponse(found, safe=False)


@require_http_methods(["GET", "POST"])
@requires(Permission.REFERRAL_ROWS, Permission.IMPORT_RUN)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    referral = _referral(request, pk)
    form = DeleteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.delete_referral(referral=referral, by=request.user, why=form.cleaned_data["why"])
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Deleted {referral.source_key}. Figures follow at once; a later file that holds it brings it back.")
            return redirect("referrals:list")
    return render(request, "referrals/delete.html", {"referral": referral, "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.REFERRAL_LOOKUP)
@transaction.atomic
def lookup(request: HttpRequest) -> HttpResponse:
    """Where a referral stands, by its number. Sent by POST, so that numbers stay out of addresses and their logs."""
    form = LookupForm(request.POST if request.method == "POST" else None)
    found: list[Referral] | None = None
    if request.method == "POST" and form.is_valid():
        found = queries.by_number(form.cleaned_data["number"], user=request.user)
        for referral in found:
            record("referral.looked_up", by=request.user, target=referral)
        if not found:
            record("referral.not_found", by=request.user)
    context = {"form": form, "found": None if found is None else [facts.standing(referral) for referral in found]}
    return render(request, "referrals/lookup.html", context, status=422 if form.errors else 200)
