"""Promises: the list, and doing, putting off and handing over, one or many at once, with undo."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.downloads import send_file
from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from contacts.models import Provider
from visits import actions, exports, policies, presenters
from visits.filters import DONE, FOLLOW_UP_STATES, filtered_follow_ups, follow_ups_asked
from visits.forms import FollowUpForm, HandFollowUpForm, SnoozeForm, next_monday
from visits.models import FollowUp, FollowUpStep, Visit
from visits.views.common import next_url, number, practice_context, sent, uuid_or_none, wanted_practice, wanted_provider

PAGE = 25


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.VISIT_VIEW)
def follow_up_list(request: HttpRequest) -> HttpResponse:
    """One's own, or all that one sees; open, due, overdue or done."""
    data = follow_ups_asked(request)
    found = filtered_follow_ups(request, data)
    page = Paginator(found.qs.for_list(), PAGE).get_page(request.GET.get("page"))
    narrowed = [name for name in ("q", "owner", "territory", "practice", "provider") if data.get(name)]
    context = {
        "page": page,
        "filter": found,
        "tabs": _tabs(request, data),
        "state": data["state"],
        "whose": data["whose"],
        "narrowed": bool(narrowed),
        "undo": _undoable(request),
        "monday": next_monday(timezone.localdate()),
        "next": _without_undo(request),
    }
    return render(request, "visits/follow_ups.html", context)


def _without_undo(request: HttpRequest) -> str:
    """This very page, without the note of what was done last."""
    query = request.GET.copy()
    query.pop("undo", None)
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _tabs(request: HttpRequest, data: QueryDict) -> list[dict[str, Any]]:
    """The states with their counts under the other filters."""
    tabs = []
    for state, label in FOLLOW_UP_STATES.items():
        query = data.copy()
        query["state"] = state
        for gone in ("page", "undo"):
            query.pop(gone, None)
        tab = {"url": f"?{query.urlencode()}", "label": label, "active": data["state"] == state}
        tabs.append(tab if state == DONE else {**tab, "count": filtered_follow_ups(request, query).qs.count()})
    return tabs


def _undoable(request: HttpRequest) -> dict[str, Any] | None:
    """What the address says was done just now by this person, in words, if it can still be taken back."""
    batch = uuid_or_none(request.GET.get("undo"))
    steps = FollowUpStep.objects.filter(batch=batch, made_by=request.user.pk, undone_at=None) if batch else FollowUpStep.objects.none()
    shown = list(steps.select_related("follow_up__owner"))
    return {"batch": batch, "words": presenters.steps_words(shown)} if shown else None


@require_GET
@requires(Permission.VISIT_VIEW, Permission.EXPORT)
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The filtered list as CSV or XLSX; that it was taken is recorded."""
    rows = filtered_follow_ups(request).qs
    return send_file(request, "follow-ups", kind, exports.FOLLOW_UP_HEADER, exports.follow_up_rows(rows), rows.count())


def _follow_up(request: HttpRequest, pk: int) -> FollowUp:
    return get_object_or_404(FollowUp.objects.visible_to(request.user).for_list(), pk=pk)


@require_GET
@requires(Permission.VISIT_VIEW)
def follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    """One promise: what became of it so far, and what can be done with it."""
    item = _follow_up(request, pk)
    context = {
        "item": item,
        "may_change": policies.can_change_follow_up(request.user, item),
        "steps": [presenters.step_line(step) for step in item.steps.select_related("made_by")],
        "monday": next_monday(timezone.localdate()),
        "next": item.get_absolute_url(),
        "undo": _undoable(request),
        "crumbs": [{"url": reverse("visits:follow-ups"), "label": "Follow-ups"}],
    }
    return render(request, "visits/follow_up.html", context)


@require_POST
@requires(Permission.VISIT_LOG)
def done(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, _follow_up(request, pk), actions.complete_follow_up)


@require_POST
@requires(Permission.VISIT_LOG)
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, _follow_up(request, pk), actions.reopen_follow_up)


@require_POST
@requires(Permission.VISIT_LOG)
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    item, form = _follow_up(request, pk), SnoozeForm(request.POST)
    if not form.is_valid():
        return _refused(request, item, form.sentence)
    return _switch(request, item, actions.snooze_follow_up, until_on=form.cleaned_data["until_on"])


def _switch(request: HttpRequest, item: FollowUp, act: Callable[..., FollowUp], **how: Any) -> HttpResponse:
    """One tap: the row alone is drawn again; without JavaScript the page. Either way with what takes it back."""
    batch = uuid.uuid4()
    try:
        act(by=request.user, follow_up=item, batch=batch, **how)
    except PolicyViolation as refusal:
        return _refused(request, item, str(refusal))
    if request.htmx:
        fresh = FollowUp.objects.for_list().get(pk=item.pk)
        back = FollowUpStep.objects.filter(batch=batch).exists()
        context = {"item": fresh, "tapped": batch if back else None, "next": next_url(request, ""), "in_list": "in_list" in request.POST}
        return render(request, "visits/_follow_up.html", {**context, "monday": next_monday(timezone.localdate())})
    return _back(request, batch)


def _refused(request: HttpRequest, item: FollowUp, sentence: str) -> HttpResponse:
    if request.htmx:
        return render(request, "visits/_follow_up.html", {"item": item, "refusal": sentence})
    messages.error(request, sentence)
    return redirect(next_url(request, reverse("visits:follow-ups")))


def _back(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """To where the person came from, where a note offers to take it back."""
    came_from = next_url(request, reverse("visits:follow-ups"))
    return redirect(f"{came_from}{'&' if '?' in came_from else '?'}{urlencode({'undo': batch})}")


@require_POST
@requires(Permission.VISIT_LOG)
def undo(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """Take back what one press did: one's own only, and only where nothing happened since."""
    if not FollowUpStep.objects.filter(batch=batch, made_by=request.user.pk).exists():
        raise Http404("Nothing of yours to take back.")
    back = actions.undo_follow_ups(by=request.user, batch=batch)
    if request.htmx and (item := FollowUp.objects.for_list().filter(steps__batch=batch).first()):
        context = {"item": item, "next": next_url(request, ""), "focus": True, "in_list": "in_list" in request.POST}
        return render(request, "visits/_follow_up.html", {**context, "monday": next_monday(timezone.localdate())})
    if back:
        messages.success(request, "Taken back." if back == 1 else f"{back} taken back.")
    else:
        messages.error(request, "Something happened to it since. It stays as it is.")
    return redirect(next_url(request, reverse("visits:follow-ups")))


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """To a colleague who looks after the practice, with a sentence."""
    item = _follow_up(request, pk)
    if not policies.can_change_follow_up(request.user, item):
        messages.error(request, f"Only {item.owner} or a manager can change this follow-up.")
        return redirect("visits:follow-ups")
    form = HandFollowUpForm(sent(request), follow_up=item)
    if request.method == "POST" and form.is_valid():
        batch = uuid.uuid4()
        try:
            actions.hand_over_follow_up(by=request.user, follow_up=item, batch=batch, **form.cleaned_data)
        except PolicyViolation as refusal:
            form.add_error(None, str(refusal))
        else:
            return _back(request, batch)
    return render(request, "visits/follow_up_hand_over.html", {"form": form, "item": item}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def add(request: HttpRequest) -> HttpResponse:
    """A promise for ?practice=, ?provider= or ?visit=."""
    visit, provider = _wanted_visit(request), wanted_provider(request)
    practice = visit.practice if visit else wanted_practice(request, provider)
    status = 200
    form = FollowUpForm(
        sent(request),
        user=request.user,
        planned=visit,
        initial={"practice": practice and practice.pk, "due_on": timezone.localdate() + dt.timedelta(days=7)},
    )
    if request.method == "POST":
        if form.is_valid() and (added := _add(request.user, form, visit, provider)):
            messages.success(request, "Follow-up added.")
            return redirect(visit or added.practice)
        practice, status = form.cleaned_data.get("practice"), 422
    context = {"form": form, "visit": visit, "provider": provider, **practice_context(request, form, practice)}
    return render(request, "visits/follow_up_add.html", context, status=status)


def _add(user: User, form: FollowUpForm, visit: Visit | None, provider: Provider | None) -> FollowUp | None:
    data = form.cleaned_data
    try:
        return actions.add_follow_up(
            by=user, practice=data["practice"], text=data["text"], due_on=data["due_on"], visit=visit, provider=provider
        )
    except PolicyViolation as refusal:
        form.add_error(None, str(refusal))
        return None


def _wanted_visit(request: HttpRequest) -> Visit | None:
    pk = number(request.GET.get("visit"))
    return get_object_or_404(Visit.objects.visible_to(request.user).select_related("practice"), pk=pk) if pk else None
