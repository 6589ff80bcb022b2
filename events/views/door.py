"""Signing in: the list on the phone of whoever holds the event, walk-ins, the code, and matching afterwards."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import requires
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from events import actions, policies, presenters
from events.codes import svg_of
from events.forms import DoorForm
from events.models import Event, Guest
from events.queries import by_name, find_people, guests_named, people_by_keys, to_match_with
from events.signing import CODE_LASTS, door_url
from events.views.common import crumbs, event_or_404, guest_or_404, number


@require_GET
@requires(Permission.EVENT_EDIT)
def door(request: HttpRequest, pk: int) -> HttpResponse:
    """One tap signs a guest in; another takes it back."""
    return _door(request, event_or_404(request, pk), None)


def _door(request: HttpRequest, event: Event, form: DoorForm | None) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:80]
    guests = guests_named(by_name(event.guests.standing().visible_to(request.user).for_list()), words)
    form = form or DoorForm()
    form.fields["name"].label = "Name"
    context: dict[str, Any] = {
        "event": event,
        "row": presenters.row(event),
        "q": words,
        "waiting": [guest for guest in guests if not guest.has_come],
        "here": [presenters.guest_row(guest, event) for guest in guests if guest.has_come],
        "came": event.guests.came().count(),
        "to_match": event.guests.to_match().count(),
        "matched": event.guests.exclude(matched_to=None).select_related(
            "matched_to__provider", "matched_to__staff", "matched_to__colleague"
        ),
        "form": form,
        "refusal": _refusal(request, event),
        "crumbs": crumbs(event),
    }
    if request.htmx and not request.htmx.history_restore_request and request.method == "GET":
        return render(request, "events/_door.html", context)
    return render(request, "events/door.html", context, status=422 if form.is_bound else 200)


def _refusal(request: HttpRequest, event: Event) -> str:
    """Why nobody can be signed in here now; blank when they can."""
    try:
        policies.check_can_edit(request.user, event)
        policies.check_can_sign_in(event)
    except PolicyViolation as reason:
        return str(reason)
    return ""


def _tap(request: HttpRequest, pk: int, guest: int, act: Any) -> HttpResponse:
    event = event_or_404(request, pk)
    found = guest_or_404(request, event, guest)
    try:
        act(guest=found, by=request.user)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    query = f"?q={request.POST['q']}" if request.POST.get("q") else ""
    return redirect(f"{event.get_absolute_url()}door/{query}")


@require_POST
@requires(Permission.EVENT_EDIT)
def here(request: HttpRequest, pk: int, guest: int) -> HttpResponse:
    return _tap(request, pk, guest, actions.sign_in)


@require_POST
@requires(Permission.EVENT_EDIT)
def not_here(request: HttpRequest, pk: int, guest: int) -> HttpResponse:
    return _tap(request, pk, guest, actions.undo_sign_in)


@require_POST
@requires(Permission.EVENT_EDIT)
def walk_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody who was not asked, by name; who they are can be said later."""
    event = event_or_404(request, pk)
    form = DoorForm(request.POST)
    if form.is_valid():
        try:
            guest = actions.add_walk_in(event=event, by=request.user, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"{guest} is signed in.")
            return redirect("events:door", event.pk)
    return _door(request, event, form)


@require_http_methods(["GET", "POST"])
@requires(Permission.EVENT_EDIT)
def match(request: HttpRequest, pk: int, guest: int) -> HttpResponse:
    """Who a typed name is: somebody on the list, or another record of ours."""
    event = event_or_404(request, pk)
    typed = guest_or_404(request, event, guest)
    if request.method == "POST":
        try:
            to = _chosen(request, event)
            actions.match_guest(guest=typed, to=to, by=request.user)
        except PolicyViolation as refusal:
            messages.error(request, str(refusal))
            return redirect(request.path)
        messages.success(request, f"{typed.name} is {to}.")
        return redirect("events:door", event.pk)
    words = request.GET.get("q", typed.name).strip()[:80]
    context = {
        "event": event,
        "guest": typed,
        "q": words,
        "asked": by_name(to_match_with(event).visible_to(request.user)),
        "found": find_people(request.user, event, words=words)[0],
        "crumbs": crumbs(event),
    }
    return render(request, "events/match.html", context)


def _chosen(request: HttpRequest, event: Event) -> Any:
    key = request.POST.get("person", "")
    if key.startswith("guest-"):
        asked: Guest | None = event.guests.visible_to(request.user).for_list().filter(pk=number(key.removeprefix("guest-")) or 0).first()
        if asked is not None:
            return asked
    for person in people_by_keys([key], request.user):
        return person
    raise PolicyViolation("Choose who it is.")


@require_POST
@requires(Permission.EVENT_EDIT)
def unmatch(request: HttpRequest, pk: int, guest: int) -> HttpResponse:
    """The typed name stands for itself again."""
    return _tap(request, pk, guest, actions.undo_match)


@require_GET
@requires(Permission.EVENT_EDIT)
def code(request: HttpRequest, pk: int) -> HttpResponse:
    """The code that guests read with their phones, as large as the screen."""
    event = event_or_404(request, pk)
    if not policies.can_edit(request.user, event):
        messages.error(request, f"Only {event.owner}, their helpers and managers show the code.")
        return redirect(event)
    url = door_url(event)
    context = {
        "event": event,
        "row": presenters.row(event),
        "svg": svg_of(url),
        "url": url,
        "is_open": policies.is_door_open(event),
        "opens_at": timezone.localtime(event.starts_at - policies.EARLY, event.zone),
        "good_until": timezone.localtime(timezone.now() + CODE_LASTS, event.zone),
        "came": event.guests.came().count(),
        "crumbs": crumbs(event),
    }
    return render(request, "events/code.html", context)


@require_POST
@requires(Permission.EVENT_EDIT)
def code_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Every code that was shown before leads nowhere."""
    event = event_or_404(request, pk)
    try:
        actions.new_code(event=event, by=request.user)
        messages.success(request, "A new code. The one before leads nowhere.")
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect("events:code", event.pk)
