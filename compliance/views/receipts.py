"""Receipts: sent in, looked at by those who see the entry, taken out of sight."""

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import InputError, PolicyViolation
from compliance import actions, policies
from compliance.forms import ReceiptForm
from compliance.models import Receipt
from compliance.views.common import entry_or_404


@require_http_methods(["GET", "POST"])
@requires(Permission.SPEND_EDIT)
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """A picture or PDF for the entry; its kind is told by its content."""
    entry = entry_or_404(request, pk)
    form = ReceiptForm(request.POST, request.FILES) if request.method == "POST" else ReceiptForm()
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            actions.add_receipt(entry=entry, file=sent, name=sent.name, by=request.user)
        except (PolicyViolation, InputError) as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(request, "Receipt saved.")
            return redirect(entry)
    context = {"form": form, "title": "Add a receipt", "submit": "Save receipt", "back": entry.get_absolute_url(), "sub": str(entry)}
    return render(request, "compliance/step.html", context, status=422 if form.is_bound else 200)


@require_GET
@requires(Permission.SPEND_VIEW)
def show(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file itself, for those who see the entry. It never runs anything: no script, no guess at its type."""
    receipt = get_object_or_404(Receipt.objects.visible_to(request.user).kept(), pk=pk)
    path = settings.RECEIPTS / receipt.stored_as
    if not path.is_file():
        raise Http404("The file of this receipt is no longer there.")
    answer = FileResponse(path.open("rb"), content_type=receipt.content_type, filename=receipt.name)
    answer["Cache-Control"] = "no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"
    return answer


@require_http_methods(["GET", "POST"])
@requires(Permission.SPEND_EDIT)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of sight; the file stays."""
    receipt = get_object_or_404(Receipt.objects.visible_to(request.user).kept().select_related("entry__recorded_by"), pk=pk)
    if request.method == "POST":
        try:
            actions.remove_receipt(receipt=receipt, by=request.user)
            messages.success(request, "Receipt removed.")
        except PolicyViolation as refusal:
            messages.error(request, str(refusal))
        return redirect(receipt.entry)
    context = {
        "title": "Remove this receipt?",
        "text": f"{receipt.name} is no longer shown. Its file is kept for whoever has to show what was there.",
        "may": policies.can_attach(request.user, receipt.entry),
        "receipt": receipt,
    }
    return render(request, "compliance/receipt_remove.html", context)
