"""Settings: contribution margins, program costs and the attribution weight, each a list of dated rows. Three lists, one set of pages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from audit.actions import record
from common.csvsafe import csv_response, xlsx_response
from common.exceptions import InputError, PolicyViolation
from reports import actions
from reports.forms.money import CostForm, EndMoneyForm, MarginForm, MoneyFileForm, WeightForm
from reports.importing import money as files
from reports.models import AttributionWeight, ContributionMargin, ProgramCost

_FILES: dict[str, Callable[..., HttpResponseBase]] = {"csv": csv_response, "xlsx": xlsx_response}


@dataclass(frozen=True)
class Ledger:
    """One of the three lists, in words."""

    slug: str
    model: type[Any]
    form: type[Any]
    title: str
    one: str
    text: str
    empty: str

    @property
    def url(self) -> str:
        return reverse("reports:money", args=[self.slug])


LEDGERS = {
    ledger.slug: ledger
    for ledger in (
        Ledger(
            "margins",
            ContributionMargin,
            MarginForm,
            "Contribution margins",
            "margin",
            "What one seen referral contributes, by service line and payer. The return on visits is reckoned with it; a line without a row "
            "has no return, and the report says so.",
            "Add a line's default first: leave the payer blank.",
        ),
        Ledger(
            "costs",
            ProgramCost,
            CostForm,
            "Program cost",
            "cost",
            "What the outreach program costs: salaries, travel, materials. Typed here, by month or longer; the spend ledger is not read.",
            "Add what the program cost in a month or a year.",
        ),
        Ledger(
            "weights",
            AttributionWeight,
            WeightForm,
            "Attribution weight",
            "weight",
            "The share of an estimated effect that is credited to visits. It is 1 on days without a row, and shown wherever it is used.",
            "Without a row the weight is 1: the whole estimated effect is credited.",
        ),
    )
}


def _ledger(slug: str) -> Ledger:
    if slug not in LEDGERS:
        raise Http404("No such list.")
    return LEDGERS[slug]


def _crumbs(ledger: Ledger | None = None) -> list[dict[str, str]]:
    crumbs = [{"label": "Settings", "url": reverse("settings")}]
    return [*crumbs, {"label": ledger.title, "url": ledger.url}] if ledger else crumbs


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def money(request: HttpRequest, ledger: str) -> HttpResponse:
    """The rows, and a form for one more."""
    shown = _ledger(ledger)
    form = shown.form(request.POST if request.method == "POST" else None, initial={"started_on": timezone.localdate().replace(day=1)})
    if request.method == "POST" and form.is_valid():
        try:
            saved = actions.save_money(by=request.user, model=shown.model, values=form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"Added: {saved}.")
            return redirect(shown.url)
    rows = shown.model.objects.visible_to(request.user).select_related(*_relations(shown))
    context = {
        "ledger": shown,
        "form": form,
        "rows": rows,
        "today": timezone.localdate(),
        "crumbs": _crumbs(),
        "ledgers": [{"url": each.url, "label": each.title, "active": each is shown} for each in LEDGERS.values()],
    }
    return render(request, "reports/money.html", context, status=422 if form.errors else 200)


def _relations(ledger: Ledger) -> list[str]:
    return [name for name in actions.MONEY_FIELDS[ledger.model] if name in {"service_line", "payer", "territory"}]


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def money_row(request: HttpRequest, ledger: str, pk: int) -> HttpResponse:
    """Change a row, or take out one that was typed by mistake."""
    shown = _ledger(ledger)
    row = get_object_or_404(shown.model.objects.visible_to(request.user), pk=pk)
    form = shown.form(request.POST if request.method == "POST" else None, instance=row)
    if request.method == "POST" and "delete" in request.POST:
        actions.delete_money(by=request.user, row=row)
        messages.success(request, "Taken out. The audit trail keeps what it said.")
        return redirect(shown.url)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_money(by=request.user, model=shown.model, values=form.cleaned_data, row=row)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved.")
            return redirect(shown.url)
    context = {"ledger": shown, "form": form, "row": row, "crumbs": _crumbs(shown)}
    return render(request, "reports/money_row.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def money_end(request: HttpRequest, ledger: str, pk: int) -> HttpResponse:
    """The day from which a row no longer holds."""
    shown = _ledger(ledger)
    row = get_object_or_404(shown.model.objects.visible_to(request.user), pk=pk)
    form = EndMoneyForm(request.POST if request.method == "POST" else None, row=row)
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_money(by=request.user, row=row, ended_on=form.cleaned_data["ended_on"])
        except PolicyViolation as refusal:
            form.add_error("ended_on", str(refusal))
        else:
            messages.success(request, f"Ended: {row}.")
            return redirect(shown.url)
    context = {"ledger": shown, "form": form, "row": row, "crumbs": _crumbs(shown)}
    return render(request, "reports/money_end.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_EDIT)
def money_file(request: HttpRequest, ledger: str) -> HttpResponse:
    """Many rows at once, from a file."""
    shown = _ledger(ledger)
    form = MoneyFileForm(request.POST or None, request.FILES or None) if request.method == "POST" else MoneyFileForm()
    if request.method == "POST" and form.is_valid():
        try:
            rows = files.read(form.cleaned_data["file"], shown.model)
            added, known = actions.import_money(by=request.user, model=shown.model, rows=[(row.line, row.values) for row in rows])
        except (InputError, PolicyViolation) as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(request, f"{added} added, {known} were there already.")
            return redirect(shown.url)
    context = {"ledger": shown, "form": form, "columns": list(files.COLUMNS[shown.model]), "crumbs": _crumbs(shown)}
    return render(request, "reports/money_file.html", context, status=422 if form.errors else 200)


@require_GET
@requires(Permission.SETTINGS_EDIT)
def money_export(request: HttpRequest, ledger: str, kind: str) -> HttpResponseBase:
    """All rows as a file that can be sent back."""
    shown = _ledger(ledger)
    if kind not in _FILES:
        raise Http404("No such file.")
    rows = shown.model.objects.visible_to(request.user).select_related(*_relations(shown))
    record("money.exported", by=request.user, ledger=ledger, kind=kind)
    return _FILES[kind](f"{ledger}.{kind}", *files.table_of(shown.model, rows))
