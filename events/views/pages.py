"""The list, the month, one event, planning it, changing it, and its steps."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.downloads import send_file
from accounts.permissions import Permission
from accounts.saved_views import OF_A_VIEW
from common.exceptions import PolicyViolation
from contacts.models import Practice
from events import actions, exports, policies, presenters
from events.agenda import credit_words
from events.filters import ALL, CANCELLED, UPCOMING, WHEN, EventFilter
from events.forms import CancelForm, EventForm
from events.models import Answer, Event, EventState
from events.queries import guests_to_show, history_of, month_of
from events.views.common import crumbs, event_or_404, number

PAGE = 25


def _filtered(request: HttpRequest) -> EventFilter:
    """The events of the address; upcoming ones unless it says otherwise."""
    data: QueryDict = request.GET.copy()
    data.setdefault("when", UPCOMING)
    return EventFilter(data, Event.objects.visible_to(request.user), request=request)


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.EVENT_VIEW)
def event_list(request: HttpRequest) -> HttpResponse:
    """What comes, in order; what was, the last first."""
    found = _filtered(request)
    events = found.qs.order_by("-starts_at", "-pk") if found.data["when"] == ALL else found.qs
    page = Paginator(events.for_list(), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [presenters.row(event) for event in page],
        "filter": found,
        "when": found.data["when"],
        "filtered": any(value for name, value in request.GET.items() if name not in ("page", "when", *OF_A_VIEW)),
        "tabs": _tabs(request, found),
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "events/_table.html", context)
    return render(request, "events/list.html", context)


def _tabs(request: HttpRequest, found: EventFilter) -> list[dict[str, Any]]:
    """Upcoming, past, cancelled, all, under the other filters; and the month."""
    tabs = []
    for when, label in WHEN.items():
        query = request.GET.copy()
        query["when"] = when
        query.pop("page", None)
        counted = EventFilter(query, Event.objects.visible_to(request.user), request=request)
        tab = {"url": f"?{query.urlencode()}", "label": label, "active": found.data["when"] == when}
        tabs.append(tab if when in {CANCELLED, ALL} else {**tab, "count": counted.qs.count()})
    return tabs


@require_GET
@requires(Permission.EVENT_VIEW)
def month(request: HttpRequest) -> HttpResponse:
    """A month as a sheet of days; on a phone the days that have something."""
    today = timezone.localdate()
    try:
        first = dt.datetime.strptime(request.GET.get("month", ""), "%Y-%m").date()
    except ValueError:
        first = today.replace(day=1)
    if not 2000 <= first.year <= 2100:
        first = today.replace(day=1)
    data: QueryDict = request.GET.copy()
    data["when"] = ALL
    found = EventFilter(data, Event.objects.visible_to(request.user), request=request)
    weeks = month_of(found.qs.exclude(state=EventState.CANCELLED).for_list(), first)
    busy = [day for week in weeks for day in week if day.events and not day.is_other]
    context = {
        "month": first,
        "weeks": weeks,
        "busy": [(day, [presenters.row(event) for event in day.events]) for day in busy],
        "before": (first - dt.timedelta(days=1)).replace(day=1),
        "after": (first + dt.timedelta(days=32)).replace(day=1),
        "this": today.replace(day=1),
        "crumbs": crumbs(),
    }
    return render(request, "events/calendar.html", context)


@require_GET
@requires(Permission.EVENT_VIEW, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The filtered list as CSV or XLSX; that it was taken is recorded."""
    events = _filtered(request).qs
    return send_file(request, "events", kind, exports.HEADER, exports.rows(events), events.count(), exports.BELONGS)


@require_http_methods(["GET", "POST"])
@requires(Permission.EVENT_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    pk = number(request.GET.get("practice"))
    practice = get_object_or_404(Practice.objects.visible_to(request.user), pk=pk) if pk else None
    form = EventForm(request.POST if request.method == "POST" else None, user=request.user, practice=practice)
    if request.method == "POST" and form.is_valid():
        try:
            event = actions.plan_event(by=request.user, **form.wanted())
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Event planned. Now invite people.")
            return redirect("events:invite", event.pk)
    context = {"form": form, "crumbs": crumbs()}
    return render(request, "events/form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.EVENT_EDIT)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    event = event_or_404(request, pk)
    if not policies.can_edit(request.user, event) or event.state == EventState.CANCELLED:
        messages.error(request, f"Only {event.owner}, their helpers and managers change this event, while it is not cancelled.")
        return redirect(event)
    form = EventForm(request.POST if request.method == "POST" else None, user=request.user, event=event)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_event(event=event, by=request.user, **form.wanted())
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved. Whoever was invited by e-mail hears of what their calendar shows.")
            return redirect(event)
    context = {"form": form, "event": event, "crumbs": crumbs(event)}
    return render(request, "events/form.html", context, status=422 if form.is_bound else 200)


@require_GET
@requires(Permission.EVENT_VIEW)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What, when, where; who is asked, who came; what it cost; what happened to it."""
    event = event_or_404(request, pk)
    guests, others = guests_to_show(event, request.user)
    may_edit = policies.can_edit(request.user, event)
    practice = (
        event.practice if event.practice_id and Practice.objects.visible_to(request.user).filter(pk=event.practice_id).exists() else None
    )
    context = {
        "event": event,
        "row": presenters.row(event),
        "guests": [presenters.guest_row(guest, event) for guest in guests],
        "others": others,
        "to_match": event.guests.to_match().count() if may_edit else 0,
        "hosts": event.hosts.all(),
        "credits": credit_words(event),
        "costs": _costs(request, event),
        "history": presenters.history(list(history_of(event))),
        "practice": practice,
        "may_edit": may_edit,
        "answers": Answer.choices,
        "may_cost": may_edit and request.user.can(Permission.SPEND_EDIT),
        "door_near": event.state != EventState.CANCELLED and event.starts_at <= timezone.now() + dt.timedelta(days=1),
    }
    return render(request, "events/detail.html", context)


def _costs(request: HttpRequest, event: Event) -> list[dict[str, Any]]:
    """For whoever may see spend; never beside referrals."""
    if not request.user.can(Permission.SPEND_VIEW):
        return []
    links = event.spend_links.select_related("entry").prefetch_related("entry__shares")
    return [presenters.cost_row(link.entry, sum(share.people for share in link.entry.shares.all())) for link in links]


def _step(request: HttpRequest, pk: int, act: Callable[..., Event], done: str) -> HttpResponse:
    event = event_or_404(request, pk)
    try:
        act(event=event, by=request.user)
        messages.success(request, done)
    except PolicyViolation as refusal:
        messages.error(request, str(refusal))
    return redirect(event)


@require_POST
@requires(Permission.EVENT_EDIT)
def held(request: HttpRequest, pk: int) -> HttpResponse:
    return _step(request, pk, actions.hold_event, "Held. Who came can still be signed in.")


@require_POST
@requires(Permission.EVENT_EDIT)
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo "held" or "cancelled"."""
    return _step(request, pk, actions.restore_event, "Planned again. Spend that was cancelled with it stays cancelled.")


@require_http_methods(["GET", "POST"])
@requires(Permission.EVENT_EDIT)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Guests are told, what was planned to be spent is cancelled."""
    event = event_or_404(request, pk)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.cancel_event(event=event, by=request.user, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Cancelled. Whoever was invited by e-mail is told.")
            return redirect(event)
    context = {"form": form, "event": event, "title": "Cancel event", "submit": "Cancel event", "danger": True, "crumbs": crumbs(event)}
    return render(request, "events/step.html", context, status=422 if form.is_bound else 200)
