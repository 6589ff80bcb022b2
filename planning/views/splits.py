"""Splits: ask for one, look at what was found beside today, accept it whole."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from planning import actions
from planning.forms import SplitForm
from planning.models import Split
from planning.queries.field import field_of
from planning.queries.splits import zips_of


@require_http_methods(["GET", "POST"])
@requires(Permission.TERRITORY_EDIT)
def splits(request: HttpRequest) -> HttpResponse:
    """Ask for a split; those asked for before stand below."""
    form = SplitForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        held = zips_of(field_of(request.user), [territory.pk for territory in wanted["territories"]], unowned=wanted["unowned"])
        try:
            split = actions.ask_for_split(
                territories=wanted["territories"],
                new_names=wanted["new_names"],
                zips=held,
                unit=wanted["unit"],
                measure=wanted["measure"],
                by=request.user,
            )
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(split)
    earlier = Split.objects.visible_to(request.user).select_related("asked_by")[:20]
    return render(request, "planning/splits.html", {"form": form, "earlier": earlier}, status=422 if form.errors else 200)


@require_GET
@requires(Permission.TERRITORY_EDIT)
def split(request: HttpRequest, pk: int) -> HttpResponse:
    """What was found, beside today; a part of it while a worker is at it."""
    found = get_object_or_404(Split.objects.visible_to(request.user).select_related("job", "accepted_by", "change"), pk=pk)
    template = "planning/_split.html" if request.htmx else "planning/split.html"
    return render(request, template, {"split": found, "found": found.found, "job": found.job})


@require_POST
@requires(Permission.TERRITORY_EDIT)
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Split.objects.visible_to(request.user), pk=pk)
    try:
        change = actions.accept_split(split=found, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
        return redirect(found)
    if change is None:
        messages.info(request, "Nothing changed: the field is divided so already.")
        return redirect(found)
    return redirect(f"{reverse('planning:map')}?changed={change.pk}" + (f"&move={change.job_id}" if change.job_id else ""))
