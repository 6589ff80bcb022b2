"""A feed's own counts per month, held against ours."""

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import InputError
from referrals import actions
from referrals.forms import TotalsForm
from referrals.importing.totals import record_reader
from referrals.presenters import feeds, tie_out
from referrals.queries import control_totals, feed_or_404
from referrals.queries.tie_out import counts

_ASKED = 13  # months: this one and a year back


@require_GET
@requires(Permission.IMPORT_RUN)
def tie_out_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Theirs, ours, and the difference by reason."""
    source = feed_or_404(request.user, pk)
    found = tie_out.tie_out(counts(source, reader=record_reader))
    context = {"source": source, "tabs": feeds.tabs(source, "tie-out"), "found": found}
    if found.lines:
        context["chart"] = tie_out.chart(found)
    return render(request, "referrals/tie_out.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_RUN)
def totals(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter what the source counted: typed, pasted, or from a file."""
    source = feed_or_404(request.user, pk)
    told = control_totals(source)
    months = sorted({*_last_months(timezone.localdate()), *told}, reverse=True)
    post = request.method == "POST"
    form = TotalsForm(request.POST if post else None, request.FILES if post else None, months=months, told=told)
    if post and form.is_valid():
        try:
            changed = actions.save_control_totals(source=source, totals=form.totals(), by=request.user)
        except InputError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, f"Saved: {changed} month{'' if changed == 1 else 's'} changed." if changed else "Nothing was different."
            )
            return redirect("referrals:tie-out", source.pk)
    return render(request, "referrals/totals.html", {"source": source, "form": form}, status=422 if form.errors else 200)


def _last_months(today: dt.date) -> list[dt.date]:
    at = today.year * 12 + today.month - 1
    return [dt.date((at - back) // 12, (at - back) % 12 + 1, 1) for back in range(_ASKED)]
