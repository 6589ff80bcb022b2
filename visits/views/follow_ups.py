"""Promises: the list, and doing, moving and handing them over."""

import datetime as dt
from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.access import requires
from accounts.models import User
from accounts.permissions import Permission
from common.exceptions import PolicyViolation
from contacts.models import Provider
from visits import actions, policies
from visits.forms import FollowUpChangeForm, FollowUpForm
from visits.models import FollowUp, Visit
from visits.querysets import FollowUpQuerySet
from visits.views.common import next_url, number, practice_context, sent, wanted_practice, wanted_provider

PAGE = 25
_STATES: dict[str, tuple[str, Callable[[FollowUpQuerySet], FollowUpQuerySet]]] = {
    "open": ("Open", lambda rows: rows.open()),
    "overdue": ("Overdue", lambda rows: rows.overdue()),
    "done": ("Done", lambda rows: rows.exclude(done_at=None).order_by("-done_at", "-pk")),
}


@require_GET
@vary_on_headers("HX-Request")
@requires(Permission.VISIT_VIEW)
def follow_up_list(request: HttpRequest) -> HttpResponse:
    """One's own, or all that one sees; open, overdue or done."""
    seen = FollowUp.objects.visible_to(request.user)
    whose = request.GET.get("whose") or ("mine" if request.user.is_liaison else "all")
    if whose != "all":
        seen = seen.filter(owner=request.user.pk)
    state = request.GET["state"] if request.GET.get("state") in _STATES else "open"
    rows = _STATES[state][1](seen).for_list()
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    tabs = [
        {"url": f"?whose={whose}&state={name}", "label": label, "active": name == state, "count": cut(seen).count()}
        for name, (label, cut) in _STATES.items()
        if name != "done"
    ]
    tabs.append({"url": f"?whose={whose}&state=done", "label": "Done", "active": state == "done"})
    done = seen.filter(pk=number(request.GET.get("done")) or 0).exclude(done_at=None).first()
    context = {"page": page, "tabs": tabs, "state": state, "whose": whose, "done": done, "next": request.get_full_path()}
    return render(request, "visits/follow_ups.html", context)


def _follow_up(request: HttpRequest, pk: int) -> FollowUp:
    return get_object_or_404(FollowUp.objects.visible_to(request.user).for_list(), pk=pk)


@require_POST
@requires(Permission.VISIT_LOG)
def done(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, _follow_up(request, pk), actions.complete_follow_up)


@require_POST
@requires(Permission.VISIT_LOG)
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, _follow_up(request, pk), actions.reopen_follow_up)


def _switch(request: HttpRequest, follow_up: FollowUp, act: Callable[..., FollowUp]) -> HttpResponse:
    """One tap: the row alone is drawn again; without JavaScript the page, with a note that undoes it."""
    try:
        follow_up = act(by=request.user, follow_up=follow_up)
    except PolicyViolation as refusal:
        if request.htmx:
            return render(request, "visits/_follow_up.html", {"item": follow_up, "refusal": str(refusal)})
        messages.error(request, str(refusal))
    if request.htmx:
        fresh = FollowUp.objects.for_list().get(pk=follow_up.pk)
        return render(request, "visits/_follow_up.html", {"item": fresh, "tapped": True, "next": next_url(request, "")})
    return redirect(next_url(request, f"{reverse('visits:follow-ups')}?done={follow_up.pk}"))


@require_http_methods(["GET", "POST"])
@requires(Permission.VISIT_LOG)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Snooze or hand over."""
    follow_up = _follow_up(request, pk)
    if not policies.can_change_follow_up(request.user, follow_up):
        messages.error(request, f"Only {follow_up.owner} or a manager can change this follow-up.")
        return redirect("visits:follow-ups")
    form = FollowUpChangeForm(sent(request), follow_up=follow_up)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                actions.change_follow_up(by=request.user, follow_up=follow_up, **form.cleaned_data)
                messages.success(request, "Follow-up changed.")
                return redirect("visits:follow-ups")
            except PolicyViolation as refusal:
                form.add_error(None, str(refusal))
        status = 422
    return render(request, "visits/follow_up_change.html", {"form": form, "item": follow_up, "quick": _quick_days()}, status=status)


def _quick_days() -> list[dict[str, object]]:
    today = timezone.localdate()
    return [
        {"label": label, "day": today + dt.timedelta(days=days)} for days, label in ((1, "Tomorrow"), (7, "In a week"), (30, "In a month"))
    ]


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
