"""Pages without an account: a guest's answer at their own address, and signing in by the code. Nobody learns here who else is asked."""

from typing import Any

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import open_to_strangers
from common.exceptions import PolicyViolation
from events import actions, policies, presenters
from events.agenda import credit_words
from events.forms import AnswerForm, DoorForm
from events.models import Answer, EventState
from events.signing import event_of, guest_of


def _said(request: HttpRequest, title: str, text: str, status: int, tone: str = "info") -> HttpResponse:
    answer = render(request, "events/public_said.html", {"title": title, "text": text, "tone": tone}, status=status)
    vars(answer)["_has_been_logged"] = True  # Django would write the address of a 404, which is a guest's own, to its log
    return answer


def _too_many(request: HttpRequest) -> HttpResponse:
    text = "Too many people are using this at once. Wait a minute, then try again, or ask whoever holds the event."
    return _said(request, "One moment, please", text, 429, "warn")


@never_cache
@require_http_methods(["GET", "POST"])
@open_to_strangers("the signed address is the guest's own; it shows that guest's invitation and nothing of anybody else")
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Will you come? Looking changes nothing, since mail programs follow links by themselves; only the button answers."""
    guest = guest_of(token)
    if guest is None:
        return _said(request, "No such invitation", "Please check the address, or open the link in the mail again.", 404)
    event = guest.event
    if not guest.is_invited or event.state == EventState.CANCELLED:
        return _said(request, "This invitation no longer stands", f"Questions? Write to {event.owner}, {event.owner.email}.", 410)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not ratelimit.consume(request, action="event_answer", key=str(guest.pk)):
            return _too_many(request)
        if request.POST.get("reminder") in {"on", "off"}:
            actions.set_reminder(guest=guest, wanted=request.POST["reminder"] == "on", by=None)
            return redirect(request.path)
        if form.is_valid():
            try:
                actions.answer_invitation(guest=guest, answer=form.cleaned_data["answer"], by=None)
                return redirect(request.path)
            except PolicyViolation as refusal:
                form.add_error(None, str(refusal))
    context: dict[str, Any] = {
        "guest": guest, "event": event, "form": form, "when": presenters.when_of(event), "answers": Answer.choices,
        "is_closed": event.has_begun or event.state == EventState.HELD, "credits": credit_words(event),
    }  # fmt: skip
    return render(request, "events/public_answer.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
@open_to_strangers("the signed address is shown at the door, ends after hours, and can be replaced; it takes a name and shows none")
def door(request: HttpRequest, token: str) -> HttpResponse:
    """A guest types who they are. The answer is the same whether they are on the list or not."""
    event = event_of(token)
    if event is None:
        return _said(request, "This code is no longer good", "Please read the code at the door again.", 404)
    if not policies.is_door_open(event):
        return _said(request, "Signing in is closed", "It is open from two hours before the event to four hours after it.", 410)
    if "done" in request.GET:
        return _said(request, "You are signed in", f"Thank you for coming to {event.title}.", 200, "good")
    form = DoorForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not ratelimit.consume(request, action="event_door", key=str(event.pk)):
            return _too_many(request)
        if form.is_valid():
            try:
                actions.sign_in_by_code(event=event, **form.cleaned_data)
                return redirect(f"{request.path}?done")
            except PolicyViolation as refusal:
                form.add_error(None, str(refusal))
    context = {"event": event, "form": form, "when": presenters.when_of(event)}
    return render(request, "events/public_door.html", context, status=422 if form.errors else 200)
