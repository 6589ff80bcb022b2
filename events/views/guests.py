"""Whom to ask, taking an invitation back, and an answer that somebody gave by word of mouth."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from contacts.models import Practice
from events import actions, policies
from events.actions import Outside
from events.forms import AnswerForm, OutsideForm
from events.models import Event
from events.queries import find_people, people_by_keys
from events.views.common import crumbs, event_or_404, guest_or_404, number
from territories.models import ServiceLine


@require_http_methods(["GET", "POST"])
@requires(Permission.EVENT_EDIT)
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Find people by name, practice or service line, tick them, ask them."""
    event = event_or_404(request, pk)
    if request.method == "POST":
        people = people_by_keys(request.POST.getlist("people"), request.user)
        try:
            if not people:
                raise PolicyViolation("Tick whom to invite.")
            asked = actions.invite(event=event, people=people, by=request.user)
        except PolicyViolation as refusal:
            messages.error(request, str(refusal))
        else:
            mute = sum(1 for guest in asked if not guest.email)
            said = f"{len(asked)} {'person is' if len(asked) == 1 else 'people are'} on the list."
            messages.success(request, f"{said} {mute} without an e-mail address: tell them yourself." if mute else said)
        query = request.GET.urlencode()
        return redirect(f"{request.path}?{query}" if query else request.path)
    return _page(request, event, OutsideForm())


def _page(request: HttpRequest, event: Event, form: OutsideForm) -> HttpResponse:
    practice = Practice.objects.visible_to(request.user).filter(pk=number(request.GET.get("practice")) or 0).first()
    line = ServiceLine.objects.filter(pk=number(request.GET.get("line")) or 0).first()
    words = request.GET.get("q", "").strip()[:80]
    found, more = find_people(request.user, event, words=words, practice=practice, line=line)
    refusal = ""
    try:
        policies.check_can_edit(request.user, event)
        policies.check_can_ask(event)
    except PolicyViolation as reason:
        refusal = str(reason)
    context: dict[str, Any] = {
        "event": event, "form": form, "found": found, "more": more, "q": words, "practice": practice, "line": line, "refusal": refusal,
        "lines": ServiceLine.objects.all(), "asked": event.guests.asked().count(), "crumbs": crumbs(event),
        "practice_chosen": [{"value": practice.pk, "label": practice.name}] if practice else [],
        "searched": bool(words or practice or line), "own": event.practice if event.practice_id and not practice else None,
    }  # fmt: skip
    return render(request, "events/invite.html", context, status=422 if form.is_bound else 200)


@require_POST
@requires(Permission.EVENT_EDIT)
def invite_outside(request: HttpRequest, pk: int) -> HttpResponse:
    """A guest of whom there is no record."""
    event = event_or_404(request, pk)
    form = OutsideForm(request.POST)
    if form.is_valid():
        try:
            actions.invite(event=event, outside=[Outside(**form.cleaned_data)], by=request.user)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{form.cleaned_data['name']} is on the list.")
            return redirect("events:invite", event.pk)
    return _page(request, event, form)


@require_POST
@requires(Permission.EVENT_EDIT)
def withdraw(request: HttpRequest, pk: int, guest: int) -> HttpResponse:
    event = event_or_404(request, pk)
    asked = guest_or_404(request, event, guest)
    try:
        actions.withdraw_invitation(guest=asked, by=request.user)
        messages.success(request, f"{asked} is no longer invited. Invite them again to undo this.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect(event)


@require_POST
@requires(Permission.EVENT_EDIT)
def answer(request: HttpRequest, pk: int, guest: int) -> HttpResponse:
    """Somebody said it to whoever holds the event."""
    event = event_or_404(request, pk)
    asked, form = guest_or_404(request, event, guest), AnswerForm(request.POST)
    try:
        if not form.is_valid():
            raise PolicyViolation("Answer yes, no or maybe.")
        actions.answer_invitation(guest=asked, answer=form.cleaned_data["answer"], by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect(event)
