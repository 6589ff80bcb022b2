"""What an event costs: written into the spend ledger, with what is left for each physician shown before it is saved."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from compliance.models import SpendEntry
from events import actions, policies
from events.forms import CostCancelForm, CostForm
from events.models import Event, EventState
from events.views.common import crumbs, event_or_404


def _entry(request: HttpRequest, event: Event, pk: int) -> SpendEntry:
    seen = SpendEntry.objects.visible_to(request.user).filter(pk__in=event.spend_links.values("entry"))
    return get_object_or_404(seen, pk=pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.EVENT_EDIT, Permission.SPEND_EDIT)
def cost(request: HttpRequest, pk: int, entry: int | None = None) -> HttpResponse:
    """Planned before, happened after: the event says which."""
    event = event_or_404(request, pk)
    stored = _entry(request, event, entry) if entry else None
    if not policies.can_edit(request.user, event) or event.state == EventState.CANCELLED or _is_undecided(event):
        messages.error(request, _why_not(request, event))
        return redirect(event)
    form = CostForm(request.POST if request.method == "POST" else None, event=event, user=request.user, entry=stored)
    if request.method == "POST" and form.is_valid():
        try:
            saved = actions.save_cost(event=event, cost=form.cost(), entry=stored, by=request.user)
        except PolicyViolation as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, "Planned cost saved." if saved.state == "planned" else "Cost saved.")
            for task in saved.tasks.open():
                messages.warning(request, task.why)
            return redirect(event)
    context = {
        "form": form,
        "event": event,
        "entry": stored,
        "is_held": event.state == EventState.HELD,
        "to_match": event.guests.to_match().count(),
        "crumbs": crumbs(event),
    }
    return render(request, "events/cost.html", context, status=422 if form.is_bound else 200)


def _is_undecided(event: Event) -> bool:
    """Over, and nobody has said that it was held: neither planned nor happened."""
    return event.state == EventState.PLANNED and event.is_over


def _why_not(request: HttpRequest, event: Event) -> str:
    if not policies.can_edit(request.user, event):
        return f"Only {event.owner}, their helpers and managers write down what this event costs."
    if event.state == EventState.CANCELLED:
        return "This event is cancelled."
    return "This event is over. Say first that it was held, then write down what it cost."


@require_http_methods(["GET", "POST"])
@requires(Permission.EVENT_EDIT, Permission.SPEND_EDIT)
def cancel(request: HttpRequest, pk: int, entry: int) -> HttpResponse:
    event = event_or_404(request, pk)
    stored = _entry(request, event, entry)
    form = CostCancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.cancel_cost(event=event, entry=stored, by=request.user, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Cancelled. It counts for nothing.")
            return redirect(event)
    context = {"form": form, "event": event, "title": "Cancel this cost", "submit": "Cancel cost", "danger": True, "crumbs": crumbs(event)}
    return render(request, "events/step.html", context, status=422 if form.is_bound else 200)
